"""Outcomes: a notice was delivered or given up, and what follows from that.

It is noted in the timeline, those who were told are believed to know of the incident or not
(`daemon.core.telling.deliveries`), a channel that fails is an alert of its own, and what is still
of use goes to the fallback channel.

It stands behind the outbox, which reports, and leads back to it by `Caller`.
"""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.alerting.sources import delivery_condition
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.effects import Enqueue
from daemon.core.events import Settled
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Incident, IncidentState, Told
from daemon.core.telling import deliveries, notices
from daemon.core.telling.calling import Caller
from daemon.core.telling.demands import Demands, lost, replaced, taken
from daemon.core.telling.holding import Holding
from daemon.core.telling.looks import Looks
from daemon.core.telling.notices import ALARMING, Recipient, recipient_of
from daemon.core.turn import Turn


class Outcomes:
    """Sees to what became of the notices of a casebook's incidents."""

    def __init__(
        self, book: Casebook, holding: Holding, caller: Caller, looks: Looks, demands: Demands
    ) -> None:
        self._book = book
        self._demands = demands
        self._holding = holding
        self._caller = caller
        self._looks = looks

    def settled(self, event: Settled, turn: Turn) -> None:
        """A notice was delivered or given up: note it, and turn to the fallback channel."""
        incident = self._book.incidents.get(event.incident)
        if incident is None:
            return
        to = Recipient(event.channel, event.recipient)
        text = f"{event.type.value} to {to.words}: {event.detail}"
        known = deliveries.noted(incident.settled, event)
        if known is None:
            return
        incident = self._book.note(replace(incident, settled=known), turn)
        if event.channel in self._caller.plan.channels:
            fails = not event.delivered
            turn.conditions.append(delivery_condition(event.channel, fails, event.detail, turn.now))
        if event.delivered:
            self._book.write(turn, incident, EntryKind.DELIVERED, text)
            self._believe(incident, lambda told: deliveries.delivered(told, event.notice), turn)
            incident = self._book.incidents[incident.key]
            if incident.notified_at is None and event.type in ALARMING:
                self._book.put(replace(incident, notified_at=turn.now), turn)
            taker = to.words
            self._demands.learn(incident.key, lambda d: taken(d, event.notice, taker), turn)
            return
        tries = f" ({event.attempts} attempts)" if event.attempts > 1 else ""
        self._book.write(turn, incident, EntryKind.UNDELIVERED, text + tries)
        self._fall_back(incident, event, turn)

    def _believe(
        self, incident: Incident, after: Callable[[tuple[Told, ...]], tuple[Told, ...]], turn: Turn
    ) -> None:
        """What became of a notice is known; its incident and groups go by it."""
        self._book.note(replace(incident, told=after(incident.told)), turn)
        into = self._book.incidents.get(incident.merged_into or "")
        if into is not None:
            self._believe(into, after, turn)
        if self._book.is_open(incident.key):
            for group in self._book.groups_of(incident):
                self._looks.arrange(replace(group, told=after(group.told)), turn)

    def _fall_back(self, incident: Incident, event: Settled, turn: Turn) -> None:
        alarming = event.type in ALARMING
        to = notices.fallback_recipient(self._caller.plan, event.channel, event.recipient)
        useful = _still_useful(incident, event) and not (alarming and self._rests(event))
        if to is None or event.stays or not useful:
            if alarming:
                self._believe(incident, lambda told: deliveries.lost(told, event), turn)
                self._demands.learn(incident.key, lambda d: lost(d, event.notice), turn)
            return
        alerts = self._book.firing(incident) if alarming else self._book.known(incident.alerts)
        reason = f"{event.channel} failed: {event.detail}"
        notice = notices.notice(
            incident, event.type, to, alerts, turn.now,
            reason=reason, level=event.level, fallback_of=event.notice, personal=event.personal,
        )  # fmt: skip
        turn.emit(Enqueue(notice))
        self._book.write(turn, incident, EntryKind.QUEUED, f"{reason}; fallback to {to.words}")
        if event.type is NoticeType.RESOLVED and not event.refused:
            self._owe(incident, event, alerts, turn)
        if alarming:
            self._caller.note_queued(incident.key, to, notice.key)
            self._caller.remember(incident.key, [to], turn)
            incident = self._book.incidents[incident.key]
            by = notice.key
            self._believe(incident, lambda told: deliveries.replaced(told, event, by), turn)
            self._demands.learn(incident.key, lambda d: replaced(d, event.notice, by), turn)

    def _owe(self, incident: Incident, event: Settled, alerts: list[Alert], turn: Turn) -> None:
        """Who was told over this channel that it fires is told over it that it is over, when it
        is back: sent in place of the one that failed, the notice waits for that."""
        found = (t for t in incident.told if (t.channel, t.recipient) == _of(event) and t.reached)
        told = next(found, None)
        if told is None:
            return
        notice = notices.notice(
            incident, event.type, recipient_of(told), alerts, turn.now,
            reason=f"{event.channel} is back", fallback_of=event.notice, stays=True,
        )  # fmt: skip
        turn.emit(Enqueue(notice))
        words = f"{recipient_of(told).words} is told when {event.channel} is back"
        self._book.write(turn, incident, EntryKind.QUEUED, words)

    def _rests(self, event: Settled) -> bool:
        """Whether those routes are mute now over which the notice was sent."""
        incident = self._book.incidents[event.incident]
        if event.recipient or event.level is not None:
            return self._holding.rests(incident)
        sent = [g for g in self._book.groups_of(incident) if event.channel in g.channels]
        return bool(sent) and all(map(self._holding.hours, sent))


def _of(event: Settled) -> tuple[str, str]:
    return event.channel, event.recipient


def _still_useful(incident: Incident, event: Settled) -> bool:
    """Whether what could not be delivered is still worth telling elsewhere."""
    if event.type in ALARMING:
        return incident.state is IncidentState.TRIGGERED and not incident.muted
    over = incident.state is IncidentState.RESOLVED
    return over == (event.type is NoticeType.RESOLVED)
