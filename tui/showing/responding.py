"""Automated actions as the dashboard shows them: what waits for approval, what runs, what may.

Pure: the mirror's runs and an incident in, lines and choices out. A run that waits for approval
is the operator's to decide, so it is marked wherever its incident is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from daemon.api.schema import IncidentView, ResponseView, RunView
from daemon.core.labels import match_all, parse_matcher
from tui.drawing.text import Line, wrap
from tui.drawing.words import countdown, instant, plural, span
from tui.mirror import Mirror
from tui.showing.approvals import MARK, waiting
from tui.showing.figures import alerts_of
from tui.showing.rows import Moment
from tui.showing.sections import Section, fact, heading, section

_LOOKS: Final = {
    "waiting": (f"{MARK} asks for approval", "warn bold"),
    "running": (f"{MARK} under way", "accent bold"),
    "succeeded": ("✓ succeeded", "good"),
    "failed": ("✕ failed", "bad"),
    "timed_out": ("✕ timed out", "bad"),
    "interrupted": ("◌ interrupted", "warn"),
    "refused": ("· refused", "faint"),
    "expired": ("· not approved", "faint"),
    "dry_run": ("· dry run", "faint"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something an operator may ask of a response.

    Attributes:
        key: The run to approve or refuse, or the response to run.
        action: What it would do.
        hindered: Why it would be refused, as far as that is known here.
    """

    deed: Literal["approve", "refuse", "run"]
    key: str
    response: str
    action: str
    hindered: str = ""

    @property
    def words(self) -> str:
        """What it is called in a list."""
        return f"{self.deed} {self.response}"


def choices(
    mirror: Mirror, incident: IncidentView, responses: Sequence[ResponseView]
) -> list[Choice]:
    """What may be asked now: first what waits, then the responses that fit the incident."""
    asked = waiting(mirror, incident.id)
    found = [
        Choice(deed, run.id, run.response, run.action)
        for run in asked
        for deed in ("approve", "refuse")
    ]
    own = [one for one in mirror.runs.values() if one.incident == incident.id]
    busy = {one.response: one.state for one in own}
    for response in responses:
        if fits(mirror, incident, response) and busy.get(response.name) != "waiting":
            hindered = f"stopped: {response.stopped_why}" if response.stopped_at else ""
            hindered = "under way already" if response.name in busy else hindered
            choice = Choice("run", response.name, response.name, response.action, hindered)
            found.append(choice)
    return found


def fits(mirror: Mirror, incident: IncidentView, response: ResponseView) -> bool:
    """Whether a response is for this incident; where its matchers cannot be read, it may be."""
    try:
        matchers = [parse_matcher(text) for text in response.on]
    except ValueError:
        return True
    alerts = [one for one in alerts_of(mirror, incident) if one.state == "firing"]
    return any(match_all(matchers, {**one.labels, "severity": one.severity}) for one in alerts)


def asking_sections(mirror: Mirror, incident: IncidentView, moment: Moment) -> list[Section]:
    """What waits for the operator's decision, to stand above everything else."""
    asked = waiting(mirror, incident.id)
    if not asked:
        return []
    names = ", ".join(run.response for run in asked)
    verb = "asks" if len(asked) == 1 else "ask"
    words = (f"{MARK} {names} {verb} for approval", "warn bold")
    return [section([(words, ("" if moment.past else "  p approves or refuses", "faint"))])]


def response_sections(
    mirror: Mirror, incident: IncidentView, width: int, moment: Moment
) -> list[Section]:
    """What was begun or asked for about an incident; nothing where nothing was."""
    if not incident.responses:
        return []
    asked = {one.response: one for one in waiting(mirror, incident.id)}
    lines: list[Line] = []
    for mark in incident.responses:
        words, style = _LOOKS.get(mark.state, (mark.state, ""))
        lines.append(((f"{mark.response}  ", "bold"), (words, style)))
        run = asked.get(mark.response) or _under_way(mirror, incident.id, mark.response)
        if run is not None:
            lines += _run_lines(run, width, moment)
    note = "" if incident.state == "resolved" else "p runs, approves or refuses"
    return [heading("Responses", note), section(lines, ticks=True)]


def _under_way(mirror: Mirror, incident: str, response: str) -> RunView | None:
    runs = mirror.runs.values()
    return next((one for one in runs if (one.incident, one.response) == (incident, response)), None)


def _run_lines(run: RunView, width: int, moment: Moment) -> list[Line]:
    """What a run does, and until when it can be approved or for how long it has run."""
    lines: list[Line] = [(("  ", ""), *line) for line in wrap(run.action, width - 2)]
    expires, began = instant(run.expires_at), instant(run.started_at)
    if run.state == "waiting" and expires is not None:
        left = countdown(max(0, expires - moment.now))
        lines.append(fact("  until", (left, "bold"), (f"  {run.trigger}", "faint")))
    elif began is not None:
        for_ = span(max(0, moment.now - began))
        lines.append(fact("  for", (for_, "bold"), (f"  {run.trigger}, by {run.by}", "faint")))
    return lines


def question(choice: Choice, incident: str) -> tuple[str, str, str]:
    """The question before a deed, what follows from it, and the word for yes."""
    if choice.deed == "refuse":
        asked = f"Refuse {choice.response} for {incident}?"
        return asked, "It is not run then; the timeline says who refused it.", "Refuse"
    verb = "Approve" if choice.deed == "approve" else "Run"
    asked = f"{verb} {choice.response} for {incident}?"
    hint = f" It is likely to be refused: {choice.hindered}." if choice.hindered else ""
    follows = f"At once: {choice.action}. What it does cannot be taken back.{hint}"
    return asked, follows, verb


def none_words(count: int) -> str:
    """Why there is nothing to choose."""
    if not count:
        return "the configuration has no responses ([[response]])"
    return f"none of the {plural(count, 'configured response')} is for this incident"
