"""Incidents in the daemon's log, so that its journal alone tells what happened when.

Only what changes an incident or kept somebody from being told; the rest of the timeline
(who was queued, who was reached) is in the database. The lines are those of the timeline;
of the alerts that join an incident in one turn the first has a line, with how many more there
are, so that a storm does not drown in its own log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from daemon.core.chronicle import Entry, EntryKind
from daemon.core.effects import Append, Effect
from daemon.core.model import ENGINE, Instant
from daemon.service.log import burst

_log = logging.getLogger("tocsin")

LEVELS: Final[Mapping[EntryKind, int]] = MappingProxyType(
    {
        EntryKind.FIRED: logging.WARNING,
        EntryKind.SEVERITY: logging.WARNING,
        EntryKind.REOPENED: logging.WARNING,
        EntryKind.SPENT: logging.WARNING,
        EntryKind.REPLANNED: logging.WARNING,
        EntryKind.UNDELIVERED: logging.ERROR,
        EntryKind.JOINED: logging.INFO,
        EntryKind.ACKNOWLEDGED: logging.INFO,
        EntryKind.UNACKNOWLEDGED: logging.INFO,
        EntryKind.ACK_EXPIRED: logging.INFO,
        EntryKind.SNOOZED: logging.INFO,
        EntryKind.ASSIGNED: logging.INFO,
        EntryKind.UNASSIGNED: logging.INFO,
        EntryKind.LATE: logging.WARNING,
        EntryKind.UPDATE: logging.INFO,
        EntryKind.ROLE: logging.INFO,
        EntryKind.MERGED: logging.INFO,
        EntryKind.SPLIT: logging.INFO,
        EntryKind.RESOLVED: logging.INFO,
    }
)
"""The kinds of entries that are logged, and how loudly."""


def log_entries(effects: Iterable[Effect], _now: Instant) -> None:
    """Log what these effects add to the timelines of incidents."""
    entries = [
        effect.entry
        for effect in effects
        if type(effect) is Append and type(effect.entry) is Entry and effect.entry.kind in LEVELS
    ]
    if entries:
        with burst():
            _log_all(entries)


def _log_all(entries: Iterable[Entry]) -> None:
    joined: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.kind is EntryKind.JOINED:
            joined.setdefault(entry.incident, []).append(entry)
        else:
            _log_one(entry)
    for first, *others in joined.values():
        _log_one(first, f"; and {len(others)} more" if others else "")


def _log_one(entry: Entry, more: str = "") -> None:
    level = LEVELS[entry.kind]
    _log.log(level, "incident %s %s%s", entry.incident, _told(entry), more)


def _told(entry: Entry) -> str:
    what = entry.kind.replace("_", " ")
    who = "" if entry.actor == ENGINE else f" by {entry.actor.name}"
    return f"{what}{who}: {entry.text}" if entry.text else f"{what}{who}"
