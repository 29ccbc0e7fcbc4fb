"""Working together on the dashboard: parts, updates, incidents by hand, merges; how it looks."""

from __future__ import annotations

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from daemon.api.schema import AtRiskView, IncidentView, State, StatusUpdateView
from tests.tui import estate
from tests.tui.conftest import Opener
from tui.mirror import Mirror
from tui.showing.figures import open_incidents, urgency
from tui.showing.rows import Moment
from tui.showing.working import overdue_sections, survivors, work_sections

WORST, SECOND = "01JD0CHECKOUT", "01JD0ORDERS"
MINUTE, DAY = estate.MINUTE, estate.DAY


def worked_on() -> State:
    """The estate, with people at work on its worst incident."""
    state = estate.state()
    one = next(one for one in state.incidents if one.id == WORST)
    one.roles = {"commander": "ana", "scribe": "ben"}
    one.status_update = StatusUpdateView(
        "We fail over to the second site; payments come back within ten minutes", "ana",
        estate.ago(11 * MINUTE), estate.ahead(4 * MINUTE),
    )  # fmt: skip
    one.next_update_due = estate.ahead(4 * MINUTE)
    one.at_risk = [AtRiskView("50000", "GBP", estate.ahead(7 * DAY), "the sale ends")]
    return state


def lines(incident: IncidentView, width: int = 60) -> list[str]:
    """The section as text."""
    made = work_sections(incident, width, Moment(estate.NOW))
    shown = [part.line(at) for part in made for at in range(part.count)]
    return ["".join(text for text, _ in line) for line in shown]


def test_nothing_is_shown_where_nobody_works_on_it_yet() -> None:
    assert work_sections(estate.checkout(), 60, Moment(estate.NOW)) == []


def test_an_update_that_is_due_counts_down_and_then_says_how_late_it_is() -> None:
    one = estate.checkout()
    one.next_update_due = estate.ahead(4 * MINUTE)
    assert any("in 4:00" in line for line in lines(one))
    assert overdue_sections(one, Moment(estate.NOW)) == []
    one.next_update_due = estate.ago(3 * MINUTE)
    (late,) = overdue_sections(one, Moment(estate.NOW))
    assert "overdue for 3m" in late.line(0)[0][0]
    assert any("✕ was due" in line for line in lines(one))


def test_what_has_a_deadline_is_shown_until_then() -> None:
    one = estate.checkout()
    one.at_risk = [AtRiskView("50000", "GBP", estate.ago(1), "gone")]
    assert lines(one) == []


def test_what_costs_more_is_more_urgent_among_equals() -> None:
    cheap, dear = estate.checkout(), estate.checkout()
    cheap.fired_at = estate.ago(DAY)
    dear.at_risk = [AtRiskView("1", "GBP", estate.ahead(DAY), "")]
    assert urgency(dear) < urgency(cheap)


def test_another_of_the_same_service_is_offered_first_to_merge_into() -> None:
    mirror = Mirror()
    mirror.load(worked_on(), estate.NOW)
    first, *others = open_incidents(mirror)
    others[-1].service = first.service
    offered = survivors(mirror, first)
    assert offered[0].id == others[-1].id
    assert first.id not in {one.id for one in offered}


async def test_u_tells_stakeholders_and_r_gives_a_role_which_z_takes_back(opened: Opener) -> None:
    async with opened() as session:
        await session.press("U", *"soon", "enter", *"15m", "enter")
        await session.until(lambda: "Told stakeholders" in session.toasts())
        assert session.fake.bodies[-1] == {"text": "soon", "next_in_ms": 15 * MINUTE}
        await session.press("R", "enter", *"cai", "enter")
        await session.until(lambda: "cai is commander" in session.toasts())
        assert session.fake.bodies[-1] == {"role": "commander", "to": "cai"}
        await session.press("z")
        await session.until(lambda: "Undone." in session.toasts())
        assert session.fake.bodies[-1] == {"role": "commander", "to": None}


async def test_m_merges_into_the_one_that_is_picked_and_i_opens_one_by_hand(
    opened: Opener,
) -> None:
    async with opened() as session:
        await session.press("m", "enter", "n")
        assert not [path for verb, path in session.fake.requests if path.endswith("/merge")]
        await session.press("m", "enter", "y")
        await session.until(lambda: "Merged" in session.toasts())
        assert ("POST", f"/api/v1/incidents/{WORST}/merge") in session.fake.requests
        await session.press("i", *"till", "enter", *"checkout", "enter", "enter")
        await session.until(lambda: "Opened" in session.toasts())
        assert session.fake.bodies[-1] == {
            "title": "till", "service": "checkout", "severity": "high", "text": "",
        }  # fmt: skip


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures are kept as SVG, one file each."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_an_incident_that_people_work_on_looks_as_it_was_last_seen(
    opened: Opener, pictures: SnapshotAssertion, size: tuple[int, int]
) -> None:
    async with opened(worked_on(), size=size) as session:
        await session.press("enter")
        await session.settle()
        assert session.app.export_screenshot(title="worked on") == pictures
