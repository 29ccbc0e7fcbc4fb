"""`test`: what the configuration would do, tried without a daemon; and messages as a test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from daemon.cli.arguments import Argument, Commands, Option
from daemon.cli.ask import answer, say, write_table
from daemon.cli.channels import channel
from daemon.cli.options import Config, Format, Output, span_of, time_of
from daemon.cli.stop import Stop
from daemon.cli.table import Cell
from daemon.cli.testing import alert, storm
from daemon.cli.times import local, now_ms, span

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.core.chronicle import Notice
    from daemon.core.model import Mute
    from daemon.core.plan import Plan, RoutePlan
    from daemon.core.severity import Severity
    from daemon.core.trying.rehearsal import Line, Visit

Labels = Annotated[list[str], Argument("LABEL=VALUE...", "The alert's labels.")]
Service = Annotated[str, Argument("SERVICE", "Whose first check is to fail.")]
At = Annotated[str | None, Option(("--at",), "TIME", "When it is to fail; now without it.")]
When = Annotated[str | None, Option(("--at",), "TIME", "When it is to fire; now without it.")]
For = Annotated[str | None, Option(("--for",), "DURATION", "How long to look; 4h without it.")]
Grade = Annotated[
    str | None, Option(("--severity",), "SEVERITY", "Instead of the one it would have.")
]
_SPAN_MS = 4 * 3_600_000
_TOLD = ["AFTER", "TIME", "TELLS", "OVER", "WHAT"]


def route(
    labels: Labels, at: When = None, config: Config = None, output: Format = Output.TABLE
) -> None:
    """Explain which routes an alert with these labels would take, and why; and whether their
    hours let them tell it.

    Example: tocsin test route service=checkout severity=critical --at 2026-12-25T03:00
    """
    from daemon.api.times import stamp
    from daemon.core.trying.rehearsal import visits

    plan, seen = _plan(config), dict(map(_label, labels))
    if "severity" in seen:
        seen["severity"] = _severity(seen["severity"]).word
    walked = list(visits(plan.route, seen))
    moment = time_of(at) or now_ms()
    taken = _taken(plan, seen, moment)
    told = {
        "labels": seen,
        "time": stamp(moment),
        "routes": [_visited(one) for one in walked],
        "taken": taken,
    }
    answer(output, told, lambda: _tell_route(walked, taken))


def escalation(
    service: Service,
    at: At = None,
    for_: For = None,
    severity: Grade = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Show who would be told when, and over which channel, if a service failed and nobody
    acknowledged it.

    Example: tocsin test escalation checkout --at 2026-12-25T03:00
    """
    from daemon.core.trying.rehearsal import MOST, outage, rehearse

    plan, began = _plan(config), time_of(at) or now_ms()
    grade = None if severity is None else _severity(severity)
    condition = outage(plan, _check_of(plan, service), began, grade)
    lines = list(rehearse(plan, condition, began, span_of(for_) or _SPAN_MS))
    rows = [_row(one, began) for one in lines]
    told = [_told(one) for one in lines]
    answer(output, told, lambda: write_table(_TOLD, rows, "nobody would be told"))
    if len(lines) >= MOST:
        sys.stderr.write(f"tocsin: cut after {len(lines)} lines; what comes then is not shown\n")


def _plan(config: Path | None) -> Plan:
    from daemon.config import ConfigError, find_config, load

    try:
        return load(find_config(config)).plan
    except ConfigError as error:
        raise Stop(*map(str, error.problems)) from None


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Stop(f"{text!r} is no label; write it like service=checkout")
    return name, value.strip('"')


def _severity(text: str) -> Severity:
    from daemon.core.severity import parse_severity

    try:
        return parse_severity(text)
    except ValueError as error:
        raise Stop(str(error)) from None


def _check_of(plan: Plan, service: str) -> str:
    found = plan.services.get(service)
    if found is None:
        raise Stop(f"there is no service {service!r}; there are {', '.join(plan.services)}")
    if not found.checks:
        raise Stop(f"the service {service!r} has no check that could fail")
    return found.checks[0]


