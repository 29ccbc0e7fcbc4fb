"""The file kind against real files, and one on a file system that never answers."""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import os
import pwd
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import checks
from checks import file_look
from checks.errors import SpecError
from checks.file import FileSpec
from checks.result import Fault, Status
from tests.checks.conftest import AT, Run, prepared


def aged(path: Path, seconds: float, text: str = "x") -> Path:
    """A file that was last modified so long ago."""
    path.write_text(text)
    when = time.time() - seconds
    os.utime(path, (when, when))
    return path


async def test_a_file_that_is_there_is_up_with_its_age_and_size(run: Run, tmp_path: Path) -> None:
    path = aged(tmp_path / "backup.tar", 7200, "12345")
    found = await run("file", path=str(path))
    assert (found.status, found.fault) == (Status.UP, None), found
    assert 7200 <= float(found.metrics["age_s"]) < 7300
    assert found.metrics["size_bytes"] == 5
    assert found.message == f"{path}: 2 h old, 5 bytes"


async def test_a_missing_file_is_down_whatever_is_asked_of_it(run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "missing")
    found = await run("file", path=path)
    assert (found.status, found.fault) == (Status.DOWN, Fault.CONDITION)
    assert found.message == f"{path} does not exist"
    assert found.metrics == {"exists": False, "count": 0}
    for text in ("age_s < 60.0", "size_bytes > 5", 'sha256 == ""', 'content.contains("a")'):
        found = await run("file", path=path, expect=["count < 9", text])
        assert (found.status, found.fault) == (Status.DOWN, Fault.CONDITION), found
        assert found.message == f"{text} ({path} does not exist)"


