"""The draft of a post-mortem: what is known, set out, and nothing from outside as markup."""

from __future__ import annotations

from daemon.api.postmortem import written_up
from daemon.api.schema import (
    DeliveryView,
    EntryView,
    IncidentDetail,
    IncidentView,
    Money,
    RecoverySla,
)
from daemon.api.times import parse_stamp

BEGAN, TAKEN, OVER = (f"2026-11-21T10:{minute}:00.000Z" for minute in ("00", "04", "30"))


def incident(**more: object) -> IncidentView:
    settings: dict[str, object] = {
        "id": "abc123abc123", "state": "resolved", "severity": "critical", "service": "checkout",
        "title": "checkout is down", "summary": "no route", "fired_at": BEGAN,
        "acknowledged_at": TAKEN, "acknowledged_by": "ana", "resolved_at": OVER,
        "escalation": None, "muted": [], "alerts": ["a"], "version": 3,
        "first_acknowledged_at": TAKEN, "impact": "Customers cannot pay", "down_ms": 1_800_000,
        "money": Money("12000", "6000.00", "GBP", OVER), "recovery_sla": RecoverySla(OVER, False),
        "roles": {"commander": "ana"}, "mttr_breached": True,
    }  # fmt: skip
    return IncidentView(**settings | more)  # type: ignore[arg-type]  # fields by name


def entry(kind: str, text: str, by: str = "tocsin", origin: str = "engine") -> EntryView:
    return EntryView(time=TAKEN, kind=kind, by=by, origin=origin, text=text)


def draft(*entries: EntryView, deliveries: tuple[DeliveryView, ...] = (), **more: object) -> str:
    detail = IncidentDetail(incident(**more), [], list(entries), list(deliveries))
    return written_up(detail, parse_stamp(OVER))


def test_it_says_how_fast_it_was_answered_and_what_it_cost() -> None:
    text = draft()
    assert "| Acknowledged | 2026-11-21 10:04:00 UTC, after 4 min |" in text
    assert "| Resolved | 2026-11-21 10:30:00 UTC, after 30 min (later than the target) |" in text
    assert "| Commander | ana |" in text
    assert "- Down time: 30 min" in text
    assert "- Money lost: GBP 6000\\.00 at GBP 12000 an hour" in text
    assert "- Recovery SLA: due 2026-11-21 10:30:00 UTC, missed" in text
    for title in ("Timeline", "Root cause", "What went well", "What is to be done"):
        assert f"\n## {title}\n" in text


def test_what_is_not_known_is_said_to_be_so() -> None:
    text = draft(
        state="triggered", acknowledged_at=None, first_acknowledged_at=None, resolved_at=None,
        money=None, recovery_sla=None, impact=None, down_ms=0, service=None, roles={},
    )  # fmt: skip
    assert "| Acknowledged | never |" in text
    assert "| Resolved | not yet |" in text
    assert "- No confirmed down time" in text
    assert "- Down time: 26 min" in draft(down_ms=0, down_since=TAKEN)
    assert "Nobody did anything by hand." in text


def test_people_are_listed_with_what_they_did_and_notices_with_what_came_of_them() -> None:
    sent = DeliveryView(
        "k", "abc", "incident.firing", "sms", "ana", "sent", 1, BEGAN, None, TAKEN, "250 ok"
    )
    notes = [entry("note", text, "ben", "unix uid 7") for text in ("one", "two")]
    text = draft(*notes, entry("queued", "level 1: ana via sms"), deliveries=(sent,))
    assert "- ben: note \\(2 times\\)" in text
    assert "| 2026-11-21 10:00:00 UTC | ana via sms | firing | sent | 250 ok |" in text
    assert "| queued |" not in text


def test_text_from_outside_is_never_markup_and_holds_no_secret() -> None:
    bad = "# [x](http://evil) | <script> \x1b[31mred\n\n`rm`\n- password=hunter2 **b**"
    text = draft(entry("note", bad, "ben", "unix uid 7"), title=bad, service="a|b")
    assert "hunter2" not in text
    assert "\x1b" not in text
    line = next(line for line in text.splitlines() if line.startswith("| 2026-11-21 10:04:00 UTC"))
    assert "\\# \\[x\\]\\(http://evil\\) \\| \\<script\\>" in line
    assert "\\`rm\\`" in line
    assert "| Service | a\\|b |" in text
