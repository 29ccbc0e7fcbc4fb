"""The deciding half of the engine: from conditions that hold to who is told.

One pass takes the turn's conditions through alerts, muting, the desk and its clocks; each
part stands on what the one before it settled, so nobody is told on an old mute. Passes are
repeated until nothing is due: a level told at once may make another due, and the first notice
of a flapping check mutes what follows it.

A turn that touches thousands (a silence over everything) would keep everybody waiting. So a
turn has room for so much, and what is left is done by turns that are due at once: first all
mutes, then all incidents, then whoever is to be told, so that the order stays the same.

It knows checks only as the sources of conditions. `daemon.core.engine` drives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.core.alerting.alerts import Alerts, Change, fires
from daemon.core.alerting.sources import lives, outlives_restart, policy_of, self_condition
from daemon.core.deadlines import soonest
from daemon.core.events import (
    Acknowledge,
    AddNote,
    ApproveRun,
    Assign,
    BeginMaintenance,
    CalendarRead,
    Decidable,
    EndMaintenance,
    EndOverride,
    Escalate,
    ExpireSilence,
    FireTest,
    Merge,
    OpenIncident,
    PostUpdate,
    PutOverride,
    PutSilence,
    RefuseRun,
    ResetResponse,
    Resolve,
    RunEnded,
    RunResponse,
    SelfReport,
    SetRole,
    Settled,
    Snooze,
    Split,
    Unacknowledge,
)
from daemon.core.incidents.casebook import Casebook
from daemon.core.incidents.commands import Commands
from daemon.core.incidents.desk import Desk
from daemon.core.incidents.merging import Merging
from daemon.core.incidents.workflow import Workflow
from daemon.core.model import Alert, Group, Incident, Instant, Kin, Record, Silence, Storm, Work
from daemon.core.muting.endings import Endings
from daemon.core.muting.kinship import Kinship
from daemon.core.muting.mute import Muting
from daemon.core.oncall.duty import Duty
from daemon.core.plan import Plan
from daemon.core.responding.commands import ResponseCommands
from daemon.core.responding.responses import Responses
from daemon.core.telling.teller import Teller
from daemon.core.trying import testing
from daemon.core.turn import Turn

_PASSES: Final = 1_000
"""How many passes of one turn are taken for a fault."""


class Decider:
    """Alerts, silences, groups and incidents of a plan.

    Attributes:
        alerts, muting, book, duty, responses: The parts that hold the records.
    """

    def __init__(self, plan: Plan) -> None:
        self.alerts = Alerts(self._is_open)
        self.book = Casebook(self.alerts.records)
        self.muting = Muting(plan, self.alerts.records, self._was_told)
        self._plan = plan
        self._stirred = True
        self._restored = False
        self._left_at: Instant | None = None
        self._deadline: Instant | None = None
        self._is_settled = False
        self._teller = Teller(plan, self.book)
        self.duty = Duty(plan, self.book, self._teller)
        self.responses = Responses(plan, self.book)
        self._response_commands = ResponseCommands(self.responses.course, self.book)
        self._endings = Endings(plan, self.book)
        self.kinship = Kinship()
        self._desk = Desk(
            plan, self.alerts, self.book, self._teller, self.muting.storms, self.responses
        )
        self._commands = Commands(self._desk, self.alerts)
        self._workflow = Workflow(self._desk, self.alerts, self._commands)
        self._merging = Merging(self._desk, self.alerts, self._commands)

    def restore(self, records: Iterable[Record], now: Instant) -> None:
        """Take in what a store kept; the next `decide` reviews every mute before it tells."""
        self._stir()
        self._restored = True
        kept = list(records)
        incidents = [record for record in kept if isinstance(record, Incident)]
        self.book.restore(incidents, [r for r in kept if isinstance(r, Group)])
        self.alerts.restore(record for record in kept if isinstance(record, Alert))
        self.duty.restore(kept)
        self.responses.restore(kept)
        muting = {mute.by for alert in self.alerts.records.values() for mute in alert.muted}
        self.muting.silences.restore((r for r in kept if isinstance(r, Silence)), now, muting)
        self.muting.storms.restore((r for r in kept if isinstance(r, Storm)), now)
        self.kinship.restore(r for r in kept if isinstance(r, Kin))
        self.muting.works.restore((r for r in kept if isinstance(r, Work)), now)
        for key in sorted(self.alerts.records):
            self.muting.track(self.alerts.records[key])

    def replan(self, plan: Plan, turn: Turn) -> None:
        """Another configuration: alerts, timers, incidents and silences stay."""
        self._plan = plan
        self._stir()
        self.muting.replan(plan, turn)
        self.muting.silences.replan(plan.warn_before, turn.now)
        self._endings.replan(plan)
        self._desk.replan(plan)
        self.duty.replan(plan, turn)
        self.responses.replan(plan)
        self.leave_what_is_gone(turn)

    def leave_what_is_gone(self, turn: Turn) -> None:
        """Resolve the alerts whose check or rule the plan has no more, and see to the incidents
        that tell somebody whom it has no more."""
        self._stir()
        self._observe(turn)
        running = self.book.running_policies()
        for source in self.alerts.sources():
            if not (lives(source, self._plan) or policy_of(source) in running):
                self.alerts.left(source, turn)
        self._desk.succeed(turn)

    def next_deadline(self) -> Instant | None:
        """When something is to be decided by time alone. It is asked in every turn and changes
        only when something is decided, so it is made out once after that."""
        if not self._is_settled:
            self._deadline = self._soonest()
            self._is_settled = not self._stirred
        return self._deadline

    def _soonest(self) -> Instant | None:
        if self._left_at is not None:
            return self._left_at
        return soonest(
            self.alerts.next_deadline(),
            self.muting.next_deadline(),
            self.book.next_deadline(),
            self._desk.next_deadline(),
            self.responses.next_deadline(),
            self.duty.next_deadline(),
        )

    def _stir(self) -> None:
        """Something happened: `decide` has to look, and the deadlines may be others."""
        self._stirred, self._is_settled = True, False

    def begin(self) -> None:
        """Another turn begins."""
        self._teller.caller.begin_turn()

    def take(self, event: Decidable, turn: Turn) -> None:
        """Take an event in; `decide` follows.

        Raises:
            Refusal: A command is not carried out; nothing changed.
        """
        self._stir()
        match event:
            case SelfReport():
                turn.conditions.append(self_condition(event, turn.now))
            case Settled():
                self._teller.outcomes.settled(event, turn)
            case PutSilence():
                self.muting.silences.put(event, turn)
                self.muting.review_all()
            case ExpireSilence():
                if self.muting.silences.expire(event, turn):
                    self.muting.review_all()
            case BeginMaintenance():
                self.muting.works.begin(event, turn)
                self.muting.review_all()
            case EndMaintenance():
                self.muting.works.end(event, turn)
                self.muting.review_all()
            case Acknowledge():
                self._commands.acknowledge(event, turn)
            case Snooze():
                self._commands.snooze(event, turn)
            case Assign():
                self._commands.assign(event, turn)
            case Unacknowledge():
                self._commands.unacknowledge(event, turn)
            case SetRole():
                self._workflow.set_role(event, turn)
            case PostUpdate():
                self._workflow.update(event, turn)
            case Merge():
                self._merging.merge(event, turn)
            case Split():
                self._merging.split(event, turn)
            case OpenIncident():
                self._workflow.open(event, turn)
            case FireTest():
                testing.fire(self._plan, event, turn)
            case AddNote():
                self._commands.note(event, turn)
            case Resolve():
                self._commands.resolve(event, turn)
            case Escalate():
                self._commands.escalate(event, turn)
            case RunEnded():
                self.responses.course.ended(event, turn)
            case PutOverride() | EndOverride() | CalendarRead():
                self.duty.take(event, turn)
            case RunResponse() | ApproveRun() | RefuseRun() | ResetResponse():
                self._response_commands.take(event, turn)

    def decide(self, turn: Turn) -> None:
        """Decide on the turn's conditions and on what is due, until nothing is left or the turn
        is full; the rest is due at once. Most turns are results that change nothing, and cost
        no pass."""
        if not (self._stirred or turn.conditions or self._is_due(turn)):
            return
        self._stirred, self._left_at = False, None
        if self._restored:
            self._restored = False
            self._catch_up(turn)
        for _ in range(_PASSES):
            self._pass(turn)
            if not (turn.conditions or self._is_due(turn)):
                return
            if turn.is_full:
                self._observe(turn)
                self._left_at, self._is_settled = turn.now, False
                return
        raise RuntimeError(f"the turn at {turn.now} does not come to rest")

    def _catch_up(self, turn: Turn) -> None:
        """The first turn after a restart: end what only the process before knew."""
        for source in self.alerts.sources():
            if not outlives_restart(source):
                self.alerts.left(source, turn)
        self._desk.resume(turn)
        self.responses.resume(turn)

    def _observe(self, turn: Turn) -> None:
        conditions, turn.conditions = turn.conditions, []
        for condition in conditions:
            self.alerts.observe(condition, turn)

    def _pass(self, turn: Turn) -> None:
        self._is_settled = False
        self._observe(turn)
        self.alerts.tick(turn)
        self.muting.tick(turn)
        for silence in self.muting.ending(turn):
            self._endings.tell(silence, self.muting.firing(), turn)
        for change in self.alerts.take_changes():
            self.muting.track(change.after)
            self._desk.note(change)
            if fires(change.after) and not fires(change.before):
                self.kinship.fired(change.after, turn)
        for alert in self.muting.changed(turn):
            self._desk.note(Change(self.alerts.records[alert.key], alert))
            self.alerts.put(alert, turn)
        self.muting.correlate(turn)
        if self.muting.waits:
            return
        self._desk.work(turn)
        self.responses.work(turn)
        self.duty.work(turn)
        caller = self._teller.caller
        told, caller.first_told = caller.first_told, []
        for key in told:
            firing = self.book.firing(self.book.incidents[key])
            self.muting.touch(alert.key for alert in firing if alert.terms.flapping)

    def _is_due(self, turn: Turn) -> bool:
        at = self.next_deadline()
        waiting = self.alerts.changes or self.muting.waits or turn.conditions
        return bool(waiting) or self._desk.is_behind or (at is not None and at <= turn.now)

    def _is_open(self, incident: str) -> bool:
        return self.book.is_open(incident)

    def _was_told(self, alert: Alert) -> bool:
        incident = self.book.incidents.get(alert.incident or "")
        return incident is not None and bool(self.book.told(incident))
