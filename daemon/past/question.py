"""What is asked of a database for a picture of the past, and what it answers: values that another
process can be given."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.record import record


@record(frozen=True, slots=True)
class PastQuestion:
    """A moment that is to be shown.

    Attributes:
        plan: What of the configuration a picture needs.
        at: The moment; not after `now`.
    """

    plan: Plan
    at: Instant
    now: Instant


@record(frozen=True, slots=True)
class Picture:
    """Everything as it stood.

    Attributes:
        parts: The fields of a `State`, each as JSON.
    """

    parts: Mapping[str, bytes]


@record(frozen=True, slots=True)
class NoHistory:
    """Nothing is known of that moment; `oldest`: from when on there is, None for not at all."""

    oldest: Instant | None


def past_question(plan: Plan, at: Instant, now: Instant) -> PastQuestion:
    """The question, with no more of the configuration than it needs."""
    needed = Plan(
        checks=plan.checks,
        services=plan.services,
        slas=plan.slas,
        maintenance=plan.maintenance,
        severities=plan.severities,
        ack=plan.ack,
    )
    return PastQuestion(needed, at, now)
