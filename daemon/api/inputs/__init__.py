"""What may be asked: the queries and bodies of the API, as strict models.

Everything here stands at the border, so it is pydantic: unknown names are refused with
those that are known, every text is bounded and freed of control characters, and whatever
is wrong with one request is said at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from checks.spec import parse_duration
from checks.text import clean_lines, one_line
from daemon.api.faults import words
from daemon.api.problems import Malformed, Unprocessable
from daemon.api.times import parse_stamp
from daemon.api.views import matcher_of
from daemon.core.labels import Matcher, parse_matcher, severity_matcher
from daemon.core.model import Recurrence
from daemon.core.severity import Severity, parse_severity

MAX_LIMIT: Final = 10_000
MAX_COMMENT: Final = 2_000
MAX_NOTE: Final = 10_000
MAX_SPAN_MS: Final = 10 * 366 * 86_400_000

M = TypeVar("M", bound="Input")


class Input(pydantic.BaseModel):
    """The base of all queries and bodies."""

    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        str_max_length=20_000,
        defer_build=True,  # at a start nothing has been asked for yet
    )


def not_blank(text: str) -> str:
    """A text that says something."""
    if not text.strip():
        raise ValueError("it must not be empty")
    return text


def _time(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("a time is a text like 2026-11-21T09:50:00.000Z")  # noqa: TRY004  # pydantic reports ValueErrors
    return parse_stamp(value)


def _severity(value: object) -> Severity:
    return parse_severity(str(value)[:40])


def _matcher(value: object) -> Matcher:
    """A matcher as text, or as Alertmanager's object."""
    if isinstance(value, str):
        return severity_matcher(parse_matcher(value))
    if not isinstance(value, Mapping):
        raise ValueError('a matcher is a text like name="value", or an object')  # noqa: TRY004  # pydantic reports ValueErrors
    if unknown := value.keys() - {"name", "value", "isRegex", "isEqual"}:
        raise ValueError(f"a matcher has no {', '.join(sorted(map(str, unknown)))[:100]}")
    name, text = value.get("name"), value.get("value")
    is_regex, is_equal = value.get("isRegex", False), value.get("isEqual", True)
    if not isinstance(name, str) or not name or not isinstance(text, str):
        raise ValueError("a matcher needs a name and a value, both texts")
    if not isinstance(is_regex, bool) or not isinstance(is_equal, bool):
        raise ValueError("a matcher's isRegex and isEqual are true or false")  # noqa: TRY004  # as above
    return severity_matcher(matcher_of(name, text, is_regex=is_regex, is_equal=is_equal))


Time = Annotated[int, BeforeValidator(_time)]
Comment = Annotated[
    str, Field(max_length=MAX_COMMENT), AfterValidator(lambda text: clean_lines(text, MAX_COMMENT))
]
Span = Annotated[int, Field(gt=0, le=MAX_SPAN_MS)]
SpanText = Annotated[int, BeforeValidator(parse_duration), Field(gt=0, le=MAX_SPAN_MS)]
SeverityWord = Annotated[Severity, PlainValidator(_severity), WithJsonSchema({"type": "string"})]
AMatcher = Annotated[
    Matcher, PlainValidator(_matcher), WithJsonSchema({"type": ["string", "object"]})
]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Word = Annotated[str, Field(max_length=200)]


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


def parse_query(model: type[M], pairs: Iterable[tuple[str, str]]) -> M:
    """Read a query string.

    Raises:
        Malformed: A parameter is unknown, given twice, or not what it should be.
    """
    lists = {name for name, field in model.model_fields.items() if field.default == ()}
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise Malformed(f"the parameter {one_line(name, 60)!r} is given more than once")
        else:
            values[name] = value
    try:
        return model.model_validate(values)
    except pydantic.ValidationError as error:
        raise Malformed(*_words(error, model, "parameter")) from None


def parse_body(model: type[M], raw: bytes) -> M:
    """Read a JSON body; an empty one is an empty object.

    Raises:
        Malformed: It is no JSON.
        Unprocessable: It is, but not what it should be.
    """
    text = raw.removeprefix(codecs.BOM_UTF8) or b"{}"
    try:
        return model.model_validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            reason = one_line(str(first.get("ctx", {}).get("error", "")), 200)
            raise Malformed(f"the body is no JSON: {reason}") from None
        raise Unprocessable(*_words(error, model, "field")) from None


def _words(
    error: pydantic.ValidationError, model: type[Input], noun: str
) -> tuple[str, list[dict[str, str]]]:
    """What is wrong, as one text and as a list of fields with their faults."""
    known = ", ".join(field.alias or name for name, field in model.model_fields.items()) or "none"
    faults = []
    found = error.errors(include_url=False, include_input=False)
    # A list is also called too short when its items are at fault: those say it better.
    inner = {fault["loc"][:-1] for fault in found}
    told = [one for one in found if one["type"] != "too_short" or one["loc"] not in inner]
    for fault in told[:20]:
        place = one_line(".".join(map(str, fault["loc"])), 80)
        if fault["type"] == "extra_forbidden":
            message = f"unknown {noun}; known: {known}"
        elif fault["type"] == "value_error":
            message = str(fault["ctx"]["error"])
        else:
            message = words(fault)
        faults.append({"field": place, "message": one_line(message, 300)})
    lines = [
        f"{fault['field']}: {fault['message']}" if fault["field"] else fault["message"]
        for fault in faults
    ]
    return "; ".join(lines), faults
