"""What operators ask of responses: run one, approve or refuse a run, set one going again.

Limits, cooldowns and the breaker hold for operators too; `reset` takes all three back. What an
operator runs needs nobody's approval besides, and may be run on a muted incident. As with all
commands, a refused one has changed nothing, and one that is carried out is audited.
"""

from __future__ import annotations

from daemon.core.alerting.sources import response_condition
from daemon.core.changing import replace
from daemon.core.chronicle import Audit
from daemon.core.errors import Invalid, NotAllowed, NotFound
from daemon.core.events import ApproveRun, RefuseRun, ResetResponse, RunResponse
from daemon.core.incidents.casebook import Casebook
from daemon.core.model import Actor, Incident, Instant, ResponseRun, RunState
from daemon.core.nearest import did_you_mean
from daemon.core.plan import ResponsePlan, When
from daemon.core.responding import allowance
from daemon.core.responding.course import ResponseCourse
from daemon.core.turn import Turn

BY_HAND = "by hand"
LONGEST_COMMENT = 2_000
"""Characters of a comment."""


class ResponseCommands:
    """Carries operators' commands out."""

    def __init__(self, course: ResponseCourse, book: Casebook) -> None:
        self._course = course
        self._book = book

    def take(
        self, command: RunResponse | ApproveRun | RefuseRun | ResetResponse, turn: Turn
    ) -> None:
        """Carry a command out.

        Raises:
            Refusal: See the methods below; nothing has changed.
        """
        self._course.register(turn)
        match command:
            case RunResponse():
                self._run(command, turn)
            case ApproveRun():
                self._approve(command, turn)
            case RefuseRun():
                self._refuse(command, turn)
            case ResetResponse():
                self._reset(command, turn)

    def _run(self, command: RunResponse, turn: Turn) -> None:
        """A response is run now, or only said what it would do.

        Raises:
            NotFound: There is no such response or incident.
            NotAllowed: The incident is over, a test, or none of the response's; one of its runs
                waits or is under way; its limit, cooldown or breaker holds.
        """
        plan, incident = self._plan(command.response), self._open(command.incident)
        if not self._course.fits(plan, incident):
            raise NotAllowed(
                f"response {plan.name} is for other incidents: no alert that fires here matches"
                f" {' '.join(map(str, plan.match))}"
            )
        if command.dry_run:
            run = self._course.begin(
                replace(plan, dry_run=True), incident, BY_HAND, command.actor, turn
            )
            self._audit(turn, command.actor, "dry run", run)
            return
        if incident.is_test:
            raise NotAllowed(f"incident {incident.key} is a test: only a dry run is done on it")
        self._check_idle(plan, incident)
        self._check_free(plan, turn.now)
        self._course.recurs(plan, incident, turn)
        run = self._course.begin(plan, incident, BY_HAND, command.actor, turn)
        self._audit(turn, command.actor, "run response", run)

    def _approve(self, command: ApproveRun, turn: Turn) -> None:
        """A run that waits may begin.

        Raises:
            NotFound: There is no such run.
            NotAllowed: It does not wait any more, its response has left the configuration, or
                the response's limit, cooldown or breaker holds.
        """
        run = self._waiting(command.run)
        plan = self._plan(run.response)
        if plan.when is When.RESOLVED:
            incident = self._book.incidents.get(run.incident)
            if incident is None:
                raise NotAllowed(f"incident {run.incident} is long over")
        else:
            incident = self._open(run.incident)
        self._check_free(plan, turn.now)
        run = replace(run, approved_by=command.actor.name)
        run = self._course.start(plan, run, incident, command.actor, turn)
        self._audit(turn, command.actor, "approve response", run)

    def _refuse(self, command: RefuseRun, turn: Turn) -> None:
        """A run that waits does not begin.

        Raises:
            NotFound: There is no such run.
            NotAllowed: It does not wait any more.
            Invalid: The comment is too long.
        """
        if len(command.comment) > LONGEST_COMMENT:
            raise Invalid(f"the comment has more than {LONGEST_COMMENT} characters")
        run = replace(self._waiting(command.run), approved_by=command.actor.name)
        comment = f": {command.comment}" if command.comment else ""
        why = f"refused by {command.actor.name}{comment}"
        run = self._course.withdraw(run, why, turn, RunState.REFUSED, command.actor)
        self._audit(turn, command.actor, "refuse response", run, command.comment)

    def _reset(self, command: ResetResponse, turn: Turn) -> None:
        """A response may run again, on incidents that fire from now on.

        Raises:
            NotFound: There is no such response.
        """
        plan = self._plan(command.response)
        state = self._course.runs.states[plan.name]
        self._course.runs.put_state(allowance.reset(state, turn.now), turn)
        turn.append(Audit(turn.now, command.actor, "reset response", plan.name, state.stopped_why))
        if state.stopped_at is not None:
            detail = f"reset by {command.actor.name}"
            turn.conditions.append(response_condition(plan.name, False, detail, turn.now))

    def _plan(self, name: str) -> ResponsePlan:
        plans = self._course.plan.responses
        if name not in plans:
            raise NotFound(f"there is no response {name[:100]!r}{did_you_mean(name, plans)}")
        return plans[name]

    def _open(self, key: str) -> Incident:
        incident = self._book.incidents.get(key)
        if incident is None:
            raise NotFound(f"there is no incident {key!r}")
        if not self._book.is_open(key):
            raise NotAllowed(f"incident {key} is already resolved")
        return incident

    def _waiting(self, key: str) -> ResponseRun:
        run = self._course.runs.records.get(key)
        if run is None:
            raise NotFound(f"there is no run {key[:100]!r} that waits for approval")
        if run.state is not RunState.WAITING:
            words = run.state.value.replace("_", " ")
            raise NotAllowed(f"run {key} of {run.response} does not wait for approval: {words}")
        return run

    def _check_idle(self, plan: ResponsePlan, incident: Incident) -> None:
        run = self._course.runs.newest(plan.name, incident.key)
        if run is None or run.state.is_over:
            return
        if run.state is RunState.WAITING:
            raise NotAllowed(
                f"response {plan.name} waits for approval already: approve run {run.key}"
            )
        raise NotAllowed(f"response {plan.name} is under way already: run {run.key}")

    def _check_free(self, plan: ResponsePlan, now: Instant) -> None:
        held = allowance.hindrance(plan, self._course.runs.states[plan.name], now)
        if held is None:
            return
        raise NotAllowed(
            f"response {plan.name} may not run: {held.why}; an operator may reset it"
            f" (tocsin response reset {plan.name})"
        )

    def _audit(
        self, turn: Turn, actor: Actor, action: str, run: ResponseRun, detail: str = ""
    ) -> None:
        words = f"{run.response}: {detail}" if detail else run.response
        turn.append(Audit(turn.now, actor, action, run.incident, words))
