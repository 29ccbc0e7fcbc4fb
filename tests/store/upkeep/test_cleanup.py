"""What was over long ago is counted, and removed with all that belongs to it; the rest stays."""

from __future__ import annotations

from functools import partial

from daemon.core.chronicle import Entry, EntryKind
from daemon.core.effects import Append, Drop, Effect, Save
from daemon.core.model import HOUR, AlertState, Incident, IncidentState
from daemon.store.reading.incidents import history_page
from daemon.store.store import Store
from daemon.store.upkeep.cleanup import Removable, removable
from tests.store.conftest import Query
from tests.store.samples import ANA, NOW, an_alert, an_incident


async def test_what_is_over_goes_and_what_is_open_or_remembered_stays(
    store: Store, query: Query
) -> None:
    over = {"state": IncidentState.RESOLVED, "resolved_at": NOW + HOUR}
    effects: list[Effect] = [
        Save(an_incident("gone", **over)),
        Append(Entry("gone", NOW, EntryKind.NOTE, ANA, "a line")),
        Save(an_incident("remembered", **over)),
        Save(an_incident("open")),
        Save(an_alert("one", state=AlertState.RESOLVED, resolved_at=NOW + HOUR, incident="gone")),
        Save(an_alert("two", incident="open")),
        Drop(Incident, "gone"),
    ]
    for effect in effects:
        await store.submit([effect], NOW)
    before = NOW + 2 * HOUR
    assert await store.analysis.ask(partial(removable, before=NOW)) == Removable(0, 0)
    assert await store.analysis.ask(partial(removable, before=before)) == Removable(1, 1)
    await store.clean_up(before)
    page = await store.analysis.ask(history_page)
    assert {one.key for one in page.incidents} == {"remembered", "open"}
    assert query("SELECT count(*) FROM timeline") == [(0,)]
    assert query("SELECT fingerprint FROM alert_history") == [("two",)]
