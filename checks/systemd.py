"""The `systemd` kind: how a unit of this host is, or whether any unit has failed.

systemd is asked by its own program, `systemctl`, found on PATH: what it prints for programs
(`show --property`, `list-units --plain --no-legend`) is a stable interface, and a D-Bus
connection is not worth a library. Without `unit`, or with a pattern, the question is which
units have failed; with a name, how that unit is.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from checks.durations import format_duration
from checks.errors import ProbeError, SpecError
from checks.probe import FieldType, Kind, Order, Trace
from checks.program import Ended, program_environment, run_program
from checks.result import Fault, Observation, Scalar, changed
from checks.spec import CheckSpec
from checks.text import one_line

_UNIT_FIELDS: Final[Mapping[str, FieldType]] = {
    "load_state": "string",
    "active_state": "string",
    "sub_state": "string",
    "result": "string",
    "restarts": "int",
    "state_age_s": "float",
}
_LIST_FIELDS: Final[Mapping[str, FieldType]] = {
    "failed": "list",
    "failed_count": "int",
    "unit_count": "int",
}
FIELDS: Final[Mapping[str, FieldType]] = {
    **_UNIT_FIELDS,
    **_LIST_FIELDS,
    "latency_ms": "float",
}
_PROPERTIES: Final = "LoadState,ActiveState,SubState,Result,NRestarts,StateChangeTimestampMonotonic"
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_SHARE: Final = 0.95
"""How much of the timeout systemctl has: its silence is no verdict about the unit."""
_NAMED: Final = 5
"""How many failed units a message names."""
_MARKS: Final = "●○×*↻ "
"""What some versions print before a unit's name."""


class SystemdSpec(CheckSpec):
    """A unit, or all of them.

    Attributes:
        unit: The unit's name (`.service` may be left out), or a pattern with `*`, `?` or
            `[...]`, none of whose units may have failed; without it, none of all units may.
        user: Ask the user's own systemd, not the system's.
    """

    kind: Literal["systemd"] = "systemd"
    unit: Annotated[str, Field(max_length=255, pattern=r"^[\w@:.\\*?\[][\w@:.\\*?\[\]!-]*$")] | (
        None
    ) = None
    user: bool = False


@dataclass(frozen=True, slots=True)
class UnitState:
    """What systemd says of a unit, in its own words.

    Attributes:
        restarts: How often it was started anew by itself; None for what is no service.
        since_s: When its state last changed, on the monotonic clock; None if it never did.
    """

    load: str
    active: str
    sub: str
    result: str
    restarts: int | None
    since_s: float | None


class SystemdProbe:
    """Asks systemctl."""

    def __init__(self, order: Order) -> None:
        spec: SystemdSpec = order.spec
        unit = spec.unit
        self._single = unit is not None and not re.search(r"[*?\[]", unit)
        others = _LIST_FIELDS if self._single else _UNIT_FIELDS
        for name in sorted(order.wanted & others.keys()):
            mend = "a pattern, or without unit" if self._single else "the name of one unit"
            raise SpecError("unit", f"a condition names {name}, which there is only with {mend}")
        self._unit = unit
        self._judges = not spec.expect
        scope = ("--user",) if spec.user else ()
        self._words = ("systemctl", *scope, "--no-pager", *self._question(unit))
        self._user = spec.user
        self._timeout_ms = order.timeout_ms

    def _question(self, unit: str | None) -> tuple[str, ...]:
        if unit is not None and self._single:
            return ("show", f"--property={_PROPERTIES}", "--", unit)
        listing = ("list-units", "--plain", "--no-legend", "--full")
        return (*listing, "--state=failed") if unit is None else (*listing, "--all", "--", unit)

    async def observe(self, trace: Trace) -> Observation:
        """Ask once."""
        trace.enter("systemctl")
        environment = program_environment({"LC_ALL": "C", "SYSTEMD_COLORS": "0"})
        try:
            async with asyncio.timeout(self._timeout_ms / 1000.0 * _SHARE):
                ended = await run_program(self._words, environment)
        except TimeoutError:
            words = f"systemctl did not answer within {format_duration(self._timeout_ms)}"
            raise ProbeError(Fault.INTERNAL, words) from None
        if ended.code != 0:
            raise _refused(ended, user=self._user)
        trace.finish()
        if self._single:
            return self._of_unit(ended.out, trace)
        return self._of_list(ended, trace)

    def _of_unit(self, text: str, trace: Trace) -> Observation:
        state = read_unit(text)
        if state is None:
            words = f'systemctl gave an answer that is not understood: "{one_line(text, 80)}"'
            raise ProbeError(Fault.INTERNAL, words)
        fields: dict[str, Any] = {
            "load_state": state.load,
            "active_state": state.active,
            "sub_state": state.sub,
            "result": state.result,
        }
        metrics: dict[str, Scalar] = dict(fields)
        if state.restarts is not None:
            metrics["restarts"] = fields["restarts"] = state.restarts
        if state.since_s is not None:
            age_s = max(0.0, time.monotonic() - state.since_s)
            metrics["state_age_s"] = fields["state_age_s"] = age_s
        seen = _observation(fields, metrics, _unit_words(str(self._unit), state), trace)
        return _judged(seen, state) if self._judges else seen

    def _of_list(self, ended: Ended, trace: Trace) -> Observation:
        if ended.cut:
            words = "systemctl lists more units than are read (64 KiB); narrow the pattern"
            raise ProbeError(Fault.INTERNAL, words)
        units = read_units(ended.out)
        failed = [name for name, active in units if active == "failed"]
        fields: dict[str, Any] = {"failed": failed, "failed_count": len(failed)}
        metrics: dict[str, Scalar] = {"failed_count": len(failed)}
        if self._unit is not None:
            metrics["unit_count"] = fields["unit_count"] = len(units)
        seen = _observation(fields, metrics, _list_words(failed), trace)
        if not self._judges:
            return seen
        if self._unit is not None and not units:
            words = f"no unit that systemd has loaded matches {self._unit}"
            return changed(seen, fault=Fault.PROGRAM, message=words)
        return changed(seen, fault=Fault.PROGRAM) if failed else seen

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _observation(
    fields: Mapping[str, Any], metrics: Mapping[str, Scalar], words: str, trace: Trace
) -> Observation:
    latency_ms = sum(trace.phases.values())
    return Observation(
        fields={**fields, "latency_ms": latency_ms},
        latency_ms=latency_ms,
        phases=trace.phases,
        metrics=metrics,
        message=words,
    )


