"""How a percentage becomes text: the one place, for messages, commands, the API and screens.

Nothing is ever rounded toward looking better. A share of good time is cut, so 99.8999 % is
99.89 and never 99.90, and 100 means that all of it was good. A share of something bad is
rounded up for the same reason. Only a target that was reached is never shown as missed: a
target of more places than are shown is shown itself.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

PLACES: Final = 4
"""A value is kept in steps of 1/10,000 of a percent."""

SHOWN_PLACES: Final = 2
"""What people read, where the target has no more."""


def cut(percent: Fraction | Decimal | float, places: int = PLACES) -> Decimal:
    """Percent of something good, rounded down; a float is taken as it is written."""
    whole = exact(percent)
    return Decimal(whole.numerator * 10**places // whole.denominator).scaleb(-places)


def raised(percent: Fraction | Decimal | float, places: int = PLACES) -> Decimal:
    """Percent of something bad, rounded up."""
    whole = exact(percent)
    return Decimal(-(-whole.numerator * 10**places // whole.denominator)).scaleb(-places)


def value_of(share: Fraction, target: Decimal) -> Decimal:
    """A share of good as percent, cut to four places, but not to below a target that was
    reached: then the target is the truer bound."""
    percent = share * 100
    value = cut(percent)
    return max(value, target) if reaches(percent, target) else value


def reaches(percent: Fraction, target: Decimal | float) -> bool:
    """Whether a percentage is at least the target: exactly, never as shown."""
    bound = exact(target)
    return percent.numerator * bound.denominator >= bound.numerator * percent.denominator


def percent_text(value: Fraction | Decimal | float, target: Decimal | float | None = None) -> str:
    """Percent of something good, as people read it: `99.89`, `100`, without a sign.

    Two places, or as many as the target has, so that the two can be compared.
    """
    if target is None:
        return _plain(cut(value, SHOWN_PLACES))
    bound, places = _bound(str(target))
    shown = cut(value, places)
    return _plain(max(shown, bound) if reaches(exact(value), bound) else shown)


@lru_cache(maxsize=256)
def _bound(text: str) -> tuple[Decimal, int]:
    """A target, and to how many places it is shown."""
    bound = Decimal(text)
    return bound, max(SHOWN_PLACES, _places(bound))


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def exact(value: Fraction | Decimal | float) -> Fraction:
    """The number as it is written."""
    return value if isinstance(value, Fraction) else _as_written(str(value))


@lru_cache(maxsize=256)
def _as_written(text: str) -> Fraction:
    """Remembered: a thousand objectives have a few targets."""
    return Fraction(text)


def _plain(value: Decimal) -> str:
    """With two places at least, except for a whole number."""
    if value == value.to_integral_value():
        return str(int(value))
    text = f"{value.normalize():f}"
    whole, _, behind = text.partition(".")
    return f"{whole}.{behind.ljust(SHOWN_PLACES, '0')}"
