"""The configuration as the engine sees it: plain values, names resolved, spans in milliseconds.

`daemon.config` makes a `Plan` from a file it has found good, so nothing here is validated
again. `Plan`s compare by value: a reload keeps what is equal. The modules below are by
subject; everybody imports the names from here.
"""

from __future__ import annotations

from daemon.core.plan.alerting import (
    DEFAULT_GROUP_WAIT,
    AckPlan,
    CorrelatePlan,
    InhibitPlan,
    RoutePlan,
    RulePlan,
    SeverityPlan,
)
from daemon.core.plan.calendar import (
    CalendarPiece,
    HoursPlan,
    IntervalPlan,
    LayerPlan,
    MaintenancePlan,
    OverridePlan,
    Restriction,
    Rotation,
    SchedulePlan,
)
from daemon.core.plan.observed import (
    DEFAULT_SEVERITY,
    CheckPlan,
    HeartbeatPlan,
    ServicePlan,
    UplinkPlan,
)
from daemon.core.plan.people import (
    ChannelPlan,
    Contact,
    PersonPlan,
    PolicyPlan,
    TeamPlan,
)
from daemon.core.plan.promised import (
    BurnPlan,
    CreditPlan,
    MetricFunction,
    MetricPlan,
    SlaKind,
    SlaPlan,
    UnknownTime,
)
from daemon.core.plan.responding import ResponsePlan, When
from daemon.core.plan.whole import (
    Plan,
)

__all__ = [
    "DEFAULT_GROUP_WAIT",
    "DEFAULT_SEVERITY",
    "AckPlan",
    "BurnPlan",
    "CalendarPiece",
    "ChannelPlan",
    "CheckPlan",
    "Contact",
    "CorrelatePlan",
    "CreditPlan",
    "HeartbeatPlan",
    "HoursPlan",
    "InhibitPlan",
    "IntervalPlan",
    "LayerPlan",
    "MaintenancePlan",
    "MetricFunction",
    "MetricPlan",
    "OverridePlan",
    "PersonPlan",
    "Plan",
    "PolicyPlan",
    "ResponsePlan",
    "Restriction",
    "Rotation",
    "RoutePlan",
    "RulePlan",
    "SchedulePlan",
    "ServicePlan",
    "SeverityPlan",
    "SlaKind",
    "SlaPlan",
    "TeamPlan",
    "UnknownTime",
    "UplinkPlan",
    "When",
]
