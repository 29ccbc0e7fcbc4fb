"""What waits for an operator's approval, as lists and the top line mark it. Pure."""

from __future__ import annotations

from typing import Final

from daemon.api.schema import IncidentView, RunView
from tui.drawing.text import Line
from tui.mirror import Mirror

MARK: Final = "◈"
"""Stands for an automated action that waits or is under way."""


def waiting(mirror: Mirror, incident: str) -> list[RunView]:
    """The runs for an incident that wait for approval, oldest first."""
    own = [one for one in mirror.runs.values() if one.incident == incident]
    return sorted((one for one in own if one.state == "waiting"), key=lambda one: one.decided_at)


def approvals(mirror: Mirror) -> int:
    """How many runs wait for approval."""
    return sum(one.state == "waiting" for one in mirror.runs.values())


def title_mark(incident: IncidentView, width: int) -> Line:
    """What stands before an incident's title in the list."""
    states = {one.state for one in incident.responses}
    if "waiting" in states and incident.state != "resolved":
        return ((f"{MARK} approve? " if width >= 30 else f"{MARK} ", "warn bold"),)
    return ((f"{MARK} ", "accent"),) if "running" in states else ()


def approvals_line(mirror: Mirror, *, short: bool = False) -> Line:
    """How many runs wait for approval, for the top line."""
    count = approvals(mirror)
    words = "" if short else " to approve"
    return ((f"{MARK} {count}{words}", "warn bold"),) if count else ()
