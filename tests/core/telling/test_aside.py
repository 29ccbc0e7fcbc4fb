"""What persons are told that belongs to no incident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.effects import Enqueue
from daemon.core.model import HOUR, Level
from daemon.core.plan import Contact, PersonPlan, Plan
from daemon.core.telling.aside import Aside, tell_aside
from daemon.core.turn import Turn
from tests.core.deciding import START
from tests.core.incidents.test_desk_oncall import hourly, spec

ENDS = Aside(NoticeType.SILENCE, "silence", "s1", "It ends", "Soon.", "end of a silence", START)


def spare(kind: str = "email") -> Plan:
    """A person who is called by telephone at night, and gets mail for the rest."""
    ana = PersonPlan("ana", (Contact("sms", "+49"),), (Contact("mail", "ana@x"),))
    plan = replace(spec(hourly("ana"), Level(0, ("schedule:duty",))), persons={"ana": ana})
    return replace(
        plan, channels={**plan.channels, "mail": replace(plan.channels["mail"], kind=kind)}
    )


def told(plan: Plan, aside: Aside = ENDS, now: int = START) -> list[Notice]:
    turn = Turn(now)
    tell_aside(plan, "ana", aside, turn)
    return [one.notice for one in turn.effects if isinstance(one, Enqueue)]


def test_it_goes_over_the_contacts_for_what_is_not_urgent_with_an_incident_of_its_own() -> None:
    (notice,) = told(spare())
    assert (notice.channel, notice.recipient, notice.address) == ("mail", "ana", "ana@x")
    assert (notice.incident.title, notice.incident.summary) == ("It ends", "Soon.")
    assert notice.incident.key.startswith("silence-")
    assert notice.alerts == ()


@pytest.mark.parametrize("kind", ["pagerduty", "voice"])
def test_what_only_tells_trouble_hears_of_none(kind: str) -> None:
    assert told(spare(kind)) == []


def test_the_same_thing_at_the_same_time_has_one_key() -> None:
    keys = [
        told(spare(), aside, now)[0].key
        for aside, now in ((ENDS, START), (ENDS, START), (ENDS, START + 1))
    ]
    assert keys[0] == keys[1] != keys[2]
    assert told(spare(), replace(ENDS, about="s2"))[0].key != keys[0]


def test_it_is_of_use_for_a_while_after_it_comes_about() -> None:
    (now,), (later,) = told(spare()), told(spare(), replace(ENDS, from_=START + HOUR))
    assert now.expires_at is not None
    assert later.expires_at == now.expires_at + HOUR
