"""An incident as it stood, line by line. (Whole lives are held in `tests.past.test_picture`.)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import Entry, EntryKind
from daemon.core.incidents.hindsight import absorbed, as_it_was, mute_of, with_alerts
from daemon.core.model import (
    MINUTE,
    Actor,
    Incident,
    IncidentState,
    Instant,
    Mute,
    MuteKind,
    StatusUpdate,
)
from daemon.core.oncall import escalation as policy
from daemon.core.severity import Severity
from tests.core.deciding import ANA, BEN, PRIMARY, START

K = EntryKind
AT = START + 10 * MINUTE
LATER = AT + MINUTE


def line(kind: EntryKind, at: Instant, text: str = "", actor: Actor = ANA) -> Entry:
    return Entry("i", at, kind, actor, text)


FIRED = line(K.FIRED, START)


def incident(**more: object) -> Incident:
    base = Incident("i", "g", IncidentState.TRIGGERED, Severity.HIGH, "t", "s", START)
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name, as given


def was(record: Incident, *lines: Entry, at: Instant = AT) -> Incident:
    found = as_it_was(record, [FIRED, *lines], at)
    assert found is not None
    return found


def test_what_no_later_line_speaks_of_is_as_in_the_record() -> None:
    update = StatusUpdate("soon", "ana", START + 1)
    record = incident(
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_by="ana",
        acknowledged_at=START + 1,
        ack_until=LATER,
        assigned_to="ben",
        roles=(("scribe", "ana"),),
        status_update=update,
        muted=(Mute(MuteKind.SILENCE, "s", "works", LATER),),
    )
    assert was(record, line(K.NOTE, LATER)) == record


def test_whoever_took_it_later_does_not_have_it_yet() -> None:
    record = incident(
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_by="ben",
        acknowledged_at=LATER,
        first_acknowledged_at=START + 2,
    )
    took = line(K.ACKNOWLEDGED, START + 2, "mine; for 600000 ms")
    gave = line(K.UNACKNOWLEDGED, START + 5)
    again = line(K.ACKNOWLEDGED, LATER, "", BEN)
    taken = was(record, took, gave, again, at=START + 3)
    assert (taken.acknowledged_by, taken.acknowledged_at) == ("ana", START + 2)
    assert (taken.ack_comment, taken.ack_until) == ("mine", START + 2 + 600_000)
    free = was(record, took, gave, again)
    assert (free.state, free.acknowledged_by) == (IncidentState.TRIGGERED, None)
    assert free.first_acknowledged_at == START + 2
    snoozed = line(K.SNOOZED, START + 6, "until 2027-01-15 08:30:00 UTC; after lunch", BEN)
    rests = was(record, took, gave, snoozed, again)
    assert (rests.acknowledged_by, rests.ack_comment) == ("ben", "after lunch")
    assert rests.ack_until == 1_800_001_800_000


def test_an_incident_that_ended_later_goes_on_with_what_muted_it() -> None:
    record = incident(state=IncidentState.RESOLVED, resolved_at=LATER, resolved_by="ana")
    ended = line(K.RESOLVED, LATER)
    muted = line(K.MUTED, START + 1, "silenced by ana: works; unreachable: db is down")
    then = was(record, muted, ended)
    assert (then.state, then.resolved_at, then.resolved_by) == (IncidentState.TRIGGERED, None, None)
    assert [(one.kind, one.reason) for one in then.muted] == [
        (MuteKind.SILENCE, "silenced by ana: works"),
        (MuteKind.DEPENDENCY, "unreachable: db is down"),
    ]
    aside = line(K.MUTED, START + 3, "the silence by ana ends in 15 min")
    assert was(record, muted, line(K.UNMUTED, START + 2), aside, ended).muted == ()
    assert mute_of("inhibited by CheckFailing (db)").kind is MuteKind.INHIBITION


def test_severity_is_what_the_next_change_began_from() -> None:
    raised = line(K.SEVERITY, LATER, "medium to high")
    assert was(incident(), raised).severity is Severity.MEDIUM
    assert was(incident(), raised, at=LATER).severity is Severity.HIGH


def test_assignments_roles_and_updates_are_those_of_then() -> None:
    update = StatusUpdate("all is well", "ben", LATER)
    record = incident(assigned_to="cai", roles=(("scribe", "cai"),), status_update=update)
    lines = (
        line(K.ASSIGNED, START + 1, "to ana; ben had it; you know it"),
        line(K.ROLE, START + 1, "scribe: ben; ana had it"),
        line(K.ROLE, START + 2, "commander: ana"),
        line(K.ROLE, START + 3, "commander: nobody"),
        line(
            K.UPDATE,
            START + 4,
            "we look; the next follows at 2027-01-15 08:30:00 UTC; no stakeholder knows of it",
        ),
        line(K.ASSIGNED, LATER, "to cai"),
        line(K.ROLE, LATER, "scribe: cai"),
        line(K.UPDATE, LATER, "all is well"),
    )
    then = was(record, *lines)
    assert (then.assigned_to, then.roles) == ("ana", (("scribe", "ben"),))
    assert then.status_update == StatusUpdate("we look", "ana", START + 4, 1_800_001_800_000)
    assert was(record, line(K.UNASSIGNED, START + 9), *lines[5:]).assigned_to is None


def test_there_is_no_incident_before_its_first_line() -> None:
    """One that was split off counts from when its alerts fired, and began later."""
    split = line(K.FIRED, LATER, "split from j")
    assert as_it_was(incident(), [split], AT) is None
    assert as_it_was(incident(), [], AT) is not None
    assert as_it_was(incident(), [FIRED], START - 1) is None


def test_what_was_split_off_goes_on_as_the_first_stood() -> None:
    record = incident(split_from="j", acknowledged_by=None)
    inherited = [line(K.ACKNOWLEDGED, START + 1), line(K.ASSIGNED, START + 2, "to ben")]
    own = [line(K.FIRED, START + 5, "split from j"), line(K.UNACKNOWLEDGED, LATER)]
    then = as_it_was(record, own, AT, inherited)
    assert then is not None
    assert (then.state, then.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "ana")


def test_incidents_that_were_merged_into_it_are_named() -> None:
    merged = line(K.MERGED, LATER, "abc was merged into this: shop is down")
    assert absorbed([FIRED, merged]) == [(LATER, "abc")]
    held = with_alerts(incident(alerts=("a", "b", "c")), {"c", "a"}, ["c"])
    assert (held.alerts, held.firing) == (("a", "c"), ("c",))


BEGUN = policy.begun(PRIMARY, START, START)
FIRST = line(K.ESCALATED, START, "level 1: ana via sms")
SECOND = line(K.ESCALATED, START + 5 * MINUTE, "level 2: ben via mail")


@pytest.mark.parametrize(
    ("lines", "level", "next_at"),
    [
        ([FIRST], 0, None),  # what was due before then left no line: it is not known
        ([FIRST, SECOND], 1, START + 15 * MINUTE),
        ([FIRST, line(K.MUTED, START + MINUTE, "silenced by ana"), line(K.UNMUTED, AT)], 0,
         START + 14 * MINUTE),
        ([FIRST, line(K.ACKNOWLEDGED, START + MINUTE)], 0, None),
        ([FIRST, SECOND, line(K.ACKNOWLEDGED, START + 6 * MINUTE), line(K.REOPENED, AT)], -1,
         None),
        ([FIRST, line(K.ESCALATED, START + MINUTE, "level 2: ben via mail")], 1,
         START + 11 * MINUTE),
        ([line(K.ESCALATED, START, "level 1 passed over: nobody")], 0, None),
    ],
)  # fmt: skip
def test_a_policy_stands_where_its_lines_took_it(
    lines: list[Entry], level: int, next_at: Instant | None
) -> None:
    last = line(K.ESCALATED, LATER, "level 3: slack")
    record = incident(escalation=replace(BEGUN, level=2, stepped_at=LATER))
    then = was(record, *lines, last).escalation
    assert then is not None
    assert (then.level, then.next_at) == (level, next_at)


def test_a_policy_that_starts_over_is_in_its_next_round_and_one_at_its_end_is_spent() -> None:
    record = incident(
        escalation=replace(BEGUN, rounds=1, then=("channel:slack",), stepped_at=LATER)
    )
    over = line(K.ESCALATED, START + 9 * MINUTE, "the policy starts over (1 of 1)")
    again = was(record, FIRST, over, line(K.ESCALATED, LATER, "level 2")).escalation
    assert again is not None
    assert (again.round, again.level) == (1, -1)
    last = line(K.ESCALATED, START + 9 * MINUTE, "last resort: slack")
    spent = was(record, FIRST, last, line(K.SPENT, LATER)).escalation
    assert spent is not None
    assert (spent.spent, spent.next_at) == (True, None)


def test_a_policy_that_a_merger_brought_later_is_not_there_yet() -> None:
    record = incident(escalation=BEGUN)
    assert was(record, line(K.ESCALATED, LATER, "policy primary begins")).escalation is None


def test_a_merger_brings_a_policy_as_far_as_it_had_come_and_whom_it_was_given_to() -> None:
    first = policy.stepped(BEGUN, START)[0]
    other = incident(key="j", escalation=first, assigned_to="ben")
    lines = (
        line(K.MERGED, START + MINUTE, "j was merged into this: db is down"),
        line(K.ESCALATED, START + MINUTE, "policy primary begins"),
        line(K.ESCALATED, LATER, "level 2: ben via mail"),
        line(K.ASSIGNED, LATER, "to ana; ben had it"),
    )
    record = incident(escalation=replace(BEGUN, level=1, stepped_at=LATER), assigned_to="ana")
    then = as_it_was(record, [FIRED, *lines], START + 2 * MINUTE, (), {"j": other})
    assert then is not None
    assert (then.escalation, then.assigned_to) == (first, "ben")


def test_a_policy_that_rested_only_because_it_was_over_goes_on() -> None:
    record = incident(
        state=IncidentState.RESOLVED, resolved_at=LATER, escalation=policy.paused(BEGUN, LATER)
    )
    then = was(record, line(K.RESOLVED, LATER)).escalation
    assert then == BEGUN
