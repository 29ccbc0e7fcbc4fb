"""A lab whose past is on disk: every effect so far goes into a real database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from daemon.core.effects import Append, Effect, Save
from daemon.core.events import Event
from daemon.core.model import HOUR, MINUTE, Instant
from daemon.store.batch import Batch
from daemon.store.connect import make_place, open_writer
from daemon.store.reading.analysis import Analysis
from daemon.store.rollups.fold import fold
from daemon.store.upkeep.prune import Retention, remove_past
from tests.api.lab import Lab, check_plan, plan

SELDOM = {"every": 99 * HOUR, "every_down": 99 * HOUR, "flap_start": 101.0}
CHECKS = {
    "web": check_plan("web", "checkout", **SELDOM),
    "db": check_plan("db", "orders-db", **SELDOM),
    "nightly": check_plan("nightly", "jobs", **SELDOM),
}
"""So seldom that nothing is unknown between what a test says."""


class PastLab(Lab):
    """What its engine decides is kept by `keep`."""

    def __init__(self, directory: Path) -> None:
        self.decided: list[Effect] = []
        super().__init__(plan(checks=CHECKS, severities={}))
        self.path = directory / "past.db"
        make_place(self.path)
        self.analysis = Analysis(self.path)

    def do(self, event: Event) -> list[Effect]:
        effects = super().do(event)
        self.decided += effects
        return effects

    def keep(self, more: Iterable[Effect] = ()) -> None:
        """Put what was decided since, and more, into the database, and fold it."""
        batch = Batch()
        for effect in (*self.decided, *more):
            if isinstance(effect, Save | Append):
                batch.decide(effect)
        self.decided.clear()
        batch.encode()
        connection = open_writer(self.path)
        connection.execute("BEGIN")
        for statement, rows in batch.statements():
            connection.executemany(statement, rows)
        connection.execute("COMMIT")
        while fold(connection, self.time // MINUTE, Retention(), self.time):
            pass
        connection.close()

    async def clean_up(self, before: Instant) -> None:
        """As the store, on the same file."""
        connection = open_writer(self.path)
        while remove_past(connection, before):
            pass
        connection.close()
