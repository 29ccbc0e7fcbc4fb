"""What is asked of a database for a daily report, as a value that another process can be given."""

from __future__ import annotations

from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.record import record
from daemon.report.daily.day import Day
from daemon.report.question import need_scope


@record(frozen=True, slots=True)
class DayQuestion:
    """A daily report that is asked for.

    Attributes:
        plan: Checks, services, schedules and targets of the configuration.
        now: When it is asked.
        service, organization: Only these; None for the whole estate.
    """

    plan: Plan
    day: Day
    now: Instant
    service: str | None = None
    organization: str | None = None

    @property
    def is_of_all(self) -> bool:
        """Whether it is about the whole estate."""
        return self.service is None and self.organization is None

    @property
    def until(self) -> Instant:
        """Up to when is counted."""
        start, end = self.day.span
        return max(start, min(self.now, end))

    def covers(self, service: str | None) -> bool:
        """Whether what happened to this service belongs to it."""
        if self.is_of_all:
            return True
        plan = self.plan.services.get(service or "")
        return (
            plan is not None
            and self.service in {None, plan.name}
            and self.organization in {None, plan.organization}
        )


def ask_day(
    plan: Plan,
    day: Day,
    now: Instant,
    service: str | None = None,
    organization: str | None = None,
) -> DayQuestion:
    """The question, with no more of the configuration than it needs.

    Raises:
        NoSuchScope: There is no such service, or no service of this organisation.
    """
    need_scope(plan, service, organization)
    return DayQuestion(
        plan=Plan(
            checks=plan.checks,
            services=plan.services,
            persons=plan.persons,
            schedules=plan.schedules,
            severities=plan.severities,
            uplink=plan.uplink,
        ),
        day=day,
        now=now,
        service=service,
        organization=organization,
    )
