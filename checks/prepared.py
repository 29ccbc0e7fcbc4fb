"""A check made ready once, and its runs: bounded in time, and never an exception.

`prepare` finds every fault of the configuration that can be found without the target.
`run` is the way from a probe's observation to a `Result`: it bounds the time, tells the
target's faults from our own, lets the conditions judge, and scrubs what comes out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr

from checks.conditions import Condition, compile_condition
from checks.dial import LOOKUP_QUEUE, RESOLVE
from checks.durations import format_duration
from checks.errors import LibraryFault, SpecError
from checks.faults import read_fault
from checks.judge import judge
from checks.kinds import KINDS
from checks.limit import Limit
from checks.probe import Kind, Order, Probe, Trace
from checks.result import Fault, Observation, Result, changed
from checks.spec import CheckSpec
from checks.text import one_line

_LOG: Final = logging.getLogger("tocsin.checks")
_LATE_S: Final = 0.25
"""A timeout that fires this much too late says that our own loop was stalled."""
_SHORTEST_SECRET: Final = 4
"""Shorter secrets cannot be cut out of messages without shredding them."""


@dataclass(slots=True)
class Prepared:
    """A check that can run. One run at a time; `close` when it is not needed any more.

    Attributes:
        probe: None for a passive kind.
        secrets: Texts that must not stand in a message.
    """

    spec: CheckSpec
    kind: Kind
    timeout_ms: int
    expect: tuple[Condition, ...]
    degraded_if: tuple[Condition, ...]
    probe: Probe | None
    secrets: tuple[str, ...]
    _told: set[str] | None = None

    async def close(self) -> None:
        """Let go of kept connections and threads."""
        if self.probe is not None:
            await self.probe.close()

    def log_bug(self, error: BaseException) -> None:
        """Write a bug's traceback into the log, once for each sort of bug."""
        sort = f"{type(error).__name__}: {error}"[:200]
        told = self._told = self._told or set()  # few probes ever have a bug
        if sort not in told and len(told) < 20:
            told.add(sort)
            _LOG.error(
                "the %s probe of check %s broke", self.kind.name, self.spec.name, exc_info=error
            )


def prepare(spec: CheckSpec, timeout_ms: int) -> Prepared:
    """Compile a check's conditions and make its probe.

    Raises:
        SpecError: It cannot work as configured, or its driver is not installed.
    """
    kind = KINDS.get(spec.kind)
    if kind is None:
        raise SpecError("kind", f"{spec.kind!r} is no kind of check; there are {', '.join(KINDS)}")
    if timeout_ms <= 0:
        raise SpecError("timeout", "a timeout is longer than 0")
    missing = kind.missing()
    if missing is not None:
        raise SpecError("kind", missing)
    if kind.passive and (spec.expect or spec.degraded_if):
        field_name = "expect" if spec.expect else "degraded_if"
        raise SpecError(field_name, f"a {kind.name} is not probed and has nothing to judge")
    expect = _compiled(kind, "expect", spec.expect or kind.expect)
    degraded_if = _compiled(kind, "degraded_if", spec.degraded_if)
    wanted = _wanted(tuple(one.names for one in (*expect, *degraded_if)))
    probe = kind.make(Order(spec, wanted, timeout_ms)) if kind.make is not None else None
    secrets = tuple(sorted(set(_secrets(spec)), key=len, reverse=True))
    return Prepared(spec, kind, timeout_ms, expect, degraded_if, probe, secrets)


