"""The top lines and the rows: what is said, in which words."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import replace

import pytest

from daemon.api.schema import ScheduleView
from tests.tui import estate
from tui.doing.actions import Place
from tui.drawing.text import Line, width_of
from tui.mirror import Mirror
from tui.showing import promised, rows
from tui.showing.detail import alert_sections, incident_head
from tui.showing.figures import called, last_resolved
from tui.showing.rows import Moment
from tui.showing.topline import figures_line, link_forms, modes_line, quiet_words, stale_line

MOMENT = Moment(estate.NOW, zone=dt.UTC)


def plain(line: Line) -> str:
    """A line's text."""
    return "".join(text for text, _ in line)


@pytest.fixture
def mirror() -> Mirror:
    """A mirror of the estate."""
    made = Mirror()
    made.load(estate.state(), estate.NOW)
    return made


# The lines above


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_the_five_figures_fit_and_none_is_cut(mirror: Mirror, width: int) -> None:
    """At 80 columns abbreviated, at 200 in full."""
    link = link_forms(estate.NOW - 3000, estate.NOW, live=True, retry_at=None)
    line = figures_line(mirror, link, MOMENT, width)
    assert width_of(line) <= width
    text = plain(line)
    assert "● live 3s" in text
    assert "0:48" in text
    for glyph in ("▲ 1", "◆ 1", "■ 1", "● 1"):
        assert glyph in text
    words = ("on call: primary ana, payments cai & dan", "on call: ana +1", "all covered")
    assert any(form in text for form in words)
    if width == 200:
        assert "1 emergency" in text
        assert "tells ana, mail of checkout" in text


def _schedule(name: str, *persons: str) -> ScheduleView:
    return ScheduleView(name=name, timezone="UTC", on_call=list(persons), until=None, next=[])


@pytest.mark.parametrize(
    ("schedules", "wide", "narrow"),
    [
        ([_schedule("primary", "ana")], "on call: ana", " ana "),
        ([_schedule("primary")], "on call: nobody", " nobody "),
        (
            [_schedule("primary", "ana", "cai"), _schedule("db", "ben")],
            "on call: primary ana & cai, db ben",
            "all covered",
        ),
        (
            [_schedule("primary", "ana"), _schedule("db"), _schedule("net", "ben")],
            "on call: primary ana, db nobody, net ben",
            "1 without anybody",
        ),
    ],
)
def test_who_is_on_call_is_always_there_and_a_gap_is_seen(
    mirror: Mirror, schedules: list[ScheduleView], wide: str, narrow: str
) -> None:
    """With all names where there is room, and never cut."""
    assert mirror.daemon is not None
    mirror.daemon.on_call = schedules
    link = link_forms(estate.NOW - 3000, estate.NOW, live=True, retry_at=None)
    assert wide in plain(figures_line(mirror, link, MOMENT, 200))
    short = figures_line(mirror, link, MOMENT, 80)
    assert width_of(short) <= 80
    assert narrow in plain(short)


def test_the_modes_and_the_clock_fit_80_columns(mirror: Mirror) -> None:
    """With what waits in them, and the names of those in which something does."""
    text = plain(modes_line(mirror, Place.INCIDENTS, MOMENT, 80))
    assert text.split() == [
        *("1", "2", "Incidents", "4", "3", "Checks", "2", "4", "Silences", "1", "5", "SLA", "1"),
        *("6", "7", "Channels", "2", "8", "10:11:05"),
    ]
    wide = plain(modes_line(mirror, Place.INCIDENTS, MOMENT, 120))
    assert "1 Overview" in wide
    assert "6 On call" in wide


def test_a_lost_link_tells_the_age_and_the_next_attempt() -> None:
    """Stale is said in words."""
    forms = link_forms(estate.NOW - 12_000, estate.NOW, live=False, retry_at=estate.NOW + 3000)
    assert plain(forms[0]) == "✕ stale 12s old, again in 0:03"
    assert plain(link_forms(None, estate.NOW, live=False, retry_at=None)[0]) == "◌ connecting"


@pytest.mark.parametrize(
    ("width", "says"),
    [
        (200, "this is the picture of 10:11:02 · no daemon: it is off; start it · again in 0:03"),
        (79, "this is the picture of 10:11:02 · no daemon: it is off · again in 0:03"),
        (71, "the picture of 10:11:02 · no daemon: it is off · again in 0:03"),
        (55, "the picture of 10:11:02 · no daemon: it is off"),
    ],
)
def test_a_stale_picture_says_why_before_what_stands_elsewhere(
    mirror: Mirror, width: int, says: str
) -> None:
    """The countdown is in the line above too; what to do about it comes last."""
    mirror.heard_at = estate.NOW - 3000
    reason = "no daemon: it is off; start it"
    line = stale_line(mirror, MOMENT, reason, estate.NOW + 3000, width)
    assert width_of(line) == width
    assert plain(line).rstrip() == f" STALE  {says}"


def test_an_overdue_step_is_late_not_zero(mirror: Mirror) -> None:
    """A step that did not run is worth seeing."""
    later = replace(MOMENT, now=estate.NOW + 90_000)
    link = link_forms(later.now, later.now, live=True, retry_at=None)
    assert "late 42s" in plain(figures_line(mirror, link, later, 160))


