"""What a lost uplink means for results: which of them stand, and what is told of its targets.

The guard itself is in `daemon.core.observing.uplink`; here the observatory holds each result
against it.
"""

from __future__ import annotations

from checks.result import Fault, Result, Status, changed
from daemon.core.model import Instant
from daemon.core.observing.estate import Estate
from daemon.core.observing.uplink import CAUSE
from daemon.core.plan import CheckPlan
from daemon.core.ruling import conditions
from daemon.core.turn import Turn


def under_uplink(estate: Estate, result: Result, turn: Turn) -> Result:
    """The result as the state of the uplink lets it stand.

    A target's result may turn the guard on or off. While it is on, a remote check's
    failure is unknown; a good result stands, it shows that this target is reached.
    """
    if result.check in estate.uplink.names:
        if estate.uplink.note(result):
            _switch(estate, result.at, turn)
        return result
    if not is_cut_off(estate, result):
        return result
    words = f"{CAUSE}; {result.message}" if result.message else CAUSE
    return changed(result, status=Status.UNKNOWN, fault=Fault.INTERNAL, message=words)


def _switch(estate: Estate, since: Instant, turn: Turn) -> None:
    """The guard turned on or off, by a run that began at `since`. Its targets' failures
    are told again when a run after the return bears them out."""
    turn.conditions.append(
        conditions.of_uplink(estate.uplink.active, turn.now, estate.uplink.names)
    )
    estate.returning.clear()
    if estate.uplink.active:
        for name in sorted(estate.uplink.names):
            estate.announce(name, turn)
    else:
        await_targets(estate, since)


def await_targets(estate: Estate, since: Instant) -> None:
    """Run the targets that failed at once; a run that began at `since` or later counts."""
    for name in sorted(estate.uplink.names):
        state = estate.checks[name]
        if state.measured and state.status is not Status.UP and not estate.is_heartbeat(name):
            estate.returning[name] = since
            estate.released.append(name)


def returned(estate: Estate, name: str, at: Instant, turn: Turn) -> None:
    """A target's run that began at `at` was judged: if it was made after the uplink came
    back and nothing is left to confirm, its failure is told from now on."""
    since = estate.returning.get(name)
    if since is None or at < since or not estate.checks[name].hard:
        return
    del estate.returning[name]
    if estate.checks[name].status is not Status.UP:
        estate.announce(name, turn)


def returned_without(estate: Estate, name: str, turn: Turn) -> None:
    """A target's run did not come back: what is known of it is told."""
    if estate.returning.pop(name, None) is not None:
        estate.announce(name, turn)


def is_cut_off(estate: Estate, result: Result) -> bool:
    """Whether this failure says nothing, because the uplink is down."""
    return (
        estate.uplink.active
        and result.status is not Status.UP
        and _is_guarded(estate, estate.plan.checks[result.check])
    )


def _is_guarded(estate: Estate, check: CheckPlan) -> bool:
    return check.remote and check.name not in estate.uplink.names
