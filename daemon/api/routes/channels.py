"""How the channels do, and test messages over them."""

from __future__ import annotations

from aiohttp import web

from daemon.api import schema
from daemon.api.call import Call, answer
from daemon.api.inputs import ChannelTestBody
from daemon.api.views.channel import channel_view


async def channels(call: Call) -> web.Response:
    """Every channel, by name."""
    return answer([channel_view(health) for health in call.backend.channels()])


async def test(call: Call) -> web.Response:
    """Send a test message over a channel, and say what its receiver said."""
    name, body = call.part("name"), await call.body(ChannelTestBody)
    found = await call.backend.test_channel(name, body.to, call.peer.actor)
    return answer(
        schema.ChannelTest(
            channel=name,
            id=found.key,
            delivered=found.delivered,
            detail=found.detail,
            took_ms=round(found.took_ms, 1),
        )
    )
