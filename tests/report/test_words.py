"""Lengths as a report writes them: of what was bad never less than there was."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.report.words import article, length, most

_MS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1_000, "ms": 1}


def read(text: str) -> int:
    """The milliseconds that a reader takes a length for."""
    sign, parts = -1 if text.startswith("−") else 1, text.removeprefix("−")
    found = re.findall(r"([\d.]+) (\w+)", parts)
    return sign * sum(round(float(count) * _MS[unit]) for count, unit in found)


def test_an_outage_is_never_told_shorter_than_it_was() -> None:
    hour, day = _MS["h"], _MS["d"]
    assert most(day + 2 * hour + 59 * 60_000) == "1 d 3 h"
    assert length(day + 2 * hour + 59 * 60_000) == "1 d 2 h"
    assert most(59 * 60_000 + 59_001) == "1 h"
    assert most(119_001) == "2 min"
    assert most(19_900) == "19.9 s"
    assert length(-955_803) == "−15 min 56 s", "overspent is bad"
    assert (most(0), most(None), most(86_400_000)) == ("0 s", "–", "1 d")


@settings(max_examples=60)
@given(st.integers(0, 400 * _MS["d"]))
def test_what_is_bad_is_rounded_up_and_what_is_good_is_cut_off(ms: int) -> None:
    assert read(length(ms)) <= ms <= read(most(ms))
    assert read(length(-ms)) <= -ms
    assert read(most(ms)) - read(length(ms)) <= _MS["h"]


def test_an_hour_has_its_own_article() -> None:
    assert [article(slot) for slot in ("hour", "day")] == ["an hour", "a day"]
