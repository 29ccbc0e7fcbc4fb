"""An incident as the API shows it: its own facts, and what the plan adds to them.

The countdown, the money, the targets for acknowledging and resolving: everything that
depends on the time is worked out for one `now`, so an incident's view is a pure function.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Final

from daemon.api import schema
from daemon.api.prospects import on_unmute
from daemon.api.times import stamp, stamp_or_none
from daemon.api.views import mute_views
from daemon.core.incidents import promptness
from daemon.core.model import Escalation, Group, Incident, IncidentState, Instant, Level
from daemon.core.oncall.escalation import coming
from daemon.core.plan import Plan, ServicePlan

_CENT: Final = Decimal("0.01")


def next_targets(escalation: Escalation) -> tuple[str, ...]:
    """Who is told by the next step of a policy; nobody once it is spent.

    The next step is the level run last, if that is told again before anything else is due;
    else the next level, the first one again while rounds are left, or the last resort.
    """
    if escalation.spent:
        return ()
    level = _next_level(escalation)
    return escalation.then if level is None else level.notify


def _next_level(escalation: Escalation) -> Level | None:
    """The level that is told next; None where that is the last resort, or nobody."""
    if escalation.spent:
        return None
    if _repeats_next(escalation):
        return escalation.levels[escalation.level]
    if escalation.level + 1 < len(escalation.levels):
        return escalation.levels[escalation.level + 1]
    starts_over = escalation.round < escalation.rounds and escalation.levels
    return escalation.levels[0] if starts_over else None


def _repeats_next(escalation: Escalation) -> bool:
    """Whether what is due next is a repeat of the level that was run last."""
    if escalation.level < 0 or escalation.stepped_at is None or escalation.next_at is None:
        return False
    repeat = escalation.levels[escalation.level].repeat
    if not repeat or escalation.next_at != escalation.stepped_at + repeat:
        return False
    following = escalation.level + 1
    return following >= len(escalation.levels) or (
        escalation.started_at is None
        or escalation.next_at < escalation.started_at + escalation.levels[following].after
    )


def escalation_view(escalation: Escalation, *, over: bool = False) -> schema.EscalationView:
    """Where an incident stands in its policy; once it is over, nobody is told next."""
    level = None if over else _next_level(escalation)
    waiting_since = escalation.started_at if escalation.level < 0 else escalation.stepped_at
    return schema.EscalationView(
        policy=escalation.policy,
        level=escalation.level + 1,
        next_at=stamp_or_none(escalation.next_at),
        levels=len(escalation.levels),
        round=escalation.round,
        rounds=escalation.rounds,
        paused=escalation.paused_at is not None,
        spent=escalation.spent,
        next_step=None if over else coming(escalation),
        next_notify=[] if over else list(next_targets(escalation)),
        next_in_turn=level is not None and level.round_robin,
        previous_at=stamp_or_none(waiting_since),
    )


def money_view(incident: Incident, now: Instant) -> schema.Money | None:
    """Money at risk, in whole cents rounded down; None without revenue."""
    lost = incident.lost(now)
    if lost is None or incident.revenue_per_hour is None:
        return None
    return schema.Money(
        per_hour=f"{incident.revenue_per_hour:f}",
        lost=f"{lost.quantize(_CENT, ROUND_DOWN):f}",
        currency=incident.currency,
        as_of=stamp(now),
    )


def recovery_met(incident: Incident, now: Instant) -> bool | None:
    """Whether the service was back in time; None while that is open, or never asked for."""
    due = incident.recovery_due
    if due is None:
        return None
    if incident.state is not IncidentState.RESOLVED and (
        incident.down_since is not None or incident.down_until is None
    ):
        return False if now > due else None
    back_at = incident.down_until or incident.resolved_at or now
    return back_at <= due


def recovery_view(incident: Incident, now: Instant) -> schema.RecoverySla | None:
    """The recovery SLA and how it stands; None where none is asked for."""
    if incident.recovery_due is None:
        return None
    met = recovery_met(incident, now)
    return schema.RecoverySla(due=stamp(incident.recovery_due), met=met)


def at_risk_views(incident: Incident, now: Instant) -> list[schema.AtRiskView]:
    """What is lost if the service is not well in time, as far as that still lies ahead."""
    if incident.state is IncidentState.RESOLVED:
        return []
    return [
        schema.AtRiskView(
            value=f"{one.value:f}",
            currency=incident.currency,
            until=stamp(one.until),
            what=one.what,
        )
        for one in incident.at_risk
        if one.until > now
    ]


def status_update_view(incident: Incident) -> schema.StatusUpdateView | None:
    """What stakeholders were last told in words."""
    said = incident.status_update
    if said is None:
        return None
    return schema.StatusUpdateView(
        text=said.text, by=said.by, at=stamp(said.at), next_at=stamp_or_none(said.next_at)
    )


def _breached(due: Instant | None, done_at: Instant | None, now: Instant) -> bool:
    """Whether it was done later than due, or is not done and late already."""
    return due is not None and (now if done_at is None else done_at) > due


def incident_view(
    incident: Incident, plan: Plan, now: Instant, group: Group | None = None
) -> schema.IncidentView:
    """An incident as it is at `now`.

    Args:
        group: That of its own route, while it is open.
    """
    mtta_due = promptness.ack_due(incident, plan)
    mttr_due = promptness.fix_due(incident, plan)
    taken_at = incident.first_acknowledged_at or incident.acknowledged_at or incident.resolved_at
    service = _service(incident, plan)
    over = incident.state is IncidentState.RESOLVED
    policy = incident.escalation
    return schema.IncidentView(
        id=incident.key,
        state=incident.state.value,
        severity=incident.severity.word,  # type: ignore[arg-type]  # the enum's words are the literal's
        service=incident.service,
        title=incident.title,
        summary=incident.summary,
        fired_at=stamp(incident.fired_at),
        acknowledged_at=stamp_or_none(incident.acknowledged_at),
        acknowledged_by=incident.acknowledged_by,
        resolved_at=stamp_or_none(incident.resolved_at),
        escalation=None if policy is None else escalation_view(policy, over=over),
        muted=mute_views(incident.muted),
        alerts=list(incident.alerts),
        version=incident.version,
        firing=list(incident.firing),
        context=incident.context,
        organization=incident.organization,
        notified_at=stamp_or_none(incident.notified_at),
        resolved_by=incident.resolved_by,
        ack_comment=incident.ack_comment,
        ack_until=stamp_or_none(incident.ack_until),
        acknowledgeable=incident.acknowledgeable,
        money=money_view(incident, now),
        down_since=stamp_or_none(incident.down_since),
        recovery_due=stamp_or_none(incident.recovery_due),
        recovery_met=recovery_met(incident, now),
        mtta_due=stamp_or_none(mtta_due),
        mtta_breached=_breached(mtta_due, taken_at, now),
        mttr_due=stamp_or_none(mttr_due),
        mttr_breached=_breached(mttr_due, incident.resolved_at, now),
        impact=service.impact,
        runbook=service.runbook,
        dashboard=service.dashboard,
        owner=service.owner,
        rank=service.rank,
        contacts=[
            schema.LaterView(person=one.person, channel=one.channel, at=stamp_or_none(one.at))
            for one in incident.contacts
        ],
        assigned_to=incident.assigned_to,
        responses=[
            schema.ResponseMark(response=name, state=state)  # type: ignore[arg-type]  # a word of RunState
            for name, state in incident.responses
        ],
        storm=incident.storm,
        on_unmute=on_unmute(incident, group, now, next_targets),
        roles=dict(incident.roles),
        status_update=status_update_view(incident),
        next_update_due=stamp_or_none(promptness.update_due(incident, plan)),
        at_risk=at_risk_views(incident, now),
        recovery_sla=recovery_view(incident, now),
        first_acknowledged_at=stamp_or_none(incident.first_acknowledged_at),
        down_ms=incident.down_ms,
        merged_into=incident.merged_into,
        split_from=incident.split_from,
        test=incident.is_test,
    )


def _service(incident: Incident, plan: Plan) -> ServicePlan:
    """The plan of the incident's service; an empty one where it has none any more."""
    found = plan.services.get(incident.service or "")
    return found or ServicePlan(name="", checks=())
