"""Conditions: what is found when they are compiled, and how a failed one is shown."""

from __future__ import annotations

import contextlib
import timeit
from collections.abc import Mapping
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.condition_paths import Absent, read_paths
from checks.conditions import (
    _FUNCTIONS,
    Condition,
    ConditionFailed,
    NotMeasured,
    compile_condition,
)
from checks.errors import SpecError
from checks.http import FIELDS
from checks.probe import FieldType

SEEN: dict[str, Any] = {
    "status": 502,
    "latency_ms": 812.4,
    "body": "\x1b[31mred\nline",
    "json": {"ok": False, "n": 3, "items": [{"id": "a"}], "nothing": None},
    "headers": {"x-build": "7"},
}


def compiled(text: str, fields: Mapping[str, FieldType] = FIELDS) -> Condition:
    return compile_condition(text, fields, "expect[0]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("status == 200", "status == 200 (status is 502)"),
        ("latency_ms < 800.0", "latency_ms < 800.0 (latency_ms is 812.4)"),
        (
            "latency_ms < 800.0 && status == 200",
            "latency_ms < 800.0 && status == 200 (latency_ms is 812.4, status is 502)",
        ),
        ("json.ok == true", "json.ok == true (json.ok is false)"),
        ('json["ok"]', 'json["ok"] (json["ok"] is false)'),
        ("json.items[0].id == 'b'", "json.items[0].id == 'b' (json.items[0].id is \"a\")"),
        ("body.contains('x')", "body.contains('x') (body is \"red line\")"),
        ("size(json.items) > 1", 'size(json.items) > 1 (json.items is [{"id": "a"}])'),
        ("json.items.exists(i, i.id == 'status')", None),
        ("json.nothing != null", "json.nothing != null (json.nothing is null)"),
        ("status in [200, 204]", "status in [200, 204] (status is 502)"),
        ("1 == 2", "1 == 2"),
    ],
)
def test_a_failed_condition_is_shown_with_the_values_it_saw(text: str, shown: str | None) -> None:
    condition = compiled(text)
    assert condition.holds(SEEN) is False
    if shown is None:
        shown = f'{text} (json.items is [{{"id": "a"}}])'
    assert condition.explain(SEEN) == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("json.missing == 1", 'json.missing == 1 (json has no key "missing")'),
        ("json.items[4].id == 1", "json.items[4].id == 1 (json.items has no item 4)"),
        ("json.items[0].no == 1", 'json.items[0].no == 1 (json.items[0] has no key "no")'),
        ("json.n.deep == 1", "json.n.deep == 1 (json.n is a number, it has no 'deep')"),
        ("json.nothing.x == 1", "json.nothing.x == 1 (json.nothing is null, it has no 'x')"),
        (
            "json.ok > 3",
            "json.ok > 3 (json.ok is false: these types do not go together; convert with int(),"
            " double() or string())",
        ),
        ("json.n", "json.n (is 3, neither true nor false)"),
        ("json.n / 0 == 1", "json.n / 0 == 1 (json.n is 3: division by zero)"),
    ],
)
def test_a_condition_without_an_answer_says_why(text: str, words: str) -> None:
    with pytest.raises(ConditionFailed) as caught:
        compiled(text).holds(SEEN)
    assert str(caught.value) == words
    assert not isinstance(caught.value, NotMeasured)


def test_a_field_without_a_value_was_not_measured() -> None:
    with pytest.raises(NotMeasured, match=r"\(cert_days has no value in this run\)"):
        compiled("cert_days < 14.0").holds(SEEN)


def test_a_field_is_only_missed_where_it_decides() -> None:
    assert compiled("status == 502 || cert_days < 14.0").holds(SEEN) is True
    assert compiled("has(json.missing) && json.missing > 3").holds(SEEN) is False


