"""What may be asked of incidents that people work on together: parts, updates, merges.

The models of `daemon.api.inputs`, with the same rules, for `daemon.api.routes.workflow`.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from checks.text import clean_lines, one_line
from daemon.api.inputs.fields import Comment, Input, SeverityWord, Span, SpanText, Word, not_blank
from daemon.api.problems import Unprocessable
from daemon.core.incidents.workflow import LONGEST_TITLE, LONGEST_UPDATE
from daemon.core.severity import Severity

MOST_MERGED: Final = 50
MOST_SPLIT: Final = 1_000
"""How many incidents are merged, and alerts split off, at once."""

Title = Annotated[
    str,
    Field(max_length=LONGEST_TITLE),
    AfterValidator(lambda text: one_line(text, LONGEST_TITLE)),
    AfterValidator(not_blank),
]


class OpenBody(Input):
    """An incident that is opened by hand; without a service it is nobody's."""

    title: Title
    service: Word | None = None
    severity: SeverityWord = Severity.HIGH
    text: Comment = ""


class RoleBody(Input):
    """Who has which part from now on; null or an empty text is nobody."""

    role: Word
    to: Annotated[Word | None, AfterValidator(lambda to: (to or "").strip() or None)]


class UpdateBody(Input):
    """What stakeholders are told, and when they hear of it next."""

    text: Annotated[
        str,
        Field(max_length=LONGEST_UPDATE),
        AfterValidator(lambda text: clean_lines(text, LONGEST_UPDATE)),
        AfterValidator(not_blank),
    ]
    next_in: SpanText | None = None
    next_in_ms: Span | None = None

    @property
    def span_ms(self) -> int | None:
        """How long until the next, whichever way it was said.

        Raises:
            Unprocessable: It says so in both.
        """
        if self.next_in is not None and self.next_in_ms is not None:
            raise Unprocessable('the next update comes in "next_in" or "next_in_ms": give one')
        return self.next_in_ms if self.next_in is None else self.next_in


class MergeBody(Input):
    """Into which incident this one goes (`into`), or which others go into this one (`with`)."""

    into: Word | None = None
    with_: Annotated[tuple[Word, ...], Field(alias="with", max_length=MOST_MERGED)] = ()

    def check(self) -> None:
        """Look whether it says one of the two.

        Raises:
            Unprocessable: It says neither, or both.
        """
        if (self.into is None) == (not self.with_):
            raise Unprocessable('give either "into", an incident, or "with", a list of others')


class SplitBody(Input):
    """Which of its alerts become an incident of their own: fingerprints, or their beginnings."""

    alerts: Annotated[tuple[Word, ...], Field(min_length=1, max_length=MOST_SPLIT)]
