"""Asks those who will evaluate them whether the conditions of checks and rules can work.

Each condition is compiled on its own, so that every bad one is reported, not only the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import checks
from checks.conditions import compile_condition
from checks.errors import SpecError
from checks.host import PLAIN_METRICS
from checks.spec import CheckSpec
from daemon.config.lines import KeyPath
from daemon.config.sections import RuleSettings
from daemon.config.sources import Document
from daemon.core.ruling.rules import compile_rule

_METRICS: Final[Mapping[str, frozenset[str]]] = {
    "dns": frozenset({"addresses_failed", "count", "serial", "ttl"}),
    "file": frozenset(
        {"age_s", "count", "exists", "matches", "oldest_age_s", "size_bytes", "total_bytes"}
    ),
    "heartbeat": frozenset(),
    "host": frozenset(PLAIN_METRICS),
    "http": frozenset({"body_bytes", "cert_days"}),
    "icmp": frozenset(
        {
            "jitter_ms",
            "loss_percent",
            "received",
            "rtt_avg_ms",
            "rtt_max_ms",
            "rtt_min_ms",
            "sent",
        }
    ),
    "mysql": frozenset({"row_count", "value"}),
    "postgres": frozenset({"row_count", "value"}),
    "process": frozenset(
        {
            "count",
            "cpu_percent",
            "oldest_age_s",
            "open_files",
            "restarted",
            "rss_bytes",
            "threads",
        }
    ),
    "sqlite": frozenset({"row_count", "value"}),
    "systemd": frozenset(
        {
            "active_state",
            "failed_count",
            "load_state",
            "restarts",
            "result",
            "state_age_s",
            "sub_state",
            "unit_count",
        }
    ),
    "tcp": frozenset({"cert_days"}),
    "tls": frozenset({"addresses_failed", "cert_days", "chain_days"}),
}
"""All that results of a kind can carry; a kind whose target has a say in that is not here."""


class _WithInstances(frozenset[str]):
    """Metrics of a host, and each of them for one of its parts: `disk_used_percent:/var`."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and ":" in name)


def metrics_of(kinds: Iterable[str]) -> Collection[str] | None:
    """The metrics that checks of these kinds can have; None if that is not known."""
    chosen = set(kinds)
    if not chosen or not chosen <= _METRICS.keys():
        return None
    names = frozenset[str]().union(*(_METRICS[kind] for kind in chosen))
    return _WithInstances(names) if "host" in chosen else names


def check_conditions(
    document: Document, path: KeyPath, spec: CheckSpec, timeout_ms: int
) -> checks.Prepared | None:
    """Compile the conditions of a check and prepare it; note what does not work."""
    kind = checks.KINDS[spec.kind]
    failed: SpecError | None = None
    if spec.enabled and kind.missing() is None:
        try:
            return checks.prepare(spec, max(1, timeout_ms))  # 0 is complained of elsewhere
        except SpecError as error:
            failed = error
    good = True
    for place, text in () if kind.passive else _conditions(spec):
        try:
            compile_condition(text, kind.fields, str(place[0]))
        except SpecError as error:
            good = False
            document.problem((*path, *place), error.message)
    if good and failed is not None:
        document.problem((*path, *field_path(failed.field)), failed.message)
    return None


def _conditions(spec: CheckSpec) -> Iterator[tuple[KeyPath, str]]:
    for key, texts in (("expect", spec.expect), ("degraded_if", spec.degraded_if)):
        for position, text in enumerate(texts):
            yield (key, position), text


def check_rule(
    document: Document, path: KeyPath, rule: RuleSettings, known: Collection[str] | None
) -> None:
    """Compile a rule's conditions; note what does not work.

    Args:
        known: The metrics that the checks it selects can have; None if that is not known.
    """
    for key, text in (("when", rule.when), ("clear_when", rule.clear_when)):
        if text is None:
            continue
        try:
            compile_rule(text, known)
        except ValueError as error:
            document.problem((*path, key), str(error))


def field_path(field: str) -> KeyPath:
    """`expect[0]` or `tls.ca` as a path."""
    path: KeyPath = ()
    for part in field.split("."):
        name, bracket, position = part.partition("[")
        path = (*path, name)
        if bracket and position.rstrip("]").isdigit():
            path = (*path, int(position.rstrip("]")))
    return path
