"""Planned work by hand and by the configuration: what is muted, excluded, ended and kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.engine import Engine
from daemon.core.errors import Invalid, NotAllowed, NotFound, Refusal
from daemon.core.events import BeginMaintenance, EndMaintenance, PlanChanged, Tick
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, HOUR, MINUTE, Instant, MuteKind, Work
from daemon.core.muting.maintenance import Calendar
from daemon.core.muting.works import KEEP
from daemon.core.plan import MaintenancePlan, Plan, ServicePlan
from tests.core.deciding import ANA, BEN, START, Stand, condition, plan, said
from tests.core.mirror import Mirror

EIGHT = MaintenancePlan(
    "patching", "UTC", services=("shop",), excludes=("shop",), cron="0 8 * * *", duration=HOUR
)
"""The stand's clock begins at eight."""


def spec(*windows: MaintenancePlan) -> Plan:
    shop = ServicePlan("shop", ("web", "api", "db"))
    return plan(maintenance={one.name: one for one in windows}, services={"shop": shop})


def begin(name: str = "upgrade", **more: object) -> BeginMaintenance:
    base = BeginMaintenance(ANA, name, ("shop",), (), None, START + 2 * HOUR, "new disks")
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


def works(stand: Stand) -> list[Work]:
    return list(stand.decider.muting.works.records.values())


