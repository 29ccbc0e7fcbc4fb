"""What may be asked of schedules: shifts from when to when, and overrides."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from daemon.api.inputs.fields import Comment, Input, Span, SpanText, Time, Word, not_blank
from daemon.api.problems import Unprocessable

Person = Annotated[Word, AfterValidator(not_blank)]


class OnCallQuery(Input):
    """At which time: now, if nothing else is asked for."""

    at: Time | None = None


class OverridesQuery(Input):
    """Which overrides: those that are not over, with `all` the others too."""

    all: bool = False


class OverrideBody(Input):
    """Who is on call from when to when: in place of everybody, or of the one it `replaces`; with
    `swap` the two persons have each other's shifts. It ends at `to`, or lasts `for`."""

    persons: Annotated[tuple[Person, ...], Field(min_length=1, max_length=20)]
    from_: Time | None = Field(default=None, alias="from")
    to: Time | None = None
    for_ms: Span | None = None
    for_: SpanText | None = Field(default=None, alias="for")
    replaces: Person | None = None
    swap: bool = False
    comment: Comment = ""

    def ends_at(self, now: int) -> int:
        """When it ends.

        Raises:
            Unprocessable: It says so in no way, or in several.
        """
        said = [value for value in (self.to, self.for_ms, self.for_) if value is not None]
        if len(said) != 1:
            raise Unprocessable('an override ends at "to" or lasts "for": give one of them')
        return said[0] if self.to is not None else (self.from_ or now) + said[0]
