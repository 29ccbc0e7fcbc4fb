"""What a muted incident will do when nothing mutes it any more, in one line for an operator.

Worked out when somebody looks, by what its own route's channels were told last and where its
policy rests; other routes that only notify are left out. It says what would come if it were
unmuted now and nothing else changed.
"""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.alerting.titles import lasting
from daemon.core.model import Escalation, Group, Incident, IncidentState, Instant
from daemon.core.oncall.escalation import coming, resumed

NOTHING = "nothing new to tell"


def on_unmute(
    incident: Incident,
    group: Group | None,
    now: Instant,
    targets: Callable[[Escalation], tuple[str, ...]],
) -> str | None:
    """What comes when it is unmuted; None for what is not muted.

    Args:
        group: That of the route that owns it.
        targets: Who is told by the next step of a policy.
    """
    if not incident.muted or incident.state is IncidentState.RESOLVED:
        return None
    parts = [_by_route(incident, group), _by_policy(incident, now, targets)]
    if incident.state is IncidentState.ACKNOWLEDGED:
        parts.append(f"{incident.acknowledged_by} has it")
    return "; ".join(part for part in parts if part) or NOTHING


def _by_route(incident: Incident, group: Group | None) -> str:
    """Which of its channels do not know everything that fires, or how grave it is."""
    if group is None:
        return ""
    firing = frozenset(group.alerts).intersection(incident.firing)
    known = {
        told.channel
        for told in group.told
        if not told.lost and firing <= frozenset(told.firing) and told.severity >= incident.severity
    }
    untold = [channel for channel in group.channels if channel not in known]
    return f"tells {', '.join(untold)}" if untold else ""


def _by_policy(
    incident: Incident, now: Instant, targets: Callable[[Escalation], tuple[str, ...]]
) -> str:
    steps = incident.escalation
    if steps is None or steps.spent or incident.state is not IncidentState.TRIGGERED:
        return ""
    going = resumed(steps, now)
    step, at = coming(going), going.next_at
    if step is None or at is None:
        return ""
    whom = ", ".join(target.partition(":")[2] for target in targets(going))
    when = "at once" if at <= now else f"in {lasting(at - now)}"
    return f"policy {steps.policy} runs {step} ({whom}) {when}"
