"""Everything an engine must be given to go on where another stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from checks.result import Result
from daemon.core.chronicle import Interval
from daemon.core.model import Record
from daemon.core.record import record
from daemon.core.sla.runs import RunCount


@record(frozen=True, slots=True)
class Snapshot:
    """The engine's memory as values; the store keeps it current through the effects.

    Attributes:
        records: The newest value of every record that was saved and not dropped.
        last: Each check's newest result.
        samples: The recent results that rule windows reach back to, oldest first.
        intervals: Settled service intervals as far back as an SLA's period reaches, and
            check intervals that end after their service's `settled`; oldest first.
        runs: How many runs the checks had that burn alerts ask about, as far back as they ask.
    """

    records: tuple[Record, ...] = ()
    last: Mapping[str, Result] = field(default_factory=dict)
    samples: tuple[Result, ...] = ()
    intervals: tuple[Interval, ...] = ()
    runs: tuple[RunCount, ...] = ()
