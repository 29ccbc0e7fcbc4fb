"""The course of a run: it is decided, approved or not, begins, ends, and helped or did not.

Each of these changes its record, writes a line into its incident's timeline, and counts for its
response, which stops when too many runs in a row did not help (`daemon.core.responding.allowance`).

`daemon.core.responding.responses` says which runs are due, operators say it by
`daemon.core.responding.commands`; both have it carried out here.
"""

from __future__ import annotations

from daemon.core.alerting.sources import is_about_response, response_condition
from daemon.core.changing import replace
from daemon.core.chronicle import Entry, EntryKind, RunOutput
from daemon.core.deadlines import Deadlines
from daemon.core.effects import StartResponse
from daemon.core.events import RunEnded
from daemon.core.incidents.casebook import Casebook
from daemon.core.labels import match_all
from daemon.core.model import (
    ENGINE,
    Actor,
    Alert,
    Incident,
    IncidentState,
    ResponseRun,
    ResponseState,
    RunState,
)
from daemon.core.plan import Plan, ResponsePlan
from daemon.core.responding import allowance
from daemon.core.responding.runs import Runs
from daemon.core.turn import Turn

SEPARATOR = "\n"
"""Stands between a response's name and an incident's id in a key; neither holds it."""


class ResponseCourse:
    """Moves the runs of a plan's responses on.

    Attributes:
        runs: The records.
        again: When which response is to be looked at again for which incident, see `pair`.
    """

    def __init__(self, plan: Plan, book: Casebook) -> None:
        self.runs = Runs()
        self.again = Deadlines()
        self._book = book
        self.replan(plan)

    def replan(self, plan: Plan) -> None:
        """Another configuration: runs that wait or are under way go on."""
        self.plan = plan
        self._is_registered = False

    def register(self, turn: Turn) -> None:
        """Each response of the plan has its record from now on; others have none. What waits
        for approval and would do something else by now is not to be approved."""
        if self._is_registered:
            return
        self._is_registered = True
        states = self.runs.states
        for run in self.runs.waiting():
            plan = self.plan.responses.get(run.response)
            if plan is None or plan.action != run.action:
                self.withdraw(run, "the configuration has changed", turn)
        for name in [one for one in states if one not in self.plan.responses]:
            self.runs.drop_state(name, turn)
        for name in self.plan.responses:
            if name not in states:
                self.runs.put_state(ResponseState(name, known_at=turn.now), turn)

    def fits(self, plan: ResponsePlan, incident: Incident) -> bool:
        """Whether one of the incident's alerts satisfies the response's matchers."""
        return any(
            match_all(plan.match, alert.matchable)
            for alert in self._alerts(incident)
            if not is_about_response(alert.source)
        )

    def _alerts(self, incident: Incident) -> list[Alert]:
        over = incident.state is IncidentState.RESOLVED
        return self._book.known(incident.alerts) if over else self._book.firing(incident)

    def begin(
        self, plan: ResponsePlan, incident: Incident, trigger: str, actor: Actor, turn: Turn
    ) -> ResponseRun:
        """A run is decided: it starts, or waits for approval, or is only written down."""
        run = ResponseRun(
            key=self.runs.new_key(plan.name, incident.key, turn.now),
            response=plan.name,
            incident=incident.key,
            group=incident.group,
            state=RunState.WAITING,
            trigger=trigger,
            action=plan.action,
            decided_at=turn.now,
            asked_by=actor,
        )
        if plan.dry_run:
            if actor == ENGINE:
                state = self.runs.states[plan.name]
                self.runs.put_state(allowance.begun(plan, state, run.key, turn.now), turn)
            return self.write_down(run, turn)
        if not (plan.confirm and actor == ENGINE):
            return self.start(plan, run, incident, actor, turn)
        run = self._keep(replace(run, expires_at=turn.now + plan.approve_within), turn)
        text = f"asks for approval (run {run.key}): {plan.action}"
        self.write(turn, run.incident, run.response, text)
        return run

    def write_down(self, run: ResponseRun, turn: Turn) -> ResponseRun:
        """A dry run: it is said what would be done, and nothing is."""
        detail = f"dry run, nothing was done: {run.action}"
        run = replace(run, state=RunState.DRY_RUN, ended_at=turn.now, detail=detail)
        self.write(turn, run.incident, run.response, detail, run.asked_by)
        run = self._keep(run, turn)
        self._repeat_after(run)
        return run

    def start(
        self, plan: ResponsePlan, run: ResponseRun, incident: Incident, actor: Actor, turn: Turn
    ) -> ResponseRun:
        """The run begins when this is on disk."""
        state = self.runs.states[plan.name]
        self.runs.put_state(allowance.begun(plan, state, run.key, turn.now), turn)
        run = replace(run, state=RunState.RUNNING, started_at=turn.now, expires_at=None)
        run = self._keep(run, turn)
        self.write(turn, run.incident, run.response, f"begins ({run.trigger}): {run.action}", actor)
        turn.emit(StartResponse(run, incident, tuple(self._alerts(incident))))
        return run

    def withdraw(
        self,
        run: ResponseRun,
        why: str,
        turn: Turn,
        state: RunState = RunState.EXPIRED,
        actor: Actor = ENGINE,
    ) -> ResponseRun:
        """A run that waited for approval does not begin."""
        run = replace(run, state=state, ended_at=turn.now, expires_at=None, detail=why)
        self.write(turn, run.incident, run.response, f"not begun: {why}", actor)
        run = self._keep(run, turn)
        self._repeat_after(run)
        return run

    def ended(self, event: RunEnded, turn: Turn) -> None:
        """A run came to its end; of one that is not under way any more nothing is known."""
        run = self.runs.records.get(event.run)
        if run is None or run.state is not RunState.RUNNING:
            return
        plan = self.plan.responses.get(run.response)
        succeeded = event.outcome is RunState.SUCCEEDED
        run = replace(
            run,
            state=event.outcome,
            ended_at=turn.now,
            exit_code=event.exit_code,
            detail=event.detail,
            judge_at=allowance.judge_at(plan, turn.now) if plan and succeeded else None,
        )
        if event.output:
            turn.append(RunOutput(run.key, turn.now, event.output))
        self._finish(run, plan, turn)

    def _finish(self, run: ResponseRun, plan: ResponsePlan | None, turn: Turn) -> None:
        """Write down what became of a run, and what that says of its response."""
        words = run.state.value.replace("_", " ")
        self.write(turn, run.incident, run.response, f"{words}: {run.detail}")
        run = self._keep(run, turn)
        self._repeat_after(run)
        state = self.runs.states.get(run.response)
        if state is None or plan is None:
            return
        if run.state is not RunState.SUCCEEDED:
            state = self.runs.put_state(allowance.failed(state), turn)
        if run.judge_at is None and run.state is not RunState.INTERRUPTED:
            self._count(run, plan, run.state is RunState.SUCCEEDED, turn)

    def pick_up(self, run: ResponseRun, turn: Turn) -> None:
        """A run was under way when the process before ended."""
        plan = self.plan.responses.get(run.response)
        incident = self._book.incidents.get(run.incident)
        wanted = self._book.is_open(run.incident) or run.trigger == "resolved"
        is_same = plan is not None and plan.rerun and plan.action == run.action
        if is_same and incident is not None and wanted:
            self.write(turn, run.incident, run.response, "was interrupted, begins again")
            turn.emit(StartResponse(run, incident, tuple(self._alerts(incident))))
            return
        detail = "the daemon ended while it ran; what became of it is not known"
        over = replace(run, state=RunState.INTERRUPTED, ended_at=turn.now, detail=detail)
        self._finish(over, plan, turn)

    def _repeat_after(self, run: ResponseRun) -> None:
        plan = self.plan.responses.get(run.response)
        if plan is not None and plan.repeat is not None and run.ended_at is not None:
            self.again.set(pair(plan.name, run.incident), run.ended_at + plan.repeat)

    def _keep(self, run: ResponseRun, turn: Turn) -> ResponseRun:
        """Save a run; its incident shows how far it is, so that messages can say so."""
        run = self.runs.put(run, turn)
        incident = self._book.incidents.get(run.incident)
        while incident is not None and not run.is_trial:
            others = tuple(one for one in incident.responses if one[0] != run.response)
            shown = (*others, (run.response, run.state.value))
            self._book.note(replace(incident, responses=shown), turn)
            incident = self._book.incidents.get(incident.merged_into or "")
        return run

    # -- does it help ------------------------------------------------------------------

    def recurs(self, plan: ResponsePlan, incident: Incident, turn: Turn) -> None:
        """The response is wanted again for the same group: what ran there before did not help."""
        for run in self.runs.unjudged(plan.name):
            if run.group == incident.group:
                self.judge(run, False, turn)

    def judge(self, run: ResponseRun, helped: bool, turn: Turn) -> None:
        run = replace(run, judge_at=None)
        self.runs.put(run, turn)
        plan = self.plan.responses.get(run.response)
        if plan is not None and run.response in self.runs.states:
            self._count(run, plan, helped, turn)
        if run.incident not in self._book.incidents:
            self.runs.forget(run.incident, turn)

    def _count(self, run: ResponseRun, plan: ResponsePlan, helped: bool, turn: Turn) -> None:
        before = self.runs.states[plan.name]
        after = allowance.judged(plan, before, helped=helped, now=turn.now)
        self.runs.put_state(after, turn)
        if after.stopped_at is not None and before.stopped_at is None:
            words = f"stopped: {after.stopped_why}; tocsin response reset {plan.name}"
            self.write(turn, run.incident, plan.name, words)
            detail = f"{after.stopped_why}, the last for incident {run.incident}"
            turn.conditions.append(response_condition(plan.name, True, detail, turn.now))

    def write(
        self, turn: Turn, incident: str, response: str, text: str, actor: Actor = ENGINE
    ) -> None:
        """Add a line about a response to an incident's timeline."""
        line = f"{response} {text}"
        turn.append(Entry(incident, turn.now, EntryKind.RESPONSE, actor, line))


def pair(response: str, incident: str) -> str:
    """The key of a response for an incident."""
    return f"{response}{SEPARATOR}{incident}"
