"""Shapes of tests: alerts that an operator fires to see the real way to a page."""

from __future__ import annotations

from daemon.api.schema.base import Shape, Time


class AlertTest(Shape):
    """A test that was begun."""

    id: str
    """The label `test_id` of its alerts is this, or begins with it where there are several."""
    services: list[str]
    alerts: int
    incidents: list[str]
    """Those that began with it at once; a storm may bring more."""
    resolves_at: Time
