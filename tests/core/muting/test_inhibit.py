"""Inhibition: the index agrees with the definition, and touches only who is affected."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.labels import match_all, parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, Alert, AlertState
from daemon.core.muting.inhibit import LONGEST_GRACE, Inhibitions, grace
from daemon.core.plan import CheckPlan, InhibitPlan
from tests.core.deciding import START, alert

SOURCE, TARGET = (parse_matcher("role=db"),), (parse_matcher("env=prod"),)


def one(key: str, fired: int = 0, **labels: str) -> Alert:
    return alert(key, labels=labels, fired_at=START + fired)


def causes(index: Inhibitions, key: str) -> list[str]:
    return [mute.by for mute in index.muting(key)]


def test_a_firing_source_inhibits_its_targets_and_says_which_to_look_at() -> None:
    index = Inhibitions([InhibitPlan(SOURCE, TARGET)])
    index.put(one("web", env="prod"))
    assert index.put(one("db", role="db")) == {"web"}
    assert causes(index, "web") == ["db"]
    assert index.remove("db") == {"web"}
    assert causes(index, "web") == []


def test_equal_labels_must_be_equal_and_missing_ones_equal_empty_ones() -> None:
    index = Inhibitions([InhibitPlan(SOURCE, TARGET, ("zone",))])
    index.put(one("db", role="db", zone="a"))
    index.put(one("near", env="prod", zone="a"))
    index.put(one("far", env="prod", zone="b"))
    index.put(one("nowhere", env="prod"))
    assert causes(index, "near") == ["db"]
    assert causes(index, "far") == causes(index, "nowhere") == []
    index.put(one("db2", role="db", zone=""))
    assert causes(index, "nowhere") == ["db2"]


def test_what_matches_both_sides_is_not_inhibited_by_another_such() -> None:
    index = Inhibitions([InhibitPlan(SOURCE, TARGET)])
    index.put(one("a", role="db", env="prod"))
    index.put(one("b", role="db", env="prod"))
    index.put(one("web", env="prod"))
    assert causes(index, "a") == causes(index, "b") == []
    assert causes(index, "web") == ["a"]
    assert index.put(one("c", role="db")) == {"a", "b"}
    assert causes(index, "a") == ["c"]


def test_the_source_that_fired_first_is_named_and_a_later_one_touches_nobody() -> None:
    index = Inhibitions([InhibitPlan(SOURCE, TARGET)])
    index.put(one("web", env="prod"))
    index.put(one("z", 0, role="db"))
    assert index.put(one("a", 5, role="db")) == set()
    assert causes(index, "web") == ["z"]
    index.remove("z")
    assert causes(index, "web") == ["a"]


def test_an_alert_whose_labels_do_not_concern_it_is_not_kept() -> None:
    index = Inhibitions([InhibitPlan(SOURCE, TARGET)])
    assert index.put(one("x", team="a")) == set()
    assert index.remove("x") == set()


LABELS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["db", "web", ""]),
        "env": st.sampled_from(["prod", "test"]),
        "zone": st.sampled_from(["a", "b", ""]),
    }
)
PLANS = [InhibitPlan(SOURCE, TARGET, ("zone",)), InhibitPlan(TARGET, (parse_matcher("role=web"),))]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | LABELS), max_size=30))
def test_it_agrees_with_the_definition_after_any_changes(
    moves: list[tuple[str, dict[str, str] | None]],
) -> None:
    index = Inhibitions(PLANS)
    firing: dict[str, Alert] = {}
    answers: dict[str, set[str]] = {}
    for step, (key, labels) in enumerate(moves):
        if labels is None:
            firing.pop(key, None)
            touched = index.remove(key)
        else:
            firing[key] = alert(key, labels=labels, fired_at=START + step)
            touched = index.put(firing[key])
        for name in firing:
            expected = oracle(name, firing)
            found = set(causes(index, name))
            assert bool(found) is bool(expected)
            assert found <= expected
            if name not in touched | {key}:
                assert found == answers.get(name, set())
        answers = {name: set(causes(index, name)) for name in firing}


def oracle(name: str, firing: dict[str, Alert]) -> set[str]:
    """Every alert that inhibits this one, from the definition, pair by pair."""
    found = set()
    target = firing[name].matchable
    for plan in PLANS:
        if not match_all(plan.target, target):
            continue
        for key, other in firing.items():
            source = other.matchable
            if not match_all(plan.source, source):
                continue
            if any(source.get(n, "") != target.get(n, "") for n in plan.equal):
                continue
            if match_all(plan.source, target) and match_all(plan.target, source):
                continue
            found.add(key)
    return found


def test_what_an_operator_declared_over_is_no_cause_any_more() -> None:
    index = Inhibitions([InhibitPlan(SOURCE, TARGET)])
    index.put(one("web", env="prod"))
    index.put(one("db", role="db"))
    assert index.put(replace(one("db", role="db"), dismissed=True)) == {"web"}
    assert causes(index, "web") == []
    assert index.put(one("db", 1, role="db")) == {"web"}


def over(key: str, resolved: int, **labels: str) -> Alert:
    return replace(
        one(key, **labels), state=AlertState.RESOLVED, resolved_at=START + resolved * SECOND
    )


def lately(index: Inhibitions, web: Alert, now: int) -> list[tuple[str, int | None]]:
    mute = index.just_ended(web, 10 * SECOND, START + now * SECOND)
    return [] if mute is None else [(mute.by, mute.until and (mute.until - START) // SECOND)]


def test_what_has_just_ended_explains_what_began_before_until_its_time_is_over() -> None:
    index, web = Inhibitions([InhibitPlan(SOURCE, TARGET)]), one("web", env="prod")
    index.put(web)
    for key in ("a", "b"):
        index.put(one(key, role="db"))
    assert index.end(over("a", 1, role="db")) == {"web"}
    assert index.end(over("b", 3, role="db")) == {"web"}
    assert lately(index, web, 5) == [("b", 13)]
    assert lately(index, web, 13) == []
    assert lately(index, replace(web, pending_at=START + 4 * SECOND), 5) == []
    index.put(one("b", role="db"))
    assert lately(index, web, 5) == [("a", 11)], "what fires again has not ended"
    index.tick(START + LONGEST_GRACE + 2 * SECOND)
    assert lately(index, web, 5) == []


def test_what_matches_both_sides_and_has_ended_explains_no_other_such() -> None:
    index, web = Inhibitions([InhibitPlan(SOURCE, TARGET)]), one("web", role="db", env="prod")
    index.put(web)
    index.end(over("both", 1, role="db", env="prod"))
    assert lately(index, web, 2) == []
    index.end(over("source", 1, role="db"))
    assert lately(index, web, 2) == [("source", 11)]


def test_the_time_to_recover_in_is_that_of_the_check_and_bounded() -> None:
    check = CheckPlan("web", "http", "shop", 30 * SECOND, 5 * SECOND, MINUTE, 3, 3, {})
    assert grace(check) == (60 + 2 * 5 + 30) * SECOND
    assert grace(replace(check, every=HOUR)) == LONGEST_GRACE
    assert grace(None) == 0
