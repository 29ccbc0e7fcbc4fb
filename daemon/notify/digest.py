"""Digests: news that nobody has to hear at once, collected and told as one message.

Theory. A channel with a `digest` keeps back what is no page and is not for one person alone (who
was given an incident, or is reminded of it), for each of its recipients apart;
`digest` after the oldest of it was decided, all of it goes out as one notice of an incident that
is none: how many are open and how many are over by now, the worst first, each as it is by the
newest that was decided of it. What was collected is *absorbed* by that notice (`backlog.Job`): it
shares its fate, so each is reported and written as told when the digest was, and goes to the
fallback where it was not.

Nothing is kept for this on disk. What is collected stays queued in the outbox, and when it is due
follows from when it was decided; so a daemon that was killed collects the same again, and tells at
once what became due meanwhile. The key follows from what is told.

It stands between the dispatcher, which offers notices, and the lanes, which tell.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.model import DAY, Alert, AlertState, Incident, IncidentState, Instant
from daemon.core.severity import Severity
from daemon.core.telling.groups import Reason
from daemon.notify.backlog import Job
from daemon.notify.kinds import DIGEST_GROUP
from daemon.notify.spec import ChannelSpec

MOST_SHOWN: Final = 100
"""Incidents that a digest lists."""
_PAGES: Final = frozenset({NoticeType.FIRING, NoticeType.ESCALATED})
_CALLS: Final = frozenset({Reason.RAISED.value, Reason.REOPENED.value})
"""Why somebody is called who knew of the incident already."""
_ABOUT_INCIDENTS: Final = _PAGES | {
    NoticeType.REPEATED,
    NoticeType.UPDATED,
    NoticeType.ACKNOWLEDGED,
    NoticeType.RESOLVED,
}

To = tuple[str, str, str]
"""Channel, recipient, address."""


def is_page(notice: Notice) -> bool:
    """Whether somebody is to hear of it at once: a first page, an escalation, that it got
    graver or that nobody has it any more, of an incident of severity high or worse."""
    pages = notice.type in _PAGES or notice.reason in _CALLS
    return pages and notice.incident.severity >= Severity.HIGH


class Digests:
    """What the channels of a configuration keep back."""

    def __init__(self) -> None:
        self._specs: Mapping[str, ChannelSpec] = {}
        self._kept: dict[To, dict[str, Job]] = {}
        self._oldest: dict[To, Instant] = {}
        self._keys: set[str] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def plan(self, specs: Mapping[str, ChannelSpec]) -> list[Job]:
        """Go by these channels from now on; what they do not keep back any more."""
        self._specs = specs
        gone = [job for jobs in self._kept.values() for job in jobs.values()]
        freed = [job for job in gone if not self.takes(job.notice)]
        for to in dict.fromkeys(_to(job.notice) for job in freed):
            self._drop(to, [job for job in freed if _to(job.notice) == to])
        return freed

    def takes(self, notice: Notice) -> bool:
        """Whether this is kept back."""
        spec = self._specs.get(notice.channel)
        if spec is None or spec.digest is None or notice.type not in _ABOUT_INCIDENTS:
            return False
        return not notice.personal and (spec.digest_pages or not is_page(notice))

    def add(self, job: Job) -> None:
        """Keep this back."""
        to, at = _to(job.notice), job.notice.at
        self._kept.setdefault(to, {})[job.notice.key] = job
        self._oldest[to] = min(at, self._oldest.get(to, at))
        self._keys.add(job.notice.key)

    def due(self, now: Instant) -> Iterator[Job]:
        """The digests whose time has come; they are kept back no longer."""
        for to in [to for to in self._kept if self._due_at(to) <= now]:
            jobs = list(self._kept[to].values())
            self._drop(to, jobs)
            yield digest([job.notice for job in jobs], now)

    def withdraw(self, recipient: str) -> list[Job]:
        """Take out what is kept back for this person."""
        gone: list[Job] = []
        for to in [to for to in self._kept if to[1] == recipient]:
            jobs = list(self._kept[to].values())
            self._drop(to, jobs)
            gone += jobs
        return gone

    def __iter__(self) -> Iterator[Job]:
        return (job for jobs in self._kept.values() for job in jobs.values())

    def next_at(self) -> Instant | None:
        """When the next digest is due."""
        return min(map(self._due_at, self._kept), default=None)

    def kept(self, channel: str) -> tuple[int, Instant | None]:
        """How much a channel keeps back, and when the first of it goes out."""
        own = [to for to in self._kept if to[0] == channel]
        return sum(len(self._kept[to]) for to in own), min(map(self._due_at, own), default=None)

    def _due_at(self, to: To) -> Instant:
        spec = self._specs[to[0]]
        return self._oldest[to] + (spec.digest or 0)

    def _drop(self, to: To, jobs: Iterable[Job]) -> None:
        for job in jobs:
            del self._kept[to][job.notice.key]
            self._keys.discard(job.notice.key)
        if self._kept[to]:
            self._oldest[to] = min(job.notice.at for job in self._kept[to].values())
        else:
            del self._kept[to], self._oldest[to]


def digest(notices: list[Notice], now: Instant) -> Job:
    """One notice that tells all of these, which share its fate."""
    newest: dict[str, Notice] = {}
    for one in sorted(notices, key=lambda one: one.at):
        newest[one.incident.key] = one
    told = sorted(newest.values(), key=_rank)
    alerts = tuple(_line(one) for one in told[:MOST_SHOWN])
    key = hashlib.sha256("\x00".join(sorted(one.key for one in notices)).encode()).hexdigest()[:24]
    incident = _incident(told, len(notices), f"digest-{key[:12]}", now)
    first = notices[0]
    notice = Notice(
        key=f"msg_{key}",
        type=NoticeType.UPDATED,
        channel=first.channel,
        recipient=first.recipient,
        address=first.address,
        at=now,
        reason="a digest",
        incident=incident,
        alerts=alerts,
        expires_at=now + DAY,
    )
    return Job(notice, absorbed=sorted(notices, key=lambda one: one.at))


def _to(notice: Notice) -> To:
    return notice.channel, notice.recipient, notice.address or ""


def _is_over(notice: Notice) -> bool:
    return notice.incident.state is IncidentState.RESOLVED


def _rank(notice: Notice) -> tuple[bool, int, Instant]:
    return _is_over(notice), -notice.incident.severity, notice.incident.fired_at


def _incident(told: list[Notice], count: int, key: str, now: Instant) -> Incident:
    """The incident that is none, with the counts for its title."""
    still = [one.incident for one in told if not _is_over(one)]
    words = Counter(one.severity for one in still)
    severities = ", ".join(f"{words[one]} {one.word}" for one in sorted(words, reverse=True))
    parts = [f"{len(still)} open ({severities})"] if still else []
    over = len(told) - len(still)
    parts += [f"{over} over by now"] if over else []
    first = min(one.incident.fired_at for one in told)
    return Incident(
        key=key,
        group=DIGEST_GROUP,
        state=IncidentState.TRIGGERED,
        severity=max((one.severity for one in still), default=Severity.INFO),
        title=f"Digest: {', '.join(parts)}",
        summary=f"{count} pieces of news of {len(told)} incidents." if count > 1 else "",
        fired_at=min(first, now),
        alerts=tuple(one.incident.key for one in told),
        firing=tuple(one.key for one in still),
    )


def _line(notice: Notice) -> Alert:
    """An incident as an alert of the digest: its name is the title, its text the newest of it."""
    incident = notice.incident
    over = _is_over(notice)
    text = f"resolved by {incident.resolved_by or 'tocsin'}" if over else incident.summary
    who = incident.acknowledged_by
    taken = f"{who} has it" if who and not over else ""
    return Alert(
        key=hashlib.sha256(incident.key.encode()).hexdigest()[:16],
        source="digest",
        name=incident.title,
        labels={
            "incident": incident.key,
            **({"service": incident.service} if incident.service else {}),
        },
        annotations={"message": "; ".join(filter(None, (taken, text)))},
        state=AlertState.RESOLVED if over else AlertState.FIRING,
        severity=incident.severity,
        effective=incident.severity,
        pending_at=incident.fired_at,
        fired_at=incident.fired_at,
        resolved_at=incident.resolved_at if over else None,
        incident=incident.key,
    )
