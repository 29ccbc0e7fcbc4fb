"""Messages as people read them: both audiences, their own templates, hostile texts."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.chronicle import NoticeType
from daemon.core.model import IncidentState
from daemon.core.plan import Plan, ServicePlan
from daemon.notify.message import Composer
from daemon.notify.render import SUBJECT_LIMIT, Renderer
from tests.notify.lab import T0, alert, compose, incident, notice, over

TECHNICAL = Renderer()
STAKEHOLDER = Renderer("stakeholder")
TAKEN = incident(
    state=IncidentState.ACKNOWLEDGED,
    acknowledged_at=T0,
    acknowledged_by="ana",
    ack_comment="rolling back",
)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (NoticeType.FIRING, "[CRITICAL] Firing: checkout is down"),
        (NoticeType.ESCALATED, "[CRITICAL] Escalated: checkout is down"),
        (NoticeType.REPEATED, "[CRITICAL] Still firing: checkout is down"),
        (NoticeType.UPDATED, "[CRITICAL] Changed: checkout is down"),
        (NoticeType.ACKNOWLEDGED, "[CRITICAL] Acknowledged: checkout is down"),
    ],
)
def test_the_subject_has_severity_state_and_title(kind: NoticeType, subject: str) -> None:
    assert TECHNICAL.subject(compose(notice(type=kind))) == subject


def test_the_technical_text_tells_what_why_since_when_and_what_to_do() -> None:
    text = TECHNICAL.text(compose(notice()))
    for fact in (
        "CRITICAL (P1), firing",
        "checkout (revenue_critical)",
        "payments",
        "Customers cannot pay",
        "GBP 12,000.00 an hour",
        "https://wiki.example.org/checkout",
        "status == 200 (status is 502)",
        "tocsin ack inc-1",
    ):
        assert fact in text


def test_mending_by_itself_is_told_to_those_who_mend() -> None:
    told = incident(responses=(("clear-cache", "timed_out"), ("restart", "running")))
    text = TECHNICAL.text(compose(notice(incident=told)))
    assert "Responses     clear-cache timed out, restart under way\n" in text
    assert "restart" not in STAKEHOLDER.text(compose(notice(incident=told)))


def test_the_end_tells_both_times_the_span_and_the_loss_and_asks_for_nothing() -> None:
    text = TECHNICAL.text(compose(over()))
    assert "2026-11-21 10:13:20 UTC, after 3 min 20 s, by tocsin" in text
    assert "GBP 666.66" in text
    assert "tocsin ack" not in text


def test_who_has_it_is_told_and_nobody_else_is_asked_to_take_it() -> None:
    message = compose(notice(type=NoticeType.ACKNOWLEDGED, incident=TAKEN))
    text = TECHNICAL.text(message)
    assert "by ana, 2026-11-21 10:10:00 UTC: rolling back" in text
    assert "tocsin ack" not in text
    assert "ana has been working on it" in STAKEHOLDER.text(message)


@pytest.mark.parametrize("what", [notice(), over(), notice(incident=TAKEN)])
def test_a_stakeholder_sees_the_impact_and_no_inner_workings(what: object) -> None:
    message = compose(what)  # type: ignore[arg-type]  # the three are notices
    for rendered in (STAKEHOLDER.text(message), STAKEHOLDER.html(message)):
        assert "Customers cannot pay" in rendered
        assert "status ==" not in rendered
        assert "alertname" not in rendered
        assert "checkout-http" not in rendered
    assert "checkout" in STAKEHOLDER.subject(message)


def test_times_are_in_the_zone_that_was_asked_for() -> None:
    text = Renderer(zone=ZoneInfo("Europe/Berlin")).text(compose(notice()))
    assert "2026-11-21 11:10:00 CET" in text


def test_what_is_not_known_leaves_no_empty_row() -> None:
    bare = incident(
        service=None, context=None, revenue_per_hour=None, currency=None, summary="", alerts=()
    )
    text = TECHNICAL.text(compose(notice(incident=bare, alerts=(), reason="")))
    assert not re.search(r"^\w[\w ]*\s{3,}$", text, re.MULTILINE)
    assert "None" not in text + TECHNICAL.html(compose(notice(incident=bare, alerts=())))


def test_many_alerts_are_cut_with_a_count() -> None:
    crowd = tuple(alert(key=f"{number:016x}", name=f"a{number}") for number in range(25))
    text = TECHNICAL.text(compose(notice(alerts=crowd)))
    assert text.count("firing, ") == 20
    assert "and 5 more" in text


class _Auditor(HTMLParser):
    """Collects what a mail client would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def audited(html: str) -> _Auditor:
    auditor = _Auditor()
    auditor.feed(html)
    return auditor


