"""Responses and their runs in the API's form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.api import schema
from daemon.api.times import stamp, stamp_or_none
from daemon.core.model import HOUR, MINUTE, SECOND, ResponseRun, ResponseState, RunState
from daemon.core.plan import ResponsePlan

_UNITS: Final = {SECOND: "s", MINUTE: "m", HOUR: "h"}


def run_view(run: ResponseRun) -> schema.RunView:
    """A run."""
    return schema.RunView(
        id=run.key,
        response=run.response,
        incident=run.incident,
        state=run.state.value,
        trigger=run.trigger,
        action=run.action,
        by=run.asked_by.name,
        decided_at=stamp(run.decided_at),
        approved_by=run.approved_by,
        expires_at=stamp_or_none(run.expires_at),
        started_at=stamp_or_none(run.started_at),
        ended_at=stamp_or_none(run.ended_at),
        exit_code=run.exit_code,
        detail=run.detail,
    )


def live_views(runs: Iterable[ResponseRun]) -> list[schema.RunView]:
    """The runs that wait for approval or are under way, oldest first."""
    live = [run for run in runs if not run.state.is_over]
    return [run_view(run) for run in sorted(live, key=lambda run: (run.decided_at, run.key))]


def response_view(
    plan: ResponsePlan, state: ResponseState | None, runs: Iterable[ResponseRun]
) -> schema.ResponseView:
    """A response, with those of its runs that are remembered."""
    state = state or ResponseState(plan.name, known_at=0)
    own = [run for run in runs if run.response == plan.name]
    newest = max(own, key=lambda run: (run.decided_at, run.key), default=None)
    return schema.ResponseView(
        name=plan.name,
        when=plan.when.value,
        action=plan.action,
        on=[str(matcher) for matcher in plan.match],
        level=plan.level,
        max=None if plan.most is None else f"{plan.most}/{_UNITS[plan.per]}",
        cooldown_ms=plan.cooldown,
        repeat_ms=plan.repeat,
        confirm=plan.confirm,
        dry_run=plan.dry_run,
        stop_after=plan.stop_after,
        runs=state.runs,
        failed=state.failed,
        waiting=sum(run.state is RunState.WAITING for run in own),
        under_way=sum(run.state is RunState.RUNNING for run in own),
        unhelpful=state.unhelpful,
        stopped_at=stamp_or_none(state.stopped_at),
        stopped_why=state.stopped_why,
        last_at=stamp_or_none(state.recent[-1] if state.recent else None),
        last_run=None if newest is None else run_view(newest),
    )
