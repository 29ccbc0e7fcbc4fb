"""The terminal is given back as it was."""

from __future__ import annotations

import os
import pty
import sys
import termios
import tty
from io import StringIO

import pytest

from daemon.service import terminal


def test_modes_are_set_again_and_the_main_screen_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    screen = StringIO()
    with os.fdopen(follower, "rb", buffering=0) as stdin, os.fdopen(leader, "rb", buffering=0):
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", screen)
        before = termios.tcgetattr(stdin)
        with terminal.restored():
            tty.setraw(stdin.fileno())
            assert termios.tcgetattr(stdin) != before
        assert termios.tcgetattr(stdin) == before
    assert "\x1b[?1049l" in screen.getvalue()
    assert "\x1b[?25h" in screen.getvalue()
