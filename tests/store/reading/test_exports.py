"""Tables come out whole, once, in a form that programs and spreadsheets read."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from functools import partial

import pytest

from checks.result import Result, Status
from daemon.core.effects import Enqueue, Observed, Save
from daemon.core.model import SECOND
from daemon.store.reading import exports
from daemon.store.reading.exports import COLUMNS, Form, Table, Wanted, pieces
from daemon.store.store import Store
from tests.store.samples import NOW, a_notice, an_alert


@pytest.fixture
async def kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Seven occurrences, seven results of two checks, seven deliveries; three rows a piece."""
    monkeypatch.setattr(exports, "ROWS", 3)
    for number in range(7):
        at = NOW + number * SECOND
        alert = an_alert(name="-x", fired_at=at, annotations={"summary": '=1+1, "it"\nsays'})
        result = Result(f"web-{number % 2}", at, Status.UP, 12.5, "", None, metrics={"a": 1})
        await store.submit(
            [Save(alert), Observed(result), Enqueue(a_notice(f"n-{number}", at=at))], at
        )
    return store


async def told(store: Store, table: Table, form: Form, since: int = 0) -> str:
    wanted = Wanted(table, form, since)

    def question(connection: sqlite3.Connection) -> bytes:
        return b"".join(pieces(connection, wanted))

    return (await store.analysis.ask(question)).decode()


@pytest.mark.parametrize("table", ["alerts", "results", "deliveries"])
async def test_every_row_comes_once_in_both_forms(kept: Store, table: Table) -> None:
    lines = [json.loads(line) for line in (await told(kept, table, "json")).splitlines()]
    rows = list(csv.DictReader(io.StringIO(await told(kept, table, "csv"), newline="")))
    assert len(lines) == len(rows) == 7
    assert list(rows[0]) == list(COLUMNS[table]) == list(lines[0])
    assert len({json.dumps(line, sort_keys=True) for line in lines}) == 7


async def test_a_span_leaves_out_what_lies_before_it(kept: Store) -> None:
    for table in COLUMNS:
        assert len((await told(kept, table, "json", NOW + 4 * SECOND)).splitlines()) == 3


async def test_no_cell_is_a_formula_and_numbers_stay_numbers(kept: Store) -> None:
    (row, *_) = csv.DictReader(io.StringIO(await told(kept, "results", "csv"), newline=""))
    assert (row["latency_ms"], row["status"]) == ("12.5", "up")
    assert row["metrics"] == '{"a":1}'
    (alert, *_) = csv.DictReader(io.StringIO(await told(kept, "alerts", "csv"), newline=""))
    assert alert["name"] == "'-x"
    assert json.loads(alert["annotations"])["summary"].startswith("=1+1")
    assert (await told(kept, "alerts", "csv")).count("\r\n") == 8


async def test_rows_that_come_meanwhile_move_no_others(kept: Store) -> None:
    wanted = Wanted("alerts", "json")
    first = await kept.analysis.ask(partial(exports.piece, wanted=wanted))
    await kept.submit([Save(an_alert("another", fired_at=NOW - SECOND))], NOW + 9 * SECOND)
    second = await kept.analysis.ask(exports.question(wanted, first.after))
    both = [json.loads(line)["fired_at"] for line in (first.data + second.data).splitlines()]
    assert both == sorted(set(both))
    assert len(both) == 6


async def test_an_empty_table_is_a_header_alone(store: Store) -> None:
    for table, columns in COLUMNS.items():
        assert await told(store, table, "csv") == ",".join(columns) + "\r\n"
        assert await told(store, table, "json") == ""