def test_a_quiet_estate_says_since_when() -> None:
    """And does not claim that all is up when it is not."""
    mirror = Mirror()
    state = estate.quiet()
    state.incidents = [estate.backup()]
    mirror.load(state, estate.NOW)
    words = quiet_words(mirror, last_resolved(mirror), estate.NOW)
    assert words == "All quiet. 12 services up, last incident 1h ago."
    state.services[0].status = "unknown"
    mirror.load(state, estate.NOW)
    assert "11 of 12 services up" in quiet_words(mirror, None, estate.NOW)


# Rows


@pytest.mark.parametrize("width", [40, 60, 77, 118])
def test_a_row_fills_its_width(mirror: Mirror, width: int) -> None:
    """Whatever it holds, wide characters too."""
    layout = rows.incident_columns(width)
    wide = estate.checkout()
    wide.title = "漢字" * 40
    for one in [*mirror.incidents.values(), wide]:
        assert width_of(layout.line(rows.incident_row(one, layout, MOMENT))) == width


@pytest.mark.parametrize(
    ("key", "says"),
    [("01JD0CHECKOUT", "0:48 → ana"), ("01JD0SEARCH", "✓ ben has it"),
     ("01JD0MAILER", "⊘ silenced 1h"), ("01JD0BACKUP", "✓ resolved 1h ago")],
)  # fmt: skip
def test_each_row_says_what_happens_next(mirror: Mirror, key: str, says: str) -> None:
    """Or why nothing does."""
    assert says in plain(rows.next_line(mirror.incidents[key], 30, MOMENT))


def test_who_is_told_comes_before_the_bar(mirror: Mirror) -> None:
    """In a narrow column the bar gives way, and no name is cut while there is one."""
    one = mirror.incidents["01JD0CHECKOUT"]
    for width in range(16, 40):
        text = plain(rows.next_line(one, width, MOMENT))
        assert text.endswith("0:48 → ana, mail")
        assert len(text) <= width
        assert ("─" in text) == (width >= 21)


def test_a_spent_policy_is_said(mirror: Mirror) -> None:
    """An incident nobody will be told of any more must not look calm."""
    one = estate.orders()
    assert one.escalation is not None
    one.escalation.next_at, one.escalation.spent = None, True
    assert plain(rows.next_line(one, 30, MOMENT)) == "all told"
    head = incident_head(one, 80, MOMENT)
    text = "\n".join(plain(head.line(at)) for at in range(head.count))
    assert "everybody the policy names has been told" in text


def test_a_soft_failure_counts_up_to_what_confirms_it(mirror: Mirror) -> None:
    """Two of three failed runs; the confirmed status is still up."""
    assert plain(rows.check_status(mirror.checks["media-http"])) == "✕ down 2/3"


def test_an_unreachable_service_names_its_cause(mirror: Mirror) -> None:
    """Unreachable is not down."""
    layout = rows.Layout.of(promised.SERVICE_COLUMNS, 100)
    row = promised.service_row(mirror, mirror.services["mailer"], layout, MOMENT)
    assert plain(row["status"]) == "◌ unreachable"


def test_matchers_are_written_as_they_are_read(mirror: Mirror) -> None:
    """So that an expired silence can be made again."""
    silence = mirror.silences["s1"]
    assert rows.matchers_text(silence.matchers) == 'service="mailer" env=~"prod|stage"'


def test_targets_are_called_as_people_call_them() -> None:
    """The configuration's prefixes of persons and channels are not words of the screen."""
    assert [called(one) for one in ("person:ana", "channel:mail", "team:payments", "ops")] == [
        "ana", "mail", "team:payments", "ops",
    ]  # fmt: skip


def test_heartbeats_without_a_latency_are_no_failures(mirror: Mirror) -> None:
    """Up, and nothing to draw."""
    mirror.history["cache"] = deque([None] * 20)
    layout = rows.Layout.of(promised.SERVICE_COLUMNS, 100)
    row = promised.service_row(mirror, mirror.services["cache"], layout, MOMENT)
    assert plain(row["spark"]).strip() == ""


@pytest.mark.parametrize(
    ("rate", "text"), [(0.0, "0.0×"), (14.4, "14.4×"), (8129.2, "8129×"), (10**6, ">9999×")]
)
def test_a_burn_rate_fits_its_column(rate: float, text: str) -> None:
    """Whatever a short outage early in a period makes of it."""
    assert promised.burn_words(rate) == text


def test_an_alert_that_is_in_another_incident_by_now_is_said_to_be_there(mirror: Mirror) -> None:
    incident = next(one for one in mirror.incidents.values() if "a1" in one.alerts)
    mirror.alerts["a1"].incident = "beefbeefbeef"
    title, alerts, *_ = alert_sections(mirror, incident, (), 100, MOMENT)
    assert "1 firing of 3" in "".join(plain(title.line(at)) for at in range(title.count))
    said = [plain(alerts.line(at)) for at in range(alerts.count)]
    assert ["now in beefbeef" in line for line in said].count(True) == 1
