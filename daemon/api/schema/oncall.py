"""Shapes of people and schedules: who is on call, until when, and who comes then."""

from __future__ import annotations

from typing import Literal

from daemon.api.schema.base import Shape, Time


class PersonView(Shape):
    """A person of the configuration: whom an incident may be assigned to."""

    name: str


class ScheduleView(Shape):
    """A schedule: who is on call now, and who comes next. Nobody is an empty list."""

    name: str
    timezone: str
    on_call: list[str]
    until: Time | None
    """When somebody else is; absent if that is not within a year."""
    next: list[str]
    overridden: bool = False
    """An override made at run time puts those there who are on call now."""


class ShiftView(Shape):
    """Who is on call from `start` to before `end`; nobody in a gap."""

    start: Time
    end: Time
    persons: list[str]
    overrides: list[str] = []
    """The ids of the overrides made at run time that put them there."""


class OverrideView(Shape):
    """An override made at run time: who is on call from `start` to before `end`, in place of
    everybody or of the one it `replaces`; with `swap` the two have each other's shifts."""

    id: str
    schedule: str
    state: Literal["pending", "active", "expired"]
    start: Time
    end: Time
    persons: list[str]
    replaces: str | None
    swap: bool
    comment: str
    created_by: str
    created_at: Time


class ScheduleDetail(Shape):
    """A schedule with shifts and gaps that follow each other without a break, and the overrides
    made at run time that are not over."""

    schedule: ScheduleView
    shifts: list[ShiftView]
    overrides: list[OverrideView] = []
