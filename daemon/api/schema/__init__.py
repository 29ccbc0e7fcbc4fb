"""The JSON shapes of the API: what the daemon sends, and what its client reads back.

One struct a shape, used at both ends, encoded once and sent to every subscriber. Times are
RFC 3339 in UTC with milliseconds (`2026-11-21T09:50:00.000Z`), absent is null. Field names
are an interface that outside programs rely on; more may join them, none may go.

One module a subject; who needs a shape takes it from the package, not from the module.
"""

from __future__ import annotations

from daemon.api.schema.alerts import AlertView, CorrelationView, Mute, RelatedView
from daemon.api.schema.analysis import (
    Advice,
    Band,
    CleanupView,
    DurationsView,
    EscalationPattern,
    EscalationsView,
    HealthPart,
    HealthView,
    HistoryView,
    NoiseView,
    StatisticsView,
    TopAlertView,
    TrendLine,
    TrendsView,
    Tuning,
)
from daemon.api.schema.base import Problem, SeverityWord, Shape, StatusWord, Time
from daemon.api.schema.channels import ChannelTest, ChannelView, DeliveryView
from daemon.api.schema.checks import CheckDetail, CheckView, Last
from daemon.api.schema.events import EventKind, Operator, Reset
from daemon.api.schema.incidents import (
    AtRiskView,
    EntryView,
    EscalationView,
    IncidentDetail,
    IncidentView,
    LaterView,
    Money,
    RecoverySla,
    StatusUpdateView,
)
from daemon.api.schema.oncall import (
    OverrideView,
    PersonView,
    ScheduleDetail,
    ScheduleView,
    ShiftView,
)
from daemon.api.schema.responses import ResponseMark, ResponseView, RunDetail, RunView, RunWord
from daemon.api.schema.services import ServiceDetail, ServiceView
from daemon.api.schema.silences import (
    MaintenanceView,
    MatcherView,
    SilencePreview,
    SilenceStatus,
    SilenceView,
)
from daemon.api.schema.slas import (
    AmendmentView,
    Budget,
    BudgetPoint,
    BurnWindowView,
    ExclusionPreview,
    OutageView,
    Period,
    SlaCourseView,
    SlaView,
    Standing,
    Violation,
    WhatIf,
)
from daemon.api.schema.state import Counts, DaemonInfo, PastView, State, StatusView
from daemon.api.schema.testing import AlertTest

__all__ = [
    "Advice",
    "AlertTest",
    "AlertView",
    "AmendmentView",
    "AtRiskView",
    "Band",
    "Budget",
    "BudgetPoint",
    "BurnWindowView",
    "ChannelTest",
    "ChannelView",
    "CheckDetail",
    "CheckView",
    "CleanupView",
    "CorrelationView",
    "Counts",
    "DaemonInfo",
    "DeliveryView",
    "DurationsView",
    "EntryView",
    "EscalationPattern",
    "EscalationView",
    "EscalationsView",
    "EventKind",
    "ExclusionPreview",
    "HealthPart",
    "HealthView",
    "HistoryView",
    "IncidentDetail",
    "IncidentView",
    "Last",
    "LaterView",
    "MaintenanceView",
    "MatcherView",
    "Money",
    "Mute",
    "NoiseView",
    "Operator",
    "OutageView",
    "OverrideView",
    "PastView",
    "Period",
    "PersonView",
    "Problem",
    "RecoverySla",
    "RelatedView",
    "Reset",
    "ResponseMark",
    "ResponseView",
    "RunDetail",
    "RunView",
    "RunWord",
    "ScheduleDetail",
    "ScheduleView",
    "ServiceDetail",
    "ServiceView",
    "SeverityWord",
    "Shape",
    "ShiftView",
    "SilencePreview",
    "SilenceStatus",
    "SilenceView",
    "SlaCourseView",
    "SlaView",
    "Standing",
    "State",
    "StatisticsView",
    "StatusUpdateView",
    "StatusView",
    "StatusWord",
    "Time",
    "TopAlertView",
    "TrendLine",
    "TrendsView",
    "Tuning",
    "Violation",
    "WhatIf",
]
