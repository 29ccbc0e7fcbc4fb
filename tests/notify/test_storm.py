"""A storm of a thousand alerts, as every kind of channel tells it: one message of bounded size,
with the count of all and the worst first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.config import load
from daemon.core.alerting import titles
from daemon.core.chronicle import Notice
from daemon.core.severity import Severity
from daemon.core.telling.notices import gravest
from daemon.notify.preview import preview
from daemon.notify.render import Renderer
from tests.notify.lab import T0, alert, compose, incident, notice

ALERTS = 1_000
LARGEST = 300_000

_NUMBERS = 'sender = "+4915112345678"\nto = ["+4915112345678"]'
_ACCOUNT = f'account = "AC{"0" * 32}"\ntoken = "t"\n{_NUMBERS}'

CHANNELS = {
    "webhook": 'kind = "webhook"\nurl = "http://localhost/"',
    "alertmanager": 'kind = "webhook"\nurl = "http://localhost/"\nbody = "alertmanager"',
    "email": 'kind = "email"\nhost = "localhost"\nsender = "t@x.org"\nto = ["a@x.org"]',
    "slack": 'kind = "slack"\nurl = "http://localhost/"',
    "pagerduty": f'kind = "pagerduty"\nrouting_key = "{"R" * 32}"',
    "sms": f'kind = "sms"\n{_ACCOUNT}',
    "voice": f'kind = "voice"\n{_ACCOUNT}',
    "exec": 'kind = "exec"\nrun = ["/bin/true"]',
    "log": 'kind = "log"',
}
SHOW_ALERTS = {"webhook", "alertmanager", "email", "slack", "pagerduty", "exec"}
"""The others have room for a line, which is the worst one's."""


def storm() -> Notice:
    """The page of a thousand alerts, of which one is graver than all others."""
    crowd = [
        alert(
            key=f"{number:016x}",
            name=f"page-{number}",
            annotations={"summary": f"page-{number} is down"},
            severity=Severity.HIGH,
            effective=Severity.HIGH,
            fired_at=T0 + number,
        )
        for number in range(ALERTS - 1)
    ]
    worst = alert(
        key="f" * 16,
        name="the-database",
        annotations={"summary": "the-database is down"},
        severity=Severity.EMERGENCY,
        effective=Severity.EMERGENCY,
        fired_at=T0 + ALERTS,
    )
    shown = gravest([*crowd, worst])
    keys = tuple(one.key for one in (*crowd, worst))
    summary = titles.summary(worst, ALERTS - 1)
    of_all = incident(alerts=keys, firing=keys, summary=summary, severity=Severity.EMERGENCY)
    return notice(incident=replace(of_all, title="the-database is down"), alerts=shown)


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_thousand_alerts_are_one_message_with_their_count_and_the_worst_first(
    kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[channel.one]\n{CHANNELS[kind]}\n")
    spec = load(path).channels["one"]
    shown = preview(spec, Renderer(spec.audience), compose(storm()))
    text = json.dumps(shown, ensure_ascii=False)
    assert len(text) < LARGEST
    assert "the-database is down" in text
    if kind in SHOW_ALERTS:
        assert text.index("the-database") < text.index("page-0")
        assert any(count in text for count in ("999", "1000", "1,000", "980", "900")), text[:2_000]
    if kind == "sms":
        assert len(shown["text"]) <= 160


def test_a_mail_says_how_many_alerts_it_does_not_show() -> None:
    text = Renderer().text(compose(storm()))
    assert "and 980 more" in text
    assert "(and 999 more alerts)" in text
