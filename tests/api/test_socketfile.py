"""The socket's file: claimed safely, never taken from who lives, removed at the end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.api import socketfile
from daemon.api.socketfile import SocketTaken, SocketUnusable, claim, release


async def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    path = tmp_path / "run" / "tocsin" / "tocsin.sock"
    release(path, await claim(path))
    assert path.parent.stat().st_mode & 0o777 == 0o750
    assert not path.exists()


async def test_a_file_left_by_one_that_died_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.is_socket()
    listening = await claim(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    release(path, listening)


async def test_a_socket_that_is_in_use_is_refused_and_its_holder_named(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.sock"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]);"
        " s.listen(); print('ready', flush=True); sys.stdin.read()",
        str(path), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    await holder.stdout.readline()
    with pytest.raises(SocketTaken, match=f"pid {holder.pid} listens") as caught:
        await claim(path)
    assert caught.value.pid == holder.pid
    assert path.is_socket()
    await holder.communicate(b"")


async def test_of_two_that_start_at_once_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    outcomes = await asyncio.gather(claim(path), claim(path), return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, socket.socket)]
    assert len(won) == 1
    assert sum(isinstance(outcome, SocketTaken) for outcome in outcomes) == 1
    release(path, won[0])


async def test_a_lock_that_is_never_given_back_is_an_error_not_a_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socketfile, "_LOCK_S", 0.05)
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(SocketUnusable, match="holds the lock"):
        await claim(tmp_path / "tocsin.sock")
    os.close(handle)


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.sock"
    path.write_text("precious")
    with pytest.raises(SocketUnusable, match="is no socket"):
        await claim(path)
    assert path.read_text() == "precious"


async def test_a_path_too_long_for_a_socket_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SocketUnusable, match="at most 107 bytes"):
        await claim(tmp_path / ("x" * 120))


async def test_a_directory_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SocketUnusable, match="is no directory"):
        await claim(tmp_path / "file" / "tocsin.sock")
    with pytest.raises(SocketUnusable, match="cannot listen"):
        await claim(tmp_path / "file" / "deeper" / "tocsin.sock")


@pytest.fixture
def below_tmp() -> Iterator[Path]:
    """A directory right below /tmp, where everybody may make one."""
    directory = Path(f"/tmp/tocsin-test-{os.getpid()}")
    directory.mkdir(mode=0o700)
    yield directory
    directory.rmdir()


async def test_a_private_directory_below_tmp_is_good(below_tmp: Path) -> None:
    release(below_tmp / "t.sock", await claim(below_tmp / "t.sock"))


async def test_a_directory_below_tmp_that_others_may_write_to_is_not_trusted(
    below_tmp: Path,
) -> None:
    os.chmod(below_tmp, 0o777)  # noqa: PTH101, S103  # pathlib blocks, says ruff; and it is meant
    with pytest.raises(SocketUnusable, match="open to others"):
        await claim(below_tmp / "t.sock")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
async def test_a_directory_below_tmp_that_is_somebody_elses_is_not_trusted(
    below_tmp: Path,
) -> None:
    os.chown(below_tmp, 54_321, 54_321)
    with pytest.raises(SocketUnusable, match="somebody else"):
        await claim(below_tmp / "t.sock")


async def test_the_file_of_a_successor_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.sock"
    first = await claim(path)
    path.unlink()
    second = await claim(path)
    release(path, first)
    assert path.is_socket()
    release(path, second)
    assert not path.exists()
