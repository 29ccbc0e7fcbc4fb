"""Test alerts: marked alerts that go the real way, one of a service or a storm."""

from __future__ import annotations

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs.testing import AlertTestBody, StormTestBody
from daemon.api.times import stamp
from daemon.core.alerting.sources import test_of
from daemon.core.effects import Save
from daemon.core.events import FireTest
from daemon.core.model import Alert


async def test_alert(call: Call) -> web.Response:
    """Fire a marked test alert of a service; it resolves by itself."""
    name, body = call.part("name"), await call.body(AlertTestBody)
    return await _fire(call, FireTest(call.peer.actor, (name,), body.lasts, body.severity))


async def test_storm(call: Call) -> web.Response:
    """Fire many marked test alerts at once; they resolve by themselves."""
    body = await call.body(StormTestBody)
    event = FireTest(call.peer.actor, body.services, body.lasts, body.severity, body.alerts)
    return await _fire(call, event)


async def _fire(call: Call, event: FireTest) -> web.Response:
    effects = await call.backend.command(event)
    saved = [
        effect.record
        for effect in effects
        if isinstance(effect, Save) and isinstance(effect.record, Alert)
    ]
    fired = [alert for alert in saved if test_of(alert.source) is not None]
    key = max((test_of(alert.source) or "" for alert in fired), default="")
    incidents = dict.fromkeys(alert.incident for alert in fired if alert.incident)
    return answer(
        schema.AlertTest(
            id=key,
            services=list(event.services),
            alerts=event.alerts,
            incidents=list(incidents),
            resolves_at=stamp(call.backend.now() + event.lasts),
        ),
        201,
    )
