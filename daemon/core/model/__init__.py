"""The records of the engine: what it keeps, what the store mirrors, what a restart restores.

Every record is a frozen value that names itself with `key`; a change makes a new value, so
an effect can carry a record without copying it. Times and spans are in milliseconds, see
`basics`. The modules below are by subject; everybody imports the names from here.
"""

from __future__ import annotations

from daemon.core.model.alerts import (
    Alert,
    AlertState,
    Mute,
    MuteKind,
    Promotion,
    Recurrence,
    Silence,
    Terms,
)
from daemon.core.model.basics import (
    DAY,
    ENGINE,
    HOUR,
    MINUTE,
    SECOND,
    Actor,
    Instant,
    Millis,
)
from daemon.core.model.demands import Demand
from daemon.core.model.duty import Handover, Later, Override, Turnabout
from daemon.core.model.incidents import AtRisk, Incident, IncidentState, StatusUpdate
from daemon.core.model.kinship import Kin
from daemon.core.model.promises import Amendment, AmendmentKind
from daemon.core.model.responses import ResponseRun, ResponseState, RunState
from daemon.core.model.states import CheckState, ServiceState
from daemon.core.model.storms import Storm
from daemon.core.model.telling import Escalation, Group, Level, Told
from daemon.core.model.works import Work

__all__ = [
    "DAY",
    "ENGINE",
    "HOUR",
    "MINUTE",
    "SECOND",
    "Actor",
    "Alert",
    "AlertState",
    "Amendment",
    "AmendmentKind",
    "AtRisk",
    "CheckState",
    "Demand",
    "Escalation",
    "Group",
    "Handover",
    "Incident",
    "IncidentState",
    "Instant",
    "Kin",
    "Later",
    "Level",
    "Millis",
    "Mute",
    "MuteKind",
    "Override",
    "Promotion",
    "Record",
    "Recurrence",
    "ResponseRun",
    "ResponseState",
    "RunState",
    "ServiceState",
    "Silence",
    "StatusUpdate",
    "Storm",
    "Terms",
    "Told",
    "Turnabout",
    "Work",
]

Record = (
    CheckState
    | ServiceState
    | Alert
    | Silence
    | Group
    | Incident
    | Storm
    | Work
    | Kin
    | Amendment
    | ResponseRun
    | ResponseState
    | Turnabout
    | Override
    | Handover
)
"""What `Save` carries: the newest value of something with a key."""
