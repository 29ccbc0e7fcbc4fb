"""What the database says of a moment is what was shown at that moment.

A life of an engine is played in virtual time, every picture it shows is kept, and pictures of the
past are held against those. What may differ, and why:

- The status of checks and services is what is known now: a failure counts from its first run, a
  picture shows it from its confirmation on. It is held against the newest picture that tells of
  that moment, and services and SLAs against the books at the end.
- Mutes: the timeline tells the reasons for which an incident became muted, not how they changed
  while it was; an alert's own are known of silences alone. Held is whether it was muted.
- Of incidents that had a part in mergers or splits it may not be told which alerts were theirs, and
  what follows from those; alerts that were moved may stand in another order.
- How long a group's first message was waited for is in no timeline.
- Snoozes are kept to the second; a silence's start and end are its newest; an alert's words and
  since when it was pending are its last; nobody keeps versions, and messages of good runs.
"""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from checks.result import Status
from daemon.api.times import parse_stamp
from daemon.api.views.sla import sla_view
from daemon.core.events import PlanChanged, PutSilence, Resolve
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, Instant, Recurrence
from daemon.core.plan import SlaPlan
from daemon.core.sla.availability import figures
from daemon.past.picture import picture
from daemon.past.question import NoHistory, past_question
from daemon.store.rollups.fold import fold
from daemon.store.upkeep.prune import Retention
from tests.core.machine_plan import ANA, FULL
from tests.past.living import START, Life, Parts, plain

SELDOM: Final = {"every": 99 * HOUR, "every_down": 99 * HOUR, "retry_every": 99 * HOUR}
SLAS: Final = {
    "shop": SlaPlan("shop", "shop", Decimal("99.9"), "month"),
    "orders": SlaPlan("orders", "orders", Decimal(99), 24 * HOUR),
}
PLAN: Final = replace(
    FULL,
    checks={name: replace(one, **SELDOM) for name, one in FULL.checks.items()},  # type: ignore[arg-type]  # fields by name
    services={
        name: replace(one, revenue_per_hour=Decimal(1200), currency="GBP")
        for name, one in FULL.services.items()
    },
    slas=SLAS,
)
KEYS: Final = {
    "incidents": "id",
    "alerts": "fingerprint",
    "checks": "name",
    "services": "name",
    "silences": "id",
    "slas": "name",
}
HELD: Final = {
    "incidents": (
        "id state severity service fired_at acknowledged_at acknowledged_by ack_comment"
        " resolved_at resolved_by context organization notified_at roles status_update"
        " first_acknowledged_at split_from merged_into storm test impact rank responses title"
        " summary alerts firing acknowledgeable assigned_to escalation recovery_due mtta_due"
        " mtta_breached mttr_due mttr_breached next_update_due"
    ),
    "moved": "alerts firing title summary acknowledgeable escalation recovery_due",
    "alerts": "fingerprint name state labels fired_at resolved_at source storm",
    "checks": "name kind service down_after every_ms labels",
    "services": "name checks slas context depends_on rank",
    "silences": "id matchers createdBy comment status recur",
}
"""What is to be the same, by the part of the picture; `moved` not of incidents that were merged."""


def by_key(parts: Parts, part: str) -> dict[str, Any]:
    return {one[KEYS[part]]: one for one in parts[part]}


def merged_or_split(life: Life) -> set[str]:
    """The incidents that had a part in a merger or a split."""
    rows = life.connection.execute(
        "SELECT incident, text FROM timeline WHERE kind IN ('merged', 'split')"
    ).fetchall()
    return {key for key, _ in rows} | {text.partition(" ")[0] for _, text in rows}


def known_later(life: Life, check: str, at: Instant) -> str:
    """The status of the check at this moment, by the newest picture that tells of it."""
    for shown in reversed(life.shown):
        view = by_key(shown.parts, "checks")[check]
        since = view["since"]
        if shown.at >= at and (since is None or parse_stamp(since) <= at):
            return str(view["status"])
    raise AssertionError(check)


