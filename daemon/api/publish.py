"""From committed effects to the event stream.

The service calls `publish_effects` when the transaction of a turn is on disk, so nobody is
shown what a crash could still undo. Records are frozen, therefore an event only remembers
them here; the shape is made if and when a subscriber reads it (see `hub`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, partial

from checks.result import Result
from daemon.api import views
from daemon.api.backend import EngineView
from daemon.api.hub import EventHub
from daemon.api.schema import DaemonInfo, DeliveryView
from daemon.api.times import stamp
from daemon.api.views.incident import incident_view
from daemon.api.views.response import run_view
from daemon.api.views.sla import sla_view
from daemon.core.chronicle import Audit
from daemon.core.effects import Append, Drop, Effect, Enqueue, Observed, Save
from daemon.core.events import Settled
from daemon.core.model import (
    Alert,
    Amendment,
    CheckState,
    Incident,
    Instant,
    Record,
    ResponseRun,
    ServiceState,
    Silence,
)


def publish_effects(
    effects: Iterable[Effect], engine: EngineView, now: Instant, hub: EventHub
) -> None:
    """Tell every subscriber what these effects changed."""
    gone, shown = False, set[str]()
    sight = _Sight(engine, now)
    for effect in effects:
        if isinstance(effect, Save):
            _publish_record(effect.record, sight, hub)
            if isinstance(effect.record, CheckState):
                shown.add(effect.record.key)
        elif isinstance(effect, Observed):
            if effect.result.check in shown:  # with this result, as its newest
                hub.trails.add(effect.result)
            else:
                publish_results((effect.result,), engine, hub)
        elif isinstance(effect, Append):
            if isinstance(effect.entry, Audit):
                key = f"{hub.seq}"  # every action stays; none replaces another
                hub.publish("operator", key, partial(views.operator_view, effect.entry))
        elif isinstance(effect, Enqueue):
            notice = effect.notice
            hub.remember_queued(notice.key, notice.at)
            hub.publish("delivery", notice.key, partial(views.queued_view, notice))
        elif isinstance(effect, Drop):
            gone = gone or effect.kind in {CheckState, ServiceState}
    if gone:
        hub.trails.keep_only(engine.plan.checks)
        hub.reset("the configuration was reloaded, and checks or services left it")


def publish_results(results: Iterable[Result], engine: EngineView, hub: EventHub) -> None:
    """Tell every subscriber what these runs found."""
    plans, states = engine.plan.checks, engine.checks
    for result in results:
        name = result.check
        plan, state = plans.get(name), states.get(name)
        if plan is None or state is None:
            continue  # it left the configuration while it ran
        hub.trails.add(result)
        make = partial(views.check_view, plan, state, result)
        hub.publish("check", name, make, patient=True)


def publish_delivery(view: DeliveryView, hub: EventHub) -> None:
    """A delivery came further: tried, sent or failed."""
    hub.publish("delivery", view.id, lambda: view)


def publish_settled(settled: Settled, now: Instant, hub: EventHub) -> None:
    """A notice was delivered, or never will be; the service says so when that is on disk."""
    queued = hub.queued.pop(settled.notice, None)
    view = DeliveryView(
        id=settled.notice,
        incident=settled.incident,
        type=settled.type.value,
        channel=settled.channel,
        recipient=settled.recipient,
        state="sent" if settled.delivered else "failed",
        attempts=settled.attempts,
        created_at=stamp(now) if queued is None else stamp(queued),
        next_at=None,
        sent_at=stamp(now) if settled.delivered else None,
        detail=settled.detail,
    )
    publish_delivery(view, hub)


def publish_daemon(info: DaemonInfo, hub: EventHub) -> None:
    """How the daemon does; the service says so every few seconds."""
    hub.publish("daemon", "", lambda: info)


def publish_sla(name: str, engine: EngineView, now: Instant, hub: EventHub) -> None:
    """An SLA's figures moved with time. They are worked out here and now, because the engine's
    books go on, but only for somebody: the service says so again in a few seconds."""
    if not hub.subscribers:
        return
    figures = engine.sla(name, now)
    hub.publish("sla", name, partial(sla_view, figures))


class _Sight:
    """What the records of one turn are shown with, looked up once for all of them."""

    def __init__(self, engine: EngineView, now: Instant) -> None:
        self.engine = engine
        self.now = now
        self.plan = engine.plan
        self.last = engine.last
        self.groups = engine.groups

    @cached_property
    def slas_of(self) -> Mapping[str, list[str]]:
        """The names of the SLAs of each service that has one."""
        found: dict[str, list[str]] = {}
        for sla in self.plan.slas.values():
            for member in sla.members:
                found.setdefault(member, []).append(sla.name)
        return found


def _publish_record(record: Record, sight: _Sight, hub: EventHub) -> None:
    match record:
        case Alert(key=key):
            hub.publish("alert", key, partial(views.alert_view, record))
        case CheckState(key=name):
            plan = sight.plan.checks.get(name)
            if plan is not None:
                last = sight.last.get(name)
                hub.publish("check", name, partial(views.check_view, plan, record, last))
        case ServiceState(key=name):
            service = sight.plan.services.get(name)
            if service is not None:
                slas = sight.slas_of.get(name, ())
                hub.publish("service", name, partial(views.service_view, service, record, slas))
        case Incident(key=key):
            group = sight.groups.get(record.group)
            make = partial(incident_view, record, sight.plan, sight.now, group)
            hub.publish("incident", key, make)
        case ResponseRun(key=key):
            hub.publish("response", key, partial(run_view, record))
        case Amendment(sla=name):
            if name in sight.plan.slas:
                publish_sla(name, sight.engine, sight.now, hub)
        case Silence(key=key):
            matched = views.matched_count(record, sight.engine.alerts.values())
            hub.publish("silence", key, partial(views.silence_view, record, sight.now, matched))
        case _:
            pass  # a group is the engine's own affair
