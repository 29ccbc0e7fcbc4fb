"""The registry of actions: its keys, who may do what, and why something cannot be done."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import combinations
from unittest.mock import AsyncMock, MagicMock

import pytest

from tests.tui import estate
from tui.doing.actions import ACTIONS, BY_ID, MODES, Place, Situation, bar, by_key, refusal
from tui.doing.asking import Asking
from tui.mirror import Mirror


def test_a_key_means_one_thing_in_each_place() -> None:
    """No action hides another."""
    for place in Place:
        here = [a for a in ACTIONS if not a.places or place in a.places]
        for one, other in combinations(here, 2):
            assert not set(one.keys) & set(other.keys), (place, one.id, other.id)


def test_only_writing_actions_need_a_role_and_none_has_priority() -> None:
    """Looking is free; a viewer loses nothing but the writes."""
    for action in ACTIONS:
        assert (action.role != "viewer") == action.writes, action.id


def test_the_key_bar_shows_only_what_applies() -> None:
    """And help everywhere."""
    for place in Place:
        shown = bar(place)
        assert "help" in [action.id for action in shown]
        assert all(not a.places or place in a.places for a in shown)
    assert len(MODES) == 8


SITUATION = Situation(Place.INCIDENTS, "operator", incident=estate.checkout())


@pytest.mark.parametrize(
    ("action", "changed", "says"),
    [
        ("ack", {"role": "viewer"}, "needs the role operator"),
        ("ack", {"role": "intruder"}, "needs the role operator"),
        ("ack", {"cut": "there is no link"}, "no link"),
        ("ack", {"incident": None}, "w goes to the worst"),
        ("ack", {"incident": estate.search_()}, "ben has acknowledged it"),
        ("ack", {"incident": estate.backup()}, "is resolved"),
        ("unack", {}, "nobody has acknowledged"),
        ("snooze", {"incident": estate.search_()}, "ben has acknowledged it"),
        ("assign", {"incident": estate.backup()}, "is resolved"),
        ("escalate", {"incident": estate.mailer()}, "no escalation policy"),
        ("undo", {}, "nothing to undo"),
        ("exclude", {"place": Place.SLA}, "no SLA is selected"),
        ("withdraw", {"place": Place.SLA, "sla": estate.slas()[2]}, "nothing is excluded"),
        ("expire", {}, "belongs to silences"),
        ("filter", {"lists": False}, "nothing to filter"),
    ],
)
def test_what_cannot_be_done_has_a_reason(
    action: str, changed: dict[str, object], says: str
) -> None:
    """The words an operator reads."""
    reason = refusal(BY_ID[action], replace(SITUATION, **changed))  # type: ignore[arg-type]  # fields by name
    assert reason is not None
    assert says in reason


def test_what_can_be_done_is_not_refused() -> None:
    """The worst incident can be taken, noted, escalated, resolved, silenced."""
    for name in ("ack", "ack_with", "snooze", "assign", "note", "escalate", "resolve", "silence"):
        assert refusal(BY_ID[name], SITUATION) is None


def test_an_incident_whose_rule_forbids_it_is_not_acknowledged() -> None:
    """`acknowledgeable = false` is said before anything is sent."""
    fixed = estate.checkout()
    fixed.acknowledgeable = False
    reason = refusal(BY_ID["ack"], replace(SITUATION, incident=fixed))
    assert reason == "its rule forbids acknowledging (acknowledgeable = false)"


def test_keys_are_found_by_place() -> None:
    """x runs a check among checks, ends a silence among silences, excludes among SLAs."""
    places = (Place.CHECKS, Place.SILENCES, Place.SLA)
    assert [getattr(by_key("x", place), "id", None) for place in places] == [
        "run", "expire", "exclude",
    ]  # fmt: skip
    assert by_key("x", Place.ANALYSIS) is None


async def test_every_writing_action_comes_to_a_deed() -> None:
    """The registry cannot name a write that nobody carries out."""

    class Deaf:
        """An app whose operator gives up every question, and whose deeds do nothing."""

        mirror = Mirror()

        def __init__(self) -> None:
            self.deeds = MagicMock(
                persons=AsyncMock(return_value=["ana"]),
                responses=AsyncMock(return_value=estate.responses()),
            )
            self.say = MagicMock()
            self.client = MagicMock()
            self.desk = MagicMock(now=lambda: estate.NOW, zone=dt.UTC)
            self.push_screen_wait = AsyncMock(return_value=None)

    asking = Asking(Deaf())  # type: ignore[arg-type]  # all that asking needs of the app
    situation = replace(
        SITUATION,
        check=estate.checks()[0],
        silence=estate.silence(),
        channel=estate.channels()[0],
        schedule=estate.schedules()[0],
        sla=estate.slas()[0],
        undo="something",
    )
    for action in ACTIONS:
        if action.writes and action.id != "undo":
            await asking.deed(action.id, situation)
    with pytest.raises(LookupError):
        await asking.deed("dance", situation)
