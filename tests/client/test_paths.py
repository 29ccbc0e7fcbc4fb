"""Where the socket is looked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.client.paths import find_socket, socket_candidates

EVERYTHING = {
    "TOCSIN_SOCKET": "/a/one.sock",
    "RUNTIME_DIRECTORY": "/run/tocsin:/run/other",
    "XDG_RUNTIME_DIR": "/run/user/7",
}


def test_the_places_are_tried_in_the_designs_order() -> None:
    assert list(socket_candidates(EVERYTHING, 7)) == [
        Path("/a/one.sock"),
        Path("/run/tocsin/tocsin.sock"),
        Path("/run/user/7/tocsin.sock"),
        Path("/tmp/tocsin-7/tocsin.sock"),
    ]


def test_without_any_variable_it_is_a_directory_of_the_users_own() -> None:
    assert list(socket_candidates({}, 7)) == [Path("/tmp/tocsin-7/tocsin.sock")]


def test_an_empty_variable_counts_as_unset() -> None:
    assert find_socket(None, dict.fromkeys(EVERYTHING, "")) == Path(
        f"/tmp/tocsin-{os.getuid()}/tocsin.sock"
    )


def test_what_was_named_wins_over_the_environment() -> None:
    assert find_socket("/b/two.sock", EVERYTHING) == Path("/b/two.sock")


def test_the_process_environment_is_asked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SOCKET", "/c/three.sock")
    assert find_socket() == Path("/c/three.sock")


def test_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    assert find_socket("~/t.sock") == Path("/home/ana/t.sock")
