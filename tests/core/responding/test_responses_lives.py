"""Random lives of incidents and operators: what holds of responses whatever happens."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.effects import StartResponse
from daemon.core.errors import Refusal
from daemon.core.events import (
    Acknowledge,
    ApproveRun,
    PutSilence,
    RefuseRun,
    RunEnded,
    RunResponse,
    Unacknowledge,
)
from daemon.core.labels import parse_matcher
from daemon.core.model import (
    ENGINE,
    HOUR,
    MINUTE,
    SECOND,
    IncidentState,
    ResponseRun,
    RunState,
)
from daemon.core.plan import ResponsePlan, When
from tests.core.deciding import ANA, Stand, condition, plan

SHOP = (parse_matcher('service="shop"'),)
PLANS = {
    one.name: one
    for one in (
        ResponsePlan("first", SHOP, When.FIRING, "run first", most=2, per=HOUR, repeat=MINUTE,
                     helps_within=5 * MINUTE, stop_after=0),
        ResponsePlan("asks", SHOP, When.FIRING, "run asks", confirm=True, repeat=SECOND,
                     approve_within=MINUTE, stop_after=2),
        ResponsePlan("second", SHOP, When.ESCALATED, "run second", level=2, rerun=True),
        ResponsePlan("after", SHOP, When.RESOLVED, "run after"),
        ResponsePlan("key", SHOP, When.MANUAL, "run key"),
        ResponsePlan("cool", SHOP, When.MANUAL, "run cool", cooldown=4 * MINUTE, stop_after=0),
    )
}  # fmt: skip

STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([SECOND, MINUTE, 6 * MINUTE])),
    st.tuples(st.just("see"), st.tuples(st.sampled_from(["web", "api"]), st.booleans())),
    st.tuples(st.sampled_from(["ack", "unack", "silence", "restart"]), st.none()),
    st.tuples(st.just("end"), st.sampled_from([RunState.SUCCEEDED, RunState.FAILED])),
    st.tuples(st.just("run"), st.sampled_from(["key", "cool"])),
    st.tuples(st.sampled_from(["approve", "refuse"]), st.none()),
)


class Life:
    """A stand, what was begun in it and when, and what must hold after every step."""

    def __init__(self) -> None:
        self.stand = Stand(plan(responses=PLANS))
        self.began: list[tuple[int, ResponseRun]] = []

    @property
    def runs(self) -> list[ResponseRun]:
        return list(self.stand.decider.responses.runs.records.values())

    def step(self, kind: str, what: object) -> None:
        stand = self.stand
        open_ = [one.key for one in stand.incidents if one.state is not IncidentState.RESOLVED]
        key = open_[-1] if open_ else "none"
        waiting = [one.key for one in self.runs if one.state is RunState.WAITING]
        running = [one.key for one in self.runs if one.state is RunState.RUNNING]
        match kind, what:
            case "wait", int():
                self.wait(what)
            case "see", (str() as check, bool() as holds):
                stand.see(condition(check, holds))
            case "ack", _:
                stand.do(Acknowledge(key, ANA))
            case "unack", _:
                stand.do(Unacknowledge(key, ANA))
            case "silence", _:
                stand.do(PutSilence(ANA, SHOP, None, stand.now + 3 * MINUTE, "deploy"))
            case "end", RunState():
                for run in running:
                    stand.do(RunEnded(run, what, "it ended"))
            case "run", str():
                stand.do(RunResponse(key, what, ANA))
            case "approve", _:
                stand.do(ApproveRun(waiting[0] if waiting else "none", ANA))
            case "refuse", _:
                stand.do(RefuseRun(waiting[0] if waiting else "none", ANA))
            case "restart", _:
                self.restart()

    def wait(self, by: int) -> None:
        """As the stand does, with a look at every turn."""
        goal = self.stand.now + by
        while (due := self.stand.decider.next_deadline()) is not None and due <= goal:
            self.stand.jump(max(0, due - self.stand.now))
            self.look()
        self.stand.jump(goal - self.stand.now)

    def restart(self) -> None:
        """All is as it was, but what was under way."""
        before = {one.key: one for one in self.runs}
        self.stand.restart()
        for run in self.runs:
            was = before.pop(run.key, None)
            if was is not None and was.state is not RunState.RUNNING:
                assert run == was
            elif was is not None:
                rerun = PLANS[run.response].rerun and self.stand.decider.book.is_open(run.incident)
                assert run.state is (RunState.RUNNING if rerun else RunState.INTERRUPTED)
        assert not any(not run.state.is_over for run in before.values())

    def look(self) -> None:
        """What must hold after every turn."""
        book = self.stand.decider.book
        for effect in self.stand.effects:
            if isinstance(effect, StartResponse):
                self.check_start(effect)
        live = Counter((one.response, one.incident) for one in self.runs if not one.state.is_over)
        assert all(count == 1 for count in live.values())
        for run in self.runs:
            if run.state is RunState.WAITING:
                assert run.expires_at is not None
                assert run.expires_at > self.stand.now
                assert book.is_open(run.incident)
        kept = {one.key: one for one in self.stand.mirror.records.values()
                if isinstance(one, ResponseRun)}  # fmt: skip
        assert kept == {one.key: one for one in self.runs}

    def check_start(self, effect: StartResponse) -> None:
        run, now, spec = effect.run, self.stand.now, PLANS[effect.run.response]
        if run.started_at != now:
            return  # begun again after a restart
        self.began.append((now, run))
        recent = [at for at, one in self.began if one.response == run.response]
        if spec.most is not None:
            assert sum(now - spec.per < at for at in recent) <= spec.most
        assert len(recent) < 2 or recent[-1] - recent[-2] >= spec.cooldown
        by_itself = run.asked_by == ENGINE and run.approved_by is None
        if by_itself and spec.when is not When.RESOLVED:
            assert not effect.incident.muted
            assert not spec.confirm
            assert effect.incident.state is IncidentState.TRIGGERED


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_limits_approvals_mutes_and_memory_hold_in_any_life(
    steps: list[tuple[str, object]],
) -> None:
    life = Life()
    life.stand.see(condition())
    life.look()
    for kind, what in steps:
        try:
            life.step(kind, what)
        except Refusal:
            continue
        life.look()
