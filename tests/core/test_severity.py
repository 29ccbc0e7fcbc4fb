"""Severities have one word each, and the aliases that people write."""

from __future__ import annotations

import pytest

from daemon.core.severity import Severity, parse_severity


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_reads_back_from_its_word_and_its_priority(severity: Severity) -> None:
    assert parse_severity(severity.word) is severity
    assert parse_severity(severity.priority) is severity


@pytest.mark.parametrize(
    ("alias", "severity"),
    [
        ("L1", Severity.CRITICAL),
        ("l2", Severity.MEDIUM),
        ("warning", Severity.MEDIUM),
        ("L3", Severity.INFO),
        (" CRITICAL ", Severity.CRITICAL),
    ],
)
def test_aliases_are_understood_on_input(alias: str, severity: Severity) -> None:
    assert parse_severity(alias) is severity


def test_an_unknown_word_is_refused_with_the_words_there_are() -> None:
    with pytest.raises(ValueError, match="emergency, critical, high, medium, low, info"):
        parse_severity("fatal")


def test_a_word_with_a_slip_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(ValueError, match=r"'Critcal' is no severity; did you mean \"critical\"\?"):
        parse_severity("Critcal")


def test_the_worse_is_the_greater() -> None:
    assert max(Severity.LOW, Severity.EMERGENCY, Severity.HIGH) is Severity.EMERGENCY
    assert Severity.EMERGENCY.priority == "P0"
