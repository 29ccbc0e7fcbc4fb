"""What the end of a delivery says about who knows what.

Whoever is told is believed to know, from the moment a notice is queued. When it is delivered,
that stands; when it is lost for good, the belief is taken back, so that they are told again at
the next look of a group, or when a mute ends. A notice that is sent in place of another answers
for both.

`daemon.core.telling.outcomes` asks here what a report makes of the `Told` of a group or an
incident.
"""

from __future__ import annotations

from typing import Final

from daemon.core.changing import replace
from daemon.core.events import Settled
from daemon.core.model import Told

REMEMBERED: Final = 64
"""How many reports an incident remembers. A report comes twice only if the daemon died before
it could note that it was made, so the last few are enough."""


def noted(settled: tuple[str, ...], event: Settled) -> tuple[str, ...] | None:
    """The reports with this one; None if it was made before."""
    report = f"{event.notice} {'sent' if event.delivered else 'failed'}"
    return None if report in settled else (*settled, report)[-REMEMBERED:]


def delivered(told: tuple[Told, ...], notice: str) -> tuple[Told, ...]:
    """After this notice was delivered."""
    return tuple(
        replace(one, notice="", reached=True) if one.notice == notice else one for one in told
    )


def replaced(told: tuple[Told, ...], event: Settled, by: str) -> tuple[Told, ...]:
    """After another notice was queued in place of this one. Who was only told by it in place of
    another, and was never reached, is owed nothing: the other is."""
    found = []
    for one in told:
        if one.notice != event.notice:
            found.append(one)
        elif event.fallback_of is None or (one.channel, one.recipient) != _of(event):
            found.append(replace(one, notice=by))
        elif one.reached:
            found.append(replace(one, notice=""))
    return tuple(found)


def lost(told: tuple[Told, ...], event: Settled) -> tuple[Told, ...]:
    """After this notice was given up and nothing sent in its place. Who was only told by it in
    place of another is owed nothing: the other is."""
    found = []
    for one in told:
        if one.notice != event.notice:
            found.append(one)
        elif event.fallback_of is None or (one.channel, one.recipient) != _of(event):
            found.append(replace(one, notice="", lost=True))
        elif one.reached:
            found.append(replace(one, notice=""))
    return tuple(found)


def _of(event: Settled) -> tuple[str, str]:
    return event.channel, event.recipient
