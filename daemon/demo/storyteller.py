"""Tells what happens as lines on standard output, for a demo without a terminal.

It hears the script, the sinks, and the daemon's event stream through the same client that
the dashboard uses.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.api.schema import CheckView, IncidentView, ServiceView, SlaView, State
from daemon.client import Client, ClientError, StreamEvent
from daemon.demo import lines
from daemon.demo.sinks import Received

_BOARD_EVERY_S: Final = 5.0
_AGAIN_S: Final = 1.0

Say = Callable[[str], None]


class Storyteller:
    """Says lines; `say` prints one, `elapsed_ms` is how long the demo runs."""

    def __init__(self, say: Say, elapsed_ms: Callable[[], int]) -> None:
        self._say = say
        self._elapsed_ms = elapsed_ms
        self._incidents: dict[str, IncidentView] = {}
        self._services: dict[str, ServiceView] = {}
        self._checks: dict[str, CheckView] = {}
        self._slas: dict[str, SlaView] = {}
        self._since: int | None = None

    def script(self, text: str) -> None:
        """Something was done to the shop."""
        self._line("SCRIPT", text)

    def received(self, message: Received) -> None:
        """A message reached a sink."""
        self._line(message.way, lines.arrived(message))

    async def follow(self, socket: Path) -> None:
        """Tell what the daemon does, until cancelled; a broken stream is taken up again."""
        async with Client(socket) as client:
            while True:
                try:
                    await self._listen(client)
                except ClientError as error:
                    self._line("tocsin", str(error))
                    await asyncio.sleep(_AGAIN_S)

    async def boards(self, socket: Path) -> None:
        """Every few seconds: how the shop is, the countdown, the budgets. Until cancelled."""
        async with Client(socket) as client:
            while True:
                await asyncio.sleep(_BOARD_EVERY_S)
                try:
                    for sla in await client.sla():
                        self._slas[sla.name] = sla
                except ClientError as error:
                    self._line("tocsin", str(error))
                    continue
                self._board()

    async def _listen(self, client: Client) -> None:
        """Take in the picture, unless it is known, and then what changes. Ends at a reset."""
        if self._since is None:
            state = await client.state()
            self._take_all(state)
            self._since = state.seq
        async for event in client.events(self._since):
            if event.kind == "reset":
                self._since = None
                return
            self._since = event.seq
            self._take(event)

    def _take_all(self, state: State) -> None:
        for incident in state.incidents:
            self._take_incident(incident)
        self._services = {one.name: one for one in state.services}
        self._checks = {one.name: one for one in state.checks}
        self._slas = {one.name: one for one in state.slas}

    def _take(self, event: StreamEvent) -> None:
        match event.data:
            case IncidentView() as incident:
                self._take_incident(incident)
            case ServiceView() as service:
                self._services[service.name] = service
            case CheckView() as check:
                self._checks[check.name] = check
            case SlaView() as sla:
                self._slas[sla.name] = sla
            case _:
                pass

    def _take_incident(self, incident: IncidentView) -> None:
        news = lines.incident_news(self._incidents.get(incident.id), incident)
        self._incidents[incident.id] = incident
        if news is not None:
            self._line("INCIDENT", news)
        if incident.state == "resolved":
            del self._incidents[incident.id]

    def _board(self) -> None:
        now = lines.utc_now(round(time.time() * 1_000))
        self._line("shop", lines.estate(list(self._services.values()), list(self._checks.values())))
        if self._incidents:
            self._line("worst", lines.board(self._incidents.values(), now))
        for sla in self._slas.values():
            if sla.budget.left_ms < sla.budget.total_ms:
                self._line("budget", lines.gauge(sla))

    def _line(self, mark: str, text: str) -> None:
        self._say(lines.line(self._elapsed_ms(), mark, text))