def _judged(seen: Observation, state: UnitState) -> Observation:
    """Active is good, on its way there is degraded, everything else is not."""
    if state.active in {"active", "reloading", "refreshing"}:
        return seen
    if state.active == "maintenance":
        return changed(seen, degraded=True)
    if state.active == "activating" and not state.sub.startswith("auto-restart"):
        return changed(seen, degraded=True)
    return changed(seen, fault=Fault.PROGRAM)


def _unit_words(unit: str, state: UnitState) -> str:
    if state.load == "not-found":
        return f"systemd knows no unit {unit}"
    if state.load not in {"loaded", "merged", "stub"}:
        return f"{unit} is {state.active}, its unit file is {state.load}"
    ended = state.result if state.result != "success" else ""
    result = f", its last result is {ended}" if ended else ""
    restarts = f", {state.restarts} restarts" if state.restarts else ""
    return f"{unit} is {state.active} ({state.sub}){result}{restarts}"


def _list_words(failed: list[str]) -> str:
    if not failed:
        return "no unit has failed"
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return f"{', '.join(failed[:_NAMED])}{more} failed"


def _refused(ended: Ended, *, user: bool) -> ProbeError:
    """Why systemctl did not answer: never a verdict about the unit."""
    said = one_line(ended.err) or one_line(ended.out) or f"exit code {ended.code}"
    if ended.died:
        said = f"it was ended by {ended.died}"
    mend = ""
    if "Failed to connect to" in ended.err or "not been booted" in ended.err:
        mend = "; is systemd what runs this host?"
        if user:
            mend = "; with user = true the daemon runs as that user, XDG_RUNTIME_DIR set"
    return ProbeError(Fault.INTERNAL, f"systemctl cannot tell: {said[:180]}{mend}")


def read_unit(text: str) -> UnitState | None:
    """What `systemctl show` printed of one unit; None if its states are not in it."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            found.setdefault(name, value.strip())
    if not found.get("LoadState") or not found.get("ActiveState"):
        return None
    restarts = found.get("NRestarts", "")
    since = found.get("StateChangeTimestampMonotonic", "")
    return UnitState(
        load=found["LoadState"],
        active=found["ActiveState"],
        sub=found.get("SubState", ""),
        result=found.get("Result", ""),
        restarts=int(restarts) if _NUMBER.fullmatch(restarts) else None,
        since_s=(int(since) / 1e6 or None) if _NUMBER.fullmatch(since) else None,
    )


def read_units(text: str) -> list[tuple[str, str]]:
    """The name and the active state of each line that `systemctl list-units` printed."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        words = line.lstrip(_MARKS).split()
        if len(words) >= 4:  # unit, load, active, sub, description
            found.append((words[0], words[2]))
    return found


KIND: Final = Kind(name="systemd", spec=SystemdSpec, fields=FIELDS, make=SystemdProbe, remote=False)
