"""Changed copies are what `dataclasses.replace` makes."""

from __future__ import annotations

import dataclasses

import pytest

from daemon.core.changing import replace
from daemon.core.labels import parse_matcher
from daemon.core.model import CheckState, Incident, IncidentState
from daemon.core.severity import Severity

INCIDENT = Incident("i1", "g", IncidentState.TRIGGERED, Severity.LOW, "title", "words", 1)


def test_a_changed_copy_equals_the_one_the_library_makes() -> None:
    changes = {"version": 7, "firing": ("a", "b"), "acknowledged_by": "ana"}
    assert replace(INCIDENT, **changes) == dataclasses.replace(INCIDENT, **changes)
    assert INCIDENT.version == 1


def test_a_copy_is_as_frozen_as_its_original() -> None:
    copied = replace(CheckState("web"), attempts=2)
    with pytest.raises(AttributeError):
        copied.attempts = 3  # type: ignore[misc]  # that is what is tested
    assert copied.attempts == 2


def test_a_field_that_the_record_has_not_is_refused() -> None:
    with pytest.raises(TypeError):
        replace(INCIDENT, colour="red")


def test_what_its_constructor_completes_is_completed_in_the_copy_too() -> None:
    copied = replace(parse_matcher("a=~b.*"), value="c.*")
    assert copied.matches({"a": "cd"})
    assert not copied.matches({"a": "bd"})
