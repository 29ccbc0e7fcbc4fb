"""A backend of real parts: the engine itself, the event hub, and a history in memory.

It stands where the service stands in a daemon: commands go through the engine, effects are
kept and published. Time moves only when a test says so.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from checks.result import Fault, Result, Status
from daemon.api.access import Access
from daemon.api.hub import EventHub
from daemon.api.publish import publish_effects
from daemon.api.schema import DaemonInfo, DeliveryView
from daemon.api.server import ApiServer
from daemon.api.times import stamp
from daemon.api.views import queued_view
from daemon.client import Client
from daemon.config.problems import ConfigError, Problem
from daemon.core.chronicle import Entry, Notice, RunOutput
from daemon.core.effects import Append, Effect, Enqueue, Observed, Save
from daemon.core.engine import Engine
from daemon.core.errors import Invalid
from daemon.core.events import Event, ResultsArrived, Tick, TryChannel
from daemon.core.labels import Matcher, MatchOp
from daemon.core.model import (
    HOUR,
    MINUTE,
    SECOND,
    Actor,
    Alert,
    Incident,
    Instant,
    Level,
    ResponseRun,
)
from daemon.core.plan import (
    ChannelPlan,
    CheckPlan,
    Contact,
    HeartbeatPlan,
    PersonPlan,
    Plan,
    PolicyPlan,
    RoutePlan,
    ServicePlan,
    SeverityPlan,
    SlaPlan,
)
from daemon.core.severity import Severity
from daemon.notify.health import ChannelHealth
from daemon.notify.retry import Delivered, Outcome
from daemon.notify.spec import ChannelSpec, EmailSpec, LogSpec
from daemon.notify.trial import Trial, spec_of, trial_notice, try_out
from daemon.store.errors import StoreUnusable, TargetExists
from daemon.store.reading.analysis import Analysis

START: Instant = 1_795_255_865_000
"""2026-11-21 10:11:05 UTC."""

TOKEN = "s3cr3t-token"
V1 = "/api/v1"
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""That of httpx would read every authority of the host for each client."""


def check_plan(name: str, service: str, **changes: Any) -> CheckPlan:
    """A check that is confirmed by its first failure."""
    labels = {"check": name, "service": service, "env": "prod"}
    settings: dict[str, Any] = {
        "kind": "http",
        "every": 10 * SECOND,
        "retry_every": SECOND,
        "every_down": 10 * SECOND,
        "down_after": 1,
        "up_after": 1,
        "labels": labels,
    }
    return CheckPlan(name=name, service=service, **settings | changes)


def plan(**changes: Any) -> Plan:
    """Two services, three checks, an SLA, a policy of two levels."""
    everything = RoutePlan(
        path="0", match=(), channels=("mail",), policy="primary", group_by=("service",)
    )
    settings: dict[str, Any] = {
        "checks": {
            "web": check_plan("web", "checkout"),
            "db": check_plan("db", "orders-db"),
            "nightly": check_plan(
                "nightly",
                "jobs",
                kind="heartbeat",
                remote=False,
                heartbeat=HeartbeatPlan(HOUR, None, "UTC", MINUTE),
            ),
        },
        "services": {
            "checkout": ServicePlan(
                "checkout",
                ("web",),
                revenue_per_hour=Decimal(12_000),
                currency="GBP",
                impact="Customers cannot pay",
                recovery_sla=15 * MINUTE,
                rank=1,
            ),
            "orders-db": ServicePlan("orders-db", ("db",)),
            "jobs": ServicePlan("jobs", ("nightly",)),
        },
        "route": RoutePlan(path="", channels=("mail",), routes=(everything,)),
        "policies": {
            "primary": PolicyPlan(
                "primary", (Level(0, ("channel:mail",)), Level(5 * MINUTE, ("channel:pager",)))
            )
        },
        "persons": {"ana": PersonPlan("ana", (Contact("mail", "ana@example.org"),), ())},
        "channels": {"mail": ChannelPlan("mail", "log"), "pager": ChannelPlan("pager", "log")},
        "severities": {Severity.CRITICAL: SeverityPlan(mtta=5 * MINUTE, mttr=30 * MINUTE)},
        "slas": {"checkout-99": SlaPlan("checkout-99", "checkout", Decimal("99.9"), 24 * HOUR)},
    }
    return Plan(**settings | changes)


def matcher(name: str, value: str, op: MatchOp = MatchOp.EQUAL) -> Matcher:
    """A matcher."""
    return Matcher(name, op, value)


