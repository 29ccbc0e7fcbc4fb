"""The daily alert report holds a day to the definitions, written out here by brute force, and says
what of the day nobody saw."""

from __future__ import annotations

import copy
import csv
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from daemon.api.schema.daily import DailyView
from daemon.cli import times
from daemon.cli.app import run
from daemon.config import load
from daemon.core.effects import Drop, Save
from daemon.core.model import DAY, HOUR, MINUTE, Override, Recurrence
from daemon.core.plan import Plan
from daemon.core.severity import Severity
from daemon.report.daily.day import Day, parse_day
from daemon.report.daily.people import is_night
from daemon.report.daily.view import digest
from daemon.report.forms import Form, file_name, in_short, written
from daemon.report.keeping import pack, unpack
from daemon.report.offline import read_day
from daemon.report.periods import BadPeriod
from daemon.store.upkeep.erasing import Erasure
from tests.report import days

BERLIN = "Europe/Berlin"
MORNING = days.NEXT + 6 * HOUR


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("plan")
    return load(days.configure(folder, folder / "none.db")).plan


@pytest.fixture(scope="module")
def friday(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> DailyView:
    path = days.a_friday().write(tmp_path_factory.mktemp("friday") / "tocsin.db")
    return read_day(path, plan, BERLIN, MORNING, "2026-11-20")


# -- the day ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-11-20", 24),
        ("Asia/Beirut", "2026-03-29", 23),  # its midnight never comes
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ],
)
def test_a_day_lasts_from_one_midnight_of_the_zone_to_the_next(
    zone: str, date: str, hours: float
) -> None:
    start, end = parse_day(date, zone, days.FRIDAY).span
    assert (end - start) / HOUR == hours
    first, last = (datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in (start, end - 1))
    assert first.date() == last.date() == datetime.fromisoformat(date).date()


def test_a_day_is_named_by_its_date_or_a_word_and_is_yesterday_without_one() -> None:
    for text, label in (
        (None, "2026-11-19"),
        ("yesterday", "2026-11-19"),
        (" Today", "2026-11-20"),
        ("2026-11-02", "2026-11-02"),
    ):
        assert parse_day(text, BERLIN, days.FRIDAY + HOUR).label == label


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-02-30", "is no date; write it like 2026-11-20, yesterday or today"),
        ("2026-11", "is no date"),
        ("tomorrow", "is no date"),
        ("2026-11-21", "2026-11-21 has not begun"),
        ("1900-01-01", "outside the years"),
    ],
)
def test_what_is_no_day_that_has_begun_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadPeriod, match=words):
        parse_day(text, BERLIN, days.FRIDAY)


# -- what happened ------------------------------------------------------------


def test_incidents_are_told_as_they_stood_when_the_day_ended(friday: DailyView) -> None:
    """What was open in front, then the worst; what came later had not happened yet."""
    assert [one.id for one in friday.incidents] == ["c1", "a1", "t1", "d1", "b0", "b1", "b2"]
    assert (friday.fired, friday.resolved, friday.open, friday.escalated) == (6, 6, 1, 1)
    still, outage = friday.incidents[:2]
    assert (still.acknowledged_at, still.acknowledged_by, still.resolved_at) == (None, None, None)
    assert (outage.acknowledged_by, outage.to_acknowledge_ms) == ("ana", 8 * MINUTE)
    assert (outage.late, outage.level, outage.lost) == (["ack", "fix"], 2, "8000.00")


def test_times_are_held_against_their_targets(friday: DailyView) -> None:
    (critical,) = [one for one in friday.severities if one.severity == "critical"]
    taken, ended = critical.acknowledged, critical.resolved
    assert (taken.count, taken.mean_ms, taken.target_ms, taken.late) == (
        1,
        8 * MINUTE,
        5 * MINUTE,
        2,  # and one that nobody took for an hour
    )
    assert (ended.count, ended.mean_ms, ended.target_ms, ended.late) == (
        2,
        50 * MINUTE,
        30 * MINUTE,
        2,
    )


def test_counts_stand_beside_the_day_before_and_the_usual_weekday(friday: DailyView) -> None:
    """Of the four Fridays before, nothing is known of two: they were not quiet."""
    assert friday.earlier_days == 2
    total = friday.total.incidents
    assert (total.count, total.day_before, total.usual) == (6, 3, median([1, 4]))
    (checkout,) = [one for one in friday.services if one.service == "checkout"]
    assert (checkout.alerts.count, checkout.alerts.day_before, checkout.alerts.usual) == (1, 3, 2.5)


