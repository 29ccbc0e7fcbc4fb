"""Checks that are not probed but report by themselves: the dead man's switch.

A job pings when it has succeeded, and may ping when it starts, fails or has something to
say. What alerts is the ping that does not come: after its *deadline* the check is down, from
the deadline on, however late the engine came to look.

    deadline = the next expected ping + grace,
    and while a start is open, no later than that start + grace

The next expected ping is a period after the last one, or the next time a cron expression
names in its time zone. Wall-clock time is turned into an instant before anything is added
to it, so a day of 23 or 25 hours moves no deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim

from checks.result import Fault, Result, Status
from daemon.core.events import Ping, Signal
from daemon.core.model import HOUR, CheckState, Instant, Millis
from daemon.core.plan import HeartbeatPlan

LONGEST_RUN: Final[Millis] = 72 * HOUR
"""A success this long after its start says nothing of how long the job took."""

WAITING: Final = "waiting for the first ping"
DEAF: Final = "Tocsin was not listening when its ping was due"

_BODY_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a ping.

    Attributes:
        state: The record with the ping's times; its status is not touched.
        verdict: The status this ping decrees, or None if it decrees none.
    """

    state: CheckState
    verdict: Status | None
    result: Result


@lru_cache(maxsize=4096)
def next_expected(plan: HeartbeatPlan, after: Instant) -> Instant:
    """When the ping after the one at `after` should come."""
    if plan.cron is None:
        return after + (plan.period or 0)
    local = datetime.fromtimestamp(after / 1000, UTC).astimezone(ZoneInfo(plan.timezone))
    return round(next(CronSim(plan.cron, local)).timestamp()) * 1000


def deadline(plan: HeartbeatPlan, last_ping: Instant | None, started: Instant | None) -> Instant:
    """When the check is down unless a ping comes before. One of the two times is given."""
    limits = []
    if last_ping is not None:
        limits.append(next_expected(plan, last_ping) + plan.grace)
    if started is not None:
        limits.append(started + plan.grace)
    return min(limits)


def hear(state: CheckState, plan: HeartbeatPlan, ping: Ping, now: Instant) -> Heard:
    """Take in a ping: a success makes the check up, a failure or an exit code other than 0
    makes it down, a start opens a run, a log changes nothing. Each is also a result."""
    signal = Signal.FAIL if ping.exit_code else ping.signal
    match signal:
        case Signal.LOG:
            return Heard(state, None, _result(state, now, state.status, "log", ping))
        case Signal.START:
            return _hear_start(state, plan, ping, now)
        case Signal.FAIL:
            failed = replace(state, last_ping=now, started=None, expires=None)
            words = f"exit code {ping.exit_code}" if ping.exit_code else "the job says it failed"
            result = _result(state, now, Status.DOWN, words, ping, Fault.PROGRAM)
            return Heard(failed, Status.DOWN, result)
        case Signal.SUCCESS:
            expires = deadline(plan, now, None)
            heard = replace(state, last_ping=now, started=None, expires=expires)
            return Heard(heard, Status.UP, _result(state, now, Status.UP, "ping", ping))


def _hear_start(state: CheckState, plan: HeartbeatPlan, ping: Ping, now: Instant) -> Heard:
    """A start ends no outage, but a job that was well must now end within its grace."""
    expires = state.expires
    if expires is not None:
        expires = min(expires, now + plan.grace)
    elif state.last_ping is None:
        expires = now + plan.grace
    begun = replace(state, started=now, expires=expires)
    return Heard(begun, None, _result(state, now, state.status, "started", ping))


def _result(
    state: CheckState,
    now: Instant,
    status: Status,
    words: str,
    ping: Ping,
    fault: Fault | None = None,
) -> Result:
    took = None if state.started is None else now - state.started
    if ping.signal in (Signal.START, Signal.LOG) or (took is not None and took > LONGEST_RUN):
        took = None
    body = " ".join(ping.body.split())[:_BODY_LIMIT]
    return Result(
        check=state.key,
        at=now,
        status=status,
        latency_ms=None if took is None else float(took),
        message=f"{words}: {body}" if body else words,
        fault=fault,
    )


def silent(state: CheckState, at: Instant) -> Result:
    """The result of a ping that did not come until its deadline `at`."""
    if state.started is not None:
        words = f"started at {_clock(state.started)} and did not end in time"
    elif state.last_ping is not None:
        words = f"no ping since {_clock(state.last_ping)}"
    else:
        words = "no ping"
    return Result(state.key, at, Status.DOWN, message=words, fault=Fault.SILENT)


def _clock(at: Instant) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
