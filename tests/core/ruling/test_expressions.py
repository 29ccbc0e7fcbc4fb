"""The language of rules: what compiles, what does not and why, and what cannot be told."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import cel_library
from daemon.core.ruling.expressions import FORMS, Call, compile_rule

KNOWN = ("cpu_percent", "load1", "disk_used_percent")


def test_calls_of_window_functions_are_found_with_their_metric_and_span() -> None:
    program = compile_rule("avg('cpu_percent', '1m') > 90.0 && p95( \"latency_ms\" ,'5m')>150.0")
    assert list(program.calls.values()) == [
        Call("avg", "cpu_percent", 60_000),
        Call("p95", "latency_ms", 300_000),
    ]
    assert program.fields == ()


def test_ago_is_a_call_that_ends_in_the_past() -> None:
    program = compile_rule("avg('latency_ms','5m') > 2.0 * ago('7d', 'avg', 'latency_ms', '1h')")
    assert list(program.calls.values())[1] == Call("avg", "latency_ms", 3_600_000, 7 * 86_400_000)


def test_fields_and_metrics_are_found() -> None:
    program = compile_rule("status == 'down' || cpu_percent > 90.0", KNOWN)
    assert program.fields == ("cpu_percent", "status")


def test_a_name_bound_inside_the_text_is_no_field() -> None:
    assert compile_rule("['a', 'b'].exists(word, word == fault)", KNOWN).fields == ("fault",)


def test_function_names_in_texts_and_comments_are_left_alone() -> None:
    program = compile_rule("message == \"avg('a')\" // avg('b')\n || status == 'up'")
    assert program.calls == {}
    assert program.evaluate({"message": "avg('a')", "status": "down"}) is True


@pytest.mark.parametrize("function", FORMS)
def test_every_function_compiles_in_the_form_that_errors_show(function: str) -> None:
    text = FORMS[function] if function == "absent" else f"{FORMS[function]} > 0.5"
    assert len(compile_rule(text).calls) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("avrg('cpu_percent','1m') > 1.0", "no function 'avrg'; did you mean avg?"),
        ("frobnicate(1) > 1", "no function 'frobnicate'; there are avg, "),
        (
            "cpu_precent > 1.0",
            "no selected check has a field or metric 'cpu_precent'",
        ),
        ("avg('cpu_precent','1m') > 1.0", "metric 'cpu_precent'; did you mean cpu_percent?"),
        (
            "avg('cpu_percent') > 1.0",
            "avg takes 2 arguments, not 1; write it like avg('metric', '5m')",
        ),
        ("absent('load1','5m')", "absent takes 1 argument, not 2; write it like absent('5m')"),
        ("avg(cpu_percent, '1m') > 1.0", "avg takes texts in quotes"),
        ("avg('cpu_percent', '1m'", "avg takes texts in quotes"),
        ("avg > 1.0", "avg takes texts in quotes"),
        ("avg('cpu_percent','soon') > 1.0", "'soon' is no duration"),
        ("avg('cpu_percent','0s') > 1.0", "longer than 0"),
        ("avg('cpu_percent','400d') > 1.0", 'no longer than "31d"'),
        (
            "ago('1d','p95','load1','1h') > 1.0",
            "look up avg, min, max, sum, count, not 'p95'",
        ),
        ("avg('load1','1m')", "no yes or no but gives 1.0"),
        ("load1 * 2 > 3.0", "write 2.0, not 2"),
        ("status > 3", "types do not fit"),
        ("load1 >", "cannot be read: mismatched input '<EOF>' (near character 8)"),
        ("", "cannot be read"),
        ("load1 = 1.0", "cannot be read: token recognition error at: '= ' (near character 7)"),
        ("(" * 500 + "true" + ")" * 500, "cannot be read"),
        ("x" * 3000, "longer than 2000 characters"),
        ("load1.foo('x') > 1.0", "no function 'foo'"),
    ],
)
def test_a_mistake_is_told_with_its_mend(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        compile_rule(text, KNOWN)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_any_name_may_be_a_metric_where_the_metrics_are_not_known() -> None:
    assert compile_rule("whatever > 1.0 && word == 'x'").fields == ("whatever", "word")


def test_what_depends_on_a_missing_value_cannot_be_told() -> None:
    program = compile_rule("avg('load1','1m') > 1.0")
    assert program.evaluate({}) is None
    assert program.evaluate({"window_0_": 2.0}) is True
    assert program.evaluate({"window_0_": 1.0}) is False


def test_what_does_not_depend_on_the_missing_value_can() -> None:
    program = compile_rule("avg('load1','1m') > 1.0 || status == 'down'")
    assert program.evaluate({"status": "down"}) is True
    assert program.evaluate({"status": "up"}) is None


def test_a_value_of_another_type_or_a_division_by_zero_cannot_be_told() -> None:
    assert compile_rule("load1 > 1.0").evaluate({"load1": "high"}) is None
    assert compile_rule("int(load1) / 0 > 1").evaluate({"load1": 1.0}) is None
    assert compile_rule("metrics['a b'] > 1.0").evaluate({"metrics": {}}) is None
    assert compile_rule("metrics['a b'] > 1.0").evaluate({"metrics": {"a b": 2.0}}) is True


@given(st.text(max_size=60))
def test_whatever_is_written_there_is_a_program_or_one_line_of_words(text: str) -> None:
    try:
        compile_rule(text, KNOWN)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # both outcomes are right; the words must be there


@given(
    st.lists(
        st.sampled_from(["avg", "(", ")", "'load1'", "'1m'", ",", ">", "1.0", "&&", "status", "-"]),
        max_size=12,
    )
)
def test_fragments_of_the_language_in_any_order_do_no_harm(pieces: list[str]) -> None:
    try:
        program = compile_rule(" ".join(pieces), KNOWN)
    except ValueError:
        return
    assert program.evaluate({"status": "up"}) in (True, False, None)


def test_a_library_that_cannot_be_loaded_leaves_the_answer_open_and_a_new_rule_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = compile_rule("cpu_percent > 90.0", KNOWN)

    def out_of_files() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(cel_library, "library", out_of_files)
    assert program.evaluate({"cpu_percent": "much"}) is None
    assert program.evaluate({"cpu_percent": 91.0}) is True
    for text in ("cpu_percent > 90.0 && load1 > 1.0", "cpu_percent > 90"):
        with pytest.raises(ValueError, match=r"cannot be read now: .*: Too many open files"):
            compile_rule(text, KNOWN)
    monkeypatch.undo()
    assert program.evaluate({"cpu_percent": 91}) is True
