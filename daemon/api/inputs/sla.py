"""What may be asked of an SLA's past; see `daemon.api.inputs`, which reads it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from checks.text import clean_lines
from daemon.api.inputs.fields import MAX_COMMENT, Input, Time, not_blank
from daemon.core.model import DAY

Reason = Annotated[
    str,
    Field(max_length=MAX_COMMENT),
    AfterValidator(lambda text: clean_lines(text, MAX_COMMENT)),
    AfterValidator(not_blank),
]


class CourseQuery(Input):
    """How much more down time to try."""

    more_ms: Annotated[int, Field(ge=0, le=366 * DAY)] = 0


class ExclusionBody(Input):
    """From when to when, and why it does not count."""

    start: Time
    end: Time
    reason: Reason


class StretchQuery(Input):
    """From when to when."""

    start: Time
    end: Time


class SlaNoteBody(Input):
    """From when to when, and what there is to say of it."""

    start: Time
    end: Time
    text: Reason
