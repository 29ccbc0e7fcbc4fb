"""What disturbs more than it says, and which key of the configuration mends that.

An alert is noise for one or more of three reasons, each a share of its occurrences: nobody
acknowledged its incident, it came back at once, or it was over before anybody could look. A share
counts from `SHARE` on, and an alert that fired less than `LEAST` times is not judged. What is to
be changed depends on what made the alert: a rule has `for` and `keep_for`, a check has
`down_after` and `up_after`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from daemon.core.record import record
from daemon.store.reading.alerts import AlertTotals

LEAST: Final = 3
"""What fired less often is not judged."""
SHARE: Final = Fraction(1, 2)
"""From this share of the occurrences on, a reason counts."""


class Why(enum.StrEnum):
    """Why an alert is noise."""

    UNACKNOWLEDGED = "unacknowledged"
    FLAPPING = "flapping"
    SHORT = "short"


@record(frozen=True, slots=True)
class Advice:
    """A reason, and the key of the configuration that mends it.

    Attributes:
        count: How many occurrences are so.
        table: Where the key stands: `[[rule]] name = "disk"`.
    """

    why: Why
    count: int
    share: Fraction
    table: str
    key: str
    text: str


@record(frozen=True, slots=True)
class Noise:
    """An alert that is noise; `noise` is the greatest of its shares."""

    totals: AlertTotals
    noise: Fraction
    advice: Sequence[Advice]


def noisy(found: Iterable[AlertTotals], contexts: Mapping[str, str]) -> Sequence[Noise]:
    """Those of the alerts that are noise: what disturbed most for nothing first.

    Args:
        contexts: The context of each check's service, as far as it has one.
    """
    judged = (
        (totals, list(_advice(totals, contexts))) for totals in found if totals.count >= LEAST
    )
    noise = [
        Noise(totals, max(one.share for one in advice), advice)
        for totals, advice in judged
        if advice
    ]
    return sorted(
        noise, key=lambda one: (-one.noise * one.totals.count, one.totals.name, one.totals.source)
    )


_MENDS: Final[dict[tuple[Why, bool], tuple[str, str]]] = {
    (Why.UNACKNOWLEDGED, True): (
        "severity",
        "nobody takes it: lower its severity, or send it where nobody has to answer",
    ),
    (Why.UNACKNOWLEDGED, False): (
        "severity",
        "nobody takes it: lower what its service's context makes of it, or send it where nobody"
        " has to answer",
    ),
    (Why.FLAPPING, True): (
        "keep_for",
        "it comes back at once: keep it firing for a while, or give it a clear_when further"
        " from its when",
    ),
    (Why.FLAPPING, False): (
        "up_after",
        "it comes back at once: ask for more good runs before it is up again",
    ),
    (Why.SHORT, True): ("for", "it is over within a minute: let its condition hold for longer"),
    (Why.SHORT, False): (
        "down_after",
        "it is over within a minute: ask for more failed runs before it is down",
    ),
}
"""The key and the words, by the reason and whether a rule made it."""


def _advice(totals: AlertTotals, contexts: Mapping[str, str]) -> Iterator[Advice]:
    kind, name = _origin(totals.source)
    if kind not in {"rule", "check"}:
        return
    for why, count in (
        (Why.UNACKNOWLEDGED, totals.unacknowledged),
        (Why.FLAPPING, totals.again),
        (Why.SHORT, totals.short),
    ):
        share = Fraction(count, totals.count)
        if share >= SHARE:
            key, text = _MENDS[why, kind == "rule"]
            table = f'[[{kind}]] name = "{name}"'
            if kind == "check" and why is Why.UNACKNOWLEDGED:
                table = f"[context.{contexts.get(name, 'NAME')}]"
            yield Advice(why, count, share, table, key, text)


def _origin(source: str) -> tuple[str, str]:
    """What made an alert: `check` or `rule`, and its name."""
    kind, _, rest = source.partition(":")
    return kind, rest.rpartition(":")[0] if kind == "rule" else rest
