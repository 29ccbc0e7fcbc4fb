"""The work on an incident as the dashboard shows it: parts, status updates, money with a deadline.

Pure: an incident in, lines out. It stands between what the incident is (`tui.showing.detail`) and
its alerts, and is there only where there is something to say. Also which incidents another one may
be merged into.
"""

from __future__ import annotations

from collections.abc import Sequence

from daemon.api.schema import IncidentView
from tui.drawing import words
from tui.drawing.text import Line
from tui.drawing.words import countdown, instant, money, span
from tui.mirror import Mirror
from tui.showing.figures import open_incidents
from tui.showing.rows import Moment
from tui.showing.sections import Section, fact, heading, prose, section


def work_sections(incident: IncidentView, width: int, moment: Moment) -> list[Section]:
    """Who has which part, what was said last, what comes due; nothing where nothing is."""
    lines: list[Line] = [
        *_roles(incident, width),
        *_update(incident, width, moment),
        *_next_update(incident, moment),
        *_at_risk(incident, width, moment),
        *_lineage(incident),
    ]
    if not lines:
        return []
    return [heading("Work"), section(lines, ticks=incident.state != "resolved")]


def overdue_sections(incident: IncidentView, moment: Moment) -> list[Section]:
    """That stakeholders wait for an update, to stand above everything else."""
    due = instant(incident.next_update_due)
    if due is None or due > moment.now or incident.state == "resolved":
        return []
    late: Line = (
        (f"✕ a status update is overdue for {span(moment.now - due)}", "bad bold"),
        ("  U sends one", "faint"),
    )
    return [section([late], ticks=True)]


def _roles(incident: IncidentView, width: int) -> list[Line]:
    if not incident.roles:
        return []
    return prose("roles", ", ".join(f"{part} {who}" for part, who in incident.roles.items()), width)


def _update(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    said = incident.status_update
    if said is None:
        return []
    at = instant(said.at) or moment.now
    when = words.moment(at, moment.now, moment.zone)
    return [
        *prose("update", f"“{said.text}”", width),
        fact("", (f"{said.by}, {when} ({span(moment.now - at)} ago)", "faint")),
    ]


def _next_update(incident: IncidentView, moment: Moment) -> list[Line]:
    due = instant(incident.next_update_due)
    if due is None:
        return []
    at = words.moment(due, moment.now, moment.zone)
    left = due - moment.now
    if left <= 0:
        return [fact("next update", (f"✕ was due {at}", "bad"))]
    return [fact("next update", (f"in {countdown(left)}", "bold"), (f"  {at}", "faint"))]


def _at_risk(incident: IncidentView, width: int, moment: Moment) -> list[Line]:
    lines: list[Line] = []
    for one in incident.at_risk:
        until = instant(one.until)
        if until is None or until <= moment.now:
            continue
        at = words.moment(until, moment.now, moment.zone)
        what = f": {one.what}" if one.what else ""
        text = f"{money(one.value, one.currency)} if not well in {countdown(until - moment.now)}"
        lines += prose("at risk" if not lines else "", f"{text} ({at}){what}", width, "warn")
    return lines


def _lineage(incident: IncidentView) -> list[Line]:
    lines: list[Line] = []
    if incident.merged_into:
        lines.append(fact("merged into", (incident.merged_into, "bold")))
    if incident.split_from:
        lines.append(fact("split from", (incident.split_from, "")))
    return lines


def survivors(mirror: Mirror, incident: IncidentView) -> Sequence[IncidentView]:
    """The other open incidents, those of the same service first, then the most urgent."""
    others = [one for one in open_incidents(mirror) if one.id != incident.id]
    return sorted(others, key=lambda one: one.service != incident.service)
