"""What messages say of the work on an incident: parts, updates, money at risk, recovery, merges."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from daemon.core.chronicle import NoticeType
from daemon.core.model import DAY, MINUTE, AtRisk, Incident, IncidentState, StatusUpdate
from daemon.notify.channels import slack_blocks
from daemon.notify.render import Renderer
from daemon.notify.story import tell
from tests.notify.lab import T0, compose, incident, notice

BERLIN = ZoneInfo("Europe/Berlin")


def worked_on(**more: object) -> Incident:
    """An incident that people work on together."""
    settings: dict[str, object] = {
        "assigned_to": "ben",
        "roles": (("commander", "ana"), ("scribe", "ben")),
        "status_update": StatusUpdate("We fail over now", "ana", T0, T0 + 15 * MINUTE),
        "at_risk": (AtRisk(Decimal(50_000), T0 + DAY, "the sale ends"), AtRisk(Decimal(7), T0 - 1)),
        "recovery_due": T0 + 14 * MINUTE,
    }
    return incident(**settings | more)


def test_the_story_knows_who_has_it_and_which_part() -> None:
    story = tell(compose(notice(incident=worked_on())), BERLIN)
    assert (story.assigned_to, story.roles) == ("ben", "commander ana, scribe ben")


def test_only_what_lies_ahead_is_at_risk() -> None:
    story = tell(compose(notice(incident=worked_on())), BERLIN)
    assert len(story.at_risk) == 1
    assert story.at_risk[0].startswith("GBP 50,000.00 until ")
    assert story.at_risk[0].endswith(": the sale ends")


def test_the_time_that_is_left_is_told_until_it_is_decided() -> None:
    story = tell(compose(notice(incident=worked_on())), BERLIN)
    assert story.recovery_left == "14 min 0 s"
    over = worked_on(state=IncidentState.RESOLVED, resolved_at=T0, down_until=T0)
    ended = tell(compose(notice(type=NoticeType.RESOLVED, incident=over)), BERLIN)
    assert (ended.recovery, ended.recovery_left, ended.next_update) == ("met", "", "")


@pytest.mark.parametrize("audience", ["technical", "stakeholder"])
def test_both_audiences_read_the_update_and_what_is_at_risk(audience: str) -> None:
    shown = Renderer(audience)
    message = compose(notice(type=NoticeType.UPDATED, incident=worked_on()))
    for text in (shown.text(message), shown.html(message)):
        assert "We fail over now" in text
        assert "50,000.00" in text


def test_an_update_says_so_where_there_is_only_a_line() -> None:
    shown = Renderer("stakeholder")
    message = compose(notice(type=NoticeType.UPDATED, incident=worked_on()))
    assert shown.subject(message).startswith("Update: checkout")
    for line in (shown.short(message), shown.line(message), shown.spoken(message)):
        assert "We fail over now" in line
    assert "Status update" in Renderer().subject(message)
    later = compose(notice(type=NoticeType.UPDATED, incident=worked_on(), at=T0 + MINUTE))
    assert "Changed" in Renderer().subject(later)


def test_what_was_merged_says_where_it_went() -> None:
    gone = worked_on(state=IncidentState.RESOLVED, resolved_at=T0, merged_into="abc123")
    message = compose(notice(type=NoticeType.RESOLVED, incident=gone))
    assert Renderer().subject(message) == "[CRITICAL] Merged into abc123: checkout is down"
    assert "Merged into   abc123" in Renderer().text(message)
    assert Renderer().short(message) == "MERGED: checkout is down (inc-1) into abc123"
    assert "Resolved" not in Renderer().spoken(message)
    asked = Renderer("stakeholder")
    assert asked.subject(message) == "Part of abc123 now: checkout"
    for text in (asked.text(message), asked.html(message), Renderer().text(message)):
        assert "abc123" in text
        assert "well again" not in text
        assert "works again" not in text


def test_slack_shows_them_too() -> None:
    message = compose(notice(type=NoticeType.UPDATED, incident=worked_on()))
    shown = str(slack_blocks.whole(message, Renderer()))
    for text in ("We fail over now", "commander ana, scribe ben", "50,000.00", "Why now"):
        assert text in shown
