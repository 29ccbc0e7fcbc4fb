"""An incident and its story together, as the panes show them."""

from __future__ import annotations

from daemon.api.schema import IncidentView
from tui.desk import Desk
from tui.showing.detail import alert_sections, delivery_sections, incident_head, timeline_sections
from tui.showing.related import related_sections
from tui.showing.responding import asking_sections, response_sections
from tui.showing.sections import Section, section
from tui.showing.working import overdue_sections, work_sections


def incident_sections(desk: Desk, incident: IncidentView, width: int) -> list[Section]:
    """Everything about an incident, in one column."""
    return [*facts(desk, incident, width), *story(desk, incident, width)]


def facts(desk: Desk, incident: IncidentView, width: int) -> list[Section]:
    """What it is, and its alerts."""
    moment, known = desk.moment(), desk.story(incident)
    head = incident_head(incident, width, moment)
    more = known.alerts if known is not None else []
    responses = response_sections(desk.mirror, incident, width, moment)
    alerts = alert_sections(desk.mirror, incident, more, width, moment)
    asking = asking_sections(desk.mirror, incident, moment)
    work = work_sections(incident, width, moment)
    late = overdue_sections(incident, moment)
    return [section([()]), *asking, *late, head, *work, *responses, *alerts]


def story(desk: Desk, incident: IncidentView, width: int) -> list[Section]:
    """What happened to it, and who was told."""
    moment, known, fault = desk.moment(), desk.story(incident), desk.stories.fault(incident)
    if fault:
        return [section([(), ((fault, "bad"),)])]
    return [
        *related_sections(known.related if known else []),
        *timeline_sections(known.timeline if known else None, width, moment),
        *delivery_sections(known.deliveries if known else None, width, moment),
    ]