class MemoryHistory:
    """Every effect ever, asked as the store would be."""

    def __init__(self) -> None:
        self.incidents_by_key: dict[str, Incident] = {}
        self.runs_by_key: dict[str, ResponseRun] = {}
        self.outputs: dict[str, str] = {}
        self._alerts: dict[tuple[str, Instant | None], Alert] = {}
        self._entries: list[Entry] = []
        self.queued: list[DeliveryView] = []
        self._results: dict[str, list[Result]] = {}

    def keep(self, effects: Sequence[Effect]) -> None:
        """Write them down."""
        for effect in effects:
            match effect:
                case Save(record=Incident() as incident):
                    self.incidents_by_key[incident.key] = incident
                case Save(record=Alert() as alert):
                    self._alerts[alert.key, alert.fired_at] = alert
                case Save(record=ResponseRun() as run):
                    self.runs_by_key[run.key] = run
                case Append(entry=RunOutput() as output):
                    self.outputs[output.run] = output.text
                case Append(entry=Entry() as entry):
                    self._entries.append(entry)
                case Enqueue(notice=notice):
                    self.queued.insert(0, queued_view(notice))
                case Observed(result=result):
                    self._results.setdefault(result.check, []).append(result)

    async def incidents(self, since: Instant | None, limit: int) -> Sequence[Incident]:
        found = [item for item in self.incidents_by_key.values() if item.fired_at >= (since or 0)]
        return sorted(found, key=lambda item: -item.fired_at)[:limit]

    async def find_incidents(self, prefix: str, limit: int) -> Sequence[Incident]:
        return [item for key, item in self.incidents_by_key.items() if key.startswith(prefix)][
            :limit
        ]

    async def entries(self, incident: str) -> Sequence[Entry]:
        return [entry for entry in self._entries if entry.incident == incident]

    async def alerts(self, since: Instant | None, limit: int) -> Sequence[Alert]:
        found = [item for item in self._alerts.values() if (item.fired_at or -1) >= (since or 0)]
        return found[:limit]

    async def alerts_of(self, fingerprints: Sequence[str]) -> Sequence[Alert]:
        newest = {alert.key: alert for alert in self._alerts.values()}
        return [newest[key] for key in fingerprints if key in newest]

    async def deliveries(self, incident: str | None, limit: int) -> Sequence[DeliveryView]:
        return [item for item in self.queued if incident in {None, item.incident}][:limit]

    async def runs(
        self, incident: str | None, response: str | None, limit: int
    ) -> Sequence[ResponseRun]:
        wanted = [
            run
            for run in reversed(self.runs_by_key.values())
            if incident in {None, run.incident} and response in {None, run.response}
        ]
        return wanted[:limit]

    async def find_runs(self, prefix: str, limit: int) -> Sequence[ResponseRun]:
        return [run for key, run in self.runs_by_key.items() if key.startswith(prefix)][:limit]

    async def run_output(self, run: str) -> str:
        return self.outputs.get(run, "")

    async def results(self, check: str, limit: int) -> Sequence[Result]:
        return self._results.get(check, [])[-limit:]


