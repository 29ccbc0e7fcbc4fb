"""Countdown bars, gauges, sparklines and share bars, drawn as lines of text.

Pure. Thick strokes are what is left or used, thin ones the track, so a bar reads without
any colour; the colour repeats what the word beside it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.core.model import Instant
from tui.drawing.text import Line, Span

_LEVELS: Final = "▁▂▃▄▅▆▇█"


def stroke(fraction: float, width: int, style: str, track: str = "track") -> Line:
    """A bar of `width` cells, thick for `fraction` (0 to 1) of it; half a cell is its grain."""
    halves = round(min(1.0, max(0.0, fraction)) * width * 2)
    if fraction > 0 and halves == 0 and width:
        halves = 1
    full, half = divmod(halves, 2)
    spans: list[Span] = []
    if full or half:
        spans.append(("━" * full + "╸" * half, style))
    rest = width - full - half
    if rest:
        spans.append(("─" * rest, track))
    return tuple(spans)


def elapsed(start: Instant | None, end: Instant, now: Instant) -> float:
    """How much of the wait from `start` to `end` is over, 0 to 1; unknown start counts as 0."""
    if start is None or end <= start:
        return 1.0 if now >= end else 0.0
    return min(1.0, max(0.0, (now - start) / (end - start)))


def urgency(left_ms: int, fraction_left: float) -> str:
    """The style of a countdown: calm, then `warn` in the last third, `bad` in the last tenth."""
    if left_ms <= 0 or fraction_left <= 0.1:
        return "bad"
    return "warn" if fraction_left <= 1 / 3 else "accent"


def wait_bar(
    start: Instant | None, end: Instant, now: Instant, width: int, *, stale: bool = False
) -> Line:
    """A countdown bar that empties towards `end`; grey when the picture is stale."""
    left = 1.0 - elapsed(start, end, now)
    return stroke(left, width, "faint" if stale else urgency(end - now, left))


def gauge_style(left: float) -> str:
    """The style of a budget of which `left` (1 is all, below 0 overspent) remains."""
    if left <= 0:
        return "bad"
    if left < 0.25:
        return "critical"
    return "warn" if left < 0.5 else "good"


def gauge(left: float, width: int) -> Line:
    """A budget's gauge: thick is what is left."""
    return stroke(left, width, gauge_style(left))


def sparkline(values: Sequence[float | None], width: int, style: str = "spark") -> Line:
    """The newest `width` values as blocks, oldest first; a failed run is a cross.

    The floor is the least value shown; the ceiling is at least twice the floor, so that
    jitter of a steady series does not look like a mountain range.
    """
    shown = list(values[-width:]) if width > 0 else []
    known = [value for value in shown if value is not None]
    low = min(known, default=0.0)
    reach = max(max(known, default=0.0) - low, low, 1e-9)
    spans: list[Span] = [(" " * (width - len(shown)), "")] if len(shown) < width else []
    for value in shown:
        if value is None:
            span: Span = ("×", "down")
        else:
            span = (_LEVELS[min(7, int((value - low) / reach * 7.999))], style)
        if spans and spans[-1][1] == span[1]:
            spans[-1] = (spans[-1][0] + span[0], span[1])
        else:
            spans.append(span)
    return tuple(spans)


def shares(parts: Sequence[tuple[float, str, str]], width: int) -> Line:
    """A bar of proportional parts, each (amount, glyph, style); a part that is there is seen."""
    total = sum(amount for amount, _, _ in parts)
    if total <= 0 or width <= 0:
        return (("─" * max(0, width), "track"),)
    cells = [max(1, round(amount / total * width)) if amount > 0 else 0 for amount, _, _ in parts]
    while sum(cells) != width:
        greatest = cells.index(max(cells))
        cells[greatest] += 1 if sum(cells) < width else -1
    return tuple(
        (glyph * count, style)
        for (_, glyph, style), count in zip(parts, cells, strict=True)
        if count
    )