def excluded(stand: Stand, start: Instant, end: Instant) -> list[tuple[int, int]]:
    """The excluded time of the shop in minutes since the start."""
    calendar = Calendar(stand.plan.maintenance)
    spans = calendar.excluded("shop", start, end, stand.decider.muting.works)
    return sorted({((low - START) // MINUTE, (high - START) // MINUTE) for low, high in spans})


def test_work_by_hand_mutes_until_it_is_ended_and_then_what_fires_is_told() -> None:
    stand = Stand(spec())
    stand.do(begin())
    assert stand.mirror.audits[-1].action == "begin maintenance"
    assert stand.see(condition()) == []
    alert = stand.alert()
    assert alert is not None
    (mute,) = alert.muted
    assert (mute.kind, mute.by, mute.until) == (MuteKind.MAINTENANCE, "upgrade", START + 2 * HOUR)
    assert mute.reason == "maintenance upgrade: new disks"
    stand.wait(HOUR)
    assert ("ana via sms", "firing") in said(stand.do(EndMaintenance("upgrade", BEN)))
    assert stand.mirror.audits[-1].actor == BEN
    assert excluded(stand, START - HOUR, START + DAY) == [(0, 60)]


def test_work_that_is_announced_begins_and_ends_on_its_time() -> None:
    stand = Stand(spec())
    stand.do(begin(start=START + HOUR))
    assert stand.see(condition()) != []
    stand.wait(HOUR)
    assert stand.incident.muted
    stand.wait(HOUR)
    assert not stand.incident.muted


def test_work_may_be_about_what_matchers_match_and_excludes_whole_services() -> None:
    stand = Stand(spec())
    stand.do(begin(services=(), match=(parse_matcher('check=~"web|api|db"'),)))
    assert works(stand)[0].excludes == ("shop",)
    assert stand.see(condition("api")) == []
    stand.do(begin("one", services=(), match=(parse_matcher("check=db"),)))
    assert works(stand)[1].excludes == ()


def test_work_goes_on_after_a_restart() -> None:
    stand = Stand(spec())
    stand.do(begin())
    stand.restart(after=MINUTE)
    assert stand.see(condition()) == []
    assert stand.wait(2 * HOUR) != []


def test_an_occurrence_of_the_configuration_is_ended_by_hand_and_the_next_comes() -> None:
    stand = Stand(spec(EIGHT))
    stand.see(condition())
    assert stand.incident.muted
    stand.wait(10 * MINUTE)
    assert stand.do(EndMaintenance("patching", ANA)) != []
    assert not stand.incident.muted
    assert excluded(stand, START, START + 2 * DAY) == [(0, 10), (1440, 1500)]
    stand.restart()
    assert not stand.incident.muted
    stand.wait(DAY - 10 * MINUTE)
    assert stand.incident.muted


def test_time_that_was_excluded_stays_so_when_the_configuration_knows_it_no_more() -> None:
    stand = Stand(spec(EIGHT))
    stand.wait(20 * MINUTE)
    stand.see()
    stand.reload(spec())
    assert excluded(stand, START, START + 2 * DAY) == [(0, 20)]
    stand.wait(DAY)
    stand.restart()
    assert excluded(stand, START, START + 2 * DAY) == [(0, 20)]


def test_a_window_that_is_about_others_in_the_middle_of_it_is_two_works() -> None:
    stand = Stand(spec(EIGHT))
    stand.see()
    stand.wait(20 * MINUTE)
    stand.reload(spec(replace(EIGHT, services=("mail",), excludes=("mail",))))
    found = {(one.services, one.start - START, (one.end or 0) - START) for one in works(stand)}
    assert found == {(("shop",), 0, 20 * MINUTE), (("mail",), 20 * MINUTE, HOUR)}
    worked = stand.decider.muting.works.worked
    assert list(worked("shop", START, START + DAY)) == [(START, START + 20 * MINUTE)]
    stand.jump(KEEP + DAY)
    assert not list(worked("shop", START, START + DAY))


def test_work_that_is_over_is_forgotten_when_no_sla_asks_for_it() -> None:
    stand = Stand(spec())
    stand.do(begin())
    stand.jump(2 * HOUR + KEEP - 1)
    assert works(stand)
    stand.jump(1)
    assert not works(stand)
    assert not [record for kind, record in stand.mirror.records if kind is Work]


def test_what_has_not_begun_is_taken_back() -> None:
    stand = Stand(spec())
    stand.do(begin(start=START + HOUR))
    stand.do(EndMaintenance("upgrade", ANA))
    assert works(stand) == []


REFUSED: list[tuple[BeginMaintenance, type[Refusal], str]] = [
    (begin(""), Invalid, "needs a name"),
    (begin(services=()), Invalid, "either services or matchers"),
    (begin(services=("shpo",)), Invalid, "did you mean shop"),
    (begin(services=(), match=(parse_matcher("env!=a"),)), Invalid, "match everything"),
    (begin(end=START), Invalid, "must end after"),
    (begin(end=START + 32 * DAY), Invalid, "31 days at most"),
    (begin(reason="x" * 1_001), Invalid, "longer than"),
    (begin("patching"), NotAllowed, "already"),
]


@pytest.mark.parametrize(("command", "error", "words"), REFUSED)
def test_work_that_cannot_be_is_refused_with_the_reason(
    command: BeginMaintenance, error: type[Refusal], words: str
) -> None:
    stand = Stand(spec(EIGHT))
    with pytest.raises(error, match=words):
        stand.do(command)


def test_a_name_is_used_once_and_what_is_over_cannot_be_ended() -> None:
    stand = Stand(spec())
    stand.do(begin())
    with pytest.raises(NotAllowed, match="already"):
        stand.do(begin())
    with pytest.raises(NotFound, match="did you mean upgrade"):
        stand.do(EndMaintenance("upgrad", ANA))
    key = works(stand)[0].key
    stand.wait(MINUTE)
    stand.do(EndMaintenance("upgrade", ANA))
    with pytest.raises(NotAllowed, match="is over"):
        stand.do(EndMaintenance(key, ANA))


def test_an_engine_keeps_its_works_and_goes_on_with_them() -> None:
    mirror, one = Mirror(), spec(EIGHT)
    engine = Engine(one)
    mirror.apply(engine.handle(Tick(), START))
    mirror.apply(engine.handle(begin(), START + 1))
    again, effects = Engine.restore(one, mirror.snapshot(), START + 2)
    assert not effects
    assert again.works == engine.works
    mirror.apply(again.handle(PlanChanged(spec()), START + 3))
    assert {work.name for work in again.works.values()} == {"patching", "upgrade"}
