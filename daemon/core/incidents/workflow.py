"""What operators do to work on an incident together: parts, status updates, incidents by hand.

A person gets a part (commander, scribe, or a word of one's own) and is told so, as somebody is
whom it is assigned to. A status update is told to the channels of those who ask, as far as they
know of the incident. An incident that is opened by hand begins with an alert of its own, which
takes the routes as any does, and ends when the incident is resolved by hand.

It stands beside `daemon.core.incidents.commands`, whose rules hold here too: a refused command has
changed nothing, one that is carried out is on record.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from daemon.core.alerting.alerts import Alerts
from daemon.core.alerting.sources import BY_HAND
from daemon.core.changing import replace
from daemon.core.chronicle import Audit, EntryKind
from daemon.core.errors import Invalid, NotAllowed
from daemon.core.events import OpenIncident, PostUpdate, SetRole
from daemon.core.incidents import life as incidents
from daemon.core.incidents.commands import Commands, check_text, joined_words, unknown_person
from daemon.core.incidents.desk import Desk
from daemon.core.incidents.life import Happening
from daemon.core.model import StatusUpdate
from daemon.core.oncall.clockwork import written
from daemon.core.plan import Plan
from daemon.core.turn import Condition, Turn

LONGEST_UPDATE: Final = 2_000
LONGEST_TITLE: Final = 200
MOST_ROLES: Final = 20
"""Characters of a status update and of a title, and how many parts an incident has at most."""

MANUAL: Final = "ManualIncident"
"""The alert of an incident that was opened by hand."""

_ROLE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class Workflow:
    """Carries out what operators ask of each other at a desk."""

    def __init__(self, desk: Desk, alerts: Alerts, commands: Commands) -> None:
        self._teller = desk.teller
        self._book = desk.book
        self._alerts = alerts
        self._commands = commands

    def set_role(self, command: SetRole, turn: Turn) -> None:
        """A person gets a part, maybe in another's place, and is told so; or nobody has it.

        Raises:
            NotFound, Conflict: See `Commands.find`.
            NotAllowed: It is resolved, or nobody has the part that is to be taken away.
            Invalid: It is no word for a part, there are too many, or no such person.
        """
        before = self._commands.find(command.incident, command.version, turn)
        incidents.after(before, Happening.STAFF)
        roles, role = dict(before.roles), command.role.strip().lower()
        had = self._check_role(roles, role, command.to)
        if command.to is None:
            del roles[role]
        else:
            roles[role] = command.to
        changed = replace(before, roles=tuple(sorted(roles.items())))
        given = self._book.put(changed, turn)
        is_news = command.to not in {None, had, command.actor.name}
        silent = f"{command.to} is not told while it is muted" if is_news and given.muted else ""
        was = f"{had} had it" if had and had != command.to else ""
        detail = joined_words(f"{role}: {command.to or 'nobody'}", was, silent)
        self._commands.record(turn, given, "role", EntryKind.ROLE, command.actor, detail)
        if is_news and not given.muted:
            reason = f"you are the {role}, says {command.actor.name}"
            self._teller.reminded(given, command.to or "", reason, turn)

    def _check_role(self, roles: dict[str, str], role: str, to: str | None) -> str | None:
        """Who has the part now."""
        if not _ROLE.fullmatch(role):
            raise Invalid(f"{role[:40]!r} is no role; write a word like commander or scribe")
        if to is None and role not in roles:
            raise NotAllowed(f"nobody is {role}")
        persons = self._teller.caller.plan.persons
        if to is not None and to not in persons:
            raise Invalid(unknown_person(to, persons))
        if role not in roles and len(roles) >= MOST_ROLES:
            raise Invalid(f"{MOST_ROLES} roles are the most")
        return roles.get(role)

    def update(self, command: PostUpdate, turn: Turn) -> None:
        """Those who ask are told how it goes, and when they hear of it next.

        Raises:
            NotFound, Conflict: See `Commands.find`.
            NotAllowed: It is resolved.
            Invalid: The text is empty or too long, or the next update is not in the future.
        """
        before = self._commands.find(command.incident, command.version, turn)
        incidents.after(before, Happening.UPDATE)
        text = command.text.strip()
        if not text:
            raise Invalid("the status update is empty")
        check_text(text, LONGEST_UPDATE)
        if command.next_in is not None and command.next_in <= 0:
            raise Invalid("the next update must be some time ahead")
        next_at = None if command.next_in is None else turn.now + command.next_in
        update = StatusUpdate(text, command.actor.name, turn.now, next_at)
        told = self._book.put(replace(before, status_update=update, update_reminded_at=None), turn)
        to = [] if told.muted else self._tell_update(command, turn)
        nobody = "nobody is told while it is muted" if told.muted else "no stakeholder knows of it"
        when = "" if next_at is None else f"the next follows at {written(next_at)}"
        detail = joined_words(text, when, "" if to else nobody)
        self._commands.record(turn, told, "update", EntryKind.UPDATE, command.actor, detail)

    def _tell_update(self, command: PostUpdate, turn: Turn) -> list[str]:
        incident = self._book.incidents[command.incident]
        reason = f"status update by {command.actor.name}"
        return [one.words for one in self._teller.status_update(incident, reason, turn)]

    def open(self, command: OpenIncident, turn: Turn) -> None:
        """An alert begins that takes its routes as any does; an incident begins with it.

        Raises:
            Invalid: The title is empty or too long, so is the text, or there is no such service.
        """
        title, plan = command.title.strip(), self._teller.caller.plan
        if not title:
            raise Invalid("the incident needs a title")
        check_text(title, LONGEST_TITLE)
        check_text(command.text)
        if command.service is not None and command.service not in plan.services:
            known = ", ".join(list(plan.services)[:10]) or "none"
            raise Invalid(f"there is no service {command.service[:100]!r}; known: {known}")
        number = self._number(command, turn)
        condition = Condition(
            source=f"{BY_HAND}{number}",
            name=MANUAL,
            labels=_labels(plan, command, number),
            severity=command.severity,
            holds=True,
            since=turn.now,
            annotations={"summary": title, "description": command.text or title}
            | {"opened_by": command.actor.name},
            auto_resolve=False,
        )
        turn.conditions.append(condition)
        turn.append(
            Audit(turn.now, command.actor, "open", number, joined_words(title, command.text))
        )

    def _number(self, command: OpenIncident, turn: Turn) -> str:
        """What tells it from everything else that was opened by hand."""
        number = f"{command.actor.name}|{command.title}|{turn.now}"
        known = set(self._alerts.sources())
        while True:
            number = hashlib.sha256(number.encode()).hexdigest()[:8]
            if f"{BY_HAND}{number}" not in known:
                return number


def _labels(plan: Plan, command: OpenIncident, number: str) -> dict[str, str]:
    """What the service says of itself, and what tells this alert from others."""
    labels = {"alertname": MANUAL, "manual": number}
    service = plan.services.get(command.service or "")
    if service is None:
        return labels
    own = {
        "service": service.name,
        "context": service.context,
        "organization": service.organization,
        "owner": service.owner,
    }
    return {**service.labels, **{k: v for k, v in own.items() if v is not None}, **labels}
