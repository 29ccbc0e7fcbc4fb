"""Performance data and ranges, by the Monitoring Plugins Development Guidelines."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.perfdata import ITEM_LIMIT, Perf, Range, parse_perfdata

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize(
    ("text", "alerts", "quiet"),
    [
        ("10", [-1, 11], [0, 5, 10]),
        ("10:", [9.9, -5], [10, 1e9]),
        ("~:10", [10.1, 11], [-1e9, 10]),
        ("10:20", [9, 21], [10, 15, 20]),
        ("@10:20", [10, 15, 20], [9, 21]),
        ("@~:0", [-1, 0], [1]),
        ("-5:5", [-6, 6], [-5, 0]),
        (":7", [-1, 8], [0, 7]),
    ],
)
def test_a_range_alerts_as_the_guidelines_table_says(
    text: str, alerts: list[float], quiet: list[float]
) -> None:
    found = Range.of(text)
    assert all(found.alerts(value) for value in alerts)
    assert not any(found.alerts(value) for value in quiet)


@pytest.mark.parametrize("text", ["", "x", "20:10", "@", "1:2:3", "~", "10:~", "1e999"])
def test_what_is_no_range_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|range|large"):
        Range.of(text)


@given(NUMBERS, NUMBERS, st.booleans(), NUMBERS)
def test_a_range_survives_being_written_and_read(
    first: float, second: float, inverted: bool, value: float
) -> None:
    start, end = sorted((first, second))
    original = Range(start, end, inverted)
    again = Range.of(str(original))
    assert again == original
    assert again.alerts(value) == ((start <= value <= end) is inverted)


@given(NUMBERS)
def test_open_ranges_survive_too(value: float) -> None:
    for original in (Range(-math.inf, value), Range(value, math.inf), Range(-math.inf, math.inf)):
        assert Range.of(str(original)) == original


def test_every_part_of_an_item_is_read() -> None:
    (found,) = parse_perfdata("'free space /'=12.5GB;10:20;@5;0;100")
    assert found == Perf(
        "free space /", 12.5, "GB", Range(10, 20), Range(0, 5, inverted=True), 0.0, 100.0
    )
    assert found.state == "ok"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("a=1;2;3", "ok"),
        ("a=2.5;2;3", "warning"),
        ("a=4;2;3", "critical"),
        ("a=U;2;3", "unknown"),
        ("a=-1;0:;~:5", "warning"),
    ],
)
def test_an_item_is_judged_by_its_own_thresholds(text: str, state: str) -> None:
    assert parse_perfdata(text)[0].state == state


def test_a_quote_in_a_label_is_written_twice() -> None:
    assert parse_perfdata("'it''s here'=1")[0].label == "it's here"


def test_a_plugins_slip_costs_only_its_own_item() -> None:
    found = parse_perfdata("good=1 junk bad= worse=x;1 'open=5 also=2;;;; comma=1,5 end=3")
    values = {item.label: item.value for item in found}
    assert values["good"] == 1
    assert values["also"] == 2
    assert values["comma"] == 1.5
    assert values["end"] == 3
    assert {"junk", "bad", "worse"}.isdisjoint(values)


def test_items_are_bounded() -> None:
    assert len(parse_perfdata(" ".join(f"m{n}=1" for n in range(5000)))) == ITEM_LIMIT


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    for item in parse_perfdata(text):
        assert item.label
        assert item.value is None or math.isfinite(item.value)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="ascii", categories=("L", "N", "Zs")), min_size=1).filter(
                lambda label: label == " ".join(label.split()) and len(label) < 50
            ),
            NUMBERS,
            st.sampled_from(["", "s", "ms", "%", "B", "c"]),
        ),
        max_size=20,
    )
)
def test_what_is_written_by_the_rules_is_read_back(items: list[tuple[str, float, str]]) -> None:
    text = " ".join(f"'{label}'={value!r}{uom}" for label, value, uom in items)
    assert [(found.label, found.value, found.uom) for found in parse_perfdata(text)] == items
