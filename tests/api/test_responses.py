"""Responses over the API: what there is, what runs, and what operators decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.api.access import Role
from daemon.api.routes.table import endpoints
from daemon.client import BadRequest, NotFound, Refused
from daemon.core.events import RunEnded
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, RunState
from daemon.core.plan import ResponsePlan, When
from tests.api.lab import Lab, connected, plan

RESTART = ResponsePlan(
    "restart", (parse_matcher('service="checkout"'),), When.FIRING, "run restart", most=2,
    per=HOUR, confirm=True,
)  # fmt: skip
CLEAR = replace(RESTART, name="clear", when=When.MANUAL, action="FLUSHDB on redis at c", most=1)


def lab(*responses: ResponsePlan) -> Lab:
    return Lab(plan(responses={one.name: one for one in responses or (RESTART, CLEAR)}))


def shown(view: Any, *fields: str) -> tuple[Any, ...]:
    return tuple(getattr(view, field) for field in fields)


async def test_what_waits_is_in_the_state_and_is_approved_by_the_beginning_of_its_id(
    tmp_path: Path,
) -> None:
    desk = lab()
    incident = desk.outage()
    async with connected(desk, tmp_path) as client:
        (waiting,) = (await client.state()).runs
        assert shown(waiting, "response", "incident", "state", "by", "trigger") == (
            "restart", incident.key, "waiting", "tocsin", "firing",
        )  # fmt: skip
        assert waiting.expires_at == "2026-11-21T10:26:05.000Z"
        (view,) = [one for one in await client.incidents() if one.id == incident.key]
        assert [(one.response, one.state) for one in view.responses] == [("restart", "waiting")]
        begun = await client.approve_run(waiting.id[:5])
        assert shown(begun, "id", "state", "approved_by") == (waiting.id, "running", client_user())
        with pytest.raises(Refused, match="does not wait"):
            await client.refuse_run(waiting.id, "no")
        desk.do(RunEnded(waiting.id, RunState.FAILED, "exit code 3 in 0.1 s", 3, "no disk\n"))
        detail = await client.response_run(waiting.id)
        assert shown(detail.run, "state", "exit_code", "detail") == (
            "failed", 3, "exit code 3 in 0.1 s",
        )  # fmt: skip
        assert detail.output == "no disk\n"
        assert (await client.state()).runs == []


def client_user() -> str:
    """Who the daemon takes this process for."""
    import getpass

    return getpass.getuser()


async def test_the_responses_tell_how_they_have_done(tmp_path: Path) -> None:
    desk = lab(replace(RESTART, confirm=False, stop_after=1), CLEAR)
    desk.outage()
    async with connected(desk, tmp_path) as client:
        first, second = await client.responses()
        assert shown(first, "name", "when", "on", "max", "runs", "under_way") == (
            "restart", "firing", ['service="checkout"'], "2/h", 1, 1,
        )  # fmt: skip
        assert shown(second, "when", "runs", "last_at", "last_run") == ("manual", 0, None, None)
        (run,) = await client.response_runs()
        desk.do(RunEnded(run.id, RunState.TIMED_OUT, "it was ended after 1m"))
        (stopped, _) = await client.responses()
        assert shown(stopped, "failed", "unhelpful", "stopped_why") == (1, 1, "1 run did not help")
        assert stopped.last_run is not None
        assert stopped.last_run.state == "timed_out"
        again = await client.reset_response("restart")
        assert shown(again, "stopped_at", "unhelpful", "runs") == (None, 0, 1)
        with pytest.raises(NotFound, match="did you mean restart"):
            await client.reset_response("restrat")


async def test_an_operator_runs_one_or_only_asks_what_it_would_do(tmp_path: Path) -> None:
    desk = lab()
    key, other = desk.outage().key, desk.outage("db").key
    async with connected(desk, tmp_path) as client:
        dry = await client.respond(key[:6], "clear", dry_run=True)
        assert shown(dry, "state", "detail") == (
            "dry_run", "dry run, nothing was done: FLUSHDB on redis at c",
        )  # fmt: skip
        assert (await client.respond(key, "clear")).state == "running"
        with pytest.raises(Refused, match="under way"):
            await client.respond(key, "clear")
        with pytest.raises(Refused, match="for other incidents"):
            await client.respond(other, "clear")
        with pytest.raises(NotFound):
            await client.respond("beef", "clear")
        with pytest.raises(BadRequest, match="must not be empty"):
            await client.respond(key, " ")
        listed = await client.response_runs(key[:6], "clear")
        assert [one.state for one in listed] == ["running", "dry_run"]
        assert await client.response_runs(other) == []
        with pytest.raises(NotFound):
            await client.response_runs("beef")


async def test_every_decision_is_audited_and_published(tmp_path: Path) -> None:
    desk = lab()
    desk.outage()
    async with connected(desk, tmp_path) as client:
        state = await client.state()
        stream = client.events(since=state.seq)
        await client.refuse_run(state.runs[0].id, "the disk is full")
        kinds: dict[str, Any] = {}
        async for event in stream:
            kinds[event.kind] = event.data
            if {"response", "operator", "incident"} <= kinds.keys():
                break
        await stream.aclose()
        assert kinds["response"].state == "refused"
        assert shown(kinds["operator"], "action", "detail") == (
            "refuse response", "restart: the disk is full",
        )  # fmt: skip


def test_only_operators_decide() -> None:
    rows = [row for row in endpoints() if "/responses" in row.path or row.path.endswith("/respond")]
    roles = {(row.method, row.role) for row in rows}
    assert roles == {("GET", Role.VIEWER), ("POST", Role.OPERATOR)}
