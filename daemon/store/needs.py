"""What a plan's rules need of stored results: which metrics to keep, how far back to read."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.model import Instant
from daemon.core.plan import Plan
from daemon.core.ruling.rules import compile_rule, reach


def windowed_metrics(plan: Plan) -> frozenset[str]:
    """The metrics that a rule's windows look back on; all others are not stored."""
    texts = [text for rule in plan.rules.values() for text in (rule.when, rule.clear_when)]
    programs = [compile_rule(text) for text in texts if text is not None]
    return frozenset(call.metric for p in programs for call in p.calls.values() if call.metric)


def samples_since(plan: Plan, now: Instant) -> Mapping[str, Instant]:
    """For each check that rules look back on, from when on its results are needed."""
    return {name: now - span for name, span in reach(plan).items() if span}
