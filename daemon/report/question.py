"""What is asked of a database for a report, as a value that another process can be given."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from daemon.api.times import stamp
from daemon.core.model import SECOND, Instant, Millis
from daemon.core.plan import Plan, ServicePlan, SlaPlan
from daemon.core.record import record
from daemon.report.periods import Period


def _frozen(mapping: dict[object, object]) -> MappingProxyType[object, object]:
    return MappingProxyType(mapping)


def _thawed(mapping: MappingProxyType[object, object]) -> tuple[object, ...]:
    return _frozen, (dict(mapping),)


copyreg.pickle(MappingProxyType, _thawed)  # type: ignore[arg-type]  # a plan's mappings are frozen, and travel


AHEAD: Final[Millis] = 2 * SECOND
"""Who asks for "now" by a clock that is so little ahead gets the present moment."""


class LiesAhead(ValueError):
    """What is to be counted up to a time to come cannot be known."""


class NoSuchScope(ValueError):
    """The configuration has no such service or organisation."""


@record(frozen=True, slots=True)
class Question:
    """A report that is asked for.

    Attributes:
        plan: Checks, services, objectives and planned work of the configuration.
        now: When it is asked.
        at: Up to when is counted: what came later is left out. Not after `now`.
        service, organization: Only these; None for the whole estate.
    """

    plan: Plan
    period: Period
    now: Instant
    at: Instant
    service: str | None = None
    organization: str | None = None


def need_scope(plan: Plan, service: str | None, organization: str | None) -> None:
    """Make sure that the configuration has what a report is to be about.

    Raises:
        NoSuchScope: There is no such service, or no service of this organisation.
    """
    if service is not None and service not in plan.services:
        raise NoSuchScope(f"there is no service {service[:100]!r}")
    known = {one.organization for one in plan.services.values()} - {None}
    if organization is not None and organization not in known:
        names = ", ".join(sorted(one for one in known if one)) or "none"
        raise NoSuchScope(
            f"no service is of organisation {organization[:100]!r}; there are {names}"
        )


def ask(
    plan: Plan,
    period: Period,
    now: Instant,
    at: Instant | None = None,
    service: str | None = None,
    organization: str | None = None,
) -> Question:
    """The question, with no more of the configuration than it needs.

    Raises:
        NoSuchScope: There is no such service, or no service of this organisation.
        LiesAhead: `at` is a time to come.
    """
    need_scope(plan, service, organization)
    if at is not None and at > now + AHEAD:
        raise LiesAhead(f"{stamp(at)} lies ahead; give a time up to now, {stamp(now)}")
    return Question(
        plan=Plan(
            checks=plan.checks,
            services=plan.services,
            slas=plan.slas,
            maintenance=plan.maintenance,
            uplink=plan.uplink,
        ),
        period=period,
        now=now,
        at=now if at is None else min(at, now),
        service=service,
        organization=organization,
    )


def services_of(question: Question) -> list[ServicePlan]:
    """The services that the report is about."""
    return [
        one
        for one in question.plan.services.values()
        if question.service in {None, one.name}
        and question.organization in {None, one.organization}
    ]


def objectives_of(question: Question, services: Iterable[ServicePlan]) -> list[SlaPlan]:
    """The objectives that are about these services: all that the objective names, or the asked
    service among them."""
    names = {one.name for one in services}
    return [
        sla for sla in question.plan.slas.values() if _is_about(question, names, {*sla.members})
    ]


def _is_about(question: Question, names: set[str], members: set[str]) -> bool:
    return bool(names & members) if question.service is not None else names >= members
