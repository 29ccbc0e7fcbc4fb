"""The engine: everything that is decided, as a pure function of (state, event, now).

`handle` takes an event through the parts in their order: the observatory and the rules
find out what holds; alerts, muting, routing, incidents and escalation decide what that
means and who is told; the books keep the services' timelines. The answer is a list of
effects for the service to write in one transaction and only then to act upon.

An event is taken in first, then what has become due by then is done, so a refused command
has changed nothing and an acknowledgement that comes in late still stops a page that is
as late. All live state is in records that the effects save, so an engine restored from what
a store kept goes on as if nothing had happened; `next_deadline` is the soonest time at which
something happens by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from checks.result import Result
from daemon.core import forgetting
from daemon.core.chronicle import Audit, FiledReport, Interval
from daemon.core.deadlines import soonest
from daemon.core.decider import Decider
from daemon.core.effects import Effect, Observed, Save, ordered
from daemon.core.errors import Refusal
from daemon.core.events import (
    Amend,
    BeginMaintenance,
    CheckNow,
    CleanUp,
    EndMaintenance,
    Event,
    FileReport,
    Forget,
    Gap,
    KeepReport,
    MailReport,
    Ping,
    PlanChanged,
    ResultsArrived,
    Tick,
    TryChannel,
    Withdraw,
)
from daemon.core.model import (
    Alert,
    AlertState,
    Amendment,
    CheckState,
    Group,
    Incident,
    Instant,
    Millis,
    Record,
    ResponseRun,
    ResponseState,
    ServiceState,
    Silence,
    Storm,
    Work,
)
from daemon.core.muting.kinship import Kinship
from daemon.core.observing.observatory import Observatory
from daemon.core.plan import Plan
from daemon.core.ruling.rules import Rules
from daemon.core.sla.books import Books
from daemon.core.sla.course import Course
from daemon.core.sla.values import SlaFigures
from daemon.core.snapshot import Snapshot
from daemon.core.telling import mailing
from daemon.core.turn import Turn


class Engine:
    """The live state of a daemon, and the only one who changes it."""

    def __init__(self, plan: Plan) -> None:
        """An engine that knows nothing yet; its first event starts it."""
        self._plan = plan
        self._started = False
        self._unsent: list[Effect] = []
        self._observatory = Observatory(plan)
        self._rules = Rules(plan, self._observatory.checks)
        self._decider = Decider(plan)
        self._books = Books(plan)
        self._books.ledger.happened = self._decider.muting.works

    @classmethod
    def restore(cls, plan: Plan, snapshot: Snapshot, now: Instant) -> tuple[Engine, list[Effect]]:
        """Go on where another engine stopped, under this plan.

        What became due meanwhile is done once, in order; mutes are settled before anybody is
        told; alerts whose check or rule the plan has not are resolved.
        """
        engine = cls(plan)
        engine._started = True
        turn = Turn(now)
        engine._decider.restore(snapshot.records, now)
        held, doubted = _held(engine.alerts)
        engine._rules.restore(snapshot.samples, now, held, doubted)
        # The books take the checks as they were stored: what the observatory finds out on
        # restoring (a gap) is a fact of this turn, and ends a piece instead of replacing it.
        stored = {one.key: one for one in snapshot.records if isinstance(one, CheckState)}
        engine._books.ledger.amendments.restore(
            one for one in snapshot.records if isinstance(one, Amendment)
        )
        engine._books.ledger.restore_runs(snapshot.runs, now)
        engine._books.restore(snapshot.intervals, stored, now, snapshot.last)
        engine._observatory.restore(snapshot.records, snapshot.last, turn)
        engine._decider.leave_what_is_gone(turn)
        return engine, engine._settle(turn)

    def handle(self, event: Event, now: Instant) -> list[Effect]:
        """What is to be done about an event that happens now.

        Args:
            now: Never before the `now` of an earlier call.

        Raises:
            Refusal: An operator's command (or a ping) is not carried out; nothing changed.
        """
        turn = Turn(now, effects=self._unsent)
        self._unsent = []
        self._decider.begin()
        try:
            if not self._started:
                self._started = True
                self._observatory.start(turn)
            self._take(event, turn)
        except Refusal:
            self._unsent = turn.effects
            raise
        return self._settle(turn)

    def next_deadline(self) -> Instant | None:
        """When something happens by itself: handle a `Tick` then. None for never."""
        if not self._started:
            return 0
        return soonest(
            self._observatory.next_deadline(),
            self._rules.next_deadline(),
            self._decider.next_deadline(),
            self._books.next_deadline(),
        )

    def snapshot(self) -> Snapshot:
        """The engine's memory as values, as a store that wrote its effects would have it."""
        kept: tuple[Mapping[str, Record], ...] = (
            self.checks,
            self.services,
            self.alerts,
            self.silences,
            self.groups,
            self.incidents,
            self.amendments,
            self.storms,
            self.works,
            self._decider.kinship.records,
            self.runs,
            self.responses,
        )
        records = tuple(record for records in kept for record in records.values())
        return Snapshot(records=(*records, *self._decider.duty.records()), last=dict(self.last))

    # -- what can be seen --------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """The configuration in force, with the overrides that were made at run time."""
        return self._decider.duty.plan

    @property
    def checks(self) -> Mapping[str, CheckState]:
        """Each check's record."""
        return self._observatory.checks

    @property
    def last(self) -> Mapping[str, Result]:
        """Each check's newest result."""
        return self._observatory.last

    @property
    def services(self) -> Mapping[str, ServiceState]:
        """Each service's record."""
        return self._observatory.services

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """All alerts that are remembered, by fingerprint."""
        return MappingProxyType(self._decider.alerts.records)

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """Open incidents and those resolved lately (`casebook.KEEP`, `MOST`), by id."""
        return MappingProxyType(self._decider.book.incidents)

    @property
    def groups(self) -> Mapping[str, Group]:
        """The groups of open incidents, by key."""
        return MappingProxyType(self._decider.book.groups)

    @property
    def silences(self) -> Mapping[str, Silence]:
        """All silences that are remembered, by id."""
        return MappingProxyType(self._decider.muting.silences.records)

    @property
    def kinship(self) -> Kinship:
        """What tends to fire together."""
        return self._decider.kinship

    @property
    def works(self) -> Mapping[str, Work]:
        """Planned work that has begun or is announced, by id."""
        return MappingProxyType(self._decider.muting.works.records)

    @property
    def storms(self) -> Mapping[str, Storm]:
        """The storms whose alerts fire, by key."""
        return MappingProxyType(self._decider.muting.storms.storms)

    @property
    def runs(self) -> Mapping[str, ResponseRun]:
        """The responses' runs of remembered incidents, by id; see `runs.Runs`."""
        return MappingProxyType(self._decider.responses.runs.records)

    @property
    def responses(self) -> Mapping[str, ResponseState]:
        """How each response has done, by name."""
        return MappingProxyType(self._decider.responses.runs.states)

    @property
    def amendments(self) -> Mapping[str, Amendment]:
        """What operators said of SLAs' past, by id."""
        return MappingProxyType(self._books.ledger.amendments.records)

    @property
    def books(self) -> Books:
        """The timelines; to be read."""
        return self._books

    def sla(self, name: str, now: Instant, *, listed: bool = True) -> SlaFigures:
        """The figures of this SLA in the period around `now`.

        Args:
            listed: With violations and outages; without, no history takes long.

        Raises:
            KeyError: The plan has no such SLA.
        """
        return self._books.sla(name, now, listed=listed)

    def sla_course(self, name: str, now: Instant, more_ms: Millis = 0) -> Course:
        """How this SLA came to its figures, and what so much more down time would do.

        Raises:
            KeyError: The plan has no such SLA.
        """
        return self._books.ledger.course(name, now, more_ms)

    def sla_without(self, name: str, now: Instant, stretch: tuple[Instant, Instant]) -> SlaFigures:
        """This SLA's figures as they would be if this stretch of the past were excluded.

        Raises:
            KeyError: The plan has no such SLA.
            Invalid: The stretch is empty or not past.
        """
        return self._books.ledger.without(name, now, stretch)

    def present(self, now: Instant) -> Mapping[str, Sequence[Interval]]:
        """What of each service's history is not written yet, up to `now`: how it is, since when."""
        return self._books.present(now)

    # -- the turn ----------------------------------------------------------------------

    def _take(self, event: Event, turn: Turn) -> None:
        match event:
            case Tick():
                pass
            case ResultsArrived():
                for result in event.results:
                    self._observatory.result(result, turn)
            case Ping():
                self._observatory.ping(event, turn)
            case Gap():
                self._observatory.gap(event.start, turn)
                self._rules.gap(turn)
            case PlanChanged():
                self._replan(event.plan, turn)
            case CheckNow():
                self._observatory.check_now(event.check, turn)
                turn.append(Audit(turn.now, event.actor, "check now", event.check))
            case CleanUp():
                turn.append(Audit(turn.now, event.actor, "clean up", "history", event.detail))
            case TryChannel():
                to = "to an address that was named" if event.is_addressed else ""
                turn.append(Audit(turn.now, event.actor, "test channel", event.channel, to))
            case Forget():
                forgetting.forget(event, self._decider, self._books.ledger.amendments, turn)
            case Amend():
                self._books.ledger.amend(event, turn)
            case KeepReport():
                mailing.keep(event, turn)
            case FileReport():
                turn.append(FiledReport(event.report))
            case MailReport():
                mailing.mail_again(event, turn)
            case Withdraw():
                self._books.ledger.withdraw(event, turn)
            case BeginMaintenance() | EndMaintenance():
                self._decider.take(event, turn)
                self._books.ledger.replanned(turn.now)
            case _:
                self._decider.take(event, turn)

    def _replan(self, plan: Plan, turn: Turn) -> None:
        self._plan = plan
        self._observatory.replan(plan, turn)
        self._rules.replan(plan, turn)
        self._books.replan(plan, turn)
        self._decider.replan(plan, turn)

    def _settle(self, turn: Turn) -> list[Effect]:
        """Do what is due, let every part have its say, and put the effects in order."""
        self._observatory.tick(turn)
        for effect in tuple(turn.effects):
            if type(effect) is Observed:
                self._rules.result(effect.result, turn)
            elif type(effect) is Save and type(effect.record) is CheckState:
                self._rules.changed(effect.record.key, turn)
        self._rules.tick(turn)
        self._books.take(turn)
        self._decider.decide(turn)
        self._books.settle(turn)
        return ordered(turn.effects)


def _held(alerts: Mapping[str, Alert]) -> tuple[dict[str, Instant], set[str]]:
    """The sources whose condition held when that could last be told, and since when they
    stand as they do; and those of them of which it cannot be told."""
    held: dict[str, Instant] = {}
    doubted: set[str] = set()
    for alert in alerts.values():
        in_doubt = alert.holds is None and alert.state is not AlertState.RESOLVED
        if alert.terms.since is not None and (alert.holds or in_doubt):
            held[alert.source] = alert.terms.since
            if in_doubt:
                doubted.add(alert.source)
    return held, doubted