class Lab:
    """A daemon without a schedule, a disk or a channel."""

    def __init__(self, configured: Plan | None = None) -> None:
        self.time: Instant = START
        self.engine = Engine(configured or plan())
        self.hub = EventHub(START)
        self.history = MemoryHistory()
        self.analysis = Analysis(Path("no-database.db"))
        """A test that asks long questions puts one with a file here."""
        self.access = Access()
        self.timezone = "UTC"
        self.ping_tokens: Mapping[str, str] = {TOKEN: "nightly"}
        self.events: list[Event] = []
        self.bad_config = False
        self.healths: list[ChannelHealth] = []
        mail = {"name": "mail", "host": "localhost", "sender": "tocsin@example.org"}
        self.specs: dict[str, ChannelSpec] = {
            "mail": EmailSpec.model_validate(mail),
            "pager": LogSpec(name="pager"),
        }
        self.outcome: Outcome = Delivered("250 kept")
        self.sent: list[Notice] = []
        self.problems: list[str] = []
        self.fails: Exception | None = None
        self.disk = asyncio.Event()
        """Set while everything is on disk."""
        self.disk.set()
        self.do(Tick())

    def now(self) -> Instant:
        return self.time

    def info(self) -> DaemonInfo:
        return DaemonInfo(
            pid=os.getpid(),
            version="0.0.0",
            started_at=stamp(START),
            time=stamp(self.time),
            config="/etc/tocsin/config.toml",
            lag_ms=1.5,
            problems=self.problems,
        )

    def channels(self) -> list[ChannelHealth]:
        return self.healths

    async def test_channel(self, name: str, address: str | None, by: Actor) -> Trial:
        notice = trial_notice(spec_of(self.specs, name), address, by.name, self.now())
        self.do(TryChannel(name, address is not None, by))
        return await try_out(self._send, notice)

    async def _send(self, notice: Notice) -> Outcome:
        self.sent.append(notice)
        return self.outcome

    def do(self, event: Event) -> list[Effect]:
        """Have the engine handle it now; keep and publish what comes of it."""
        self.events.append(event)
        effects = self.engine.handle(event, self.time)
        self.history.keep(effects)
        publish_effects(effects, self.engine, self.time, self.hub)
        return effects

    def later(self, ms: int) -> None:
        """Time passes, and what is due is done."""
        self.time += ms
        self.do(Tick())

    def result(self, check: str, status: Status = Status.DOWN, message: str = "no route") -> None:
        """A run of this check ends now."""
        fault = None if status is Status.UP else Fault.UNREACHABLE
        found = Result(check, self.time, status, 12.5, message, fault, metrics={"status": 200})
        self.do(ResultsArrived((found,)))

    def outage(self, check: str = "web") -> Incident:
        """The check is down and its incident open."""
        self.result(check)
        self.later(SECOND)
        service = self.engine.plan.checks[check].service
        return next(item for item in self.engine.incidents.values() if item.service == service)

    async def command(self, event: Event) -> list[Effect]:
        if self.fails is not None:
            raise self.fails
        await asyncio.sleep(0)  # a real one waits for the disk
        return self.do(event)

    async def durable(self) -> None:
        await self.disk.wait()

    async def reload(self) -> dict[str, Any]:
        if self.bad_config:
            problem = Problem(Path("/etc/tocsin/config.toml"), 7, "check[0].evry", "unknown key")
            raise ConfigError([problem])
        return {"changed": False}

    async def backup(self, path: Path) -> dict[str, Any]:
        if path.name == "taken.db":
            raise TargetExists(f"{path}: exists already; name a new file")
        if path.name != "copy":
            raise StoreUnusable(f"{path}: cannot be written")
        return {"path": str(path)}

    async def verify(self) -> dict[str, Any]:
        return {"problems": []}

    async def prune(self) -> dict[str, Any]:
        return {"removed": 0}

    async def forget(self, person: str, actor: Actor) -> dict[str, Any]:
        if person == "ana":
            raise Invalid("ana is in the configuration; take them out of it and reload first")
        return {"pseudonym": "former person 1", "rows": len(actor.name)}

    async def clean_up(self, before: Instant) -> None:
        """A test that cleans up has a lab with a file."""
        raise StoreUnusable(f"nothing before {before} is kept here")


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that other users may enter. Those of pytest are closed to them, and every run
    that starts closes them again."""
    with tempfile.TemporaryDirectory(prefix="tocsin-open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@asynccontextmanager
async def serving(lab: Lab, directory: Path) -> AsyncIterator[Path]:
    """The lab behind a real server; yields the socket."""
    server = await ApiServer.start(lab, directory / "tocsin.sock")
    try:
        yield server.path
    finally:
        await server.close()


@asynccontextmanager
async def raw_http(socket: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A plain HTTP client on the socket, for what the real client would never send."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket), verify=_NO_TLS)
    async with httpx.AsyncClient(transport=transport, base_url="http://tocsin") as http:
        yield http


async def call(
    lab: Lab, directory: Path, method: str, path: str, **more: Any
) -> tuple[int, Any, Any]:
    """One request; the status, the JSON (or text), the headers."""
    async with serving(lab, directory) as socket, raw_http(socket) as http:
        answer = await http.request(method, path, **more)
        is_json = "json" in answer.headers["content-type"]
        return answer.status_code, answer.json() if is_json else answer.text, answer.headers


@asynccontextmanager
async def connected(lab: Lab, directory: Path) -> AsyncIterator[Client]:
    """The real client against the lab."""
    async with serving(lab, directory) as socket, Client(socket, timeout_s=5.0) as client:
        yield client


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until the other side has come so far."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for is inside the server
            await asyncio.sleep(0.002)
