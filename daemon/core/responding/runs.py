"""The runs of responses in memory: what was begun for which incident, and what waits for a time.

`daemon.core.responding.responses` reads and writes runs and the responses' own records through this
alone. A run stays while the engine needs it: until its incident is forgotten, or a newer run of the
same response takes its place; history has them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from daemon.core.deadlines import Deadlines
from daemon.core.model import Instant, Record, ResponseRun, ResponseState, RunState
from daemon.core.turn import Turn


class Runs:
    """Runs by id, and how each response has done.

    Attributes:
        records, states: The records; changed through `put`, `put_state`, `forget` only.
    """

    def __init__(self) -> None:
        self.records: dict[str, ResponseRun] = {}
        self.states: dict[str, ResponseState] = {}
        self._newest: dict[tuple[str, str], str] = {}
        self._of: dict[str, dict[str, None]] = {}
        self._judged_later: dict[str, dict[str, None]] = {}
        self._deadlines = Deadlines()

    def restore(self, records: Iterable[Record]) -> None:
        """Take in what a store kept."""
        kept = list(records)
        self.states = {one.key: one for one in kept if isinstance(one, ResponseState)}
        runs = [one for one in kept if isinstance(one, ResponseRun)]
        for run in sorted(runs, key=lambda one: (one.decided_at, one.key)):
            self._keep(run)

    def next_deadline(self) -> Instant | None:
        """When an approval expires, or it is to be looked at whether a run helped."""
        return self._deadlines.next()

    def due(self, now: Instant) -> ResponseRun | None:
        """Take out the run that has been due longest."""
        key = self._deadlines.pop(now)
        return None if key is None else self.records[key]

    def newest(self, response: str, incident: str) -> ResponseRun | None:
        """The newest run of this response for this incident; trials do not count."""
        key = self._newest.get((response, incident))
        return None if key is None else self.records[key]

    def is_busy(self, response: str, incident: str) -> bool:
        """Whether one of them waits for approval or is under way."""
        run = self.newest(response, incident)
        return run is not None and not run.state.is_over

    def of(self, incident: str) -> list[ResponseRun]:
        """The runs for this incident, oldest first."""
        return [self.records[key] for key in self._of.get(incident, ())]

    def unjudged(self, response: str) -> list[ResponseRun]:
        """The runs of this response of which it is not known yet whether they helped."""
        return [self.records[key] for key in self._judged_later.get(response, ())]

    def waiting(self) -> list[ResponseRun]:
        """The runs that wait for approval, oldest first."""
        return [run for run in self.records.values() if run.state is RunState.WAITING]

    def under_way(self) -> list[ResponseRun]:
        """The runs that are under way, oldest first."""
        return [run for run in self.records.values() if run.state is RunState.RUNNING]

    def new_key(self, response: str, incident: str, now: Instant) -> str:
        """The id of a run that is decided now: 12 hexadecimal digits."""
        seed = f"{response}|{incident}|{now}"
        key, count = _digest(seed), 0
        while key in self.records:
            count += 1
            key = _digest(f"{seed}|{count}")
        return key

    def put(self, run: ResponseRun, turn: Turn) -> ResponseRun:
        """The run has a new value; an older one of the same kind is of no more use."""
        before = self._newest.get((run.response, run.incident))
        self._keep(run)
        if before is not None and not run.is_trial and before != run.key:
            self._drop(before, turn)
        turn.save(run)
        return run

    def put_state(self, state: ResponseState, turn: Turn) -> ResponseState:
        """The response's record has a new value."""
        if self.states.get(state.key) != state:
            self.states[state.key] = state
            turn.save(state)
        return state

    def drop_state(self, name: str, turn: Turn) -> None:
        """The response has left the configuration."""
        turn.drop(self.states.pop(name))

    def forget(self, incident: str, turn: Turn) -> None:
        """The incident is of no more use to the engine; nor are its runs that are over."""
        for key in list(self._of.get(incident, ())):
            if self.records[key].state.is_over:
                self._drop(key, turn)

    def _keep(self, run: ResponseRun) -> None:
        self.records[run.key] = run
        self._of.setdefault(run.incident, {})[run.key] = None
        if not run.is_trial:
            self._newest[run.response, run.incident] = run.key
        waiting = self._judged_later.setdefault(run.response, {})
        if run.judge_at is None:
            waiting.pop(run.key, None)
        else:
            waiting[run.key] = None
        self._deadlines.set(run.key, _due(run))

    def _drop(self, key: str, turn: Turn) -> None:
        run = self.records.pop(key)
        self._deadlines.set(key, None)
        self._judged_later.get(run.response, {}).pop(key, None)
        if self._newest.get((run.response, run.incident)) == key:
            del self._newest[run.response, run.incident]
        keys = self._of[run.incident]
        del keys[key]
        if not keys:
            del self._of[run.incident]
        turn.drop(run)


def _due(run: ResponseRun) -> Instant | None:
    return run.expires_at if run.state is RunState.WAITING else run.judge_at


def _digest(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()[:12]
