"""What may be asked: the queries and bodies of the API, as strict models.

Everything here stands at the border, so it is pydantic. `fields` has what they are made of,
`reading` reads a request as one of them; the modules beside hold those of one subject each.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from checks.text import clean_lines
from daemon.api.inputs.fields import (
    MAX_NOTE,
    AMatcher,
    Comment,
    Input,
    Limit,
    SeverityWord,
    Span,
    SpanText,
    Time,
    Word,
    not_blank,
)
from daemon.api.problems import Unprocessable
from daemon.core.model import Recurrence


class NoQuery(Input):
    """No parameters."""


class NoBody(Input):
    """An empty body, or an empty object."""


class StateQuery(Input):
    """The picture of which time: of now, or of a moment that is past."""

    at: Time | None = None


class IncidentsQuery(Input):
    """Which incidents: the open ones, with `all` or `since` others too."""

    all: bool = False
    since: Time | None = None
    state: Literal["triggered", "acknowledged", "resolved"] | None = None
    severity: SeverityWord | None = None
    service: Word | None = None
    match: tuple[AMatcher, ...] = Field(default=(), max_length=50)
    limit: Limit = 1_000


class AlertsQuery(Input):
    """Which alerts: those that are pending or fire, with `all` or `since` others too."""

    all: bool = False
    since: Time | None = None
    state: Literal["pending", "firing", "resolved"] | None = None
    severity: SeverityWord | None = None
    match: tuple[AMatcher, ...] = Field(default=(), max_length=50)
    limit: Limit = 10_000


class SilencesQuery(Input):
    """Which silences: the active and pending ones, with `all` the expired too."""

    all: bool = False
    state: Literal["pending", "active", "expired"] | None = None


class MaintenanceQuery(Input):
    """Which windows: the active ones and those to come, with `all` those that are over too."""

    all: bool = False


class ResultsQuery(Input):
    """How many recent results."""

    limit: Limit = 100


class SlaQuery(Input):
    """Only the SLA with this name, or those of the service with this name."""

    name: Word | None = None
    service: Word | None = None


class DeliveriesQuery(Input):
    """Of which incident, and how many."""

    incident: Word | None = None
    limit: Limit = 200


class ShiftsQuery(Input):
    """From when to when; without them the next two weeks."""

    from_: Time | None = Field(default=None, alias="from")
    to: Time | None = None


class EventsQuery(Input):
    """After which sequence number."""

    since: Word | None = None


class AckBody(Input):
    """Take an incident; for ever, or for a time (milliseconds, or a text like `1h`)."""

    comment: Comment = ""
    expires_after_ms: Span | None = None
    for_: SpanText | None = Field(default=None, alias="for")

    @property
    def span_ms(self) -> int | None:
        """How long, whichever way it was said."""
        return self.expires_after_ms if self.for_ is None else self.for_


class SnoozeBody(Input):
    """Take an incident until a time: a length in one of the two ways."""

    comment: Comment = ""
    for_ms: Span | None = None
    for_: SpanText | None = Field(default=None, alias="for")

    @property
    def span_ms(self) -> int:
        """How long, whichever way it was said.

        Raises:
            Unprocessable: It says so in no way, or in both.
        """
        if (self.for_ is None) == (self.for_ms is None):
            raise Unprocessable('a snooze lasts "for": give it a length like "1h"')
        return self.for_ or self.for_ms or 0


class AssignBody(Input):
    """Whom an incident is given to; null or an empty text is nobody."""

    to: Annotated[Word | None, AfterValidator(lambda to: (to or "").strip() or None)]
    comment: Comment = ""


class CommentBody(Input):
    """A comment, if one is due."""

    comment: Comment = ""


class NoteBody(Input):
    """A line for an incident's timeline."""

    text: Annotated[
        str,
        Field(max_length=MAX_NOTE),
        AfterValidator(lambda text: clean_lines(text, MAX_NOTE)),
        AfterValidator(not_blank),
    ]


class SilenceBody(Input):
    """A silence with Alertmanager's names; instead of `endsAt` it may have a length. One that
    recurs begins as the cron expression `recur` says and lasts for `duration` each time."""

    id: Word | None = None
    matchers: Annotated[tuple[AMatcher, ...], Field(min_length=1, max_length=50)]
    startsAt: Time | None = None  # noqa: N815  # Alertmanager's name
    endsAt: Time | None = None  # noqa: N815  # Alertmanager's name
    for_ms: Span | None = None
    for_: SpanText | None = Field(default=None, alias="for")
    comment: Comment = ""
    recur: Annotated[str, Field(max_length=200)] | None = None
    duration: SpanText | None = None
    duration_ms: Span | None = None
    timezone: Word = "UTC"

    def recurs(self) -> Recurrence | None:
        """How it comes again.

        Raises:
            Unprocessable: What it says of that does not fit together.
        """
        lasts = self.duration_ms if self.duration is None else self.duration
        if (self.recur is None) != (lasts is None):
            raise Unprocessable('a silence that recurs has "recur" and "duration"; give both')
        if self.recur is None or lasts is None:
            return None
        if any(value is not None for value in (self.endsAt, self.for_ms, self.for_)):
            raise Unprocessable('a silence that recurs lasts for its "duration"; leave its end out')
        return Recurrence(self.recur, lasts, self.timezone)

    def ends_at(self, now: int) -> int:
        """When it ends.

        Raises:
            Unprocessable: It says so in no way, or in several.
        """
        if self.recur is not None:
            return now
        said = [value for value in (self.endsAt, self.for_ms, self.for_) if value is not None]
        if len(said) != 1:
            raise Unprocessable('a silence ends at "endsAt" or lasts "for": give one of them')
        return said[0] if self.endsAt is not None else (self.startsAt or now) + said[0]


class CorrelationsBody(Input):
    """Which pairs: of one service, at least so close, so many."""

    service: Word | None = None
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    limit: Limit = 200


class PreviewBody(Input):
    """What a silence would match."""

    matchers: Annotated[tuple[AMatcher, ...], Field(min_length=1, max_length=50)]


class RunsQuery(Input):
    """Of which incident or response, and how many."""

    incident: Word | None = None
    response: Word | None = None
    limit: Limit = 200


class RespondBody(Input):
    """Which response to run; `dry_run` only says what it would do."""

    response: Annotated[Word, AfterValidator(not_blank)]
    dry_run: bool = False


class ChannelTestBody(Input):
    """Who gets the test message, instead of whom the channel tells by itself."""

    to: Annotated[str, Field(min_length=1, max_length=320), AfterValidator(not_blank)] | None = None


class ForgetBody(Input):
    """Who is to be forgotten: as in the configuration until now."""

    person: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(not_blank)]


class BackupBody(Input):
    """Where the copy goes, on the daemon's host."""

    path: Annotated[str, Field(min_length=1, max_length=4_096), AfterValidator(not_blank)]