def overlook(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    """The order of what fires, and before the first level was told when that is due."""
    for one in (mine, theirs):
        one["firing"].sort()
    steps = mine["escalation"]
    if steps is not None and not (steps["level"] or steps["next_at"]):
        theirs["escalation"]["next_at"] = None


def hold(life: Life, at: Instant, then: Parts) -> None:
    """The picture of `at` is `then`, but for what may differ."""
    past, moved = life.past(at), merged_or_split(life)
    for part in KEYS:
        mine, theirs = by_key(past, part), by_key(then, part)
        assert mine.keys() == theirs.keys(), part
        for key, one in theirs.items():
            names = HELD.get(part, "").split()
            if part == "incidents":
                overlook(mine[key], one)
                names = [n for n in names if key not in moved or n not in HELD["moved"].split()]
            assert {n: mine[key][n] for n in names} == {n: one[n] for n in names}, (part, key)
            if part == "incidents":
                assert bool(mine[key]["muted"]) == bool(one["muted"])
    assert [one["id"] for one in past["incidents"]] == [one["id"] for one in then["incidents"]]
    hold_measured(life, at, past, then)


def hold_measured(life: Life, at: Instant, past: Parts, then: Parts) -> None:
    """Statuses and SLAs are what is known of that moment in the end, results as they were."""
    shown, end = by_key(then, "checks"), life.now + 1
    for name, check in by_key(past, "checks").items():
        assert check["status"] == known_later(life, name, at)
        last, newest = check["last"], shown[name]["last"]
        assert (last["time"], last["status"]) == (newest["time"], newest["status"])
    for name, service in by_key(past, "services").items():
        line = life.engine.books.timeline(name)
        piece = next(one for one in line.pieces(0, end) if one.start <= at < one.end)
        assert (service["status"], parse_stamp(service["since"])) == (
            piece.status.word,
            piece.start,
        )
    for name, sla in by_key(past, "slas").items():
        line = life.engine.books.timeline(SLAS[name].service)
        assert sla == plain({"": sla_view(figures(SLAS[name], line, at))})[""]


@pytest.mark.parametrize("seed", range(2))
def test_a_picture_of_the_past_is_the_picture_that_was_shown_then(seed: int) -> None:
    life = Life(PLAN, seed)
    for _ in range(45):
        life.step()
    newest = {shown.at: shown.parts for shown in life.shown}
    dice = random.Random(seed)  # noqa: S311  # the same moments each time, no secret
    for at in dice.sample(sorted(newest), 15):
        hold(life, at, newest[at])


def glance(parts: Parts) -> object:
    """What one sees at a glance."""
    incidents = {one["id"]: (one["state"], one["acknowledged_by"]) for one in parts["incidents"]}
    return incidents, {one["name"]: one["status"] for one in parts["services"]}


def test_nothing_changes_at_a_glance_between_two_moments() -> None:
    life = Life(PLAN, 7)
    for _ in range(30):
        life.step()
    dice = random.Random(7)  # noqa: S311  # the same moments each time, no secret
    at, steps = life.now, 0
    while (before := life.past(at)["past"]["before"]) is not None:
        earlier = parse_stamp(before)
        if at - earlier > 1:
            between = dice.randrange(earlier, at)
            assert glance(life.past(between)) == glance(life.past(earlier))
        at, steps = earlier, steps + 1
    assert steps > 8


@pytest.mark.parametrize("at", [START - DAY, START - 1])
def test_before_the_first_moment_there_is_no_picture(at: Instant) -> None:
    life = Life(PLAN)
    found = picture(life.connection, past_question(PLAN, at, life.now))
    assert found == NoHistory(START)


def test_a_silence_that_recurs_is_shown_at_the_time_that_was_in_force() -> None:
    life = Life(PLAN)
    life.later(MINUTE)
    before = life.now - 1
    recurs = Recurrence("0 * * * *", 10 * MINUTE, "UTC")
    life.send(PutSilence(ANA, (parse_matcher("service=shop"),), None, 0, "works", recurs=recurs))
    life.later(3 * HOUR)
    assert life.past(before)["silences"] == []
    (silence,) = life.past(START + HOUR + 5 * MINUTE)["silences"]
    assert silence["status"] == {"state": "active"}
    assert parse_stamp(silence["endsAt"]) == START + HOUR + 10 * MINUTE
    (silence,) = life.past(START + HOUR + 15 * MINUTE)["silences"]
    assert silence["status"] == {"state": "pending"}
    assert parse_stamp(silence["startsAt"]) == START + 2 * HOUR


def test_what_fires_on_when_its_incident_was_ended_by_hand_is_in_none() -> None:
    life = Life(PLAN)
    life.run("mail", Status.DOWN)
    (incident,) = life.engine.incidents
    life.later(MINUTE)
    life.send(Resolve(incident, ANA, "known"))
    life.later(MINUTE)
    past = life.past(life.now)
    assert (past["incidents"], past["alerts"]) == ([], life.live()["alerts"])


@pytest.mark.parametrize("many", [False, True])
def test_slas_count_the_same_whether_by_pieces_or_by_days(
    many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many objectives whole days are taken together, and nothing is listed."""
    life = Life(PLAN)
    for _ in range(6):
        life.later(7 * HOUR)
        life.run("db", Status.DOWN)
        life.later(20 * MINUTE)
        life.run("db", Status.UP)
    while fold(life.connection, life.now // MINUTE, Retention(), life.now):
        pass
    monkeypatch.setattr("daemon.past.objectives.LISTED", 0 if many else 100)
    plan = SLAS["orders"]
    monkeypatch.setitem(SLAS, "orders", replace(plan, period=2 * DAY))
    life.engine.handle(PlanChanged(replace(PLAN, slas=SLAS)), life.now)
    for at in (life.now, life.now - 9 * HOUR, life.now - 30 * HOUR):
        sla = by_key(life.past(at), "slas")["orders"]
        line = life.engine.books.timeline("orders")
        whole = plain({"": sla_view(figures(SLAS["orders"], line, at, listed=not many))})[""]
        assert sla == whole


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_lives_are_shown_again_as_they_were(seed: int) -> None:
    life = Life(PLAN, seed)
    for _ in range(120):
        life.step()
    newest = {shown.at: shown.parts for shown in life.shown}
    for at in sorted(newest)[::7]:
        hold(life, at, newest[at])
