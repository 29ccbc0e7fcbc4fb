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

    async def note(self, incident: str, text: str) -> schema.IncidentView:
        """Write a line into an incident's timeline."""
        return await self._act(incident, "note", {"text": text}, None)

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
    ) -> schema.SilenceView:
        """Make a silence, or change the one with id `silence`.

        Args:
            matchers: `name="value"`, with `= != =~ !~`.
            ends_at: When it ends (milliseconds since the epoch); or else
            for_ms: how long it lasts from its start.
            starts_at: None for now.
        """
        body: dict[str, Any] = {"matchers": list(matchers), "comment": comment}
        if ends_at is not None:
            body["endsAt"] = stamp(ends_at)
        if for_ms is not None:
            body["for_ms"] = for_ms
        if starts_at is not None:
            body["startsAt"] = stamp(starts_at)
        if silence is not None:
            body["id"] = silence
        return await self._post(schema.SilenceView, "/silences", body)

    async def expire_silence(self, silence: str) -> schema.SilenceView:
        """End a silence now."""
        raw = await self._connection.request("DELETE", f"{V1}/silences/{part(silence)}")
        return decode(schema.SilenceView, raw)

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


def _absolute(path: Path) -> str:
    """The daemon has another working directory than its client."""
    return str(path.absolute())