def test_pages_are_counted_for_each_person_and_by_the_clock_where_they_are(
    friday: DailyView,
) -> None:
    """The schedule's clock is New York's: there ten in the morning of Berlin is the night."""
    told = [(one.person, one.timezone, one.pages, one.at_night, one.failed) for one in friday.pages]
    assert told == [
        ("ana", "America/New_York", 2, 1, 2),
        ("ben", "America/New_York", 2, 1, 0),
    ]
    assert [is_night(hour) for hour in (21, 22, 0, 6, 7)] == [False, True, True, True, False]
    sent = friday.deliveries
    assert (sent.total, sent.sent, sent.failed, sent.waiting) == (7, 5, 2, 0)
    assert [(one.channel, one.count) for one in sent.failures] == [("journal", 2)]


def test_the_daemon_off_is_not_a_quiet_time(friday: DailyView) -> None:
    found = friday.coverage
    assert found.blind_ms == 4 * HOUR
    (span,) = found.blind
    assert (span.start, span.end) == ("2026-11-20T01:00:00.000Z", "2026-11-20T05:00:00.000Z")
    assert found.share == 83.3333
    assert "".join(one.letter for one in friday.hours) == "..????....#............."
    assert "Nothing was measured for 4 h of this day (02:00 to 06:00)" in in_short(friday)


def test_what_was_muted_and_how_it_ends_is_told(friday: DailyView) -> None:
    told = [(one.name, one.open, one.ends_next_day) for one in friday.mutes]
    assert told == [("s1", True, True), ("patching", False, False)]
    assert [(one.id, one.reason) for one in friday.muted] == [("c1", "silence s1 by ana: known")]


def test_noise_top_alerts_and_tocsins_own_are_told_apart(friday: DailyView) -> None:
    assert [(one.source, one.count) for one in friday.top] == [("check:other", 4), ("check:web", 1)]
    assert [(one.source, one.count) for one in friday.tocsin] == [("self:disk", 1)]
    noise = friday.noise
    assert (noise.unacknowledged, noise.again, noise.short) == (3, 2, 3)
    assert friday.top[0].firing_ms == 2 * HOUR + 90_000, "what still fires counts to the day's end"


def test_services_are_told_the_worst_first_and_what_their_down_time_cost(
    friday: DailyView,
) -> None:
    told = [(one.service, one.score, one.down_ms, one.lost) for one in friday.services]
    assert told == [
        ("checkout", 37, 40 * MINUTE, "8000.00"),
        ("search", 80, 0, None),
        ("tocsin", None, None, None),
    ]
    assert [(one.amount, one.currency) for one in friday.lost] == [("8000.00", "GBP")]


def test_who_was_on_call_is_told_for_the_whole_day(friday: DailyView) -> None:
    """A change at nine in New York is one at three in Berlin."""
    (primary,) = friday.on_call
    told = [(one.start, one.end, one.persons) for one in primary.shifts]
    assert told == [
        ("2026-11-19T23:00:00.000Z", "2026-11-20T14:00:00.000Z", ["ana"]),
        ("2026-11-20T14:00:00.000Z", "2026-11-20T23:00:00.000Z", ["ben"]),
    ]


def test_a_service_or_an_organisation_is_reported_alone(tmp_path: Path, plan: Plan) -> None:
    path = days.a_friday().write(tmp_path / "tocsin.db")
    mine = read_day(path, plan, BERLIN, MORNING, "2026-11-20", organization="bolt")
    assert {one.service for one in mine.incidents} == {"search"}
    assert [one.service for one in mine.services] == ["search"]
    assert (mine.total.alerts.count, mine.deliveries.total, mine.tocsin) == (4, 4, [])
    assert [one.name for one in mine.mutes] == ["s1"], "the work is about another service"
    same = read_day(path, plan, BERLIN, MORNING, "2026-11-20", service="search")
    assert same.incidents == mine.incidents


# -- the whole against a brute force ------------------------------------------