def _taken(plan: Plan, labels: dict[str, str], at: int) -> list[dict[str, Any]]:
    """The routes that the alert takes at this time; the first owns its incident."""
    from daemon.core.model import Alert
    from daemon.core.severity import Severity, parse_severity
    from daemon.core.telling.routing import Router
    from daemon.core.trying.rehearsal import mutes_at

    word = labels.get("severity")
    grade = Severity.CRITICAL if word is None else parse_severity(word)
    own = {name: value for name, value in labels.items() if name != "severity"}
    alert = Alert("", "", "", own, severity=grade, effective=grade)
    routing = Router(plan.route).route(alert)
    return [
        {
            "route": taken.key,
            "group": taken.group_key(alert),
            "policy": taken.route.policy,
            "channels": list(taken.route.channels),
            "group_wait_ms": taken.wait(alert),
            "group_interval_ms": taken.route.group_interval,
            "repeat_interval_ms": taken.route.repeat_interval,
            "suppress_ms": taken.route.suppress,
            "mute_time_intervals": list(taken.route.mute_time_intervals),
            "active_time_intervals": list(taken.route.active_time_intervals),
            "muted": [_mute(one) for one in mutes_at(plan, taken.route, at)],
        }
        for taken in (routing.owner, *routing.others)
    ]


def _mute(mute: Mute) -> dict[str, str | None]:
    from daemon.api.times import stamp

    until = None if mute.until is None else stamp(mute.until)
    return {"kind": mute.kind.value, "by": mute.by, "reason": mute.reason, "until": until}


def _visited(visit: Visit) -> dict[str, Any]:
    return {
        "path": visit.node.path,
        "match": [str(one) for one in visit.node.match],
        "continue": visit.node.continue_,
        "matches": visit.matches,
        "failing": [str(one) for one in visit.failing],
    }


def _tell_route(walked: list[Visit], taken: list[dict[str, Any]]) -> None:
    for visit in walked:
        say("  " * visit.depth + "·", *_verdict(visit))
    for number, one in enumerate(taken):
        way = "it is told by" if number == 0 else "and also by"
        say(Cell(way, "bold"), one["route"])
        say("  group", Cell(one["group"]))
        say("  policy", one["policy"] or "none", "  channels", ", ".join(one["channels"]) or "none")
        waits = (one["group_wait_ms"], one["group_interval_ms"], one["repeat_interval_ms"])
        first, interval, repeat = map(span, waits)
        say(f"  waits {first}, then every {interval}; repeats after {repeat}")
        _tell_holding(one)


def _tell_holding(one: dict[str, Any]) -> None:
    """What the route holds back, if it may hold anything back."""
    if one["suppress_ms"]:
        say(f"  suppress: an alert is told once it has fired for {span(one['suppress_ms'])}")
    for key in ("mute_time_intervals", "active_time_intervals"):
        if one[key]:
            say(f"  {key}", ", ".join(one[key]))
    for mute in one["muted"]:
        until = f" until {local(mute['until'])}" if mute["until"] else ""
        say(Cell(f"  mute then: {mute['reason']}{until}", "faint"))
    if one["mute_time_intervals"] + one["active_time_intervals"] and not one["muted"]:
        say(Cell("  tells then: no interval mutes it", "faint"))


def _verdict(visit: Visit) -> tuple[Cell, Cell]:
    words = Cell(_matchers(visit.node))
    if visit.matches is None:
        return words, Cell("not asked: a route before it took the alert", "faint")
    if visit.matches:
        return words, Cell("✓ matches" + (", and goes on" if visit.node.continue_ else ""), "up")
    return words, Cell(f"✕ not {', '.join(map(str, visit.failing))}", "faint")


def _matchers(node: RoutePlan) -> str:
    if node.path == "":
        return "the root"
    return f"route {node.path} {{{', '.join(map(str, node.match))}}}"


def _row(line: Line, began: int) -> list[Cell | str]:
    from daemon.core.chronicle import Entry

    told = _told(line)
    when: list[Cell | str] = [span(line.at - began), local(told["time"])]
    if isinstance(line, Entry):
        return [*when, "–", "–", Cell(line.text, "faint")]
    return [*when, Cell(line.recipient or "everybody there", "bold"), line.channel, _what(line)]


def _what(notice: Notice) -> str:
    return f"{notice.type.value.removeprefix('incident.')}: {notice.reason}"


def _told(line: Line) -> dict[str, Any]:
    from daemon.api.times import stamp
    from daemon.core.chronicle import Entry

    if isinstance(line, Entry):
        return {"time": stamp(line.at), "type": None, "recipient": None, "reason": line.text}
    return {
        "time": stamp(line.at),
        "type": line.type.value,
        "channel": line.channel,
        "recipient": line.recipient or None,
        "address": line.address,
        "severity": line.incident.severity.word,
        "level": None if line.level is None else line.level + 1,
        "reason": line.reason,
    }


COMMANDS: Commands = {
    "test": {
        "route": route,
        "escalation": escalation,
        "channel": channel,
        "alert": alert,
        "storm": storm,
    }
}