def test_the_mail_loads_nothing_and_styles_itself_inline() -> None:
    auditor = audited(TECHNICAL.html(compose(notice())))
    assert not {"img", "script", "style", "link", "iframe"} & set(auditor.tags)
    assert auditor.links == ["https://wiki.example.org/checkout"] * 1


HOSTILE = st.text(max_size=80) | st.sampled_from(
    ["<script>", "{{ 7*7 }}", "{% raw %}", '"><img src=x>', "a\r\nBcc: x@y", "\x1b[2J", "&lt;"]
)


@given(title=HOSTILE, summary=HOSTILE, label=HOSTILE, comment=HOSTILE)
def test_texts_from_outside_stay_texts(title: str, summary: str, label: str, comment: str) -> None:
    evil = replace(TAKEN, title=title, summary=summary, ack_comment=comment)
    message = compose(notice(incident=evil, alerts=(alert(labels={"x": label}),)))
    plain = {"html", "head", "meta", "title", "body", "div", "table", "tr", "td", "p", "b", "br"}
    auditor = audited(TECHNICAL.html(message))
    assert set(auditor.tags) <= plain | {"span", "a", "code"}
    subject = TECHNICAL.subject(message)
    assert len(subject) <= SUBJECT_LIMIT
    assert subject.isprintable() or not any(char in subject for char in "\r\n\x1b\x00")
    assert "\x1b" not in TECHNICAL.text(message)


def test_own_templates_go_before_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "technical").mkdir()
    (tmp_path / "technical" / "subject.txt").write_text("{{ m.service }} / {{ m.word }}")
    renderer = Renderer(templates=tmp_path)
    assert renderer.subject(compose(notice())) == "checkout / firing"
    assert "Customers cannot pay" in renderer.text(compose(notice()))


@pytest.mark.parametrize(
    "template",
    [
        "{{ m.nonsense }}",
        "{{ 1 / 0 }}",
        "{% if %}",
        "{{ m.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''.__class__ }}",
        "{% for x in range(10 ** 9) %}{% endfor %}",
    ],
)
def test_an_own_template_that_fails_or_reaches_out_is_replaced(
    tmp_path: Path, template: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "technical").mkdir()
    (tmp_path / "technical" / "subject.txt").write_text(template)
    with caplog.at_level(logging.WARNING):
        subject = Renderer(templates=tmp_path).subject(compose(notice()))
    assert subject == "[CRITICAL] Firing: checkout is down"
    assert "own template technical/subject.txt failed" in caplog.text


def test_a_link_that_is_no_web_address_is_not_made_one() -> None:
    html = Renderer(external_url="javascript:alert(1)").html(compose(notice()))
    assert "javascript" not in html


def test_a_runbook_that_is_a_text_is_shown_as_text() -> None:
    plan = Plan(services={"checkout": ServicePlan(name="checkout", checks=(), runbook="binder 3")})
    message = Composer(lambda: plan)(notice())
    assert "Runbook       binder 3" in TECHNICAL.text(message)
    assert audited(TECHNICAL.html(message)).links == []
