"""What no index knows is found in pages that stay short."""

from __future__ import annotations

from functools import partial

import pytest

from daemon.core.effects import Save
from daemon.core.labels import parse_matcher
from daemon.core.model import SECOND, Incident
from daemon.core.severity import Severity
from daemon.store.reading import search as history_search
from daemon.store.reading.incidents import Cursor, IncidentFilter
from daemon.store.reading.search import Sought, search_page
from daemon.store.store import Store
from tests.store.samples import NOW, an_alert, an_incident


@pytest.fixture
async def kept(store: Store) -> Store:
    """Forty incidents; each tenth is of the till, with an alert of its own."""
    for number in range(40):
        till = number % 10 == 0
        key = "0123456789abcdef" if till else "00000000000000aa"
        incident = an_incident(
            f"i-{number:02}",
            fired_at=NOW + number * SECOND,
            title="the Till is down" if till else "web is down",
            severity=Severity.HIGH if till else Severity.LOW,
            context="money" if till else None,
            alerts=(key,),
        )
        alert = an_alert(key, labels={"check": "till" if till else "web", "env": "prod"})
        await store.submit([Save(incident), Save(alert)], NOW)
    return store


async def found(store: Store, sought: Sought, limit: int = 3) -> list[list[str]]:
    """The pages, one after the other."""
    pages, after = list[list[str]](), None
    while True:
        page = await store.analysis.ask(
            partial(search_page, sought=sought, after=after, limit=limit)
        )
        pages.append([one.key for one in page.incidents])
        after = page.following
        if after is None:
            return pages


TILL = ["i-30", "i-20", "i-10", "i-00"]


@pytest.mark.parametrize(
    "sought",
    [
        Sought(text="TILL"),
        Sought(matchers=(parse_matcher('check="till"'), parse_matcher('env=~"pr.*"'))),
        Sought(matchers=(parse_matcher('severity="high"'), parse_matcher('context="money"'))),
        Sought(matchers=(parse_matcher('severity!="low"'),)),
        Sought(IncidentFilter(context="money"), (parse_matcher('context=~".+"'),), "down"),
    ],
    ids=["text", "labels", "facts", "negated", "all"],
)
async def test_it_is_found_whichever_way_it_is_asked_for(kept: Store, sought: Sought) -> None:
    pages = await found(kept, sought)
    assert [key for page in pages for key in page] == TILL
    assert max(map(len, pages)) <= 3


async def test_a_page_looks_at_no_more_than_its_bound_and_says_where_to_go_on(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_search, "LOOKED", 8)
    monkeypatch.setattr(history_search, "_STRIDE", 4)
    pages = await found(kept, Sought(text="till"))
    assert len(pages) >= 5
    assert [key for page in pages for key in page] == TILL


async def test_what_comes_meanwhile_moves_nothing(kept: Store) -> None:
    sought = Sought(text="till")
    first = await kept.analysis.ask(partial(search_page, sought=sought, limit=2))
    newer: Incident = an_incident("i-99", fired_at=NOW + 99 * SECOND, title="till again")
    await kept.submit([Save(newer)], NOW)
    second = await kept.analysis.ask(
        partial(search_page, sought=sought, after=first.following, limit=2)
    )
    assert [one.key for one in (*first.incidents, *second.incidents)] == TILL
    assert isinstance(first.following, Cursor)
