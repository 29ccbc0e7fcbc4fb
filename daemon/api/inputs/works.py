"""What may be asked of planned work: which is shown, and what is announced."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from daemon.api.inputs.fields import AMatcher, Comment, Input, Span, SpanText, Time, Word, not_blank
from daemon.api.problems import Unprocessable

_Name = Annotated[Word, AfterValidator(not_blank)]


class MaintenanceBody(Input):
    """Planned work to begin now or at `start`, about `services` or what `match` matches. It ends
    at `end`, or lasts `for`."""

    name: _Name
    services: Annotated[tuple[_Name, ...], Field(max_length=200)] = ()
    match: Annotated[tuple[AMatcher, ...], Field(max_length=50)] = ()
    start: Time | None = None
    end: Time | None = None
    for_ms: Span | None = None
    for_: SpanText | None = Field(default=None, alias="for")
    reason: Comment = ""

    def ends_at(self, now: int) -> int:
        """When it ends.

        Raises:
            Unprocessable: It says so in no way, or in several.
        """
        said = [value for value in (self.end, self.for_ms, self.for_) if value is not None]
        if len(said) != 1:
            raise Unprocessable('a maintenance ends at "end" or lasts "for": give one of them')
        return said[0] if self.end is not None else max(self.start or now, now) + said[0]
