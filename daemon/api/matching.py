"""How many of the alerts that fire each of many silences selects, for lists of silences.

Asking each silence about each alert takes a second where a few hundred have ended lately and
thousands of alerts fire. Nearly every silence names a label's value exactly, so the alerts are
sorted by the values of such labels, the first time that one is asked for, and a silence looks only
at those with its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from daemon.core.labels import Labels, MatchOp, match_all
from daemon.core.model import Alert, AlertState, Silence


class Firing:
    """The alerts that fire at this moment, as silences see them."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self._alerts = alerts
        self._by_value: dict[str, dict[str, list[Labels]]] = {}

    def count(self, silence: Silence) -> int:
        """How many of them the silence's matchers select."""
        exact = (one for one in silence.matchers if one.op is MatchOp.EQUAL and one.value)
        candidates = [self._with(one.name, one.value) for one in exact]
        fewest = min(candidates, key=len, default=self._labels)
        return sum(match_all(silence.matchers, labels) for labels in fewest)

    @cached_property
    def _labels(self) -> list[Labels]:
        return [one.matchable for one in self._alerts if one.state is AlertState.FIRING]

    def _with(self, name: str, value: str) -> list[Labels]:
        """Those whose label has this value."""
        known = self._by_value.get(name)
        if known is None:
            known = self._by_value[name] = defaultdict(list)
            for labels in self._labels:
                known[labels.get(name, "")].append(labels)
        return known.get(value, [])
