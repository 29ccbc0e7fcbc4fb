"""What can go wrong under a daemon, had for real: disks that fill or break, files held by
others, a process that may open no more files.

Most of it needs root. Where that cannot be had the tests are skipped with the reason, and
fail where `TOCSIN_REQUIRE_PEERS` is set, as CI does.
"""

from __future__ import annotations

import errno
import io
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = 4096


def _cannot(reason: str) -> None:
    """Skip the test, or fail it where everything is to be there."""
    if os.environ.get("TOCSIN_REQUIRE_PEERS") == "1":
        pytest.fail(f"{reason}, and TOCSIN_REQUIRE_PEERS=1 asks for it")
    pytest.skip(reason)


def _run(*command: str) -> None:
    """Run a program of the system, or give the test up."""
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        _cannot(f"{command[0]} is not installed")
    except subprocess.CalledProcessError as error:
        _cannot(f"{' '.join(command)} is not possible here: {error.stderr.strip()}")


@contextmanager
def _mounted(place: Path, *how: str) -> Iterator[Path]:
    if os.geteuid() != 0:
        _cannot("only root may mount a file system")
    place.mkdir(exist_ok=True)
    _run("mount", *how, str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def small_disk(place: Path, size_kib: int) -> Iterator[Path]:
    """A file system of its own (tmpfs) at `place`, until the block ends."""
    with _mounted(place, "-t", "tmpfs", "-o", f"size={size_kib}k", "tocsin-test") as disk:
        yield disk


def make_image(image: Path, size_mib: int, block: int = _BLOCK) -> Path:
    """An ext4 file system in a file."""
    with image.open("wb") as file:
        file.truncate(size_mib * 1024 * 1024)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", str(block), str(image))
    return image


@contextmanager
def loop_disk(image: Path, place: Path, options: str = "rw") -> Iterator[Path]:
    """The file system in `image` mounted at `place`, until the block ends."""
    with _mounted(place, "-o", f"loop,{options}", str(image)) as disk:
        yield disk


def break_disk(disk: Path) -> None:
    """Have the kernel treat the file system as failed: no write succeeds any more."""
    _run("mount", "-o", "remount,abort", str(disk))


@contextmanager
def immutable(*files: Path) -> Iterator[None]:
    """Nobody may write to these files, root and who has them open included."""
    _run("chattr", "+i", *map(str, files))
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *map(str, files)], check=True)


class Ballast:
    """A file that takes the room on a disk."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self, spare_blocks: int = 0) -> None:
        """Take all room but so many blocks."""
        with self._path.open("ab", buffering=0) as file:
            with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                _write_for_ever(file)
            size = file.tell() // _BLOCK * _BLOCK
            file.truncate(max(0, size - spare_blocks * _BLOCK))
            os.fsync(file.fileno())

    def drop(self) -> None:
        """Give the room back."""
        self._path.unlink()


def _write_for_ever(file: io.FileIO) -> None:
    while True:
        file.write(bytes(_BLOCK))


@contextmanager
def held_by_another(database: Path) -> Iterator[None]:
    """Another process's transaction keeps everybody else from writing."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        " c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["python3", "-c", script, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as person:
        assert person.stdout is not None
        assert person.stdout.readline() == b"held\n"
        yield


def limit_files(pid: int, spare: int) -> tuple[int, int]:
    """Let a process open only so many files more than it always has; returns the limits it
    had. Numbers are given out from the lowest, so the limit is a number."""
    held = _open_files(pid)
    for _ in range(20):
        time.sleep(0.02)
        held &= _open_files(pid)
    free = [number for number in range(max(held) + spare + 2) if number not in held]
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free[spare], hard))
    return soft, hard


def _open_files(pid: int) -> set[int]:
    return {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}


def query(database: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask a database beside its daemon."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def assert_sound(database: Path) -> None:
    """SQLite finds nothing wrong with the file."""
    assert query(database, "PRAGMA integrity_check") == [("ok",)]


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    with Path(f"/proc/{pid}/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024 / 1024
