"""A server program as a test holds it: a directory, a port, a process, and when it is ready."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

READY_WITHIN_S = 30.0


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, *places: str) -> str:
    """Where a server's program is; skips (or fails) the test if nowhere."""
    found = shutil.which(
        name, path=os.pathsep.join((*places, os.environ.get("PATH", ""), "/usr/sbin"))
    )
    if found is not None:
        return found
    if os.environ.get("TOCSIN_REQUIRE_PEERS") == "1":
        pytest.fail(f"{name} is not installed, and TOCSIN_REQUIRE_PEERS=1 asks for it")
    pytest.skip(f"{name} is not installed")


def account(name: str) -> str | None:
    """The account to run a server as: a server's own where we are root, ours otherwise."""
    if os.geteuid() != 0:
        return None
    pwd.getpwnam(name)
    return name


@contextmanager
def directory(owner: str | None) -> Iterator[Path]:
    """A directory for a server's files, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tocsin-peer-"))
    try:
        if owner is not None:
            shutil.chown(path, owner, owner)
        path.chmod(0o700)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class Server:
    """A server process on a fixed port.

    Attributes:
        home: Where its files are; its output goes to `log` there.
        command: Its program and arguments.
        account: Runs as this user, or as ours.
    """

    home: Path
    port: int
    command: Sequence[str]
    account: str | None
    user: str
    password: str
    is_ready: Callable[[Server], bool]
    host: str = "127.0.0.1"
    stop_with: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.home / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                user=self.account,
                group=self.account,
                extra_groups=[] if self.account else None,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while not self.is_ready(self):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail(f"{self.command[0]} did not start:\n{self.log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it in order and wait for its end."""
        self._end(self.stop_with)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: it keeps its port and connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """End a pause."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """The end of what it wrote."""
        return (self.home / "log").read_text(errors="replace")[-4000:]

    def _end(self, with_signal: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(with_signal)
        process.send_signal(signal.SIGCONT)  # a paused process ends only once it goes on
        try:
            process.wait(15.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """`server`, started, and stopped in order afterwards, so that its children end too."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def run_once(command: Sequence[str], home: Path, as_user: str | None, stdin: str = "") -> None:
    """Run a program to its good end, for setting a server up."""
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        cwd=home,
        user=as_user,
        group=as_user,
        extra_groups=[] if as_user else None,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{command[0]} failed ({done.returncode}):\n{done.stdout}\n{done.stderr}")


def accepts(server: Server) -> bool:
    """Whether something listens on the server's port."""
    try:
        socket.create_connection((server.host, server.port), 0.5).close()
    except OSError:
        return False
    return True