_MOMENTS = st.integers(-30 * 60, 30 * 60).map(lambda minutes: minutes * MINUTE)
_LENGTHS = st.none() | st.integers(0, 40 * 60).map(lambda minutes: minutes * MINUTE)
_SOME = st.lists(
    st.tuples(
        _MOMENTS,
        _LENGTHS,
        _LENGTHS,
        st.sampled_from(Severity),
        st.sampled_from(["checkout", "search", None]),
        st.integers(-1, 1),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(_SOME, st.sampled_from(["2026-10-25", "2026-03-29", "2026-11-20"]), st.booleans())
def test_figures_are_those_of_counting_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    plan: Plan,
    drawn: list[tuple[Any, ...]],
    date: str,
    scoped: bool,
) -> None:
    """On days of 23, 24 and 25 hours, with incidents that began before and end after."""
    midnight = datetime.fromisoformat(f"{date}T00:00").replace(tzinfo=ZoneInfo(BERLIN))
    start = round(midnight.timestamp()) * 1000
    end = start + {"2026-10-25": 25, "2026-03-29": 23}.get(date, 24) * HOUR
    diary = days.Diary()
    for number, (offset, lasts, after, severity, service, level) in enumerate(drawn):
        fired = start + 12 * HOUR + offset
        diary.incident(
            f"i{number:02}",
            fired,
            None if lasts is None else fired + lasts,
            taken=None if after is None else fired + after,
            severity=severity,
            service=service,
            level=level,
            source=f"rule:r{number}:web" if service == "checkout" else f"manual:{number}",
        )
    path = diary.write(tmp_path_factory.mktemp("drawn") / "tocsin.db", seen=None)
    scope = "checkout" if scoped else None
    told = read_day(path, plan, BERLIN, end + 3 * DAY, date, service=scope)
    mine = [(start + 12 * HOUR + one[0], one) for one in drawn if scope in {None, one[4]}]
    fired = [(at, one) for at, one in mine if start <= at < end]

    def over(at: int, one: tuple[Any, ...]) -> bool:
        return one[1] is not None and at + one[1] < end

    assert told.fired == len(fired)
    assert told.open == sum(at < end and not over(at, one) for at, one in mine)
    assert told.resolved == sum(
        one[1] is not None and start <= at + one[1] < end and at < end for at, one in mine
    )
    assert told.escalated == sum(one[5] > 0 for _, one in fired)
    severities = Counter(one[3].word for _, one in fired)
    counted = {one.severity: one.incidents.count for one in told.severities}
    assert counted == severities
    assert {one.severity: one.alerts.count for one in told.severities} == severities
    waits = [one[2] for at, one in fired if one[2] is not None and at + one[2] < end]
    mean = -(-sum(waits) // len(waits)) if waits else None
    assert (told.total.acknowledged.count, told.total.acknowledged.mean_ms) == (len(waits), mean)
    hours = Counter((at - start) // HOUR for at, _ in fired)
    assert {n: one.fired for n, one in enumerate(told.hours) if one.fired} == hours
    assert len(told.hours) == (end - start) // HOUR


# -- quiet and dark days ------------------------------------------------------


def _quiet() -> days.Diary:
    diary = days.Diary()
    for service in ("checkout", "search"):
        diary.was(service, days.FRIDAY - DAY, days.NEXT + HOUR)
    return diary


def test_an_empty_day_is_a_short_page_that_says_so_with_its_coverage(
    tmp_path: Path, plan: Plan
) -> None:
    path = _quiet().write(tmp_path / "tocsin.db", seen=None)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    text = written(told, Form.MD)
    assert "A quiet day: no incident fired, and none was open." in text
    assert "| Measured | 100.00 % |" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## On call",
        "## Method",
    ]


def test_a_day_on_which_the_daemon_was_off_does_not_look_quiet(tmp_path: Path, plan: Plan) -> None:
    path = days.Diary().write(tmp_path / "tocsin.db", seen=None)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    text = in_short(told)
    assert "Nothing was measured on this day" in text
    assert "quiet" not in text
    assert {one.letter for one in told.hours} == {"?"}
    assert (told.coverage.share, told.coverage.blind_ms) == (0.0, DAY)


def test_a_service_that_nobody_measured_is_named(tmp_path: Path, plan: Plan) -> None:
    diary = days.Diary()
    diary.was("checkout", days.FRIDAY - DAY, days.NEXT)
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    assert (told.coverage.unmeasured, told.coverage.blind_ms) == (["search"], 0)
    assert "Not measured at all: 1 service, search." in in_short(told)


def test_today_is_counted_so_far(tmp_path: Path, plan: Plan) -> None:
    path = days.a_friday().write(tmp_path / "tocsin.db")
    noon = days.FRIDAY + 12 * HOUR
    told = read_day(path, plan, BERLIN, noon, "today")
    assert (told.as_of, told.final) == ("2026-11-20T11:00:00.000Z", False)
    assert (told.fired, told.open) == (2, 0)
    assert [one.letter for one in told.hours][12:] == ["-"] * 12
    assert "so far" in in_short(told)


def test_a_silence_that_recurs_is_told_on_each_of_its_days(tmp_path: Path, plan: Plan) -> None:
    """Its record has only the next time."""
    diary = _quiet()
    start, lasts = days.NEXT + DAY + HOUR, 2 * HOUR
    nightly = Recurrence("0 1 * * *", lasts, BERLIN)
    diary.silence("n1", start, start + lasts, 'service="search"', recurs=nightly)
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    changed = days.FRIDAY - DAY
    _set_updated(path, changed)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    assert [(one.start, one.end) for one in told.mutes] == [
        ("2026-11-20T00:00:00.000Z", "2026-11-20T02:00:00.000Z")
    ]
    assert read_day(path, plan, BERLIN, MORNING, "2026-11-18").mutes == []


def _set_updated(path: Path, at: int) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("UPDATE silence SET record = json_set(record, '$.updated_at', ?)", (at,))
    connection.commit()
    connection.close()


def test_an_override_of_a_shift_is_told_and_one_taken_back_is_not(
    tmp_path: Path, plan: Plan
) -> None:
    noon = days.FRIDAY + 12 * HOUR
    diary = _quiet()
    for key, person in (("o1", "ben"), ("o2", "ana")):
        made = Override(key, "primary", noon, noon + HOUR, (person,), "ana", days.FRIDAY)
        diary.effects.append(Save(made))
    diary.effects.append(Drop(Override, "o2"))
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    (primary,) = read_day(path, plan, BERLIN, MORNING, "2026-11-20").on_call
    assert [one.persons for one in primary.shifts] == [["ana"], ["ben"], ["ana"], ["ben"]]
    assert primary.shifts[1].start == "2026-11-20T11:00:00.000Z"


def test_what_an_outage_cost_is_told_as_far_as_it_had_gone(tmp_path: Path, plan: Plan) -> None:
    """The incident's own count has gone on since: then the service's history says how long."""
    diary, fell = days.Diary(), days.FRIDAY + 23 * HOUR
    diary.was("checkout", days.FRIDAY, fell)
    diary.was("checkout", fell, days.NEXT + 2 * HOUR, Status.DOWN)
    over = days.NEXT + 2 * HOUR
    gbp: dict[str, Any] = {"revenue_per_hour": Decimal(12_000), "currency": "GBP"}
    diary.incident("a", fell, over, down_ms=3 * HOUR, down_until=over, **gbp)
    diary.incident("b", fell, down_since=fell, **gbp)
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    assert [(one.id, one.lost) for one in told.incidents] == [
        ("a", "12000.00"),
        ("b", "12000.00"),
    ]
    assert [one.amount for one in told.lost] == ["12000.00"]


def test_of_many_incidents_the_worst_are_listed_and_the_rest_counted(
    tmp_path: Path, plan: Plan
) -> None:
    diary = days.Diary()
    for number in range(120):
        fired = days.FRIDAY + number * MINUTE
        length = (number % 7 + 1) * MINUTE
        diary.incident(f"i{number:03}", fired, fired + length, source=f"manual:{number}", level=1)
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    assert (len(told.incidents), told.left_out, told.fired) == (100, 20, 120)
    assert told.incidents[0].id == "i006", "the first of the longest"
    assert written(told, Form.MD).count("The worst; 90 more are not listed here.") == 2


# -- forms --------------------------------------------------------------------


def test_the_same_day_has_the_same_digest_whenever_it_is_asked_for(
    tmp_path: Path, plan: Plan, friday: DailyView
) -> None:
    """Also from another file, a month later; names of persons are no figures."""
    path = days.a_friday().write(tmp_path / "tocsin.db")
    later = read_day(path, plan, BERLIN, days.NEXT + 30 * DAY, "2026-11-20")
    assert later.digest == friday.digest == digest(friday)
    assert len(friday.digest) == 64
    for one in later.incidents:
        one.acknowledged_by = "somebody else"
    assert digest(later) == friday.digest
    later.fired += 1
    assert digest(later) != friday.digest


def test_a_person_who_is_forgotten_leaves_a_kept_day_and_its_digest_stays(
    friday: DailyView,
) -> None:
    kept = pack(friday, "tocsin", "morning")
    body = Erasure("ana", "person-1").of_packed(kept.body)
    told = unpack(body)
    assert isinstance(told, DailyView)
    assert b'"ana"' not in zlib.decompress(body)
    assert (told.pages[0].person, told.digest) == ("person-1", friday.digest)
    assert digest(told) == friday.digest


def test_every_form_is_the_same_from_the_same_and_kept_whole(friday: DailyView) -> None:
    kept = pack(friday, "ana", "morning")
    again = unpack(kept.body)
    assert isinstance(again, DailyView)
    assert (kept.label, again.id, again.name) == ("2026-11-20", kept.key, "morning")
    for form in Form:
        assert written(friday, form) == written(friday, form) != ""
    assert file_name(friday, Form.HTML) == "tocsin-alerts-2026-11-20.html"
    assert json.loads(written(friday, Form.JSON))["kind"] == "alerts"


def test_the_page_needs_nothing_else_and_shows_text_as_text(tmp_path: Path, plan: Plan) -> None:
    diary = days.Diary()
    diary.incident("a", days.FRIDAY + HOUR, service='<script>alert("x")</script>|*')
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    told = read_day(path, plan, BERLIN, MORNING, "2026-11-20")
    page = written(told, Form.HTML)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "\\<script\\>" in written(told, Form.MD)


def test_a_sheet_has_a_row_for_everything_and_no_formula(friday: DailyView) -> None:
    told = copy.deepcopy(friday)
    told.incidents[0].title = "=cmd()"
    rows = list(csv.DictReader(io.StringIO(written(told, Form.CSV))))
    kinds = Counter(row["kind"] for row in rows)
    assert kinds == {
        "day": 1,
        "blind": 1,
        "hour": 24,
        "noise": 1,
        "severity": 3,
        "service": 3,
        "incident": 7,
        "muted": 1,
        "person": 2,
        "failure": 1,
        "shift": 2,
        "alert": 2,
        "self": 1,
        "mute": 2,
    }
    assert next(row["name"] for row in rows if row["id"] == "c1") == "'=cmd()"
    assert {row["digest"] for row in rows} == {friday.digest}


def test_times_on_a_day_of_25_hours_say_which_hour_they_mean(tmp_path: Path, plan: Plan) -> None:
    start = Day(datetime(2026, 10, 25).date(), BERLIN).span[0]  # noqa: DTZ001  # only its date
    diary = days.Diary()
    diary.incident("a", start + 2 * HOUR + 30 * MINUTE, start + 3 * HOUR + 30 * MINUTE)
    path = diary.write(tmp_path / "tocsin.db", seen=None)
    text = written(read_day(path, plan, BERLIN, days.NEXT, "2026-10-25"), Form.MD)
    assert "| 02:30 CEST | nobody, late | 02:30 CET | 1 h, late |" in text
    assert "25 h" in text


# -- the command --------------------------------------------------------------


@pytest.fixture
def tocsin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Commands on Friday's database on the morning after; no daemon runs."""
    database = days.a_friday().write(tmp_path / "tocsin.db")
    config = days.configure(tmp_path, database)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(times, "time", SimpleNamespace(time_ns=lambda: MORNING * 1_000_000))

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*words, "--config", str(config)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_command_reports_yesterday_from_the_database_alone(
    tocsin: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """It judges nothing, so its exit code is 0 on a bad day too."""
    code, out, err = tocsin("report", "--daily", "--format", "json")
    assert (code, err) == (0, "")
    assert (json.loads(out)["period"]["label"], json.loads(out)["fired"]) == ("2026-11-20", 6)
    file = tmp_path / "day.html"
    words = ("--daily", "--date", "today", "-f", "html", "--out", str(file))
    code, out, _ = tocsin("report", *words)
    assert (code, out.strip()) == (0, f"wrote {file}")
    assert "so far" in file.read_text()


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("--daily", "--period", "2026-11"), "a day is named by --date 2026-11-20"),
        (("--daily", "--at", "2h ago"), "a day is counted up to its end, or now"),
        (("--date", "2026-11-20"), "--date is the day of --daily; give that as well"),
        (("--daily", "--date", "soon"), "write it like 2026-11-20, yesterday or today"),
        (("--daily", "--service", "nope"), "there is no service 'nope'"),
        ((), "--daily for the alerts of a day"),
    ],
)
def test_a_bad_combination_is_refused_with_the_mend(
    tocsin: Callable[..., tuple[int, str, str]], words: tuple[str, ...], mend: str
) -> None:
    code, out, err = tocsin("report", *words)
    assert (code, out) == (2, "")
    assert mend in err
