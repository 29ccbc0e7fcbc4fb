"""A bare comparison is answered as CEL would, or left to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks.cel_library import compile_cel
from checks.comparison import read_comparison

NUMBERS = st.one_of(
    st.integers(min_value=-(2**53), max_value=2**53),
    st.floats(),
    st.sampled_from([0, 0.0, -0.0, 200, 200.0, float("nan"), float("inf")]),
)
OTHERS = st.one_of(st.booleans(), st.text(max_size=3), st.none())
LITERALS = st.one_of(
    st.integers(min_value=-(10**14), max_value=10**14).map(str),
    st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(str),
)


def by_cel(text: str, value: Any) -> object:
    try:
        return compile_cel(text).execute({"x": value})
    except (RuntimeError, TypeError, ValueError):
        return "no answer"


@given(st.one_of(NUMBERS, OTHERS), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), LITERALS)
@example(True, "==", "1")
@example(1.0, "==", "1")
@example(float("nan"), "!=", "1.0")
def test_its_answer_is_that_of_cel(value: object, sign: str, literal: str) -> None:
    text = f"x {sign} {literal}"
    comparison = read_comparison(text)
    assert comparison is not None
    known = comparison.of({"x": value})
    assert known is None or known is by_cel(text, value)
    if type(value) is type(comparison.number) and value == value:  # NaN is not
        assert known is not None


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), st.sampled_from(["==", "<", ">="]))
@example("in", "==")
@example("true", "==")
@example("int", "==")
@example("import", "<")
@example("null_type", "==")
@example("timestamp", "==")
@example("size", "<")
def test_what_is_read_as_a_comparison_is_an_expression_of_one_variable(
    name: str, sign: str
) -> None:
    text = f" {name}\t{sign}\n-1.5 "
    if read_comparison(text) is None:
        assert name not in {"status", "size", "timestamp"}
        return
    program = compile_cel(text)
    assert program.variables() == [name]
    assert all(not function.isidentifier() for function in program.functions())
    with pytest.raises(RuntimeError):  # the variable is not there
        program.execute({})


def test_a_field_that_is_not_there_is_left_to_cel() -> None:
    comparison = read_comparison("status == 200")
    assert comparison is not None
    assert comparison.of({}) is None


@pytest.mark.parametrize(
    "text",
    [
        "status == 200 && latency_ms < 5.0",
        "json.ok == true",
        "!connected",
        "status in [200, 204]",
        "200 == status",
        "x == 1e3",
        "x == 0x10",
        "x == 1u",
        'body == "1"',
        "true == 1",
        "in == 1",
        "int == 1",
        "x\x0b== 1",
        "x == 99999999999999999999",
        "x < 1 ? true : false",
    ],
)
def test_what_is_more_than_a_comparison_with_a_number_is_left_to_cel(text: str) -> None:
    assert read_comparison(text) is None
