"""What may be asked about the past: spans, filters of history, what to export or clean up."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from daemon.api.call import Call
from daemon.api.inputs.fields import AMatcher, Input, SeverityWord, Span, SpanText, Time, Word
from daemon.api.problems import Malformed, Unprocessable
from daemon.core.model import DAY, Instant, Millis
from daemon.store.reading.incidents import MOST, Cursor

USUAL_MS: Final[Millis] = 7 * DAY
"""So far a question looks back that names no beginning."""
LONGEST_MS: Final[Millis] = 10 * 366 * DAY


def _cursor(value: object) -> Cursor:
    at, _, key = str(value)[:300].partition("~")
    if not at.isascii() or not at.lstrip("-").isdigit() or len(at) > 15 or not key:
        raise ValueError("it is no place in the history; give the `next` of the page before")
    return Cursor(int(at), key)


def cursor_text(cursor: Cursor) -> str:
    """A cursor as it goes out, and comes back."""
    return f"{cursor.fired_at}~{cursor.key}"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # its own error is a KeyError without a word of why
        raise ValueError(_NO_ZONE) from None
    except KeyError:
        raise ValueError(_NO_ZONE) from None
    return name


_NO_ZONE: Final = "there is no such time zone; write it like Europe/Berlin"

Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
Place = Annotated[Any, BeforeValidator(_cursor)]
Few = Annotated[int, Field(ge=1, le=MOST)]


class SpanQuery(Input):
    """From when to when; the last seven days if nothing is said."""

    since: Time | None = None
    until: Time | None = None

    def span(self, now: Instant, longest: Millis = LONGEST_MS) -> tuple[Instant, Instant]:
        """[since, until).

        Raises:
            Unprocessable: There is nothing between the two, or too much.
        """
        until = now if self.until is None else self.until
        since = until - min(USUAL_MS, longest) if self.since is None else self.since
        if since >= until:
            raise sense("since", "it must come before `until`")
        if until - since > longest:
            raise sense("since", f"at most {longest // DAY} days are looked at; begin later")
        return since, until


class HistoryQuery(SpanQuery):
    """Which incidents of the past, and which page of them; without a span all."""

    state: tuple[Literal["triggered", "acknowledged", "resolved"], ...] = ()
    severity: tuple[SeverityWord, ...] = Field(default=(), max_length=6)
    service: Word | None = None
    organization: Word | None = None
    context: Word | None = None
    person: Word | None = None
    acknowledged: bool | None = None
    match: tuple[AMatcher, ...] = Field(default=(), max_length=50)
    text: Word = ""
    cursor: Place | None = Field(default=None, json_schema_extra={"type": "string"})
    limit: Few = 50


class StatisticsQuery(SpanQuery):
    """Whose incidents, and whose clock."""

    service: Word | None = None
    organization: Word | None = None
    timezone: Zone | None = None


class TopQuery(SpanQuery):
    """By what alerts are ranked, and how many of them are told."""

    by: Literal["count", "duration", "escalations"] = "count"
    service: Word | None = None
    limit: Few = 20


class NoiseQuery(SpanQuery):
    """Of which service, and how many."""

    service: Word | None = None
    limit: Few = 20


class EscalationsQuery(SpanQuery):
    """Of which service, and whose clock."""

    service: Word | None = None
    timezone: Zone | None = None


class TrendsQuery(SpanQuery):
    """Which steps, of which service; `each`: a line for every service as well."""

    unit: Literal["hour", "day"] = "day"
    service: Word | None = None
    each: bool = False


class ExportQuery(SpanQuery):
    """Which table; without a span all of it."""

    table: Literal["alerts", "results", "deliveries"] = "alerts"


class CleanupQuery(Input):
    """What is removed: all that ended longer ago. `dry_run` only counts it."""

    older_than: SpanText | None = None
    older_than_ms: Span | None = None
    dry_run: bool = False

    @property
    def span_ms(self) -> Millis:
        """How long ago.

        Raises:
            Unprocessable: It says so in no way, or in both.
        """
        if (self.older_than is None) == (self.older_than_ms is None):
            raise sense("older_than", 'say how old: "400d"')
        return self.older_than or self.older_than_ms or 0


Q = TypeVar("Q", bound=Input)


def asked(call: Call, model: type[Q]) -> Q:
    """The query's parameters, as filters are refused: what makes no sense is 422.

    Raises:
        Unprocessable: A parameter is not what it should be; says which, and the mend.
    """
    try:
        return call.query(model)
    except Malformed as error:
        raise Unprocessable(str(error), error.problems) from None


def sense(field: str, message: str) -> Unprocessable:
    """The refusal of one field."""
    return Unprocessable(f"{field}: {message}", [{"field": field, "message": message}])
