"""What begins when: by itself, by an operator, after approval, again, after a restart, or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.chronicle import Audit, Entry, EntryKind, RunOutput
from daemon.core.effects import Append, StartResponse
from daemon.core.errors import NotAllowed, NotFound, Refusal
from daemon.core.events import (
    Acknowledge,
    ApproveRun,
    FireTest,
    PutSilence,
    RefuseRun,
    ResetResponse,
    Resolve,
    RunEnded,
    RunResponse,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, SECOND, ResponseRun, RunState
from daemon.core.plan import ResponsePlan, ServicePlan, When
from tests.core.deciding import ANA, PRIMARY, Stand, ack, condition, plan


def response(name: str = "restart", when: When = When.FIRING, **more: object) -> ResponsePlan:
    match = (parse_matcher('service="shop"'),)
    made = ResponsePlan(name, match, when, f"run /bin/{name}", stop_after=0)
    return replace(made, **more)  # type: ignore[arg-type]  # fields by name


def stand(*responses: ResponsePlan) -> Stand:
    return Stand(plan(responses={one.name: one for one in responses}))


def begun(stand: Stand) -> list[StartResponse]:
    """What the last turn begins."""
    return [effect for effect in stand.effects if isinstance(effect, StartResponse)]


def lines(stand: Stand) -> list[str]:
    """What the timelines say of responses."""
    return [one.text for one in stand.mirror.entries if one.kind is EntryKind.RESPONSE]


def runs(stand: Stand) -> list[ResponseRun]:
    """The runs in memory."""
    return list(stand.decider.responses.runs.records.values())


def ends(stand: Stand, outcome: RunState = RunState.SUCCEEDED, output: str = "") -> None:
    """The run under way ends."""
    (run,) = [one for one in runs(stand) if one.state is RunState.RUNNING]
    stand.do(RunEnded(run.key, outcome, "it ended", 0, output))


def alarms(stand: Stand) -> list[str]:
    """The responses that an alert says are stopped."""
    found = stand.decider.alerts.records.values()
    own = [one for one in found if one.name == "TocsinResponse" and one.state == "firing"]
    return [one.labels["response"] for one in own]


def test_a_response_begins_once_when_its_incident_fires() -> None:
    desk = stand(response())
    desk.see(condition())
    (start,) = begun(desk)
    assert start.incident.service == "shop"
    assert [one.labels["check"] for one in start.alerts] == ["web"]
    assert (start.run.trigger, start.run.state) == ("firing", RunState.RUNNING)
    assert desk.incident.responses == (("restart", "running"),)
    desk.see(condition("api"))
    ends(desk)
    desk.wait(HOUR)
    assert begun(desk) == []
    assert desk.incident.responses == (("restart", "succeeded"),)
    assert lines(desk) == [
        "restart begins (firing): run /bin/restart",
        "restart succeeded: it ended",
    ]


def test_what_begins_is_told_with_the_first_message() -> None:
    desk = stand(response())
    (first, *_) = desk.see(condition())
    assert first.incident.responses == (("restart", "running"),)


def test_an_incident_that_no_matcher_fits_is_left_alone_until_such_an_alert_joins() -> None:
    desk = stand(response(match=(parse_matcher('check="db"'),)))
    desk.see(condition())
    assert begun(desk) == []
    desk.see(condition("db"))
    desk.wait(MINUTE)
    assert [one.trigger for one in runs(desk)] == ["firing"]


def test_nothing_begins_on_a_muted_incident_and_it_does_when_that_ends() -> None:
    desk = stand(response())
    match = (parse_matcher('service="shop"'),)
    desk.do(PutSilence(ANA, match, None, desk.now + MINUTE, "deploy"))
    desk.see(condition())
    assert runs(desk) == []
    desk.wait(2 * MINUTE)
    assert [one.state for one in runs(desk)] == [RunState.RUNNING]


def test_each_trigger_has_its_moment() -> None:
    desk = stand(
        response("second", When.ESCALATED, level=2),
        response("taken", When.ACKNOWLEDGED),
        response("over", When.RESOLVED),
        response("key", When.MANUAL),
    )
    desk.see(condition())
    assert runs(desk) == []
    desk.wait(5 * MINUTE)
    assert [(one.response, one.trigger) for one in runs(desk)] == [("second", "level 2")]
    ack(desk)
    assert [one.run.response for one in begun(desk)] == ["taken"]
    ack(desk)
    assert begun(desk) == []
    desk.see(condition(holds=False))
    assert [one.run.response for one in begun(desk)] == ["over"]


def test_the_end_of_a_muted_incident_is_followed_only_if_something_was_run_on_it() -> None:
    for first, expected in ((response("up"), 1), (response("up", When.MANUAL), 0)):
        desk = stand(first, response("down", When.RESOLVED))
        desk.see(condition())
        match = (parse_matcher('service="shop"'),)
        desk.do(PutSilence(ANA, match, None, desk.now + HOUR, "deploy"))
        desk.see(condition(holds=False))
        assert [one.run.response for one in begun(desk)] == ["down"] * expected


def test_it_is_run_again_while_its_incident_fires_on() -> None:
    desk = stand(response(repeat=2 * MINUTE))
    desk.see(condition())
    ends(desk)
    desk.wait(MINUTE)
    assert [one.state for one in runs(desk)] == [RunState.SUCCEEDED]
    desk.wait(MINUTE)
    assert [one.state for one in runs(desk)] == [RunState.RUNNING]
    ends(desk)
    desk.do(Acknowledge(desk.incident.key, ANA))
    desk.wait(HOUR)
    assert [one.state for one in runs(desk)] == [RunState.SUCCEEDED]
    desk.do(Unacknowledge(desk.incident.key, ANA))
    assert len(begun(desk)) == 1


def test_what_the_limit_holds_begins_when_it_may_and_the_timeline_says_so_once() -> None:
    desk = stand(response(most=1, per=HOUR, helps_within=SECOND))
    desk.see(condition(labels={"service": "shop"}))
    ends(desk)
    desk.see(condition(holds=False))
    desk.wait(10 * MINUTE)
    desk.see(condition())
    desk.see(condition("api"))
    desk.wait(10 * MINUTE)
    assert begun(desk) == []
    held = [line for line in lines(desk) if "due, but" in line]
    assert held == ["restart due, but it has run 1 time lately (max)"]
    key = desk.incident.key
    desk.restart()
    desk.wait(40 * MINUTE)
    assert [one.state for one in runs(desk) if one.incident == key] == [RunState.RUNNING]
    assert sum("due, but" in line for line in lines(desk)) == 1


def test_a_run_waits_for_approval_and_begins_with_it() -> None:
    desk = stand(response(confirm=True))
    desk.see(condition())
    (run,) = runs(desk)
    assert (run.state, begun(desk)) == (RunState.WAITING, [])
    assert desk.incident.responses == (("restart", "waiting"),)
    desk.do(ApproveRun(run.key, ANA))
    (start,) = begun(desk)
    assert (start.run.key, start.run.approved_by) == (run.key, "ana")
    audits = [e.entry for e in desk.effects if isinstance(e, Append)]
    assert [one.action for one in audits if isinstance(one, Audit)] == ["approve response"]
    with pytest.raises(NotAllowed, match="running"):
        desk.do(ApproveRun(run.key, ANA))


def test_an_approval_that_does_not_come_or_is_refused_or_is_late_begins_nothing() -> None:
    desk = stand(response(confirm=True, approve_within=MINUTE))
    desk.see(condition())
    desk.wait(MINUTE)
    assert [(one.state, one.detail) for one in runs(desk)] == [
        (RunState.EXPIRED, "nobody approved it in time")
    ]
    other = stand(response(confirm=True))
    other.see(condition())
    other.do(RefuseRun(runs(other)[0].key, ANA, "not now"))
    assert [one.state for one in runs(other)] == [RunState.REFUSED]
    assert lines(other)[-1] == "restart not begun: refused by ana: not now"
    third = stand(response(confirm=True))
    third.see(condition())
    third.see(condition(holds=False))
    assert [one.detail for one in runs(third)] == ["the incident is over"]


def test_an_operator_runs_what_fits_and_is_told_why_not() -> None:
    desk = stand(response("key", When.MANUAL, confirm=True, most=1, per=HOUR))
    desk.see(condition())
    key = desk.incident.key
    with pytest.raises(NotFound, match="did you mean key"):
        desk.do(RunResponse(key, "kee", ANA))
    with pytest.raises(NotFound, match="no incident"):
        desk.do(RunResponse("beef", "key", ANA))
    desk.do(RunResponse(key, "key", ANA))
    assert [one.run.trigger for one in begun(desk)] == ["by hand"]
    with pytest.raises(NotAllowed, match="under way already"):
        desk.do(RunResponse(key, "key", ANA))
    ends(desk)
    with pytest.raises(NotAllowed, match="1 time lately"):
        desk.do(RunResponse(key, "key", ANA))
    desk.do(ResetResponse("key", ANA))
    desk.do(RunResponse(key, "key", ANA))
    assert len(begun(desk)) == 1
    desk.do(Resolve(key, ANA))
    with pytest.raises(NotAllowed, match="already resolved"):
        desk.do(RunResponse(key, "key", ANA))


def test_a_response_of_other_incidents_is_not_run_by_hand() -> None:
    desk = stand(response("key", When.MANUAL, match=(parse_matcher('service="pay"'),)))
    desk.see(condition())
    with pytest.raises(NotAllowed, match='service="pay"'):
        desk.do(RunResponse(desk.incident.key, "key", ANA))


def test_a_dry_run_is_only_written_down() -> None:
    desk = stand(response(dry_run=True))
    desk.see(condition())
    assert begun(desk) == []
    assert [one.state for one in runs(desk)] == [RunState.DRY_RUN]
    assert lines(desk) == ["restart dry run, nothing was done: run /bin/restart"]
    other = stand(response("key", When.MANUAL, most=1, per=HOUR))
    other.see(condition())
    other.do(RunResponse(other.incident.key, "key", ANA, dry_run=True))
    assert begun(other) == []
    other.do(RunResponse(other.incident.key, "key", ANA))
    assert len(begun(other)) == 1


def test_a_response_that_does_not_help_is_stopped_and_says_so_until_it_is_reset() -> None:
    desk = stand(response(repeat=MINUTE, stop_after=2, helps_within=10 * MINUTE))
    desk.see(condition())
    ends(desk)
    desk.wait(MINUTE)
    ends(desk)
    assert alarms(desk) == []
    desk.wait(MINUTE)
    assert begun(desk) == []
    assert alarms(desk) == ["restart"]
    assert "restart stopped: 2 runs in a row did not help; tocsin response reset restart" in lines(
        desk
    )
    shop = next(one for one in desk.incidents if one.service == "shop")
    with pytest.raises(NotAllowed, match="stopped"):
        desk.do(RunResponse(shop.key, "restart", ANA))
    desk.restart()
    desk.wait(10 * MINUTE)
    assert alarms(desk) == ["restart"]
    desk.do(ResetResponse("restart", ANA))
    assert alarms(desk) == []
    desk.wait(10 * MINUTE)
    assert begun(desk) == []  # it acts on what fires from now on
    desk.do(RunResponse(shop.key, "restart", ANA))
    assert len(begun(desk)) == 1


def test_what_fires_anew_after_a_run_was_not_helped_by_it() -> None:
    desk = stand(response(stop_after=2, helps_within=10 * MINUTE))
    for _ in range(2):
        desk.see(condition())
        ends(desk)
        desk.see(condition(holds=False))
        desk.wait(MINUTE)
    desk.see(condition())
    assert alarms(desk) == ["restart"]


def test_a_run_that_helped_lets_the_count_begin_anew() -> None:
    desk = stand(response(stop_after=1, helps_within=MINUTE))
    desk.see(condition())
    ends(desk)
    desk.see(condition(holds=False))
    desk.wait(HOUR)
    desk.see(condition())
    assert len(begun(desk)) == 1
    ends(desk, RunState.FAILED)
    assert alarms(desk) == ["restart"]
    assert desk.decider.responses.runs.states["restart"].failed == 1


def test_a_run_that_a_restart_interrupts_is_not_begun_again_unless_that_is_safe() -> None:
    for safe, expected in ((False, RunState.INTERRUPTED), (True, RunState.RUNNING)):
        desk = stand(response(rerun=safe))
        desk.see(condition())
        desk.restart()
        assert [one.state for one in runs(desk)] == [expected]
        assert len(begun(desk)) == (1 if safe else 0)


def test_what_waits_and_what_is_due_later_outlives_a_restart() -> None:
    desk = stand(response("ask", confirm=True), response("again", repeat=HOUR))
    desk.see(condition())
    (waiting,) = [one for one in runs(desk) if one.state is RunState.WAITING]
    ends(desk)
    desk.restart(after=10 * MINUTE)
    desk.do(ApproveRun(waiting.key, ANA))
    assert [one.run.response for one in begun(desk)] == ["ask"]
    desk.wait(50 * MINUTE)
    assert [one.state for one in runs(desk) if one.response == "again"] == [RunState.RUNNING]


def test_a_reload_does_not_act_on_what_fires_already() -> None:
    desk = stand()
    desk.see(condition())
    desk.wait(MINUTE)
    desk.reload(plan(responses={"restart": response()}))
    desk.see(condition("api"))
    desk.wait(MINUTE)
    assert runs(desk) == []


def test_what_a_run_wrote_goes_to_history_and_not_to_memory() -> None:
    desk = stand(response())
    desk.see(condition())
    ends(desk, output="restarting\ndone\n")
    written = [e.entry for e in desk.effects if isinstance(e, Append)]
    assert [one.text for one in written if isinstance(one, RunOutput)] == ["restarting\ndone\n"]
    assert all(isinstance(one, Entry | RunOutput) for one in written)


def test_runs_are_forgotten_with_their_incident() -> None:
    desk = stand(response())
    desk.see(condition())
    ends(desk)
    desk.see(condition(holds=False))
    desk.wait(25 * HOUR)
    assert desk.incidents == []
    assert runs(desk) == []


def test_what_waits_is_withdrawn_when_it_would_do_something_else_by_now() -> None:
    desk = stand(response(confirm=True), response("gone", confirm=True))
    desk.see(condition())
    desk.reload(plan(responses={"restart": response(confirm=True, action="run /bin/rm")}))
    assert {(one.response, one.state, one.detail) for one in runs(desk)} == {
        ("restart", RunState.EXPIRED, "the configuration has changed"),
        ("gone", RunState.EXPIRED, "the configuration has changed"),
    }
    assert list(desk.decider.responses.runs.states) == ["restart"]


def test_nothing_is_begun_about_the_alert_that_a_response_is_stopped() -> None:
    everything = (parse_matcher('severity=~".+"'),)
    desk = stand(response(stop_after=1), response("all", match=everything))
    desk.see(condition())
    (run,) = [one for one in runs(desk) if one.response == "restart"]
    desk.do(RunEnded(run.key, RunState.FAILED, "no"))
    desk.wait(MINUTE)
    assert alarms(desk) == ["restart"]
    assert {one.incident for one in runs(desk)} == {run.incident}


def test_a_level_that_is_run_again_begins_nothing_beside_what_is_under_way() -> None:
    policies = {"primary": replace(PRIMARY, rounds=2)}
    second = response("second", When.ESCALATED, level=2)
    desk = Stand(plan(responses={"second": second}, policies=policies))
    desk.see(condition())
    desk.wait(HOUR)
    assert [one.state for one in runs(desk)] == [RunState.RUNNING]
    assert sum("begins" in line for line in lines(desk)) == 1
    other = Stand(plan(responses={"second": second}, policies=policies))
    other.see(condition())
    other.wait(6 * MINUTE)
    ends(other)
    other.wait(HOUR)
    assert sum("begins" in line for line in lines(other)) == 2


def test_a_refused_command_has_changed_nothing() -> None:
    desk = stand(response("key", When.MANUAL, most=1, per=HOUR), response(confirm=True))
    desk.see(condition())
    key = desk.incident.key
    desk.do(RunResponse(key, "key", ANA))
    ends(desk, RunState.FAILED)
    before = (runs(desk), dict(desk.decider.responses.runs.states), desk.incidents)
    asked = next(one.key for one in runs(desk) if one.state is RunState.WAITING)
    for command in (
        RunResponse(key, "key", ANA),
        RunResponse(key, "restart", ANA),
        RunResponse("beef", "key", ANA),
        ApproveRun("beef", ANA),
        RefuseRun(asked, ANA, "x" * 3_000),
        ResetResponse("none", ANA),
    ):
        with pytest.raises(Refusal):
            desk.do(command)
        assert before == (runs(desk), dict(desk.decider.responses.runs.states), desk.incidents)


def test_on_a_test_incident_nothing_is_run_but_dry() -> None:
    shop = {"shop": ServicePlan("shop", ("web",))}
    anything = (parse_matcher('alertname=~".+"'),)
    desk = Stand(plan(responses={"restart": response(match=anything)}, services=shop))
    desk.do(FireTest(ANA, ("shop",), MINUTE))
    key = desk.incident.key
    assert desk.incident.is_test
    with pytest.raises(NotAllowed, match="is a test"):
        desk.do(RunResponse(key, "restart", ANA))
    desk.do(RunResponse(key, "restart", ANA, dry_run=True))
    assert [one.state for one in runs(desk)] == [RunState.DRY_RUN]
