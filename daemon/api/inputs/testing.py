"""What may be asked of tests: an alert of a service, or a storm of them.

The models of `daemon.api.inputs`, with the same rules, for `daemon.api.routes.testing`.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from daemon.api.inputs.fields import Input, SeverityWord, Span, SpanText, Word
from daemon.api.problems import Unprocessable
from daemon.core.model import MINUTE
from daemon.core.trying.testing import MOST

FOR_MS: Final = 2 * MINUTE
"""How long a test alert fires where nothing else is said."""


class AlertTestBody(Input):
    """A test alert: its severity is that of the service's check unless it is given."""

    severity: SeverityWord | None = None
    for_ms: Span | None = None
    for_: SpanText | None = Field(default=None, alias="for")

    @property
    def lasts(self) -> int:
        """How long it fires.

        Raises:
            Unprocessable: It says so in two ways.
        """
        if self.for_ms is not None and self.for_ is not None:
            raise Unprocessable('a test lasts "for" or "for_ms": give one of them')
        return self.for_ms or self.for_ or FOR_MS


class StormTestBody(AlertTestBody):
    """So many test alerts at once, of these services in turn."""

    alerts: Annotated[int, Field(ge=1, le=MOST)]
    services: Annotated[tuple[Word, ...], Field(min_length=1, max_length=MOST)]
