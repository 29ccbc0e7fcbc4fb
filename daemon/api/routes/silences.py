"""Silences: who mutes what until when."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from daemon.api import schema, views
from daemon.api.call import Call, answer
from daemon.api.choose import meant
from daemon.api.inputs import NoBody, PreviewBody, SilenceBody, SilencesQuery
from daemon.api.order import alert_order
from daemon.api.problems import Unprocessable
from daemon.api.routes.picture import encode_list, silence_views
from daemon.core.effects import Effect, Save
from daemon.core.events import ExpireSilence, PutSilence
from daemon.core.labels import match_all
from daemon.core.model import AlertState, Silence

PREVIEWED: Final = 100
"""So many alerts a preview shows, the gravest first."""


async def silences(call: Call) -> web.Response:
    """The active and pending silences, those that end soonest first."""
    query = call.query(SilencesQuery)
    states = ["active", "pending", "expired"] if query.all else ["active", "pending"]
    if query.state is not None:
        states = [query.state]
    return answer(await encode_list(silence_views(call.backend.engine, call.backend.now(), states)))


def _find(call: Call, text: str) -> Silence:
    known = call.backend.engine.silences.values()
    return meant(text, "silence", known, lambda silence: silence.key)


def _show(call: Call, silence: Silence, status: int = 200) -> web.Response:
    engine = call.backend.engine
    matched = views.matched_count(silence, engine.alerts.values())
    return answer(views.silence_view(silence, call.backend.now(), matched), status)


async def silence(call: Call) -> web.Response:
    """One silence."""
    return _show(call, _find(call, call.part("id")))


def _saved(effects: list[Effect], otherwise: Silence | None) -> Silence:
    """The silence that came of a command: the last that was saved, or as it was before."""
    saved = [
        effect.record
        for effect in effects
        if isinstance(effect, Save) and isinstance(effect.record, Silence)
    ]
    if not saved and otherwise is None:
        raise RuntimeError("the engine put a silence without saving one")
    return saved[-1] if saved else otherwise  # type: ignore[return-value]  # not None, see above


async def _put(call: Call, body: SilenceBody, named: str | None) -> web.Response:
    old = None if named is None else _find(call, named)
    command = PutSilence(
        actor=call.peer.actor,
        matchers=body.matchers,
        starts_at=body.startsAt,
        ends_at=body.ends_at(call.backend.now()),
        comment=body.comment,
        silence=None if old is None else old.key,
        recurs=body.recurs(),
    )
    effects = await call.backend.command(command)
    return _show(call, _saved(effects, old), 201 if old is None else 200)


async def make(call: Call) -> web.Response:
    """Make a silence, or change the one whose `id` the body names."""
    body = await call.body(SilenceBody)
    return await _put(call, body, body.id)


async def change(call: Call) -> web.Response:
    """Change a silence. Its matchers cannot change: a new one takes its place then."""
    body = await call.body(SilenceBody)
    if body.id not in {None, call.part("id")}:
        raise Unprocessable("the body's id is another than the path's")
    return await _put(call, body, call.part("id"))


async def preview(call: Call) -> web.Response:
    """What a silence with these matchers would mute now."""
    body, engine = await call.body(PreviewBody), call.backend.engine
    firing = [alert for alert in engine.alerts.values() if alert.state is AlertState.FIRING]
    hit = [alert for alert in firing if match_all(body.matchers, alert.matchable)]
    keys = {alert.key for alert in hit}
    open_ = dict.fromkeys(alert.incident for alert in hit if alert.incident is not None)
    told = (engine.incidents[key] for key in open_ if key in engine.incidents)
    whole = [
        one.key for one in told if one.firing and not one.muted and keys.issuperset(one.firing)
    ]
    shown = sorted(hit, key=alert_order)[:PREVIEWED]
    return answer(
        schema.SilencePreview(
            matched=len(hit),
            firing=len(firing),
            alerts=[views.alert_view(alert) for alert in shown],
            incidents=whole,
        )
    )


async def expire(call: Call) -> web.Response:
    """End a silence now; it stays to be looked at."""
    await call.body(NoBody)
    old = _find(call, call.part("id"))
    effects = await call.backend.command(ExpireSilence(old.key, call.peer.actor))
    return _show(call, _saved(effects, old))
