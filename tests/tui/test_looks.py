"""The themes, the top lines, the registry and the rows: what is said, in which words."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import replace
from itertools import combinations, pairwise
from unittest.mock import AsyncMock, MagicMock

import pytest

from daemon.api.schema import ScheduleView
from tests.tui import estate
from tui import rows
from tui.actions import ACTIONS, BY_ID, MODES, Place, Situation, bar, by_key, refusal
from tui.asking import Asking
from tui.detail import incident_head
from tui.figures import called, last_resolved
from tui.mirror import RANK, SEVERITIES, Mirror
from tui.rows import Moment
from tui.text import Line, width_of
from tui.theme import DARK, GLYPHS, LIGHT, STATUS_GLYPHS, Palette, style
from tui.topline import figures_line, link_forms, modes_line, quiet_words

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


# Colours


def _linear(colour: str) -> tuple[float, float, float]:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """WCAG 2.1, contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


BLINDNESS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
"""Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB."""


def _lab(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as an eye with that matrix sees it."""
    rgb = _linear(colour)
    seen = [min(1.0, max(0.0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    x, y, z = (
        sum(m * c for m, c in zip(row, seen, strict=True)) / w
        for row, w in zip(to_xyz, white, strict=True)
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _difference(one: str, other: str, kind: str) -> float:
    """CIE 1976 colour difference; 2.3 is just noticeable."""
    a, b = _lab(one, BLINDNESS[kind]), _lab(other, BLINDNESS[kind])
    return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
@pytest.mark.parametrize("kind", BLINDNESS)
def test_neighbouring_severities_and_the_statuses_differ_to_every_eye(
    palette: Palette, kind: str
) -> None:
    """By five just-noticeable differences at least; good and bad as well."""
    pairs = [*pairwise(SEVERITIES), ("up", "down"), ("up", "degraded")]
    for one, other in pairs:
        apart = _difference(getattr(palette, one), getattr(palette, other), kind)
        assert apart > 12, (one, other, apart)


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda p: p.name)
def test_every_word_can_be_read(palette: Palette) -> None:
    """WCAG AA for text (4.5) on the surfaces and on the cursor."""
    for name in (*SEVERITIES, *STATUS_GLYPHS, "foreground", "faint", "accent"):
        for surface in (palette.surface, palette.background, palette.panel, palette.cursor):
            ratio = _contrast(getattr(palette, name), surface)
            limit = 4.5 if surface in (palette.surface, palette.background) else 3.5
            assert ratio >= limit, (name, surface, round(ratio, 2))


def test_glyphs_differ_so_that_colour_is_never_alone() -> None:
    """One shape each."""
    assert len(set(GLYPHS.values())) == len(SEVERITIES)
    assert len(set(STATUS_GLYPHS.values())) == len(STATUS_GLYPHS)


def test_without_colour_styles_have_none() -> None:
    """NO_COLOR: weight and reverse only."""
    for words in ("emergency bold", "pill:critical", "faint", "good", "track"):
        made = style(DARK, words, colour=False)
        assert made.color is None
        assert made.bgcolor is None


def test_a_style_nobody_defined_is_an_error() -> None:
    """A typing mistake must not paint silently."""
    with pytest.raises(KeyError, match="reddish"):
        style(DARK, "reddish")


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
        *("6", "10:11:05"),
    ]
    wide = plain(modes_line(mirror, Place.INCIDENTS, MOMENT, 100))
    assert "1 Overview" in wide
    assert "6 On call" in wide


def test_a_lost_link_tells_the_age_and_the_next_attempt() -> None:
    """Stale is said in words."""
    forms = link_forms(estate.NOW - 12_000, estate.NOW, live=False, retry_at=estate.NOW + 3000)
    assert plain(forms[0]) == "✕ stale 12s old, again in 0:03"
    assert plain(link_forms(None, estate.NOW, live=False, retry_at=None)[0]) == "◌ connecting"


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
    layout = rows.Layout.of(rows.SERVICE_COLUMNS, 100)
    row = rows.service_row(mirror, mirror.services["mailer"], layout, MOMENT)
    assert plain(row["status"]) == "◌ unreachable"


def test_matchers_are_written_as_they_are_read(mirror: Mirror) -> None:
    """So that an expired silence can be made again."""
    silence = mirror.silences["s1"]
    assert rows.matchers_text(silence.matchers) == 'service="mailer" env=~"prod|stage"'


# The registry


def test_a_key_means_one_thing_in_each_place() -> None:
    """No action hides another."""
    for place in Place:
        here = [a for a in ACTIONS if not a.places or place in a.places]
        for one, other in combinations(here, 2):
            assert not set(one.keys) & set(other.keys), (place, one.id, other.id)


def test_only_writing_actions_need_a_role_and_none_has_priority() -> None:
    """Looking is free; a viewer loses nothing but the writes."""
    for action in ACTIONS:
        assert (action.role != "viewer") == action.writes, action.id


def test_the_key_bar_shows_only_what_applies() -> None:
    """And help everywhere."""
    for place in Place:
        shown = bar(place)
        assert "help" in [action.id for action in shown]
        assert all(not a.places or place in a.places for a in shown)
    assert len(MODES) == 6


SITUATION = Situation(Place.INCIDENTS, "operator", incident=estate.checkout())


@pytest.mark.parametrize(
    ("action", "changed", "says"),
    [
        ("ack", {"role": "viewer"}, "needs the role operator"),
        ("ack", {"role": "intruder"}, "needs the role operator"),
        ("ack", {"cut": "there is no link"}, "no link"),
        ("ack", {"incident": None}, "w goes to the worst"),
        ("ack", {"incident": estate.search_()}, "ben has acknowledged it"),
        ("ack", {"incident": estate.backup()}, "is resolved"),
        ("unack", {}, "nobody has acknowledged"),
        ("snooze", {"incident": estate.search_()}, "ben has acknowledged it"),
        ("assign", {"incident": estate.backup()}, "is resolved"),
        ("escalate", {"incident": estate.mailer()}, "no escalation policy"),
        ("undo", {}, "nothing to undo"),
        ("expire", {}, "belongs to silences"),
        ("filter", {"lists": False}, "nothing to filter"),
    ],
)
def test_what_cannot_be_done_has_a_reason(
    action: str, changed: dict[str, object], says: str
) -> None:
    """The words an operator reads."""
    reason = refusal(BY_ID[action], replace(SITUATION, **changed))  # type: ignore[arg-type]  # fields by name
    assert reason is not None
    assert says in reason


def test_what_can_be_done_is_not_refused() -> None:
    """The worst incident can be taken, noted, escalated, resolved, silenced."""
    for name in ("ack", "ack_with", "snooze", "assign", "note", "escalate", "resolve", "silence"):
        assert refusal(BY_ID[name], SITUATION) is None


def test_an_incident_whose_rule_forbids_it_is_not_acknowledged() -> None:
    """`acknowledgeable = false` is said before anything is sent."""
    fixed = estate.checkout()
    fixed.acknowledgeable = False
    reason = refusal(BY_ID["ack"], replace(SITUATION, incident=fixed))
    assert reason == "its rule forbids acknowledging (acknowledgeable = false)"


def test_keys_are_found_by_place() -> None:
    """x runs a check among checks and ends a silence among silences."""
    run, expire = by_key("x", Place.CHECKS), by_key("x", Place.SILENCES)
    assert run is not None
    assert expire is not None
    assert (run.id, expire.id) == ("run", "expire")
    assert by_key("x", Place.SLA) is None


def test_every_severity_has_a_rank_a_glyph_and_two_colours() -> None:
    """One word, everywhere."""
    for word in SEVERITIES:
        assert word in RANK
        assert word in GLYPHS
        assert getattr(DARK, word) != getattr(LIGHT, word)


async def test_every_writing_action_comes_to_a_deed() -> None:
    """The registry cannot name a write that nobody carries out."""

    class Deaf:
        """An app whose operator gives up every question, and whose deeds do nothing."""

        mirror = Mirror()

        def __init__(self) -> None:
            self.deeds = MagicMock(persons=AsyncMock(return_value=["ana"]))
            self.push_screen_wait = AsyncMock(return_value=None)

    asking = Asking(Deaf())  # type: ignore[arg-type]  # all that asking needs of the app
    situation = replace(
        SITUATION, check=estate.checks()[0], silence=estate.silence(), undo="something"
    )
    for action in ACTIONS:
        if action.writes and action.id != "undo":
            await asking.deed(action.id, situation)
    with pytest.raises(LookupError):
        await asking.deed("dance", situation)


def test_targets_are_called_as_people_call_them() -> None:
    """The configuration's prefixes of persons and channels are not words of the screen."""
    assert [called(one) for one in ("person:ana", "channel:mail", "team:payments", "ops")] == [
        "ana", "mail", "team:payments", "ops",
    ]  # fmt: skip


def test_heartbeats_without_a_latency_are_no_failures(mirror: Mirror) -> None:
    """Up, and nothing to draw."""
    mirror.history["cache"] = deque([None] * 20)
    layout = rows.Layout.of(rows.SERVICE_COLUMNS, 100)
    row = rows.service_row(mirror, mirror.services["cache"], layout, MOMENT)
    assert plain(row["spark"]).strip() == ""


@pytest.mark.parametrize(
    ("rate", "text"), [(0.0, "0.0×"), (14.4, "14.4×"), (8129.2, "8129×"), (10**6, ">9999×")]
)
def test_a_burn_rate_fits_its_column(rate: float, text: str) -> None:
    """Whatever a short outage early in a period makes of it."""
    assert rows.burn_words(rate) == text
