"""Timelines of several services together: at every moment the worst of them counts, or, with a
quorum, the best that so many of them reach, as for the checks of a service.

They follow from the services' own timelines and nothing else, so what an objective is about
may change with the configuration, and its whole period is seen in the new way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from checks.result import Status
from daemon.core.model import Instant
from daemon.core.plan import SlaKind, SlaPlan
from daemon.core.sla.timeline import Timeline

_EVER: Final[Instant] = -(1 << 62)

Compose = Callable[[Iterable[Status], int | None], Status]
"""How several statuses are one."""


class Together:
    """The timelines of the objectives that are about several services."""

    def __init__(self, compose: Compose) -> None:
        self._compose = compose
        self._of_service: dict[str, list[SlaPlan]] = {}
        self._timelines: dict[str, Timeline] = {}

    def replan(self, slas: Iterable[SlaPlan], services: Mapping[str, Timeline]) -> None:
        """These are the objectives now; all of their past is composed anew."""
        self._of_service, self._timelines = {}, {}
        for sla in slas:
            if sla.is_group and sla.kind is SlaKind.AVAILABILITY:
                self._timelines[sla.name] = Timeline()
                for service in sla.services:
                    self._of_service.setdefault(service, []).append(sla)
                self._fill(sla, _EVER, services)

    def changed(self, starts: Mapping[str, Instant], services: Mapping[str, Timeline]) -> None:
        """These services' timelines changed from these moments on."""
        since: dict[str, tuple[SlaPlan, Instant]] = {}
        for service, start in starts.items():
            for sla in self._of_service.get(service, ()):
                known = since.get(sla.name)
                since[sla.name] = sla, start if known is None else min(start, known[1])
        for sla, start in since.values():
            self._fill(sla, start, services)

    def timeline(self, sla: SlaPlan) -> Timeline:
        """What its services are together."""
        return self._timelines[sla.name]

    def forget(self, sla: str, before: Instant) -> None:
        """Nobody asks about what was before."""
        if sla in self._timelines:
            self._timelines[sla].forget(before)

    def _fill(self, sla: SlaPlan, start: Instant, services: Mapping[str, Timeline]) -> None:
        members = [services[name] for name in sla.services if name in services]
        moments = {moment for timeline in members for moment in timeline.changes(start)}
        together = self._timelines[sla.name]
        for moment in (start, *sorted(moments)):
            statuses = [timeline.at(moment) for timeline in members]
            together.replace(moment, self._compose(statuses, sla.quorum))
