"""The line of the past: it fits every width, and each of its keys does what it says."""

from __future__ import annotations

import datetime as dt

from daemon.api.schema import State
from tests.tui import estate, estate_then
from tests.tui.estate import DAY, NOW
from tui.doing.travel import Travel, picture_of
from tui.showing.pastline import part_at, past_parts


def travel(ago_ms: int) -> Travel:
    """A traveller who looks at a moment."""

    async def nothing(at: int) -> State:
        raise AssertionError(at)

    made = Travel(nothing, lambda: NOW, lambda: None, list[str]().append)
    made.picture = picture_of(estate_then.then(NOW - ago_ms))
    return made


def line(made: Travel, width: int, *, back: bool = False) -> str:
    return "".join(text for text, _ in past_parts(made, NOW, dt.UTC, back=back, width=width))


def test_it_fills_every_width_and_always_says_that_it_is_the_past() -> None:
    made = travel(19 * DAY)
    for asked in (None, NOW - DAY):
        if asked is not None:
            made.leap(-estate.HOUR)
        for width in range(8, 200):
            shown = line(made, width)
            assert len(shown) == width
            assert shown.startswith(" ◀ PAST"[:width])
    assert "Mon 2 Nov" in line(made, 40)
    assert "→ 09:11:05 …" in line(made, 120)


def test_in_eighty_columns_nothing_is_left_out() -> None:
    shown = line(travel(19 * DAY), 80)
    assert shown.startswith(" ◀ PAST  Mon 2 Nov 10:11:05, 19d ago ")
    assert shown.endswith("[ ] step  { } hour  @ seek  esc now ")
    assert line(travel(19 * DAY), 80, back=True).endswith("@ seek  N now ")


def test_what_stands_at_a_column_is_what_a_click_does() -> None:
    parts = past_parts(travel(DAY), NOW, dt.UTC, back=False, width=80)
    shown = "".join(text for text, _ in parts)
    wanted = {"[": "earlier", "]": "later", "{": "hour_back", "}": "hour_on", "@": "seek"}
    for sign, action in wanted.items():
        assert part_at(parts, shown.index(sign)) == action
    assert part_at(parts, shown.index("now")) == "present"
    assert part_at(parts, 3) is None
    assert part_at(parts, 200) is None
