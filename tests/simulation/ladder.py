"""When the levels of a policy are due, told from the definition alone.

A ladder counts the time in which its incident called for somebody: triggered, and not muted.
Level n is due when that time reaches its `after`. What the engine writes into the timeline is
held against it: every level once, none before its time, and none late but for the time in which
the daemon was off.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from daemon.core.model import Escalation, Instant, Level, Millis


@dataclass(slots=True)
class Ladder:
    """The policy of one incident.

    Attributes:
        counted: For how long it has called for somebody, up to `at`.
        runs: Whether it does since then; `runs_since` when that began.
        top: The last level that was run, from 0.
        stepped: `counted` when the last step was run.
        first_at: When the first level may run at the earliest.
        lee: For how long the daemon was off meanwhile; what is known of that time only after
            it may have moved what is due by so much.
    """

    policy: str
    levels: tuple[Level, ...]
    round_every: Millis
    at: Instant
    counted: Millis = 0
    runs: bool = False
    runs_since: Instant = 0
    top: int = -1
    stepped: Millis = 0
    lee: Millis = 0
    first_at: Instant | None = None
    is_spent: bool = False
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, steps: Escalation, now: Instant) -> Ladder:
        """The ladder of a policy that begins now."""
        return cls(steps.policy, steps.levels, steps.round_every, now)

    @classmethod
    def under_way(cls, steps: Escalation, now: Instant) -> Ladder:
        """The ladder of a policy that an incident was handed with what it has run."""
        began = now if steps.started_at is None else steps.started_at
        stood = now if steps.paused_at is None else steps.paused_at
        found = cls.of(steps, now)
        found.counted, found.top, found.is_spent = stood - began, steps.level, steps.spent
        found.stepped = 0 if steps.stepped_at is None else steps.stepped_at - began
        return found

    def turn_to(self, now: Instant) -> None:
        """Time has passed."""
        if self.runs:
            self.counted += now - self.at
        self.at = now

    def run_or_rest(self, *, runs: bool) -> None:
        """From now on it calls for somebody, or does not."""
        if runs and not self.runs:
            self.runs_since = self.at
        self.runs = runs

    def restart(self) -> None:
        """From the first level again."""
        self.counted, self.top, self.stepped, self.is_spent = 0, -1, 0, False

    def level(self, number: int, *, on_time: bool, slack: Millis, not_before: Instant) -> None:
        """Level `number` (from 0) is run.

        Args:
            on_time: It must be its time; not so where an operator wanted it now.
            slack: The daemon was off for so long until now.
            not_before: It was not to run before.
        """
        if number != self.top + 1:
            self.faults.append(f"level {number + 1} after level {self.top + 1}")
        due = self.levels[number].after
        if on_time:
            self._hold(due, slack, not_before, f"level {number + 1}")
        if not on_time or number == len(self.levels) - 1:
            self.counted = due
        self.top, self.stepped = number, self.counted

    def again(self, number: int, slack: Millis) -> None:
        """The level is told again."""
        every = self.levels[number].repeat
        since = self.counted - self.stepped
        if every is None or number != self.top:
            self.faults.append(f"level {number + 1} again, where it does not repeat")
        elif since < every - self.lee or since % every > self.lee + slack:
            self.faults.append(f"level {number + 1} again after {since} ms of {every}")
        self.stepped = self.counted

    def end(self, what: str, slack: Millis) -> None:
        """The policy starts over by itself, or turns to its last resort."""
        self._hold(self._last + self.round_every, slack, 0, what)

    def pass_on(self) -> None:
        """The level that was run reached nobody: the next is due at once."""
        following = self.top + 1
        if following < len(self.levels):
            self.counted = max(self.counted, self.levels[following].after)

    def overdue(self, now: Instant, not_before: Instant) -> str | None:
        """The level that should have run by now and did not."""
        following = self.top + 1
        if not self.runs or self.is_spent or following >= len(self.levels):
            return None
        due = self.levels[following].after
        late = min(self.counted - due, now - max(not_before, self.runs_since))
        if late < 0 or 0 < late <= self.lee:
            return None
        return f"level {following + 1} is {late} ms late"

    @property
    def _last(self) -> Millis:
        return self.levels[-1].after if self.levels else 0

    def _hold(self, due: Millis, slack: Millis, not_before: Instant, what: str) -> None:
        if self.counted < due - self.lee or self.at < not_before:
            self.faults.append(f"{what} {due - self.counted} ms early")
        could = self.at - max(not_before, self.runs_since) if self.runs else 0
        late = min(self.counted - due, could)
        if late > slack:
            self.faults.append(f"{what} {late} ms late")
