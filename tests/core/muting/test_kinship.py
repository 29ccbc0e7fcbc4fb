"""What tends to fire together: counted, scored, forgotten, bounded and kept."""

from __future__ import annotations

from daemon.core.model import DAY, MINUTE, Kin
from daemon.core.muting.kinship import BESIDE, CROWD, HALF_LIFE, MOST, WINDOW, Kinship
from daemon.core.turn import Turn
from tests.core.deciding import START, Stand, alert, condition


def fire(kinship: Kinship, at: int, *services: str) -> Turn:
    turn = Turn(at)
    for service in services:
        kinship.fired(alert(service, labels={"service": service}), turn)
    return turn


def learned(times: int, *services: str) -> Kinship:
    kinship = Kinship()
    for n in range(times):
        fire(kinship, START + n * DAY, *services)
    return kinship


def scores(kinship: Kinship, service: str, at: int = START + 10 * DAY) -> dict[str, float]:
    return {one.service: one.score for one in kinship.of(f"CheckFailing@{service}", at)}


def test_what_always_fires_together_is_as_close_as_can_be() -> None:
    kinship = learned(5, "db", "shop")
    assert scores(kinship, "db") == {"shop": 1.0}
    assert scores(kinship, "shop") == {"db": 1.0}


def test_what_fires_alone_as_often_is_less_close() -> None:
    kinship = Kinship()
    for n in range(5):
        fire(kinship, START + n * DAY, "db", "shop")
        fire(kinship, START + n * DAY + DAY // 2, "db")
    assert 0.4 < scores(kinship, "db")["shop"] < 0.6


def test_a_few_times_or_too_far_apart_is_no_relation() -> None:
    assert scores(learned(2, "db", "shop"), "db") == {}
    kinship = Kinship()
    for n in range(9):
        fire(kinship, START + n * DAY, "db")
        fire(kinship, START + n * DAY + WINDOW, "shop")
    assert scores(kinship, "db") == {}


def test_one_that_fires_again_and_again_counts_once() -> None:
    kinship = Kinship()
    for n in range(9):
        fire(kinship, START + n * MINUTE, "db", "shop")
    assert scores(kinship, "db") == {}


def test_what_is_long_ago_is_forgotten() -> None:
    kinship = learned(5, "db", "shop")
    assert scores(kinship, "db", START + 10 * DAY + 2 * HALF_LIFE) == {}


def test_a_crowd_teaches_nothing() -> None:
    kinship = Kinship()
    for n in range(5):
        fire(kinship, START + n * DAY, *(f"s{m}" for m in range(CROWD + 20)))
    assert scores(kinship, f"s{CROWD + 10}") == {}
    assert all(len(record.beside) <= BESIDE for record in kinship.records.values())


def test_memory_is_bounded_by_what_fired_last() -> None:
    kinship = Kinship()
    for n in range(MOST + 5):
        turn = fire(kinship, START + n * WINDOW, f"s{n}")
    assert len(kinship.records) == MOST
    assert "CheckFailing@s4" not in kinship.records
    assert len(turn.effects) == 2


def test_pairs_are_listed_once_the_closest_first() -> None:
    kinship = learned(5, "db", "shop")
    fire(kinship, START + 6 * DAY, "db")
    for n in range(7, 11):
        fire(kinship, START + n * DAY, "mail", "queue")
    pairs = kinship.pairs(START + 12 * DAY)
    assert [(one, other.service) for one, other in pairs] == [
        ("CheckFailing@mail", "queue"), ("CheckFailing@db", "shop"),
    ]  # fmt: skip


def test_what_was_learned_outlives_a_restart_and_mutes_nothing() -> None:
    stand = Stand()
    for _ in range(4):
        stand.see(condition(), condition("api", labels={"service": "api"}))
        stand.see(condition(holds=False), condition("api", False, labels={"service": "api"}))
        stand.wait(DAY)
    before = stand.decider.kinship.of("CheckFailing@shop", stand.now)
    assert [one.service for one in before] == ["api"]
    assert [record for kind, record in stand.mirror.records if kind is Kin]
    stand.restart()
    assert stand.decider.kinship.of("CheckFailing@shop", stand.now) == before
    stand.see(condition(), condition("api", labels={"service": "api"}))
    assert not any(one.muted for one in stand.incidents)
