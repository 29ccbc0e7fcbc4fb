"""Works: planned work as it happens, by the configuration and by operators' hands.

A window of the configuration is a *work* from the moment it begins: what it was about and how
long it lasted is kept, so that its time stays excluded from the SLAs whatever the configuration
says of the past later. An operator announces a work, for now or later, without touching the
configuration, and ends any work that has begun; one of the configuration then comes again at its
next occurrence.

`Maintenance` says when the configured windows come. This stands where mutes are found
(`daemon.core.muting.mute`), and tells the SLAs' `Calendar` what happened (`Happened`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from daemon.core.changing import replace
from daemon.core.chronicle import Audit
from daemon.core.deadlines import Deadlines, soonest
from daemon.core.errors import Invalid, NotAllowed, NotFound
from daemon.core.events import BeginMaintenance, EndMaintenance
from daemon.core.labels import Labels, Matcher, match_all, parse_matcher
from daemon.core.model import DAY, Actor, Instant, Millis, Mute, MuteKind, Work
from daemon.core.muting.maintenance import Maintenance, Window, fully_matched
from daemon.core.nearest import did_you_mean
from daemon.core.oncall.clockwork import written
from daemon.core.plan import MaintenancePlan, Plan
from daemon.core.sla.availability import Span
from daemon.core.turn import Turn

KEEP: Final[Millis] = 400 * DAY
"""How long a work that is over is remembered: no SLA's period reaches back further."""
LONGEST: Final[Millis] = 31 * DAY
"""How long a work by hand lasts at most."""
MOST: Final = 500
"""How many works by hand may be announced at a time."""
LONGEST_TEXT: Final = 1_000
"""Characters of a reason."""
LONGEST_NAME: Final = 100


