"""SQLite: the engine's durable mirror and its history, in one file that people can read.

The way of a turn: effects -> `Store.submit` -> `batch` -> `commits` -> `writer` (encoded by
`codec`), one transaction -> the future resolves, and the service acts. `rollup` and `prune` work
beside it, and `fold` makes hours and days; `history` reads without disturbing it, `analysis` asks
long questions over months; `restore` reads what an engine goes on from.
`docs/storage.md` describes the file.
"""

from daemon.store.errors import (
    StoreBusy,
    StoreError,
    StoreForeign,
    StoreLocked,
    StoreTooNew,
    StoreUnusable,
    TargetExists,
)
from daemon.store.health import StoreHealth
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.history import History, MinuteRollup
from daemon.store.store import Store
from daemon.store.upkeep.care import backup, prune, verify
from daemon.store.upkeep.forget import forget
from daemon.store.upkeep.prune import Retention

__all__ = [
    "Analysis",
    "History",
    "MinuteRollup",
    "Retention",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreForeign",
    "StoreHealth",
    "StoreLocked",
    "StoreTooNew",
    "StoreUnusable",
    "TargetExists",
    "backup",
    "forget",
    "prune",
    "verify",
]
