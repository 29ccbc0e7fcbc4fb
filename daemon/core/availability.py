"""How checks make a service's status, and how a service's timeline makes its SLA's figures.

The first is asked by the observatory for every result and by the books for every moment of
the past, so that status and availability can never disagree. The second is the arithmetic
behind every SLA shown: integers and fractions, never a float, so that the figures add up to
the period exactly and no rounding carries a value across its target.
`docs/semantics/sla.md` holds the definitions and an example by hand.
"""

from __future__ import annotations

from collections.abc import Iterable

from checks.result import Status


def service_status(statuses: Iterable[Status], quorum: int | None = None) -> Status:
    """A service's status from those of its checks.

    Without a quorum the worst check decides. With a quorum of n the n-th best does: the
    service is up while n checks are up, degraded while n are up or degraded, down when
    fewer than n can be, and unknown in between, where it depends on checks nobody measured.
    (Worst of all is the quorum of all.) A quorum beyond the number of checks asks for all.
    Without checks nothing is known.
    """
    if quorum is None:
        return max(statuses, default=Status.UNKNOWN)
    ranked = sorted(statuses)
    if not ranked:
        return Status.UNKNOWN
    return ranked[min(max(quorum, 1), len(ranked)) - 1]
