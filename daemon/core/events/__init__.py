"""What can happen to the engine. `Engine.handle(event, now)` takes these and nothing else.

Events are frozen values, so a recorded run can be replayed to the same effects.
"""

from __future__ import annotations

from daemon.core.events.house import (
    Amend,
    ApproveRun,
    CheckNow,
    CleanUp,
    EndOverride,
    FileReport,
    Forget,
    KeepReport,
    Mailing,
    MailReport,
    PutOverride,
    RefuseRun,
    ResetResponse,
    RunResponse,
    TryChannel,
    Withdraw,
)
from daemon.core.events.incidents import (
    Acknowledge,
    AddNote,
    Assign,
    Escalate,
    FireTest,
    Merge,
    OpenIncident,
    PostUpdate,
    Resolve,
    SetRole,
    Snooze,
    Split,
    Unacknowledge,
)
from daemon.core.events.muting import (
    BeginMaintenance,
    EndMaintenance,
    ExpireSilence,
    PutSilence,
)
from daemon.core.events.observed import (
    CalendarRead,
    Gap,
    Ping,
    PlanChanged,
    ResultsArrived,
    RunEnded,
    SelfReport,
    Settled,
    Signal,
    Tick,
)

Handling = (
    Acknowledge
    | Snooze
    | Assign
    | Unacknowledge
    | AddNote
    | SetRole
    | PostUpdate
    | OpenIncident
    | FireTest
    | Merge
    | Split
    | Resolve
    | Escalate
    | PutSilence
    | ExpireSilence
    | BeginMaintenance
    | EndMaintenance
    | RunResponse
    | ApproveRun
    | RefuseRun
    | ResetResponse
    | PutOverride
    | EndOverride
)
"""What an operator does about incidents, silences, windows, responses and duty."""

Command = (
    CheckNow
    | CleanUp
    | Forget
    | TryChannel
    | Amend
    | KeepReport
    | FileReport
    | MailReport
    | Withdraw
    | Handling
)
"""Events that an operator caused. They may be refused with a `daemon.core.errors.Refusal`."""

Event = (
    Tick
    | ResultsArrived
    | Ping
    | Gap
    | PlanChanged
    | SelfReport
    | Settled
    | RunEnded
    | CalendarRead
    | Command
)

Decidable = Handling | CalendarRead | RunEnded | SelfReport | Settled
"""What the deciding half of the engine (`daemon.core.decider`) takes."""

__all__ = [
    "Acknowledge",
    "AddNote",
    "Amend",
    "ApproveRun",
    "Assign",
    "BeginMaintenance",
    "CalendarRead",
    "CheckNow",
    "CleanUp",
    "Command",
    "Decidable",
    "EndMaintenance",
    "EndOverride",
    "Escalate",
    "Event",
    "ExpireSilence",
    "FileReport",
    "FireTest",
    "Forget",
    "Gap",
    "Handling",
    "KeepReport",
    "MailReport",
    "Mailing",
    "Merge",
    "OpenIncident",
    "Ping",
    "PlanChanged",
    "PostUpdate",
    "PutOverride",
    "PutSilence",
    "RefuseRun",
    "ResetResponse",
    "Resolve",
    "ResultsArrived",
    "RunEnded",
    "RunResponse",
    "SelfReport",
    "SetRole",
    "Settled",
    "Signal",
    "Snooze",
    "Split",
    "Tick",
    "TryChannel",
    "Unacknowledge",
    "Withdraw",
]
