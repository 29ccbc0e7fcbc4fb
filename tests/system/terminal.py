"""A real terminal for tests: a shell in a tmux server of its own, typed to and looked at."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.running import PATIENCE_S


def need_tmux() -> None:
    """Skip the test where tmux is not installed; fail it where peers are required."""
    if shutil.which("tmux") is not None:
        return
    if os.environ.get("TOCSIN_REQUIRE_PEERS") == "1":
        pytest.fail("tmux is not installed, and TOCSIN_REQUIRE_PEERS=1 asks for it")
    pytest.skip("tmux is not installed")


class Terminal:
    """A shell in a tmux server of its own, and what stands on its screen."""

    def __init__(self, home: Path, width: int, height: int) -> None:
        home.mkdir()
        self.home = home
        self._tmux = ["tmux", "-f", os.devnull, "-S", str(home / "tmux")]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        subprocess.run(
            [
                *(*self._tmux, "-u", "new-session", "-d", "-x", str(width), "-y", str(height)),
                *("-s", "it", "sh"),
            ],
            check=True,
            cwd=home,
            env=environment,
        )

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._tmux, *command], capture_output=True, text=True, check=True, timeout=10
        )
        return done.stdout

    def screen(self) -> str:
        """What is to be seen now."""
        return self._run("capture-pane", "-p", "-t", "it")

    def say(self, line: str) -> None:
        """Type a line to the shell."""
        self._run("send-keys", "-t", "it", "-l", line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._run("send-keys", "-t", "it", *keys)

    def modes(self) -> str:
        """Whether the alternate screen, mouse reports and the cursor are on."""
        names = ("alternate_on", "mouse_any_flag", "mouse_sgr_flag", "cursor_flag")
        return self._run(
            *("display-message", "-p", "-t", "it", " ".join(f"#{{{name}}}" for name in names))
        ).strip()

    def until(self, holds: Callable[[str], bool]) -> str:
        """Wait until the screen is as wanted."""
        ends = time.monotonic() + PATIENCE_S
        while not holds(seen := self.screen()):
            assert time.monotonic() < ends, f"it never was on the screen, which is:\n{seen}"
            time.sleep(0.05)
        return seen

    def shows(self, *words: str) -> str:
        """Wait until all of these stand on the screen."""
        return self.until(lambda seen: all(word in seen for word in words))

    def close(self) -> None:
        """End the shell and whatever runs in it."""
        self._run("kill-server")