async def test_absence_can_be_the_good_state(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "maintenance"
    keys: dict[str, Any] = {"path": str(path), "expect": ["!exists"]}
    found = await run("file", **keys)
    assert (found.status, found.message) == (Status.UP, f"{path} does not exist")
    either = await run("file", path=str(path), expect=["!exists || age_s < 60.0"])
    assert either.status is Status.UP, either
    aged(path, 3600)
    found = await run("file", **keys)
    assert (found.status, found.message) == (Status.DOWN, "!exists (exists is true)")
    either = await run("file", path=str(path), expect=["!exists || age_s < 60.0"])
    assert either.status is Status.DOWN


async def test_of_a_pattern_all_are_counted_and_the_newest_is_described(
    run: Run, tmp_path: Path
) -> None:
    for day, age_s in (("mon", 300_000), ("tue", 200_000), ("wed", 90_000)):
        (tmp_path / day).mkdir()
        aged(tmp_path / day / "dump-1.sql", age_s, day * 10)
        aged(tmp_path / day / ".dump-hidden.sql", 0)
        aged(tmp_path / day / "other.txt", 0)
    (tmp_path / "wed" / "dump-2.sql").symlink_to(tmp_path / "nowhere")
    pattern = f"{tmp_path}/[mtw]*/dump-?.sql"
    found = await run(
        "file",
        path=pattern,
        expect=["count == 3", "age_s < 90100.0", "oldest_age_s > 299000.0", "total_bytes == 90"],
    )
    assert found.status is Status.UP, found
    newest = tmp_path / "wed" / "dump-1.sql"
    assert found.message == f"3 match; the newest is {newest}: 25 h old, 30 bytes"
    found = await run("file", path=f"{tmp_path}/*/none*")
    assert (found.status, found.message) == (Status.DOWN, f"nothing matches {tmp_path}/*/none*")


async def test_type_mode_and_owner_are_told(run: Run, tmp_path: Path) -> None:
    path = aged(tmp_path / "secret", 0)
    path.chmod(0o640)
    me = pwd.getpwuid(os.getuid()).pw_name
    found = await run(
        "file",
        path=str(path),
        expect=['type == "file"', 'mode == "0640"', f'owner == "{me}"', 'group != ""'],
    )
    assert found.status is Status.UP, found
    found = await run("file", path=str(path), expect=['mode == "0600"'])
    assert found.message == 'mode == "0600" (mode is "0640")'
    found = await run("file", path=str(tmp_path), expect=['type == "directory"'])
    assert found.status is Status.UP, found


async def test_a_digest_is_made_only_when_asked_for(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"tocsin" * 200_000)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    found = await run("file", path=str(path), expect=[f'sha256 == "{digest}"'])
    assert found.status is Status.UP, found
    path.write_bytes(b"changed")
    found = await run("file", path=str(path), expect=[f'sha256 == "{digest}"'])
    assert (found.status, found.fault) == (Status.DOWN, Fault.CONDITION)


async def test_content_is_matched_line_by_line_and_bounded(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\x1b[31mERROR\x1b[0m one\nfine\xff\nERROR two\n" + b"y" * 100_000 + b"\nend")
    keys: dict[str, Any] = {"path": str(path), "pattern": "^ERROR"}
    found = await run("file", **keys, expect=["matches < 2"])
    assert found.message == "matches < 2 (matches is 2)"
    assert found.metrics["matches"] == 2
    found = await run(
        "file",
        path=str(path),
        max_content=40,
        expect=["size(content) <= 40", 'lines[0] == "ERROR one"', 'lines[1] == "fine\ufffd"'],
    )
    assert found.status is Status.UP, found
    found = await run(
        "file", path=str(path), max_content=5, from_end=True, expect=['lines[1] == "end"']
    )
    assert found.status is Status.UP, found
    path.write_text("old\n" * 3000 + "new\n")
    keys = {"path": str(path), "pattern": "new"}
    found = await run("file", **keys, from_end=True, expect=["matches == 1", "size(lines) == 2000"])
    assert found.status is Status.UP, found
    found = await run("file", **keys, expect=["matches == 0", "size(lines) == 2000"])
    assert found.status is Status.UP, found


async def test_the_largest_content_holds_the_loop_up_no_longer_than_a_blink(
    tmp_path: Path,
) -> None:
    path = tmp_path / "many lines"
    path.write_text("a\n" * 200_000)
    check = prepared(
        "file", path=str(path), max_content=262_144, pattern="b", expect=["lines.all(l, l != '')"]
    )
    task = asyncio.ensure_future(checks.run(check, AT))
    longest_s, before = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        longest_s, before = max(longest_s, time.perf_counter() - before), time.perf_counter()
    assert task.result().status is Status.UP, task.result()
    assert longest_s < 0.25


async def test_what_is_no_regular_file_is_never_read(run: Run, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    found = await run("file", path=str(fifo), expect=['type == "fifo"'])
    assert found.status is Status.UP, found
    found = await run("file", path=str(fifo), expect=['content == ""'])
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROTOCOL)
    assert found.message == f"{fifo} is no regular file and has no content"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "sock"))
        found = await run("file", path=str(tmp_path / "sock"), expect=['type == "socket"'])
        assert found.status is Status.UP, found


async def test_a_file_that_may_not_be_looked_at_is_unknown(run: Run, tmp_path: Path) -> None:
    hidden = tmp_path / "closed"
    hidden.mkdir()
    aged(hidden / "file", 0)
    hidden.chmod(0)
    before = os.geteuid()
    tmp_path.parent.parent.chmod(0o755)
    for path in (tmp_path.parent, tmp_path):
        path.chmod(0o755)
    try:
        if before == 0:
            os.seteuid(65534)  # root may look at everything
        for path in (f"{hidden}/file", f"{hidden}/f*"):
            found = await run("file", path=path)
            assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL), found
            assert "may not be looked at by this user" in found.message
    finally:
        os.seteuid(before)
        hidden.chmod(0o700)


async def test_a_walk_is_bounded(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_look, "ENTRY_LIMIT", 10)
    for number in range(12):
        aged(tmp_path / str(number), 0)
    found = await run("file", path=f"{tmp_path}/*")
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message.endswith("narrow the pattern")


async def is_free(check: checks.Prepared) -> bool:
    """Whether a check's thread ends within ten seconds."""
    probe: Any = check.probe
    for _ in range(500):
        if not probe._aside.busy:
            return True
        await asyncio.sleep(0.02)
    return False


@contextmanager
def dead_mount(at: Path) -> Iterator[None]:
    """A file system whose server never answers, as an NFS server that has gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"/dev/fuse cannot be had: {error}")
    options = f"fd={server},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    mounted = libc.mount(b"dead", bytes(at), b"fuse", 0, options.encode())
    if mounted != 0:
        os.close(server)
        pytest.skip(f"nothing can be mounted: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        os.close(server)  # ends all that wait for it
        libc.umount2(bytes(at), 2)


async def test_a_dead_file_system_is_down_on_every_run_and_holds_nobody_up(
    run: Run, tmp_path: Path
) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    alive = aged(tmp_path / "alive", 0)
    with dead_mount(dead):
        check = prepared("file", path=f"{dead}/file", timeout_ms=300)
        began_s = time.monotonic()
        first, other = await asyncio.gather(
            checks.run(check, AT), run("file", path=str(alive), timeout_ms=250)
        )
        assert time.monotonic() - began_s < 0.9
        assert other.status is Status.UP, other
        assert (first.status, first.fault) == (Status.DOWN, Fault.TIMEOUT)
        assert first.message == "timed out after 300ms (while waiting for: look)"
        second = await checks.run(check, AT)
        assert (second.status, second.fault) == (Status.DOWN, Fault.TIMEOUT)
        assert second.message == f"{dead}/file has not answered since an earlier run"
    assert await is_free(check), "the mount is gone and the call still hangs"


async def test_a_digest_that_nobody_waits_for_any_more_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "endless"
    with path.open("wb") as endless:
        endless.truncate(1 << 40)
    check = prepared("file", path=str(path), timeout_ms=150, expect=['sha256 == "x"'])
    found = await checks.run(check, AT)
    assert (found.status, found.fault) == (Status.DOWN, Fault.TIMEOUT), found
    assert await is_free(check), "it is still read"


@pytest.mark.parametrize("path", ["", "relative/path", "/a\0b", "/var/**/x"])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        FileSpec(name="x", path=path)


def test_a_pattern_is_checked_and_needed_for_matches() -> None:
    with pytest.raises(ValidationError, match="no RE2 pattern"):
        FileSpec(name="x", path="/x", pattern="(")
    with pytest.raises(SpecError, match="names matches; say of what"):
        prepared("file", path="/x", expect=["matches == 0"])
    with pytest.raises(SpecError, match="home directory is not known"):
        prepared("file", path="~nobody-of-this-name/x")
