"""The other bodies of a webhook: Alertmanager's, and those of own templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.core.chronicle import Notice
from daemon.notify.channels import open_channel
from daemon.notify.errors import Permanent
from daemon.notify.preview import preview
from daemon.notify.render import Renderer
from daemon.notify.spec import WebhookSpec
from tests.notify.lab import alert, compose, incident, notice, over
from tests.peers.services import serving
from tests.peers.services.alertmanager import AlertmanagerReceiver

URL = "https://ops.example.org/tocsin"


def spec(url: str = "http://localhost:1", **changes: Any) -> WebhookSpec:
    return WebhookSpec.model_validate({"name": "ops", "url": url} | changes)


async def sent(*notices: Notice) -> tuple[list[dict[str, Any]], list[str]]:
    async with serving(AlertmanagerReceiver()) as service:
        channel = open_channel(spec(service.url, body="alertmanager"), external_url=URL)
        for one in notices:
            await channel.send(compose(one))
        await channel.close()
        return [one.json() for one in service.received], service.problems


async def test_a_group_is_what_alertmanagers_receivers_know() -> None:
    two = (alert(), alert(key="00c0ffee00c0ff02", labels={"alertname": "b", "service": "checkout"}))
    page = notice(alerts=two, incident=incident(alerts=("a", "b", "c")))
    (firing, resolved), problems = await sent(page, over())
    assert problems == []
    assert (firing["status"], resolved["status"]) == ("firing", "resolved")
    assert firing["commonLabels"] == {"service": "checkout", "severity": "critical"}
    assert firing["groupLabels"] == {"service": "checkout"}
    assert firing["truncatedAlerts"] == 1
    assert firing["receiver"] == "ops"
    assert firing["externalURL"] == URL
    assert firing["groupKey"] == resolved["groupKey"]
    assert {one["endsAt"] for one in firing["alerts"]} == {"0001-01-01T00:00:00Z"}
    assert resolved["alerts"][0]["endsAt"] == "2026-11-21T10:13:20.000Z"


def template(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chat.json"
    path.write_text(text, encoding="utf-8")
    return path


async def test_an_own_template_makes_the_body_of_the_usual_one_and_of_the_story(
    tmp_path: Path,
) -> None:
    path = template(tmp_path, '{"text": {{ m.title | tojson }}, "id": {{ body.id | tojson }}}')
    async with serving(AlertmanagerReceiver()) as service:
        channel = open_channel(spec(service.url, body={"template": str(path)}))
        await channel.send(compose(notice(incident=incident(title='a "b" \\ c'))))
        (received,) = service.received
        path.write_text('{"text": {{ m.title }}}', encoding="utf-8")
        with pytest.raises(Permanent, match=r"the template chat.json makes no JSON"):
            await channel.send(compose(notice()))
        await channel.close()
    assert json.loads(received.body) == {"text": 'a "b" \\ c', "id": "k1"}
    assert received.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"text": "{{ m.title }}"}', "makes no JSON"),
        ('{"text": \n{{ m.tittle | tojson }}}', "chat.json:2: "),
        ("{% for %}", "chat.json:1: "),
    ],
)
def test_a_template_that_makes_no_json_is_an_error_of_the_configuration(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        spec(body={"template": str(template(tmp_path, text))})
    assert words in str(caught.value)


def test_a_body_that_is_none_is_refused() -> None:
    for body in ("grafana", {"template": "/nowhere"}, {"file": "x"}):
        with pytest.raises(ValidationError):
            spec(body=body)


def test_what_would_be_sent_is_shown() -> None:
    shown = preview(spec(body="alertmanager"), Renderer(), compose(notice()))
    assert shown["body"]["version"] == "4"
