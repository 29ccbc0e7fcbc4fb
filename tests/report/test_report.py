"""A report holds the example of the documentation, and comes out the same whenever it is made."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.cli import times
from daemon.cli.app import run
from daemon.core.model import DAY, HOUR, MINUTE
from daemon.store.upkeep.care import backup, prune
from daemon.store.upkeep.prune import Retention
from tests.report import past


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tocsin = Callable[..., Answer]


@pytest.fixture
def tocsin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Tocsin:
    """Commands on the example's database, at a time of one's choice; no daemon runs."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    clock = SimpleNamespace(now=past.NOON)
    monkeypatch.setattr(times, "time", SimpleNamespace(time_ns=lambda: clock.now * 1_000_000))

    def call(*words: str, now: int = past.NOON, config: Path | None = None) -> Answer:
        clock.now = now
        capsys.readouterr()
        code = run([*words, "--config", str(config or tmp_path / "config.toml")])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


def build(folder: Path, seen: int = past.NOON, *more: Any) -> Path:
    database = folder / "tocsin.db"
    asyncio.run(past.make(database, seen, *more))
    past.configure(folder, database)
    return database


def test_the_example_worked_by_hand_is_what_the_command_reports(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    """docs/semantics/sla.md, to the millisecond."""
    build(tmp_path)
    said = tocsin("report", "--period", "2026-11", "--format", "json")
    assert said.code == 1, said.err
    (one,) = said.json["objectives"]
    sla = one["sla"]
    assert sla["period"] == {
        "start": "2026-10-31T23:00:00.000Z",
        "end": "2026-11-30T23:00:00.000Z",
    }
    assert (sla["unknown_ms"], sla["down_ms"]) == (172_800_000, 2_400_000)
    assert (sla["degraded_ms"], sla["up_ms"]) == (7_200_000, 1_588_800_000)
    assert (sla["value"], sla["met"], sla["coverage"]) == (99.8498, False, 90.2439)
    assert sla["budget"] == {"total_ms": 2_419_200, "left_ms": 19_200, "exhausts_at": None} | {
        "exhausts_at": sla["budget"]["exhausts_at"]
    }
    assert (sla["violations"], sla["credit_percent"]) == ([], 10)
    assert (sla["mttr_ms"], sla["mtbf_ms"], one["outages"]) == (1_200_000, 798_000_000, 2)
    assert (one["incidents"], one["acknowledged"], one["mtta_ms"]) == (1, 1, 5 * MINUTE)
    assert not said.json["final"]


def test_what_was_excluded_afterwards_is_out_and_both_values_are_shown(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    build(tmp_path, past.NOON, past.exclusion())
    told = tocsin("report", "--period", "2026-11", "--format", "json").json
    sla = told["objectives"][0]["sla"]
    assert (sla["value"], sla["unamended_value"]) == (99.8873, 99.8498)
    assert (sla["excluded_ms"], sla["budget"]["left_ms"]) == (600_000, 618_600)


def test_every_part_adds_up_to_the_period(tmp_path: Path, tocsin: Tocsin) -> None:
    build(tmp_path, past.NOON, past.exclusion())
    told = tocsin("report", "--period", "2026-11", "--format", "json").json
    parts = ("up_ms", "degraded_ms", "unknown_ms", "down_ms", "excluded_ms")
    elapsed = 20 * DAY + 12 * HOUR
    assert sum(told["objectives"][0]["sla"][name] for name in parts) == elapsed
    assert [sum(one[name] for name in parts) for one in told["services"]] == [elapsed] * 2


def test_time_after_the_last_result_is_unknown_and_not_up(tmp_path: Path, tocsin: Tocsin) -> None:
    """Nobody measured since noon of the 21st; the copy is read in December."""
    build(tmp_path)
    told = tocsin("report", "--period", "2026-11", "--format", "json", now=past.LATER).json
    sla = told["objectives"][0]["sla"]
    assert sla["unknown_ms"] == 172_800_000 + 9 * DAY + 12 * HOUR - 30_000
    assert sla["up_ms"] == 1_588_800_000 + 30_000
    assert told["final"]


def test_a_closed_month_has_the_same_digest_whenever_it_is_made(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    """After more was measured, after raw results are gone, and from a backup elsewhere."""
    ask = ("report", "--period", "2026-11", "--format", "json")
    database = build(tmp_path, past.LATER)
    first = tocsin(*ask, now=past.LATER).json
    assert first["final"]
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    backup(database, copy / "tocsin.db")
    config = past.configure(copy, copy / "tocsin.db")
    assert tocsin(*ask, now=past.LATER + 40 * DAY, config=config).json["digest"] == first["digest"]

    async def again() -> None:
        store = await past.Store.open(database)
        await store.submit(past.lasting("checkout", "web", past.LATER + 5 * DAY), past.LATER)
        await store.close()

    asyncio.run(again())
    prune(database, Retention(raw=0, minutes=0), past.LATER + 30 * DAY)
    told = tocsin(*ask, now=past.LATER + 30 * DAY).json
    assert told["digest"] == first["digest"]
    assert told["objectives"] == first["objectives"]


def test_one_millisecond_more_is_another_digest(tmp_path: Path, tocsin: Tocsin) -> None:
    ask = ("report", "--period", "2026-11", "--format", "json")
    database = build(tmp_path, past.LATER)
    first = tocsin(*ask, now=past.LATER).json["digest"]

    async def longer() -> None:
        store = await past.Store.open(database)
        at = past.START + 10 * DAY
        piece = past.Interval("service", "checkout", at, at + 30 * MINUTE - 1, past.Status.DOWN)
        await store.submit([past.Append(piece)], past.LATER)
        await store.close()

    asyncio.run(longer())
    assert tocsin(*ask, now=past.LATER).json["digest"] != first


def test_a_table_is_rfc_4180_and_holds_no_formula(tmp_path: Path, tocsin: Tocsin) -> None:
    build(tmp_path, past.NOON, past.exclusion())
    text = tocsin("report", "--period", "2026-11", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.count("\r\n") == len(rows) + 1
    assert [row["kind"] for row in rows] == ["objective", "service", "service", "exclusion"]
    assert rows[-1]["text"] == "'=1+<b>provider</b>"
    assert (rows[0]["value"], rows[0]["met"]) == ("99.8873", "false")


@pytest.mark.parametrize("form", ["md", "html"])
def test_text_from_outside_is_never_markup(tmp_path: Path, tocsin: Tocsin, form: str) -> None:
    build(tmp_path, past.NOON, past.exclusion())
    text = tocsin("report", "--period", "2026-11", "--format", form).out
    assert "provider" in text
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "99.88" in text
    assert "missed so far" in text


def test_the_page_needs_nothing_from_anywhere(tmp_path: Path, tocsin: Tocsin) -> None:
    build(tmp_path)
    out = tmp_path / "november.html"
    said = tocsin("report", "--period", "2026-11", "--format", "html", "--out", str(out))
    text = out.read_text()
    assert said.out == f"wrote {out}\n"
    assert "<script" not in text
    assert not any(word in text for word in ("http:", "https:", "src="))
    assert text.count("<svg") == text.count("</svg>") >= 4
    assert [one.name for one in tmp_path.glob(".november*")] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--period", "2026-13"), "'2026-13' is no period"),
        (("--period", "2027-01"), "2027-01 has not begun"),
        (("--period", "2026-11-02..2026-11-01"), "ends less than a minute after it begins"),
        (("--period", "2026-11-02..never"), "'never' is no date"),
        (("--period", "2026-11", "--service", "nope"), "there is no service 'nope'"),
        (("--period", "2026-11", "--org", "nope"), "there are acme"),
        (("--period", "2026-11", "--format", "pdf"), "it is md or html or csv or json"),
        ((), "say which period"),
    ],
)
def test_a_bad_question_says_what_is_wrong(
    tmp_path: Path, tocsin: Tocsin, words: tuple[str, ...], told: str
) -> None:
    past.configure(tmp_path, tmp_path / "tocsin.db")
    asyncio.run(past.make(tmp_path / "tocsin.db", past.NOON))
    said = tocsin("report", *words)
    assert said.code == 2
    assert told in said.err


def test_a_service_or_an_organisation_is_reported_alone(tmp_path: Path, tocsin: Tocsin) -> None:
    build(tmp_path)
    ask = ("report", "--period", "2026-11", "--format", "json")
    for words in (("--service", "checkout"), ("--org", "acme")):
        told = tocsin(*ask, *words).json
        assert [one["name"] for one in told["services"]] == ["checkout"]
        assert told["incidents"]["total"] == 1
    told = tocsin(*ask, "--service", "search").json
    assert (told["objectives"], told["incidents"]["total"]) == ([], 0)


def test_the_example_of_the_documentation_was_made_by_the_command(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    build(tmp_path)
    said = tocsin("report", "--period", "2026-11", "--service", "checkout").out
    document = Path(__file__).parents[2] / "docs" / "reports.md"
    example = document.read_text().split("````markdown\n")[1].split("\n````")[0]
    assert said.startswith(example)
