"""A percentage is never shown as better than it is, and a reached target never as missed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.sla.showing import cut, percent_text, raised, value_of


@pytest.mark.parametrize(
    ("value", "target", "text"),
    [
        (Fraction("99.8999"), None, "99.89"),
        (Fraction("99.8999"), Decimal("99.9"), "99.89"),
        (99.8999, 99.9, "99.89"),
        (99.9, 99.9, "99.90"),
        (Fraction("99.9"), Decimal("99.9"), "99.90"),
        (Fraction(100), None, "100"),
        (Fraction("99.999999"), None, "99.99"),
        (Fraction("99.9949"), Decimal("99.995"), "99.994"),
        (Fraction("99.99951"), Decimal("99.9995"), "99.9995"),
        (99.99, 99, "99.99"),
        (0.0, None, "0"),
    ],
)
def test_what_people_read_is_cut(
    value: Fraction | float, target: Decimal | float | None, text: str
) -> None:
    assert percent_text(value, target) == text


shares = st.fractions(0, 1, max_denominator=10**9)
targets = st.decimals("50", "99.99999", places=5)


@given(shares, targets)
def test_what_is_shown_never_crosses_the_target_nor_flatters(
    share: Fraction, target: Decimal
) -> None:
    for shown in (value_of(share, target), Decimal(percent_text(share * 100, target))):
        reached = share * 100 >= Fraction(target)
        assert (Fraction(shown) >= Fraction(target)) is reached
        assert Fraction(shown) <= share * 100
        assert share * 100 - Fraction(shown) < Fraction(1, 100)


@given(shares)
def test_good_is_cut_and_bad_is_raised_to_the_same_step(share: Fraction) -> None:
    below, above = Fraction(cut(share * 100)), Fraction(raised(share * 100))
    assert below <= share * 100 <= above
    assert above - below in {0, Fraction(1, 10_000)}
