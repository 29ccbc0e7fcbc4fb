"""`tocsin response`: what there is, what ran, and what an operator decides."""

from __future__ import annotations

from daemon.core.events import PlanChanged, RunEnded
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, RunState
from daemon.core.plan import ResponsePlan, When
from tests.api.lab import plan

from .conftest import Desk

ASKS = ResponsePlan(
    "restart", (parse_matcher('service="checkout"'),), When.FIRING, "run /opt/restart", most=1,
    per=HOUR, confirm=True, stop_after=1,
)  # fmt: skip


def asking(desk: Desk) -> tuple[str, str]:
    """An incident with a run that waits; both ids."""
    spec = plan(responses={"restart": ASKS})
    desk.make(lambda: desk.lab.do(PlanChanged(spec)))
    incident = desk.make(desk.lab.outage)
    (run,) = desk.lab.engine.runs.values()
    return incident.key, run.key


def test_an_approval_from_the_list_to_the_output(desk: Desk) -> None:
    incident, run = asking(desk)
    listed = desk.tocsin("response", "list").out
    assert "restart  firing  waits for approval" in listed
    assert "run /opt/restart" in listed
    assert "expires in 14m59s" in desk.tocsin("response", "runs", incident[:6]).out
    assert "restart      waiting" in desk.tocsin("show", incident).out
    said = desk.tocsin("response", "approve", run[:6])
    assert (said.code, said.out.split(":")[0]) == (0, f"running {run[:8]}")
    end = RunEnded(run, RunState.FAILED, "exit code 3 in 1.2 s", 3, "one\n\x1b[31mtwo\n")
    desk.make(lambda: desk.lab.do(end))
    shown = desk.tocsin("response", "show", run).out
    assert "failed restart" in shown
    assert "exit code 3 in 1.2 s" in shown
    assert shown.endswith("  one\n   [31mtwo\n")
    assert "stopped: 1 run did not help" in desk.tocsin("response", "list").out
    assert desk.tocsin("response", "reset", "restart").out.startswith("reset restart:")
    assert "ready" in desk.tocsin("response", "list").out


def test_a_refusal_and_a_dry_run_and_what_is_not_possible(desk: Desk) -> None:
    incident, run = asking(desk)
    said = desk.tocsin("response", "refuse", run, "-m", "the disk is full")
    assert "refused" in said.out
    assert "the disk is full" in said.out
    dry = desk.tocsin("response", "run", "restart", incident, "--dry-run")
    assert "nothing was done: run /opt/restart" in dry.out
    assert desk.tocsin("response", "run", "restart", incident).code == 0
    again = desk.tocsin("response", "run", "restart", incident)
    assert (again.code, again.out) == (4, "")
    assert "under way already" in again.err
    unknown = desk.tocsin("response", "run", "restrat", incident)
    assert (unknown.code, "did you mean restart" in unknown.err) == (2, True)
    found = desk.tocsin("response", "runs", "-o", "json").json
    assert [one["state"] for one in found] == ["running", "dry_run", "refused"]


def test_without_responses_the_lists_say_so(desk: Desk) -> None:
    assert desk.tocsin("response", "list").out == "the configuration has no responses\n"
    assert desk.tocsin("response", "runs").out == "no response has run\n"
