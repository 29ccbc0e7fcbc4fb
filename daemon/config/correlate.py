"""`[[correlate]]`: alerts of different conditions within a window are one incident.

`correlate_plan` makes what the core understands: an `all_of` needs every one of its conditions.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from checks.spec import Duration, Name, Strict
from daemon.config.words import LabelName, MatcherText
from daemon.core.labels import parse_matcher
from daemon.core.model import DAY, SECOND
from daemon.core.plan import CorrelatePlan

_Condition = Annotated[tuple[MatcherText, ...], Field(min_length=1)]
_Conditions = Annotated[tuple[_Condition, ...], Field(min_length=2, max_length=50)]


class CorrelateSettings(Strict):
    """`[[correlate]]`: what belongs together.

    Attributes:
        any_of: Conditions, each a list of matchers that must all hold; `min` of them.
        all_of: Or conditions of which none may be missing.
        window: Alerts of them that fire no further apart are one incident.
        equal: Labels that must be equal in all.
    """

    name: Name
    any_of: _Conditions | None = None
    all_of: _Conditions | None = None
    window: Annotated[Duration, Field(ge=SECOND, le=DAY)]
    equal: tuple[LabelName, ...] = ()
    min: Annotated[int, Field(ge=2, le=50)] | None = None

    @model_validator(mode="after")
    def _asks_for_what_there_is(self) -> Self:
        if (self.any_of is None) == (self.all_of is None):
            raise ValueError("give either any_of or all_of: lists of matchers")
        if self.min is not None and self.any_of is None:
            raise ValueError("min belongs to any_of; all_of needs all of its conditions")
        if self.min is not None and self.any_of is not None and self.min > len(self.any_of):
            raise ValueError(f"min asks for {self.min} of {len(self.any_of)} conditions")
        for condition in self.any_of or self.all_of or ():
            if all(parse_matcher(text).matches_empty for text in condition):
                wrong = ", ".join(condition)
                raise ValueError(f"{wrong} would match everything; name a label with a value")
        return self


def correlate_plan(one: CorrelateSettings) -> CorrelatePlan:
    """The rule as the core sees it."""
    conditions = one.any_of or one.all_of or ()
    return CorrelatePlan(
        name=one.name,
        conditions=tuple(tuple(map(parse_matcher, texts)) for texts in conditions),
        needs=len(conditions) if one.all_of is not None else one.min or 2,
        window=one.window,
        equal=one.equal,
    )