def test_what_the_target_failed_to_give_is_told_in_its_words() -> None:
    fields = {"status": 200, "json": Absent("the body is no JSON: x")}
    with pytest.raises(ConditionFailed) as caught:
        compiled("json.ok == true").holds(fields)
    assert str(caught.value) == "json.ok == true (the body is no JSON: x)"
    assert not isinstance(caught.value, NotMeasured)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("status_code == 200", "names status_code, no field here; did you mean status?"),
        ("latency > 3", "did you mean latency_ms?"),
        ("zzz == 1", "its fields are: addresses_failed, body, body_bytes"),
        ("status = 200", "does not compile: token recognition error .* equality is written =="),
        ("status ==", "does not compile: .* at column 10"),
        ("", "does not compile"),
        ("status", "neither true nor false"),
        ("latency_ms * 2.0", "neither true nor false"),
        ("json.n + 1", "neither true nor false"),
        ("headers", "neither true nor false"),
        ("size(json)", "neither true nor false"),
        ("status == 200 ? 1 : 2", "neither true nor false"),
        ("body > 3", "cannot work: these types do not go together"),
        ("latency_ms + 1 > 2", "cannot work: these types do not go together"),
        ("body.matches('(')", "cannot work: the pattern given to matches"),
        ("nofn(status)", r"calls nofn\(\), which CEL does not have"),
        ("body.startswith('x')", r"did you mean startsWith\?"),
        ("status == 200 &&\x1b[31m", "does not compile"),
        ("status == 1 || " * 300 + "true", "at most 2000 characters"),
    ],
)
def test_a_condition_that_cannot_work_is_found_when_it_is_compiled(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        compiled(text)
    assert caught.value.field == "expect[0]"
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("text", ["latency_ms > 800", "status < 500.5", "cert_days >= 14"])
def test_whole_and_broken_numbers_are_compared_as_numbers(text: str) -> None:
    compiled(text)


@given(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
def test_mixed_comparisons_agree_with_python(whole: int, broken: float) -> None:
    condition = compiled("json.a < json.b")
    assert condition.holds({"json": {"a": whole, "b": broken}}) is (whole < broken)


def test_a_macros_own_variable_is_no_field() -> None:
    condition = compiled("json.items.all(status_code, status_code.id != '')")
    assert condition.names == ("json",)
    assert condition.holds(SEEN) is True


def test_paths_are_not_read_out_of_texts_and_calls() -> None:
    found = read_paths(
        "body.contains('status') && json.a.b[\"c d\"][0].size() > status", frozenset(FIELDS)
    )
    assert [path.keys for path in found.paths] == [
        ("body",),
        ("json", "a", "b", "c d", 0),
        ("status",),
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
        ),
    )
)
def test_whatever_a_target_sends_a_condition_answers_or_says_why_in_one_line(sent: Any) -> None:
    for text in ("json.ok == true", "json.a.b > 3", "size(json) > 2", "json == 'x'"):
        condition = compiled(text)
        try:
            condition.holds({"json": sent})
            shown = condition.explain({"json": sent})
        except ConditionFailed as why:
            shown = str(why)
        assert "\n" not in shown
        assert "\x1b" not in shown
        assert len(shown) < 400


@pytest.mark.parametrize("name", sorted(_FUNCTIONS))
def test_every_function_that_is_let_through_is_one_that_cel_has(name: str) -> None:
    calls = [f"{name}({value})" for value in ("1", "'1'", "'1s'", "'2026-01-01T00:00:00Z'")]
    calls += [f"'a'.{name}('a')", f"timestamp('2026-01-01T00:00:00Z').{name}()"]
    worked = []
    for call in calls:
        with contextlib.suppress(RuntimeError, TypeError, ValueError):
            worked.append(cel.compile(call).execute({}))
    assert worked, f"CEL does not have {name}()"


def test_long_values_are_shortened() -> None:
    shown = compiled("body == 'x'").explain({"body": "y" * 5000})
    assert len(shown) < 100
    assert shown.endswith('…")')


def test_times_and_spans_of_cel_work() -> None:
    assert compiled("duration('90s') > duration('1m')").holds({})
    assert compiled("timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')").holds(
        {}
    )


def test_a_condition_costs_microseconds() -> None:
    condition = compiled("json.ok == false && latency_ms > 800.0")
    seconds = min(timeit.repeat(lambda: condition.holds(SEEN), number=1000, repeat=5))
    assert seconds / 1000 < 100e-6  # 5 to 10 us on a quiet machine
