"""`watch`: what changes, one line an event, until it is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from daemon.cli import shown
from daemon.cli.arguments import Commands, Option
from daemon.cli.ask import say, words_of, write
from daemon.cli.options import Config, Format, Output, Socket, socket_of
from daemon.cli.stop import Exit, Stop
from daemon.cli.table import Cell, scrub, word
from daemon.cli.times import clock, local, now_ms

if TYPE_CHECKING:
    from daemon.api import schema
    from daemon.client import Client, StreamEvent

_AGAIN_S = 1.0
_KINDS = (
    "incident", "alert", "check", "service", "sla", "silence", "delivery", "response", "operator",
    "daemon", "reset",
)  # fmt: skip


def watch(
    only: Annotated[
        list[str] | None, Option(("--only",), "KIND", "incident, alert, check, ...")
    ] = None,
    every: Annotated[
        bool, Option(("--every",), "", "Every event, not only what means a change.")
    ] = False,
    socket: Socket = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> int:
    """Follow what changes, one line an event, until SIGINT.

    For people only changes are shown; `--every` shows each result too, as `-o json` does.

    Example: tocsin watch --only incident --only alert
    """
    for kind in only or ():
        if kind not in _KINDS:
            raise Stop(f"there is no event {kind!r}; there are {', '.join(_KINDS)}")
    lines = JsonLines() if output is Output.JSON else Lines(every=every)
    with contextlib.suppress(KeyboardInterrupt):  # how one leaves
        asyncio.run(_follow(socket_of(socket, config), lines, frozenset(only or _KINDS)))
    return Exit.GOOD


async def _follow(socket: Path, lines: Lines | JsonLines, kinds: frozenset[str]) -> None:
    """Begin with the state as it is, then follow; come back when the stream breaks."""
    from daemon.client import Client, ClientError, Disconnected, NoDaemon

    seq: int | None = None
    async with Client(socket) as client:
        while True:
            try:
                if seq is None:
                    seq = await _begin(client, lines)
                async for event in client.events(since=seq):
                    seq = event.seq
                    if event.kind in kinds:
                        lines.show(event)
            except (Disconnected, NoDaemon) as error:
                if seq is None:
                    raise Stop(*words_of(error), code=error.exit_code) from None
                sys.stderr.write(f"tocsin: {scrub(error)}; trying again\n")
                await asyncio.sleep(_AGAIN_S)
            except ClientError as error:
                raise Stop(*words_of(error), code=error.exit_code) from None


async def _begin(client: Client, lines: Lines | JsonLines) -> int:
    state = await client.state()
    lines.begin(state)
    return state.seq


class JsonLines:
    """Each event as one line of JSON: `seq`, `kind` and the object after the change."""

    def begin(self, state: schema.State) -> None:
        """Nothing is said of how things are already."""

    def show(self, event: StreamEvent) -> None:
        """Write one event."""
        import msgspec

        line = {"seq": event.seq, "kind": event.kind, "data": event.data}
        write(msgspec.json.encode(line).decode() + "\n")


class Lines:
    """Each change as one line for people.

    Events come with every result; what was said of a thing is remembered, so that only what
    changes is said again.
    """

    def __init__(self, *, every: bool = False) -> None:
        self._every = every
        self._said: dict[tuple[str, str], str] = {}

    def begin(self, state: schema.State) -> None:
        """Remember how things are, and say it in one line."""
        for kind, members in (
            ("check", state.checks),
            ("service", state.services),
            ("alert", state.alerts),
            ("incident", state.incidents),
            ("silence", state.silences),
        ):
            for member in members:
                self._is_news(kind, member)
        opened = len(state.incidents)
        many = "incident" if opened == 1 else "incidents"
        say(Cell(local(state.daemon.time, with_date=False), "faint"), f"{opened} {many} open")

    def show(self, event: StreamEvent) -> None:
        """Say it, if it is news."""
        if event.kind in {"daemon", "sla"} and not self._every:
            return
        if self._is_news(event.kind, event.data) or self._every:
            cells = _SENTENCES.get(event.kind, _otherwise)(event.data)
            say(Cell(_clock(event.data), "faint"), Cell(f"{event.kind:<8}", "faint"), *cells)

    def _is_news(self, kind: str, data: Any) -> bool:
        """Whether what people are told of it differs from what they were told before."""
        key = (kind, str(getattr(data, "id", None) or getattr(data, "name", "")))
        if kind == "alert":
            key = (kind, data.fingerprint)
        if kind not in _GIST or not key[1]:
            return True
        gist = repr([getattr(data, name) for name in _GIST[kind]])
        news = self._said.get(key) != gist
        self._said[key] = gist
        return news


_GIST = {
    "check": ("status", "hard", "flapping", "unreachable"),
    "service": ("status", "unreachable"),
    "alert": ("state", "severity", "muted"),
    "incident": ("state", "severity", "title", "acknowledged_by", "version"),
    "silence": ("status", "endsAt", "comment"),
    "delivery": ("state", "attempts"),
    "response": ("state",),
}


def _clock(data: Any) -> str:
    """When it happened; now for events that carry no time of their own."""
    stamp = getattr(data, "time", None)
    return local(stamp, with_date=False) if stamp is not None else clock(now_ms())


def _incident(one: schema.IncidentView) -> list[Cell | str]:
    return [
        Cell(one.id[: shown.ID_LENGTH], "bold"),
        word(one.severity),
        shown.incident_state(one),
        one.title,
    ]


def _alert(one: schema.AlertView) -> list[Cell | str]:
    muted = Cell("(muted)" if one.muted else "", "faint")
    where = one.labels.get("check") or one.labels.get("service", "")
    return [word(one.severity), one.state, one.name, where, muted]


def _check(one: schema.CheckView) -> list[Cell | str]:
    message = one.cause or (one.last.message if one.last is not None else "")
    return [Cell(one.name, "bold"), shown.status(one), message]


def _service(one: schema.ServiceView) -> list[Cell | str]:
    return [Cell(one.name, "bold"), word(one.status)]


def _silence(one: schema.SilenceView) -> list[Cell | str]:
    matchers = " ".join(map(shown.matcher, one.matchers))
    return [one.id[: shown.ID_LENGTH], one.status.state, matchers, Cell(one.comment, "faint")]


def _delivery(one: schema.DeliveryView) -> list[Cell | str]:
    whom = f"{one.recipient} by {one.channel}" if one.recipient else one.channel
    style = "down" if one.state == "failed" else ""
    return [Cell(one.state, style), whom, one.type, Cell(one.detail, "faint")]


def _response(one: schema.RunView) -> list[Cell | str]:
    state = shown.run_state(one.state)
    incident = Cell(one.incident[: shown.ID_LENGTH], "faint")
    return [Cell(one.response, "bold"), state, incident, one.detail or one.action]


def _operator(one: schema.Operator) -> list[Cell | str]:
    return [one.by, one.action, one.subject, Cell(one.detail, "faint")]


def _sla(one: schema.SlaView) -> list[Cell | str]:
    return shown.sla(one)


def _daemon(one: schema.DaemonInfo) -> list[Cell | str]:
    return [f"lag {one.lag_ms:.1f}ms, lateness {one.lateness_ms:.1f}ms, outbox {one.outbox}"]


def _reset(one: schema.Reset) -> list[Cell | str]:
    return [Cell(one.reason, "high")]


def _otherwise(one: Any) -> list[Cell | str]:
    return [str(one)]


_SENTENCES: dict[str, Any] = {
    "incident": _incident, "alert": _alert, "check": _check, "service": _service,
    "silence": _silence, "delivery": _delivery, "operator": _operator, "sla": _sla,
    "daemon": _daemon, "reset": _reset, "response": _response,
}  # fmt: skip


COMMANDS: Commands = {"watch": watch}
