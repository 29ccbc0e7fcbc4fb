"""Charts of dots: each value lies where it belongs, in exactly the room there is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.drawing.charts import Series, columns, merged, plot
from tui.drawing.text import width_of


def dots(lines: list[tuple[tuple[str, str], ...]]) -> set[tuple[int, int]]:
    """The dots of a chart, by column and row."""
    order = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
    found = set()
    for row, line in enumerate(lines):
        for cell, character in enumerate("".join(text for text, _ in line)):
            bits = 0 if character == " " else ord(character) - 0x2800
            for y, pair in enumerate(order):
                found |= {(cell * 2 + x, row * 4 + y) for x, bit in enumerate(pair) if bits & bit}
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-5, 15, allow_nan=False), min_size=1, max_size=30),
    st.integers(1, 40),
    st.integers(1, 9),
)
def test_a_chart_fills_its_room_whatever_it_shows(
    values: list[float], width: int, height: int
) -> None:
    points = [(float(at), value) for at, value in enumerate(values)]
    lines = plot([Series(points, "good")], width, height, (0, len(values) - 1), (0, 10))
    assert len(lines) == height
    assert {width_of(line) for line in lines} == {width}


def test_a_line_goes_from_its_first_to_its_last_point_without_a_gap() -> None:
    points = [(0.0, 10.0), (5.0, 10.0), (5.1, 0.0), (10.0, 0.0)]
    found = dots(plot([Series(points, "good")], 10, 3, (0, 10), (0, 10)))
    assert {column for column, _ in found} == set(range(20))
    assert {row for _, row in found} == set(range(12))
    assert (0, 0) in found
    assert (19, 11) in found


def test_a_dotted_line_leaves_columns_out_and_a_later_series_lies_over_it() -> None:
    dotted = Series([(0.0, 5.0), (10.0, 5.0)], "faint", 4)
    found = dots(plot([dotted], 10, 2, (0, 10), (0, 10)))
    assert {column for column, _ in found} == set(range(0, 20, 4))
    (line,) = plot([dotted, Series([(0.0, 5.0), (10.0, 5.0)], "bad")], 10, 1, (0, 10), (0, 10))
    assert {style for _, style in line} == {"bad"}


def test_a_flat_or_an_empty_range_is_no_trouble() -> None:
    assert plot([], 0, 3, (0, 1), (0, 1)) == []
    assert dots(plot([Series([(1.0, 1.0)], "good")], 4, 1, (1, 1), (1, 1)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**7), max_size=120), st.integers(1, 100), st.integers(1, 6))
def test_columns_fit_and_whatever_is_more_than_nothing_is_seen(
    values: list[int], width: int, height: int
) -> None:
    shown = merged([float(value) for value in values], width)
    assert len(shown) <= width
    assert sum(shown) == sum(values)
    lines = columns([float(value) for value in values], width, height, "spark")
    assert len(lines) == (height if values else 0)
    assert all(width_of(line) <= width for line in lines)
    if lines:
        cell = width_of(lines[0]) // len(shown)
        bottom = "".join(text for text, _ in lines[-1])
        assert [bottom[at * cell] != " " for at in range(len(shown))] == [v > 0 for v in shown]


def test_the_greatest_column_is_as_high_as_the_chart_and_half_of_it_half() -> None:
    lines = ["".join(text for text, _ in line) for line in columns([4, 2, 0], 3, 2, "spark")]
    assert lines == ["█  ", "██ "]
