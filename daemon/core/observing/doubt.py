"""Whether a failure may still be explained by something else, and whom to ask.

A child's failure is not confirmed while its parents, or the uplink, may still turn out to be
its cause. The observatory asks this of what the `estate` knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from daemon.core.model import SECOND, Instant, Millis
from daemon.core.observing.dependencies import Group, counts_as_down
from daemon.core.observing.estate import Estate
from daemon.core.observing.health import failing_since
from daemon.core.plan import CheckPlan

HOLD_LIMIT: Final[Millis] = 60 * SECOND
"""A failure that is ripe is held back at most this long for a parent's or the uplink's sake."""


def witnesses(estate: Estate, name: str, since: Instant) -> Iterator[str]:
    """The checks that should be run to explain a failure that began at `since`: parents,
    and for a remote check the uplink's targets, with no newer result."""
    if estate.graph.groups(name):
        for parent in estate.graph.parent_checks(name):
            if is_stale(estate, parent, since):
                yield parent
    if _needs_uplink(estate, estate.plan.checks[name]) and estate.uplink.in_doubt(name, since):
        yield from (target for target in estate.uplink.names if is_stale(estate, target, since))


def in_doubt(estate: Estate, name: str, since: Instant, now: Instant) -> bool:
    """Whether a failure that began at `since` may still be explained by something else.

    It may be by a redundancy group of which no member was seen well since then, or by
    the uplink likewise; but a ripe failure is not held for longer than `HOLD_LIMIT`.
    """
    check = estate.plan.checks[name]
    if now - since > (check.down_after - 1) * check.retry_every + HOLD_LIMIT:
        return False
    if _needs_uplink(estate, check) and estate.uplink.in_doubt(name, since):
        return True
    groups = estate.graph.groups(name)
    return bool(groups) and any(_may_explain(estate, group, since) for group in groups)


def _needs_uplink(estate: Estate, check: CheckPlan) -> bool:
    return check.remote or check.name in estate.uplink.names


def _may_explain(estate: Estate, group: Group, since: Instant) -> bool:
    """Every member is down or could be; being down for certain, it hid the check already."""
    return all(
        counts_as_down(estate.find(node))
        or any(_is_open(estate, parent, since) for parent in estate.graph.checks_of(node))
        for node in group
    )


def _is_open(estate: Estate, name: str, since: Instant) -> bool:
    state = estate.checks[name]
    return failing_since(state) is not None or is_stale(estate, name, since)


def is_stale(estate: Estate, name: str, since: Instant) -> bool:
    """Whether a probed check has no result of a run that began at `since` or later."""
    last = estate.last.get(name)
    return not estate.is_heartbeat(name) and (last is None or last.at < since)
