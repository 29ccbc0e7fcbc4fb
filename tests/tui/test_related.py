"""What tends to fire with an incident, in its details."""

from __future__ import annotations

from daemon.api.schema import RelatedView
from tui.showing.related import SHOWN, related_sections


def shown(related: list[RelatedView]) -> list[str]:
    found = related_sections(related)
    return ["".join(text for text, _ in part.line(n)) for part in found for n in range(part.count)]


def test_the_closest_are_shown_and_whether_they_fire() -> None:
    """A score in percent, the alert, its service."""
    close = RelatedView("CheckFailing", "orders-db", 0.92, 11.0, ["f1"])
    lines = shown([close, RelatedView("slow", "search", 0.3, 3.0, [])])
    assert lines[-2] == " 92% CheckFailing  orders-db  fires now"
    assert lines[-1] == " 30% slow  search"


def test_nothing_is_shown_where_nothing_was_learned_and_no_more_than_fits() -> None:
    """The command line lists the rest."""
    assert related_sections([]) == []
    many = [RelatedView("slow", f"s{n}", 0.5, 3.0, []) for n in range(20)]
    assert len(shown(many)) <= SHOWN + 2
