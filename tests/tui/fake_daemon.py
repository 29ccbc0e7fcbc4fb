"""A daemon of a few dozen lines: real HTTP and a real event stream over a real Unix socket.

It keeps a `State`, carries out the dashboard's writes on it as the daemon would, and publishes
every change with a sequence number. Tests push events into it, cut it off, and bring it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
from aiohttp import web

from daemon.api.schema import (
    AmendmentView,
    ChannelTest,
    CheckView,
    EntryView,
    HistoryView,
    IncidentDetail,
    IncidentView,
    MaintenanceView,
    MatcherView,
    Operator,
    OverrideView,
    PersonView,
    Problem,
    Shape,
    SilenceStatus,
    SilenceView,
    SlaView,
    State,
    StatusUpdateView,
)
from daemon.api.times import stamp
from daemon.core.labels import parse_matcher
from tests.tui import estate, estate_past, estate_then
from tui.drawing.words import instant

Change = Callable[[IncidentView, dict[str, Any]], None]


class FakeDaemon:
    """Serves a state; every write is carried out on it and published."""

    def __init__(self, socket: Path, state: State) -> None:
        self.socket = socket
        self.state = state
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.timeline = {"01JD0CHECKOUT": estate.timeline()}
        self.persons = [PersonView(name=name) for name in ("ben", "bella", "ana", "cai")]
        self.responses = estate.responses()
        self.patience = asyncio.Event()
        self.patience.set()
        self.refuse: tuple[int, str] | None = None
        self._queues: set[asyncio.Queue[bytes | None]] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes([
            web.get("/api/v1/state", self._state),
            web.get("/api/v1/events", self._events),
            web.get("/api/v1/persons", self._persons),
            web.get("/api/v1/incidents/{id}", self._incident),
            web.get("/api/v1/responses", self._responses),
            web.get("/api/v1/sla/{name}/course", self._course),
            web.get("/api/v1/sla/{name}/exclusions/preview", self._preview),
            web.post("/api/v1/sla/{name}/exclusions", self._exclude),
            web.post("/api/v1/sla/{name}/notes", self._note_on_sla),
            web.delete("/api/v1/sla/{name}/exclusions/{id}", self._withdraw),
            web.get("/api/v1/alerts/{figure}", self._figure),
            web.post("/api/v1/responses/runs/{run}/{action}", self._decide),
            web.post("/api/v1/incidents/{id}/respond", self._respond),
            web.post("/api/v1/incidents", self._open),
            web.post("/api/v1/incidents/{id}/merge", self._merge),
            web.post("/api/v1/incidents/{id}/{action}", self._act),
            web.post("/api/v1/silences", self._put_silence),
            web.post("/api/v1/maintenance", self._begin_maintenance),
            web.post("/api/v1/maintenance/{name}/end", self._end_maintenance),
            web.delete("/api/v1/silences/{id}", self._expire),
            web.post("/api/v1/schedules/{name}/overrides", self._override),
            web.delete("/api/v1/schedules/{name}/overrides/{id}", self._end_override),
            web.post("/api/v1/checks/{name}/run", self._run),
            web.post("/api/v1/channels/{name}/test", self._test),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self.socket.unlink(missing_ok=True)
        await web.UnixSite(self._runner, str(self.socket)).start()

    async def stop(self) -> None:
        """Die: streams end, the socket goes."""
        for queue in self._queues:
            queue.put_nowait(None)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.socket.unlink(missing_ok=True)

    @property
    def followers(self) -> int:
        """How many follow the stream."""
        return len(self._queues)

    def publish(self, kind: str, data: Shape, *, seq: int | None = None) -> None:
        """Send an event to all who follow."""
        if seq is None:
            self.state.seq += 1
            seq = self.state.seq
        frame = f"id: {seq}\nevent: {kind}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
        for queue in self._queues:
            queue.put_nowait(frame)

    def change(self, incident: str, **fields: Any) -> IncidentView:
        """Change an incident and publish it."""
        view = self._find(incident)
        assert view is not None
        for name, value in fields.items():
            setattr(view, name, value)
        view.version += 1
        self.publish("incident", view)
        return view

    def add(self, incident: IncidentView) -> None:
        """A new incident."""
        self.state.incidents.append(incident)
        self.publish("incident", incident)

    def _find(self, key: str) -> IncidentView | None:
        return next((one for one in self.state.incidents if one.id == key), None)

    async def _state(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path_qs))
        if "at" not in request.query:
            return _json(self.state)
        if self.refuse is not None:
            return _problem(*self.refuse)
        await self.patience.wait()
        return _json(estate_then.then(instant(request.query["at"]) or 0))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            await answer.write(b": here\n\n")
            while (frame := await queue.get()) is not None:
                await answer.write(frame)
        except ConnectionResetError:
            return answer
        finally:
            self._queues.discard(queue)
        return answer

    async def _persons(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path))
        if self.refuse is not None:
            return _problem(*self.refuse)
        return web.Response(body=msgspec.json.encode(self.persons), content_type="application/json")

    async def _figure(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path_qs))
        if self.refuse is not None:
            return _problem(*self.refuse)
        await self.patience.wait()
        asked, service = request.query, request.query.get("service")
        made: object = []
        match request.match_info["figure"]:
            case "history":
                over = [one for one in estate.state().incidents if one.state == "resolved"]
                made = HistoryView(incidents=over)
            case "service-health":
                made = estate_past.health()
            case "statistics":
                made = estate_past.statistics(service)
            case "trends":
                days = (estate.NOW - (instant(asked["since"]) or 0)) // estate.DAY
                unit: Literal["hour", "day"] = "hour" if asked["unit"] == "hour" else "day"
                made = estate_past.trends(unit, days, service)
            case "top-alerts" if service != "login":
                made = estate_past.top()
            case "noise" if service != "login":
                made = estate_past.noise()
        return web.Response(body=msgspec.json.encode(made), content_type="application/json")

    async def _course(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path_qs))
        if self.refuse is not None:
            return _problem(*self.refuse)
        more_ms = int(request.query.get("more_ms", 0))
        return _json(estate_past.course(self._sla(request), more_ms))

    async def _preview(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path_qs))
        if self.refuse is not None:
            return _problem(*self.refuse)
        return _json(estate_past.preview(self._sla(request)))

    async def _exclude(self, request: web.Request) -> web.Response:
        return await self._amend(request, "exclusion", "reason")

    async def _note_on_sla(self, request: web.Request) -> web.Response:
        return await self._amend(request, "note", "text")

    async def _amend(
        self, request: web.Request, kind: Literal["exclusion", "note"], field: str
    ) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        sla = self._sla(request)
        made = AmendmentView(
            id=f"a{len(self.bodies)}", kind=kind, sla=sla.name, start=body["start"],
            end=body["end"], text=body[field], made_by="ana", made_at=estate.ago(0),
        )  # fmt: skip
        if kind == "exclusion":
            sla.exclusions.append(made)
            sla.approved_ms += (instant(made.end) or 0) - (instant(made.start) or 0)
        else:
            for one in sla.violations:
                if one.start < made.end and (one.end or made.end) > made.start:
                    one.notes.append(made)
        self.publish("sla", sla)
        return _json(made)

    async def _withdraw(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        sla, key = self._sla(request), request.match_info["id"]
        said = [*sla.exclusions, *(note for one in sla.violations for note in one.notes)]
        known = next((one for one in said if one.id == key), None)
        if known is None:
            return _problem(404, f"there is no exclusion or note {key!r}")
        sla.exclusions = [one for one in sla.exclusions if one.id != key]
        for one in sla.violations:
            one.notes = [note for note in one.notes if note.id != key]
        self.publish("sla", sla)
        return _json(known)

    def _sla(self, request: web.Request) -> SlaView:
        (sla,) = (one for one in self.state.slas if one.name == request.match_info["name"])
        return sla

    async def _incident(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path))
        view = self._find(request.match_info["id"])
        if view is None:
            return _problem(404, "there is no such incident")
        return _json(
            IncidentDetail(
                incident=view,
                alerts=[one for one in self.state.alerts if one.incident == view.id],
                timeline=self.timeline.get(view.id, []),
                deliveries=[one for one in estate.deliveries() if one.incident == view.id],
            )
        )

    async def _act(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        view = self._find(request.match_info["id"])
        if view is None:
            return _problem(404, "there is no such incident")
        action = request.match_info["action"]
        ACTS[action](view, body)
        view.version += 1
        if action == "note":
            entry = EntryView(
                time=estate.ago(0), kind="note", by="ana", origin="unix uid 0", text=body["text"]
            )
            self.timeline.setdefault(view.id, []).append(entry)
        self.publish("incident", view)
        self.publish(
            "operator",
            Operator(time=estate.ago(0), by="ana", origin="unix uid 0", action=action,
                     subject=view.id, detail=""),
        )  # fmt: skip
        return _json(view)

    async def _open(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        made = estate.checkout()
        made.id, made.title, made.service = "01JD0OPENED", body["title"], body["service"]
        made.severity = body["severity"]
        self.add(made)
        return _json(made)

    async def _merge(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        self.change(request.match_info["id"], state="resolved", merged_into=body["into"])
        return _json(self.change(body["into"]))

    async def _responses(self, request: web.Request) -> web.Response:
        self.requests.append(("GET", request.path))
        return web.Response(
            body=msgspec.json.encode(self.responses), content_type="application/json"
        )

    async def _respond(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        run = estate.run(response=body["response"], state="running", id="r9")
        self.publish("response", run)
        return _json(run)

    async def _decide(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        (run,) = [one for one in self.state.runs if one.id == request.match_info["run"]]
        run.state = "running" if request.match_info["action"] == "approve" else "refused"
        self.publish("response", run)
        return _json(run)

    async def _override(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        name = request.match_info["name"]
        (schedule,) = (one for one in self.state.daemon.on_call if one.name == name)
        schedule.on_call, schedule.overridden = body["persons"], True
        self.publish("daemon", self.state.daemon)
        return _json(self._overriding(name, body["persons"], "active"))

    async def _end_override(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        return _json(self._overriding(request.match_info["name"], ["ben"], "expired"))

    def _overriding(
        self, name: str, persons: list[str], state: Literal["active", "expired"]
    ) -> OverrideView:
        return OverrideView(
            id="o1", schedule=name, state=state, start=estate.ago(0), end=estate.ago(-60),
            persons=persons, replaces=None, swap=False, comment="", created_by="ana",
            created_at=estate.ago(0),
        )  # fmt: skip

    async def _begin_maintenance(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        return _json(self._work(body["name"], body["services"], "active"))

    async def _end_maintenance(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        return _json(self._work(request.match_info["name"], ["checkout"], "expired"))

    def _work(
        self, name: str, services: list[str], state: Literal["active", "expired"]
    ) -> MaintenanceView:
        return MaintenanceView(
            name=name, state=state, start=estate.ago(0), end=estate.ago(-60), services=services,
            match=[], excludes=services, recur=None, timezone="UTC", reason="", id="w1",
        )  # fmt: skip

    async def _put_silence(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        made = SilenceView(
            id=f"s{len(self.state.silences) + 1}",
            matchers=[_matcher(text) for text in body["matchers"]],
            startsAt=estate.ago(0), endsAt=stamp(estate.NOW + body["for_ms"]),
            updatedAt=estate.ago(0), createdBy="ana", comment=body["comment"],
            status=SilenceStatus(state="active"), matched=1,
        )  # fmt: skip
        self.state.silences.append(made)
        self.publish("silence", made)
        return _json(made)

    async def _expire(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        silence = next(s for s in self.state.silences if s.id == request.match_info["id"])
        silence.status = SilenceStatus(state="expired")
        silence.endsAt = estate.ago(0)
        self.publish("silence", silence)
        return _json(silence)

    async def _run(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        found: CheckView = next(
            c for c in self.state.checks if c.name == request.match_info["name"]
        )
        return _json(found)

    async def _test(self, request: web.Request) -> web.Response:
        body = await self._write(request)
        if isinstance(body, web.Response):
            return body
        name = request.match_info["name"]
        told = ChannelTest(
            channel=name, id="k", delivered=name != "ops-slack", detail="250 kept", took_ms=31.0
        )
        return _json(told)

    async def _write(self, request: web.Request) -> dict[str, Any] | web.Response:
        """The body of a write; or the refusal that a test or the role asks for."""
        self.requests.append((request.method, request.path))
        if self.refuse is not None:
            return _problem(*self.refuse)
        if self.state.role == "viewer":
            return _problem(403, "you are a viewer; this needs the role operator")
        raw = await request.read()
        body: dict[str, Any] = msgspec.json.decode(raw) if raw else {}
        self.bodies.append(body)
        return body


def _ack(view: IncidentView, body: dict[str, Any]) -> None:
    view.state, view.acknowledged_by, view.acknowledged_at = "acknowledged", "ana", estate.ago(0)
    view.ack_comment = body["comment"] or None
    if body.get("expires_after_ms"):
        view.ack_until = stamp(estate.NOW + body["expires_after_ms"])
    if view.escalation is not None:
        view.escalation.paused, view.escalation.next_at = True, None


def _snooze(view: IncidentView, body: dict[str, Any]) -> None:
    _ack(view, {"comment": body["comment"], "expires_after_ms": body["for_ms"]})


def _assign(view: IncidentView, body: dict[str, Any]) -> None:
    view.assigned_to = body["to"]


def _role(view: IncidentView, body: dict[str, Any]) -> None:
    view.roles = {**view.roles, body["role"]: body["to"]}
    view.roles = {role: who for role, who in view.roles.items() if who}


def _update(view: IncidentView, body: dict[str, Any]) -> None:
    ahead = body["next_in_ms"]
    view.next_update_due = stamp(estate.NOW + ahead) if ahead else None
    view.status_update = StatusUpdateView(body["text"], "ana", estate.ago(0), view.next_update_due)


def _unack(view: IncidentView, body: dict[str, Any]) -> None:
    view.state, view.acknowledged_by, view.acknowledged_at = "triggered", None, None
    if view.escalation is not None:
        view.escalation.paused, view.escalation.next_at = False, estate.ahead(300_000)


def _note(view: IncidentView, body: dict[str, Any]) -> None:
    assert body["text"]


def _resolve(view: IncidentView, body: dict[str, Any]) -> None:
    view.state, view.resolved_at, view.resolved_by = "resolved", estate.ago(0), "ana"


def _escalate(view: IncidentView, body: dict[str, Any]) -> None:
    assert view.escalation is not None
    view.escalation.level += 1
    view.escalation.next_at = estate.ahead(300_000)


ACTS: dict[str, Change] = {
    "ack": _ack, "unack": _unack, "snooze": _snooze, "assign": _assign,
    "note": _note, "resolve": _resolve, "escalate": _escalate, "role": _role, "update": _update,
}  # fmt: skip


def _matcher(text: str) -> MatcherView:
    made = parse_matcher(text)
    return MatcherView(
        name=made.name,
        value=made.value,
        isRegex="~" in made.op,
        isEqual=not made.op.startswith("!"),
    )


def _json(shape: Shape) -> web.Response:
    return web.Response(body=msgspec.json.encode(shape), content_type="application/json")


def _problem(status: int, detail: str) -> web.Response:
    body = Problem(type="about:blank", title="refused", status=status, detail=detail)
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/problem+json"
    )
