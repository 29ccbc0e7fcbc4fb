"""Which template tells of what, what they may do, and how their faults are told."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.severity import Severity
from daemon.notify.digest import digest
from daemon.notify.kinds import AlertKind, kind_of
from daemon.notify.proof import check_templates, samples
from daemon.notify.render import AUDIENCES, Renderer
from daemon.notify.spec import LogSpec
from daemon.notify.templating import STEPS
from tests.notify.lab import T0, alert, compose, incident, notice, over

DOWN = {"message": "no answer", "status": "down"}


def of(kind: AlertKind) -> Notice:
    """A notice that is about this."""
    match kind:
        case AlertKind.RECOVERY:
            return over()
        case AlertKind.HANDOVER:
            title = "You are on call for checkout now"
            said = replace(incident(), title=title, summary="Until Monday.")
            return replace(notice(incident=said, alerts=()), type=NoticeType.HANDOVER)
        case AlertKind.DIGEST:
            return digest([notice(), over("k2")], T0).notice
        case AlertKind.OUTAGE:
            return notice(alerts=(alert(annotations=DOWN),))
        case AlertKind.DEGRADATION:
            return notice(alerts=(alert(annotations={"status": "degraded"}),))
        case AlertKind.SLA:
            return notice(alerts=(alert(source="sla:checkout:fast"),))
        case _:
            return notice(alerts=(alert(labels={"category": kind.value}, annotations=DOWN),))


@pytest.mark.parametrize("kind", AlertKind)
def test_what_a_notice_is_about_is_read_from_its_alerts(kind: AlertKind) -> None:
    assert kind_of(of(kind)) is kind


def test_a_context_of_security_makes_it_one_of_security_and_the_gravest_alert_comes_first() -> None:
    assert kind_of(notice(incident=incident(context="security"))) is AlertKind.SECURITY
    both = (alert(labels={"category": "deployment"}), alert(labels={"category": "security"}))
    assert kind_of(notice(alerts=both)) is AlertKind.DEPLOYMENT


@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_kind_is_told_in_words_of_its_own(audience: str) -> None:
    renderer = Renderer(audience)
    told = {kind: renderer.text(compose(of(kind))) for kind in AlertKind}
    assert "not available" in told[AlertKind.OUTAGE] or "is down" in told[AlertKind.OUTAGE]
    assert "promised" in told[AlertKind.SLA]
    assert "security" in told[AlertKind.SECURITY].lower()
    firsts = {text.partition("checkout")[2] for text in told.values()}
    assert len(firsts) == len(AlertKind)
    for kind in AlertKind:
        assert "{{" not in renderer.html(compose(of(kind)))


def test_a_recovery_says_whether_it_was_in_time() -> None:
    message = compose(over())
    body = {**message.body, "incident": {**message.body["incident"], "recovery_met": False}}
    told = Renderer().text(type(message)(message.notice, body))
    assert "It was not back in the time that was promised." in told


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
    return directory


def test_the_most_special_own_template_is_used_before_any_built_in_one(tmp_path: Path) -> None:
    page = compose(of(AlertKind.OUTAGE))
    renderer = Renderer(templates=tmp_path)
    for name, text in (
        ("subject.txt", "plain"),
        ("subject.critical.txt", "severity"),
        ("subject.outage.txt", "kind"),
        ("subject.outage.critical.txt", "both"),
    ):
        write(tmp_path, **{f"technical/{name}": text})
        assert renderer.subject(page) == text
    assert renderer.subject(compose(over())) == "severity"
    low = notice(incident=incident(severity=Severity.LOW), alerts=(alert(annotations=DOWN),))
    assert renderer.subject(compose(low)) == "kind"


def test_an_own_body_is_not_passed_over_for_a_built_in_one_of_its_kind(tmp_path: Path) -> None:
    write(tmp_path, **{"technical/lead.txt": "call Bob"})
    assert "call Bob" in Renderer(templates=tmp_path).text(compose(of(AlertKind.OUTAGE)))


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n }}{% endmacro %}{{ m(60) }}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ 10 ** 10 ** 9 }}",
        "{% for a in range(9999) %}{{ 'x' * 400 }}{% endfor %}",
        "{% for a in [[[]] * 99] * 99 recursive %}{{ loop(a) ~ loop(a) ~ loop(a) }}{% endfor %}",
    ],
)
def test_a_template_that_runs_away_is_stopped_and_the_page_goes_out(
    tmp_path: Path, template: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, **{"technical/subject.txt": template})
    with caplog.at_level(logging.WARNING):
        told = Renderer(templates=tmp_path).subject(compose(notice()))
    assert told == "[CRITICAL] Firing: checkout is down"
    assert "own template technical/subject.txt failed" in caplog.text


def test_the_next_rendering_has_all_its_steps_again(tmp_path: Path) -> None:
    text = "{% for a in range(" + str(STEPS - 10) + ") %}{% endfor %}good"
    write(tmp_path, **{"technical/subject.txt": text})
    renderer = Renderer(templates=tmp_path)
    assert [renderer.subject(compose(notice())) for _ in range(3)] == ["good"] * 3


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("technical/subject.txt", "a\n{% if %}", "technical/subject.txt:2: Expected an expression"),
        ("technical/line.txt", "a\n\n{{ m.tittle }}", "technical/line.txt:3:"),
        ("technical/sms.sla.txt", "{{ 1 / 0 }}", "sms.sla.txt:1: division by zero"),
        ("layout.html", "{% block %}", "layout.html:1:"),
        ("technical/subjet.txt", "x", "no part of a message is called subjet.txt"),
        ("stakeholder/body.outrage.txt", "x", '"outrage" is neither a kind (outage, '),
        ("technical/body.critical.sla.txt", "x", '"critical.sla" is neither'),
        ("technical/body.txt", "{% for a in range(99999) %}{% endfor %}", "body.txt:1:"),
    ],
)
def test_a_fault_in_a_template_is_an_error_of_the_configuration_with_file_and_line(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    write(tmp_path, **{name: text})
    with pytest.raises(ValidationError) as caught:
        LogSpec(name="x", templates=tmp_path)
    assert words in str(caught.value)


def test_good_templates_and_what_they_include_are_taken(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            "technical/_who.txt": "{{ m.owner }}",
            "technical/body.security.critical.txt": "{% include 'technical/_who.txt' %}{{ lead }}",
            "README.md": "{% not a template",
        },
    )
    check_templates(tmp_path)
    assert {kind_of(message.notice) for message in samples()} >= {AlertKind.RECOVERY, AlertKind.SLA}
    assert all(message.notice.type in NoticeType for message in samples())