class Works:
    """Planned work: what is in force, and what was.

    Attributes:
        records: Works that have begun or are announced, by id.
    """

    def __init__(self, plan: Plan) -> None:
        self.records: dict[str, Work] = {}
        self._matchers: dict[str, tuple[Matcher, ...]] = {}
        self._in_force: dict[str, Work] = {}
        self._of: dict[str, dict[str, None]] = {}
        self._given_back: dict[str, dict[str, Span]] = {}
        self._deadlines = Deadlines()
        self.replan(plan)

    def reword(self, work: Work) -> None:
        """The same work in other words."""
        self.records[work.key] = work
        if work.key in self._in_force:
            self._in_force[work.key] = work

    def restore(self, works: Iterable[Work], now: Instant) -> None:
        """Take in what a store kept."""
        for work in sorted(works, key=lambda one: (one.start, one.key)):
            self._keep(work, now)

    def replan(self, plan: Plan) -> None:
        """Other windows come; `tick` finds what is active and what is no more."""
        self._plan = plan
        self._configured = Maintenance(plan.maintenance)
        self._is_anew = True

    def next_deadline(self) -> Instant | None:
        """When the next work begins, ends or is forgotten."""
        return soonest(self._configured.next_deadline(), self._deadlines.next())

    def tick(self, turn: Turn) -> bool:
        """Begin, end and forget what is due; returns whether what is in force changed."""
        before = list(self._in_force.values())
        if self._configured.tick(turn.now) or self._is_anew:
            self._is_anew = False
            self._follow(turn)
        while (key := self._deadlines.pop(turn.now)) is not None:
            work = self.records[key]
            if work.end is not None and turn.now >= work.end + KEEP:
                self._forget(work, turn)
            else:
                self._keep(work, turn.now)
        return list(self._in_force.values()) != before

    def muting(self, labels: Labels) -> tuple[Mute, ...]:
        """The works in force that cover these labels: the configured ones in their order."""
        if not self._in_force:
            return ()
        return tuple(
            Mute(MuteKind.MAINTENANCE, work.name, _reason(work), work.end)
            for key, work in self._in_force.items()
            if self._covers(key, work, labels)
        )

    def given_back(self, window: str) -> Iterable[Span]:
        """The time of this configured window that was not worked in: somebody ended it."""
        return self._given_back.get(window, {}).values()

    def worked(self, service: str, start: Instant, end: Instant) -> Iterator[Span]:
        """The works of this service that share time with [start, end)."""
        for key in self._of.get(service, ()):
            work = self.records[key]
            until = end if work.end is None else work.end
            if work.start < end and start < until:
                yield work.start, until

    def find(self, name: str, now: Instant) -> Work:
        """The work with this id, or the one in force or announced under this name.

        Raises:
            NotFound: There is none.
            NotAllowed: It is one of the configuration that is not active.
        """
        known = self.records.get(name)
        if known is not None:
            return known
        alive = [work for work in self.records.values() if not work.is_over(now)]
        found = [work for work in alive if work.name == name]
        if found:
            return min(found, key=lambda work: work.start)
        if name in self._plan.maintenance:
            raise NotAllowed(
                f"maintenance {name[:LONGEST_NAME]!r} of the configuration is not active now;"
                " it can be ended while it is, or taken out of the configuration"
            )
        hint = did_you_mean(name, [work.name for work in alive])
        raise NotFound(f"no maintenance {name[:LONGEST_NAME]!r} is active or announced{hint}")

    def begin(self, command: BeginMaintenance, turn: Turn) -> Work:
        """Announce a work, for now or later.

        Raises:
            Invalid: It is about nothing, or its times do not fit.
            NotAllowed: One of this name is configured or announced, or there are too many.
        """
        start = max(turn.now, command.start or turn.now)
        self._check(command, start, turn.now)
        parts = (command.name, str(start), str(command.end), str(turn.now))
        work = Work(
            key=hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8],
            name=command.name,
            services=command.services,
            match=tuple(map(str, command.match)),
            excludes=command.services or tuple(self._matched(command.match)),
            start=start,
            end=command.end,
            reason=command.reason,
            created_by=command.actor.name,
        )
        self._put(work, turn)
        self._audit(turn, command.actor, "begin maintenance", work)
        return work

    def end(self, command: EndMaintenance, turn: Turn) -> Work:
        """End a work before its time; one that has not begun is taken back.

        Raises:
            NotFound: There is none of this id or name.
            NotAllowed: It is over.
        """
        work = self.find(command.work, turn.now)
        if work.is_over(turn.now):
            raise NotAllowed(f"maintenance {work.name} is over since {written(work.end or 0)}")
        self._audit(turn, command.actor, "end maintenance", work)
        if turn.now <= work.start:
            self._forget(work, turn)
            return work
        ended = replace(work, end=turn.now, ended_by=command.actor.name, planned_end=work.end)
        self._put(ended, turn)
        return ended

    def _follow(self, turn: Turn) -> None:
        """Write down which configured windows are active, and which are no more."""
        windows = {
            f"{name}@{window.start}": (self._plan.maintenance[name], window)
            for name, window in self._configured.active.items()
        }
        for key, work in list(self._in_force.items()):
            if work.created_by is None and key not in windows:
                self._put(replace(work, end=turn.now), turn)
        for key, (plan, window) in windows.items():
            self._write(key, plan, window, turn)

    def _write(self, key: str, plan: MaintenancePlan, window: Window, turn: Turn) -> None:
        new = Work(
            key=key,
            name=plan.name,
            services=plan.services,
            match=tuple(map(str, plan.match)),
            excludes=plan.excludes,
            start=window.start,
            end=window.end,
            reason=plan.reason,
        )
        old = self.records.get(key)
        if old is None:
            self._put(new, turn)
        elif old.ended_by is None and replace(new, start=old.start) != old:
            if (old.services, old.match, old.excludes) != (new.services, new.match, new.excludes):
                self._put(replace(old, key=f"{key}/{turn.now}", end=turn.now), turn)
                new = replace(new, start=turn.now)
            self._put(new, turn)

    def _check(self, command: BeginMaintenance, start: Instant, now: Instant) -> None:
        if not command.name.strip() or len(command.name) > LONGEST_NAME:
            raise Invalid(f"a maintenance needs a name of at most {LONGEST_NAME} characters")
        if bool(command.services) == bool(command.match):
            raise Invalid("give either services or matchers: whose alerts it mutes")
        for name in command.services:
            if name not in self._plan.services:
                hint = did_you_mean(name, self._plan.services)
                raise Invalid(f"the configuration has no service {name[:LONGEST_NAME]!r}{hint}")
        if command.match and all(matcher.matches_empty for matcher in command.match):
            raise Invalid("the matchers would match everything; name a label with a value")
        if command.end <= start:
            raise Invalid("a maintenance must end after it begins, and not in the past")
        if command.end - start > LONGEST:
            raise Invalid(f"a maintenance lasts {LONGEST // DAY} days at most")
        if len(command.reason) > LONGEST_TEXT:
            raise Invalid(f"the reason is longer than {LONGEST_TEXT} characters")
        alive = [w for w in self.records.values() if w.created_by and not w.is_over(now)]
        if command.name in self._plan.maintenance or command.name in {w.name for w in alive}:
            raise NotAllowed(
                f"there is a maintenance {command.name!r} already; choose another name"
            )
        if len(alive) >= MOST:
            raise NotAllowed(f"{MOST} works are announced already; end some of them")

    def _matched(self, matchers: tuple[Matcher, ...]) -> Iterator[str]:
        services = {name: service.checks for name, service in self._plan.services.items()}
        labels = {name: check.labels for name, check in self._plan.checks.items()}
        return fully_matched(matchers, services, labels)

    def _covers(self, key: str, work: Work, labels: Labels) -> bool:
        if labels.get("service") in work.services:
            return True
        matchers = self._matchers[key]
        return bool(matchers) and match_all(matchers, labels)

    def _put(self, work: Work, turn: Turn) -> None:
        self._keep(work, turn.now)
        turn.save(work)

    def _keep(self, work: Work, now: Instant) -> None:
        key, before = work.key, self.records.get(work.key)
        for service in () if before is None else before.excludes:
            self._of[service].pop(key, None)
        self.records[key] = work
        self._matchers[key] = tuple(map(parse_matcher, work.match))
        for service in work.excludes:
            self._of.setdefault(service, {})[key] = None
        if work.ended_by is not None and work.created_by is None and work.end is not None:
            until = work.end + LONGEST if work.planned_end is None else work.planned_end
            self._given_back.setdefault(work.name, {})[key] = (work.end, until)
        state = work.state(now)
        if state == "active":
            self._in_force[key] = work
            order = {name: n for n, name in enumerate(self._plan.maintenance)}
            ranked = sorted(
                self._in_force.items(),
                key=lambda item: (order.get(item[1].name, len(order)), item[1].start, item[0]),
            )
            self._in_force = dict(ranked)
        else:
            self._in_force.pop(key, None)
        over_at = None if work.end is None else work.end + KEEP
        due = {"pending": work.start, "active": work.end, "expired": over_at}
        self._deadlines.set(key, due[state])

    def _forget(self, work: Work, turn: Turn) -> None:
        del self.records[work.key]
        del self._matchers[work.key]
        self._in_force.pop(work.key, None)
        for service in work.excludes:
            self._of[service].pop(work.key, None)
        self._given_back.get(work.name, {}).pop(work.key, None)
        self._deadlines.set(work.key, None)
        turn.drop(work)

    def _audit(self, turn: Turn, actor: Actor, action: str, work: Work) -> None:
        about = ", ".join(work.services or work.match)
        span = f"{written(work.start)} to {'no end' if work.end is None else written(work.end)}"
        detail = "; ".join(part for part in (f"{about}, {span}", work.reason) if part)
        turn.append(Audit(turn.now, actor, action, work.name, detail))


def _reason(work: Work) -> str:
    return f"maintenance {work.name}" + (f": {work.reason}" if work.reason else "")
