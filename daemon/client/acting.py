"""What an operator does through the daemon: every request that changes something or sends.

The daemon decides who may, and writes down who did. The half that only reads is `reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from daemon.api import schema
from daemon.api.times import stamp
from daemon.client.exchange import V1, Exchange, decode, part

_SLOW_S: Final = 600.0
"""A backup or a verification of a large database takes its time."""


class Acting(Exchange):
    """Everything an operator can do, one method a deed."""

    # Incidents and alerts

    async def ack(
        self,
        incident: str,
        comment: str = "",
        expires_after_ms: int | None = None,
        version: int | None = None,
    ) -> schema.IncidentView:
        """Take an incident; refused with `Conflict` if it is not at `version` any more."""
        body: dict[str, Any] = {"comment": comment, "expires_after_ms": expires_after_ms}
        return await self._act(incident, "ack", body, version)

    async def unack(self, incident: str, version: int | None = None) -> schema.IncidentView:
        """Give an incident back; its escalation goes on."""
        return await self._act(incident, "unack", {}, version)

    async def snooze(
        self, incident: str, for_ms: int, comment: str = "", version: int | None = None
    ) -> schema.IncidentView:
        """Take an incident for so long; then it is triggered again."""
        body = {"for_ms": for_ms, "comment": comment}
        return await self._act(incident, "snooze", body, version)

    async def assign(
        self, incident: str, to: str | None, comment: str = "", version: int | None = None
    ) -> schema.IncidentView:
        """Give an incident to a person of the configuration; None takes that back."""
        return await self._act(incident, "assign", {"to": to, "comment": comment}, version)

    async def note(
        self, incident: str, text: str, version: int | None = None
    ) -> schema.IncidentView:
        """Write a line into an incident's timeline."""
        return await self._act(incident, "note", {"text": text}, version)

    async def resolve(
        self,
        incident: str,
        comment: str = "",
        version: int | None = None,
    ) -> schema.IncidentView:
        """End an incident by hand."""
        return await self._act(incident, "resolve", {"comment": comment}, version)

    async def escalate(self, incident: str, version: int | None = None) -> schema.IncidentView:
        """Run the next level of an incident's policy now."""
        return await self._act(incident, "escalate", {}, version)

    async def open_incident(
        self, title: str, service: str | None = None, severity: str = "high", text: str = ""
    ) -> schema.IncidentView:
        """Open an incident by hand; it takes the routes of its service."""
        body = {"title": title, "service": service, "severity": severity, "text": text}
        return await self._post(schema.IncidentView, "/incidents", body)

    async def merge(
        self, incident: str, into: str, version: int | None = None
    ) -> schema.IncidentView:
        """Move the alerts of an incident into another; answers with that."""
        return await self._act(incident, "merge", {"into": into}, version)

    async def split(
        self, incident: str, alerts: Sequence[str], version: int | None = None
    ) -> schema.IncidentView:
        """Make some alerts of an incident one of their own; answers with that."""
        return await self._act(incident, "split", {"alerts": list(alerts)}, version)

    async def set_role(
        self, incident: str, role: str, to: str | None, version: int | None = None
    ) -> schema.IncidentView:
        """Give a person a part in mending an incident; None takes it away."""
        return await self._act(incident, "role", {"role": role, "to": to}, version)

    async def status_update(
        self,
        incident: str,
        text: str,
        next_in_ms: int | None = None,
        version: int | None = None,
    ) -> schema.IncidentView:
        """Tell stakeholders how it goes, and maybe when they hear of it next."""
        body = {"text": text, "next_in_ms": next_in_ms}
        return await self._act(incident, "update", body, version)

    async def ack_alert(
        self, fingerprint: str, comment: str = "", expires_after_ms: int | None = None
    ) -> schema.IncidentView:
        """Take the incident that an alert belongs to."""
        body = {"comment": comment, "expires_after_ms": expires_after_ms}
        return await self._post(schema.IncidentView, f"/alerts/{part(fingerprint)}/ack", body)

    # Silences

    async def put_silence(
        self,
        matchers: Sequence[str],
        *,
        comment: str,
        ends_at: int | None = None,
        for_ms: int | None = None,
        starts_at: int | None = None,
        silence: str | None = None,
        recur: str | None = None,
        duration_ms: int | None = None,
        timezone: str | None = None,
    ) -> schema.SilenceView:
        """Make a silence, or change the one with id `silence`.

        Args:
            matchers: `name="value"`, with `= != =~ !~`.
            ends_at: When it ends (milliseconds since the epoch); or else
            for_ms: how long it lasts from its start.
            starts_at: None for now.
            recur: When it begins again and again, in place of an end: a cron expression,
            duration_ms: for so long each time,
            timezone: by the clock of this zone; UTC if not said.
        """
        body: dict[str, Any] = {"matchers": list(matchers), "comment": comment}
        again = {"recur": recur, "duration_ms": duration_ms, "timezone": timezone}
        body |= {name: value for name, value in again.items() if value is not None}
        if ends_at is not None:
            body["endsAt"] = stamp(ends_at)
        if for_ms is not None:
            body["for_ms"] = for_ms
        if starts_at is not None:
            body["startsAt"] = stamp(starts_at)
        if silence is not None:
            body["id"] = silence
        return await self._post(schema.SilenceView, "/silences", body)

    async def preview_silence(self, matchers: Sequence[str]) -> schema.SilencePreview:
        """What a silence with these matchers would mute now."""
        body = {"matchers": list(matchers)}
        return await self._post(schema.SilencePreview, "/silences/preview", body)

    async def expire_silence(self, silence: str) -> schema.SilenceView:
        """End a silence now."""
        raw = await self._connection.request("DELETE", f"{V1}/silences/{part(silence)}")
        return decode(schema.SilenceView, raw)

    async def correlations(
        self, service: str | None = None, min_score: float = 0.0
    ) -> list[schema.CorrelationView]:
        """The pairs of kinds of alerts that tend to fire together, the closest first."""
        body: dict[str, Any] = {"service": service, "min_score": min_score}
        return await self._post(list[schema.CorrelationView], "/alerts/correlations", body)

    # Planned work

    async def begin_maintenance(
        self,
        name: str,
        *,
        services: Sequence[str] = (),
        match: Sequence[str] = (),
        for_ms: int | None = None,
        end: int | None = None,
        start: int | None = None,
        reason: str = "",
    ) -> schema.MaintenanceView:
        """Announce planned work on services, or about what all the matchers match.

        Args:
            end: When it ends (milliseconds since the epoch); or else
            for_ms: how long it lasts from its start.
            start: None for now.
        """
        body: dict[str, Any] = {"name": name, "reason": reason}
        body |= {"services": list(services)} if services else {"match": list(match)}
        if end is not None:
            body["end"] = stamp(end)
        if for_ms is not None:
            body["for_ms"] = for_ms
        if start is not None:
            body["start"] = stamp(start)
        return await self._post(schema.MaintenanceView, "/maintenance", body)

    async def end_maintenance(self, name: str) -> schema.MaintenanceView:
        """End planned work before its time, by its name or id."""
        return await self._post(schema.MaintenanceView, f"/maintenance/{part(name)}/end", {})

    # SLAs

    async def exclude(self, sla: str, start: int, end: int, reason: str) -> schema.AmendmentView:
        """Exclude [start, end), which is past, from an SLA; times in milliseconds."""
        body = {"start": stamp(start), "end": stamp(end), "reason": reason}
        return await self._post(schema.AmendmentView, f"/sla/{part(sla)}/exclusions", body)

    async def note_on_sla(self, sla: str, start: int, end: int, text: str) -> schema.AmendmentView:
        """Write a note on [start, end) of an SLA; it stands with the violations in it."""
        body = {"start": stamp(start), "end": stamp(end), "text": text}
        return await self._post(schema.AmendmentView, f"/sla/{part(sla)}/notes", body)

    async def withdraw_exclusion(self, sla: str, amendment: str) -> schema.AmendmentView:
        """Take an exclusion or a note back."""
        path = f"{V1}/sla/{part(sla)}/exclusions/{part(amendment)}"
        return decode(schema.AmendmentView, await self._connection.request("DELETE", path))

    # Responses

    async def respond(
        self, incident: str, response: str, *, dry_run: bool = False
    ) -> schema.RunView:
        """Run a response for an incident now; dry, only say what it would do."""
        body = {"response": response, "dry_run": dry_run}
        return await self._post(schema.RunView, f"/incidents/{part(incident)}/respond", body)

    async def approve_run(self, run: str) -> schema.RunView:
        """Let a run begin that waits for approval."""
        return await self._post(schema.RunView, f"/responses/runs/{part(run)}/approve", {})

    async def refuse_run(self, run: str, comment: str = "") -> schema.RunView:
        """Have a run that waits for approval not begin."""
        body = {"comment": comment}
        return await self._post(schema.RunView, f"/responses/runs/{part(run)}/refuse", body)

    async def reset_response(self, name: str) -> schema.ResponseView:
        """Set a response going again: its breaker, its limit and its cooldown begin anew."""
        return await self._post(schema.ResponseView, f"/responses/{part(name)}/reset", {})

    # Who is on call

    async def override(
        self,
        schedule: str,
        persons: Sequence[str],
        *,
        start: int | None = None,
        end: int | None = None,
        for_ms: int | None = None,
        replaces: str | None = None,
        swap: bool = False,
        comment: str = "",
    ) -> schema.OverrideView:
        """Put others on call from `start` (None for now) to `end`, or for so long; in place of
        everybody, or of one person. With `swap` the two persons have each other's shifts."""
        body: dict[str, Any] = {"persons": list(persons), "swap": swap, "comment": comment}
        times = {"from": start, "to": end}
        body |= {key: stamp(at) for key, at in times.items() if at is not None}
        given = {"for_ms": for_ms, "replaces": replaces}
        body |= {key: value for key, value in given.items() if value is not None}
        path = f"/schedules/{part(schedule)}/overrides"
        return await self._post(schema.OverrideView, path, body)

    async def end_override(self, schedule: str, override: str) -> schema.OverrideView:
        """End an override now, or take back one that has not begun."""
        path = f"{V1}/schedules/{part(schedule)}/overrides/{part(override)}"
        return decode(schema.OverrideView, await self._connection.request("DELETE", path))

    # Checks and channels

    async def check_run(self, name: str) -> schema.CheckView:
        """Run a check at once; the answer is the check as it is before that run ends."""
        return await self._post(schema.CheckView, f"/checks/{part(name)}/run", {})

    async def test_channel(self, name: str, to: str | None = None) -> schema.ChannelTest:
        """Have the daemon send a test message over a channel, and wait for what comes of it.

        Raises:
            NotFound: There is no such channel.
            BadRequest: It cannot tell that address, or nobody without one.
        """
        body = {} if to is None else {"to": to}
        return await self._post(schema.ChannelTest, f"/channels/{part(name)}/test", body, _SLOW_S)

    async def test_alert(
        self, service: str, *, severity: str | None = None, for_ms: int | None = None
    ) -> schema.AlertTest:
        """Fire a marked test alert of a service, the real way; it resolves by itself."""
        body: dict[str, Any] = {"severity": severity, "for_ms": for_ms}
        return await self._post(schema.AlertTest, f"/services/{part(service)}/test-alert", body)

    async def test_storm(
        self,
        services: Sequence[str],
        alerts: int,
        *,
        severity: str | None = None,
        for_ms: int | None = None,
    ) -> schema.AlertTest:
        """Fire so many marked test alerts at once, of these services in turn."""
        body = {"alerts": alerts, "services": list(services)}
        more = {"severity": severity, "for_ms": for_ms}
        return await self._post(schema.AlertTest, "/test-storm", body | more, _SLOW_S)

    # The daemon itself

    async def reload(self) -> dict[str, Any]:
        """Read the configuration again; a bad one changes nothing.

        Raises:
            BadRequest: The configuration is bad; `problems` lists every fault.
        """
        return await self._post(dict[str, Any], "/reload", {}, _SLOW_S)

    async def backup(self, path: Path) -> dict[str, Any]:
        """Have the daemon write a copy of its database to `path` (on its own host)."""
        return await self._post(dict[str, Any], "/db/backup", {"path": _absolute(path)}, _SLOW_S)

    async def db_verify(self) -> dict[str, Any]:
        """Have the daemon check its database."""
        return await self._post(dict[str, Any], "/db/verify", {}, _SLOW_S)

    async def prune(self) -> dict[str, Any]:
        """Have the daemon remove what is older than its retention allows."""
        return await self._post(dict[str, Any], "/db/prune", {}, _SLOW_S)

    async def forget(self, person: str) -> dict[str, Any]:
        """Have a pseudonym put in the place of a person's name, everywhere; no way back."""
        return await self._post(dict[str, Any], "/forget", {"person": person}, _SLOW_S)


def _absolute(path: Path) -> str:
    """The daemon has another working directory than its client."""
    return str(path.absolute())
