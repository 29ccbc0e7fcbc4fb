"""The stream of events as the client reads it: which shape each kind of event has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from daemon.api import schema
from daemon.client.errors import DaemonFault
from daemon.client.sse import Frame

EVENT_SHAPES: Final[dict[str, type[schema.Shape]]] = {
    "incident": schema.IncidentView,
    "alert": schema.AlertView,
    "check": schema.CheckView,
    "service": schema.ServiceView,
    "sla": schema.SlaView,
    "silence": schema.SilenceView,
    "delivery": schema.DeliveryView,
    "operator": schema.Operator,
    "response": schema.RunView,
    "daemon": schema.DaemonInfo,
    "reset": schema.Reset,
}
"""What the `data:` of each kind of event is."""

_DECODERS: Final = {kind: msgspec.json.Decoder(shape) for kind, shape in EVENT_SHAPES.items()}


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something changed: `data` is the object after the change, of the shape of `kind`.

    A `reset` says that events were missed: read the state anew, the stream goes on.
    """

    seq: int
    kind: str
    data: schema.Shape


def event_of(frame: Frame) -> StreamEvent | None:
    """The event in a frame; None for a kind that a newer daemon may know."""
    decoder = _DECODERS.get(frame.event)
    if decoder is None:
        return None
    try:
        return StreamEvent(int(frame.id), frame.event, decoder.decode(frame.data))
    except (msgspec.MsgspecError, ValueError) as error:
        raise DaemonFault(f"an event {frame.event!r} has not the agreed shape: {error}") from None