@lru_cache(maxsize=256)
def _wanted(named: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """The fields that conditions name: one set for the thousands that name the same."""
    return frozenset(name for names in named for name in names)


def _compiled(kind: Kind, key: str, texts: tuple[str, ...]) -> tuple[Condition, ...]:
    found = [
        compile_condition(text, kind.fields, f"{key}[{position}]")
        for position, text in enumerate(texts)
    ]
    return tuple(found)


def _secrets(value: object) -> Iterator[str]:
    """Every secret in a spec, however deep."""
    if isinstance(value, SecretStr):
        if len(value.get_secret_value()) >= _SHORTEST_SECRET:
            yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name, default in _fields_with_secrets(type(value)):
            if (inner := getattr(value, name)) is not default:
                yield from _secrets(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _secrets(inner)


@cache
def _fields_with_secrets(model: type[BaseModel]) -> tuple[tuple[str, object], ...]:
    """Those that may hold one, and what each is where it is not written: nothing secret."""
    fields = model.model_fields.items()
    return tuple((name, one.default) for name, one in fields if _may_hold_a_secret(one.annotation))


def _may_hold_a_secret(kind: object) -> bool:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return bool(_fields_with_secrets(kind))
    return kind in (SecretStr, dict, object, Any) or any(map(_may_hold_a_secret, get_args(kind)))


async def run(prepared: Prepared, at: int) -> Result:
    """Run a check once. `at` is now, in milliseconds since the epoch.

    Never raises but `CancelledError`; takes at most the timeout and half a second.
    """
    trace = Trace()
    seen = await _observe(prepared, trace)
    if prepared.secrets:
        seen = changed(seen, message=_masked(seen.message, prepared.secrets))
    result = _judged(prepared, at, seen)
    if trace.failed_addresses:
        result = _half_up(result, trace.failed_addresses)
    if prepared.secrets:
        result = changed(result, message=_masked(result.message, prepared.secrets))
    return result


def _judged(prepared: Prepared, at: int, seen: Observation) -> Result:
    name = prepared.spec.name
    try:
        return judge(name, at, seen, prepared.expect, prepared.degraded_if)
    except LibraryFault as fault:  # ours, not the target's
        unjudged = changed(seen, fault=Fault.INTERNAL, message=str(fault))
        return judge(name, at, unjudged, (), ())


def _half_up(result: Result, failures: tuple[str, ...]) -> Result:
    """`result` with the addresses that were tried in vain before another was reached."""
    return changed(
        result,
        message=one_line("; ".join((result.message, *failures))),
        metrics={**result.metrics, "addresses_failed": len(failures)},
    )


def _masked(text: str, secrets: tuple[str, ...]) -> str:
    """`text` without any of the secrets; a target may send back what it was given."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, "***")
    return text


async def _observe(prepared: Prepared, trace: Trace) -> Observation:
    """The probe's observation, or one that says why there is none."""
    if prepared.probe is None:
        return _failed(Fault.INTERNAL, f"a {prepared.kind.name} is not probed, it is pinged", trace)
    limit = Limit(prepared.timeout_ms / 1000.0)
    try:
        with limit:
            return await prepared.probe.observe(trace)
    except TimeoutError as error:
        if limit.late_s is not None:
            return _timed_out(prepared, trace, limit.late_s)
        return _explained(prepared, error, trace)
    except Exception as error:  # noqa: BLE001  # a bug in a probe must not end the runner: it is reported as one
        return _explained(prepared, error, trace)


def _timed_out(prepared: Prepared, trace: Trace, late_s: float) -> Observation:
    span = format_duration(prepared.timeout_ms)
    if late_s > max(_LATE_S, prepared.timeout_ms / 10_000):
        words = f"this host was too busy: the timeout of {span} fired {late_s:.1f} s late"
        return _failed(Fault.INTERNAL, words, trace)
    if trace.stage == RESOLVE:
        words = f"timed out after {span}: the resolver does not answer"
        return changed(_failed(Fault.RESOLVE, words, trace), unknown=True)
    if trace.stage == LOOKUP_QUEUE:
        words = f"not looked up within {span}: too many lookups of other names hang"
        return _failed(Fault.INTERNAL, words, trace)
    where = f" (while waiting for: {trace.stage.replace('_', ' ')})" if trace.stage else ""
    return _failed(Fault.TIMEOUT, f"timed out after {span}{where}", trace)


def _explained(prepared: Prepared, error: Exception, trace: Trace) -> Observation:
    known = read_fault(error, "the target")
    if known is None:
        prepared.log_bug(error)
        words = f"a bug in the {prepared.kind.name} probe ({type(error).__name__}); see the log"
        return _failed(Fault.INTERNAL, words, trace)
    seen = _failed(known.fault, known.message, trace)
    return changed(seen, unknown=True) if known.unknown else seen


def _failed(fault: Fault, message: str, trace: Trace) -> Observation:
    return Observation(latency_ms=trace.finish(), phases=trace.phases, fault=fault, message=message)
