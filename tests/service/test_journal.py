"""The daemon's log tells what becomes of incidents, and only that."""

from __future__ import annotations

import logging

import pytest

from daemon.core.chronicle import Audit, Entry, EntryKind
from daemon.core.effects import Append
from daemon.core.model import ENGINE, Actor
from daemon.service.journal import LEVELS, log_entries

NOW = 1_800_000_000_000
ANA = Actor("ana", "unix uid 1000")


def logged(
    caplog: pytest.LogCaptureFixture, kind: EntryKind, text: str, actor: Actor = ENGINE
) -> list[tuple[str, int, str]]:
    """What one line of a timeline becomes."""
    with caplog.at_level(logging.DEBUG, "tocsin"):
        log_entries([Append(Entry("c0f3be8f0d7e", NOW, kind, actor, text))], NOW)
    return caplog.record_tuples


def test_a_failure_is_a_warning_with_its_words(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, EntryKind.FIRED, "db is down: connection refused") == [
        (
            "tocsin",
            logging.WARNING,
            "incident c0f3be8f0d7e fired: db is down: connection refused",
        )
    ]


def test_who_acknowledged_is_named(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog, EntryKind.ACKNOWLEDGED, "", ANA) == [
        ("tocsin", logging.INFO, "incident c0f3be8f0d7e acknowledged by ana")
    ]


def test_a_message_that_reached_nobody_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    ((_, level, text),) = logged(caplog, EntryKind.UNDELIVERED, "mail: refuses the login")
    assert level == logging.ERROR
    assert text.endswith("undelivered: mail: refuses the login")


@pytest.mark.parametrize("kind", sorted(set(EntryKind) - set(LEVELS)))
def test_what_changes_nothing_is_not_logged(
    caplog: pytest.LogCaptureFixture, kind: EntryKind
) -> None:
    assert logged(caplog, kind, "words") == []


def test_what_is_no_timeline_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "tocsin"):
        log_entries([Append(Audit(NOW, ANA, "acknowledge", "c0f3be8f0d7e", ""))], NOW)
    assert caplog.records == []


def test_what_joins_together_has_one_line_an_incident(caplog: pytest.LogCaptureFixture) -> None:
    joined = [Append(Entry("a", NOW, EntryKind.JOINED, ENGINE, f"down (c{n})")) for n in range(9)]
    other = Append(Entry("b", NOW, EntryKind.JOINED, ENGINE, "down (d)"))
    over = Append(Entry("b", NOW, EntryKind.RESOLVED, ENGINE, ""))
    with caplog.at_level(logging.DEBUG, "tocsin"):
        log_entries([*joined, other], NOW)
        log_entries([over], NOW)
    assert [record.getMessage() for record in caplog.records] == [
        "incident a joined: down (c0); and 8 more",
        "incident b joined: down (d)",
        "incident b resolved",
    ]
