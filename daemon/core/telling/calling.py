"""Calling: what is told goes into the outbox, and who was called is remembered.

Nobody is called twice for the same alerts in one turn, whichever of an incident's routes and
levels name them; that holds here and nowhere else. And whoever the policy called is kept with
the incident (`Incident.told`), with the alerts that they know of.

It stands at the end of the deciding half: `Teller`, `Looks` and `Outcomes` decide whom to call
with what, after it there is only the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind, NoticeType
from daemon.core.effects import Enqueue
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Alert, Incident, Instant, Told
from daemon.core.plan import Plan
from daemon.core.telling import notices
from daemon.core.telling.holding import Holding
from daemon.core.telling.notices import Recipient, recipient_of
from daemon.core.turn import Turn


class Caller:
    """Writes notices for the incidents of a casebook.

    Attributes:
        plan: Which channels and persons there are now; the other parts of telling go by it.
        first_told: Incidents that were told of for the first time, since this was cleared.
        remembered: Incidents of which somebody whom the policy called was told, since this was
            cleared.
    """

    def __init__(self, plan: Plan, book: Casebook, holding: Holding) -> None:
        self.plan = plan
        self.first_told: list[str] = []
        self.remembered: dict[str, None] = {}
        self._book = book
        self._holding = holding
        self._called: dict[tuple[str, str, str], set[str]] = {}
        self._queued: dict[tuple[str, str, str], str] = {}

    def begin_turn(self) -> None:
        """Another turn: everybody may be called again."""
        self._called.clear()
        self._queued.clear()

    def call(
        self,
        key: str,
        kind: NoticeType,
        to: Iterable[Recipient],
        alerts: list[Alert],
        turn: Turn,
        reason: str,
        level: int | None = None,
        *,
        personal: bool = False,
    ) -> list[Recipient]:
        """Call those who were not called for all of these alerts in this turn yet; returns
        them."""
        firing = {alert.key for alert in alerts if not alert.resolved_at}
        fresh = []
        for r in to:
            called = self._called.get((key, r.channel, r.name))
            if called is None or not firing <= called:
                self._called[key, r.channel, r.name] = firing | (called or set())
                fresh.append(r)
        if fresh and not self._book.told(self._book.incidents[key]):
            self.first_told.append(key)
        self.send(key, kind, fresh, alerts, turn, reason, level, personal=personal)
        return fresh

    def send(
        self,
        key: str,
        kind: NoticeType,
        to: list[Recipient],
        alerts: list[Alert],
        turn: Turn,
        reason: str,
        level: int | None = None,
        *,
        personal: bool = False,
    ) -> None:
        """Tell these, whatever they were told before in this turn."""
        gone = [r.words for r in to if r.channel not in self.plan.channels]
        to = [r for r in to if r.channel in self.plan.channels]
        incident = self._book.incidents[key]
        if gone:
            text = f"{reason}: {', '.join(gone)}: no such channel any more"
            self._book.write(turn, incident, EntryKind.UNDELIVERED, text)
        if not to:
            return
        incident = self._book.put(replace(incident, sequence=incident.sequence + 1), turn)
        shown = notices.gravest(alerts)
        for recipient in to:
            notice = notices.notice(
                incident, kind, recipient, shown, turn.now,
                reason=reason, level=level, personal=personal,
            )  # fmt: skip
            turn.emit(Enqueue(notice))
            self._queued[key, recipient.channel, recipient.name] = notice.key
        names = ", ".join(recipient.words for recipient in to)
        self._book.write(turn, incident, EntryKind.QUEUED, f"{reason}: {names}")

    def remember(self, key: str, to: Iterable[Recipient], turn: Turn) -> None:
        """These were called by the policy, or in place of a channel that failed."""
        incident = self._book.incidents[key]
        told = {(told.channel, told.recipient): told for told in incident.told}
        called = self.policy_alerts(incident, turn.now)
        called_keys = frozenset(alert.key for alert in called)
        worst = max((a.effective for a in called), default=incident.severity)
        for r in to:
            old = told.get((r.channel, r.name))
            known = called_keys.union(old.firing) if old else called_keys
            firing = tuple(key for key in incident.firing if key in known)
            notice = self._queued.get((key, r.channel, r.name))
            if old is None and notice is None:
                continue
            told[r.channel, r.name] = Told(
                r.channel, r.name, turn.now, firing, worst, False, r.address,
                notice=notice or (old.notice if old else ""),
                reached=old is not None and old.reached,
                lost=old is not None and old.lost and notice is None,
            )  # fmt: skip
        self.remembered[key] = None
        self._book.put(replace(incident, told=tuple(told.values())), turn)

    def policy_alerts(self, incident: Incident, now: Instant) -> list[Alert]:
        """What the policy tells of: its alerts; all that are not muted where it rests, for then
        an operator called for it by hand."""
        unmuted = (alert for alert in self._book.firing(incident) if not alert.muted)
        return self._holding.calls(incident, now) or list(unmuted)

    def news(self, incident: Incident, alerts: list[Alert]) -> list[Alert]:
        """Those of the alerts that somebody whom the policy called does not know of."""
        if not (incident.told and alerts):
            return alerts
        common = frozenset(incident.told[0].firing)
        common = common.intersection(*(told.firing for told in incident.told[1:]))
        return [alert for alert in alerts if alert.key not in common]

    def uninformed(self, incident: Incident, news: list[Alert]) -> list[Recipient]:
        """Whom the policy called and who hears of these alerts by no group."""
        keys = frozenset(alert.key for alert in news)
        by_groups = {
            channel
            for group in self._book.groups_of(incident)
            if keys.issubset(group.alerts)
            for channel in group.channels
        }
        return [
            recipient_of(told)
            for told in incident.told
            if not keys.issubset(told.firing) and (told.recipient or told.channel not in by_groups)
        ]

    def queued(self, key: str, to: Recipient) -> str | None:
        """The notice of this incident that the recipient was last sent in this turn."""
        return self._queued.get((key, to.channel, to.name))

    def note_queued(self, key: str, to: Recipient, notice: str) -> None:
        """The recipient is sent this notice of the incident, in place of one that failed."""
        self._queued[key, to.channel, to.name] = notice


def is_known(alerts: list[Alert]) -> bool:
    """Whether it can be told of any of them if its condition holds."""
    return any(alert.holds is not None for alert in alerts)
