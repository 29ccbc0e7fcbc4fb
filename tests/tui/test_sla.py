"""The SLA place: what is left, how it went, how fast it burns, and what more would do."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.tui import estate, estate_past
from tests.tui.conftest import Opener
from tui.asked import Answer
from tui.showing.rows import Moment
from tui.showing.sections import Section
from tui.showing.sla import sla_sections

MOMENT = Moment(estate.NOW, zone=dt.UTC)


def text(sections: list[Section]) -> str:
    lines = [part.line(at) for part in sections for at in range(part.count)]
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize("width", [60, 76, 110])
@pytest.mark.parametrize("place", range(4))
def test_the_chart_and_the_windows_fit_every_width(width: int, place: int) -> None:
    sla = estate.slas()[place]
    answer = Answer(estate_past.course(sla), estate.NOW)
    found = sla_sections(sla, answer, None, width, MOMENT)
    shown = text(found)
    for words in ("Budget", "43m12s", "2026-11-01", "Burn rates", "of 14.4×"):
        assert words in shown
    chart = [line for line in shown.splitlines() if "▏" in line]
    assert len(chart) == 7
    assert max(map(len, chart)) <= width


def test_what_is_left_and_when_it_is_spent_is_said_in_words() -> None:
    sla = estate.slas()[1]
    shown = text(sla_sections(sla, Answer(), None, 76, MOMENT))
    assert "7m of down time this month" in shown
    assert "spent by    2026-11-22 17:11  in 1d7h, as it burns now" in shown
    assert "99.75%  is the value then" in shown
    assert "the provider's outage, see their report (ana)" in shown
    assert "asking how the budget went" in shown
    over = text(sla_sections(estate.slas()[0], Answer(), None, 76, MOMENT))
    assert "nothing more may fail this month" in over
    assert "overspent by 4m" in over
    assert "the certificate had expired" in over
    assert "10% is to be given back" in over


def test_an_old_answer_stays_with_its_time_and_the_reason() -> None:
    sla = estate.slas()[0]
    answer = Answer(estate_past.course(sla), estate.NOW - 60_000, "no daemon")
    shown = text(sla_sections(sla, answer, None, 76, MOMENT))
    assert "no daemon; above as of 10:10:05" in shown
    assert "Burn rates" in shown


async def test_d_tries_more_down_time_and_changes_nothing(opened: Opener) -> None:
    async with opened(size=(120, 40)) as session:
        await session.press("5", "down")
        await session.until(lambda: session.shows("at best", "Burn rates"))
        await session.press("d", *"soon", "enter")
        await session.until(lambda: session.shows("is no duration"))
        await session.press(*["backspace"] * 4, *"10m")
        await session.until(lambda: session.shows("an outage of 10m now", "99.89% missed"))
        await session.press("enter")
        await session.until(lambda: session.shows("10m more down: 99.89% missed", "−3m left"))
        assert not session.fake.bodies
        await session.press("d", *["backspace"] * 3, "enter")
        await session.until(lambda: session.shows("at best"))


async def test_what_the_daemon_does_not_answer_is_said_where_it_would_stand(
    opened: Opener,
) -> None:
    async with opened(size=(120, 40)) as session:
        session.fake.refuse = (503, "the database is away")
        await session.press("5")
        await session.until(lambda: session.shows("the database is away"))
        assert session.shows("99.88% missed")


def test_of_what_was_not_measured_no_budget_is_told() -> None:
    sla = estate.slas()[1]
    sla.value, sla.met, sla.shown, sla.budget.left_ms = None, None, None, 0
    shown = text(sla_sections(sla, Answer(), None, 76, MOMENT))
    assert "not measured  of 99.90% availability" in shown
    assert "since       2026-11-01, ends 2026-12-01 in 10d" in shown
    assert "may fail" not in shown
    assert "burning" not in shown


def test_an_overspent_budget_s_chart_says_where_nothing_was_left() -> None:
    sla = estate.slas()[0]
    sla.budget.left_ms = -sla.budget.total_ms
    shown = text(sla_sections(sla, Answer(estate_past.course(sla), 0), None, 76, MOMENT))
    labels = [line.split("▏")[0].strip() for line in shown.splitlines() if "▏" in line]
    assert labels == ["43m12s", "", "", "0", "", "", "−43m12s"]
