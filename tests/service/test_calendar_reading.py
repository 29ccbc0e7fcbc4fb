"""What a calendar file says: recurrences by the clock, exceptions, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon.service import calendar_reading
from daemon.service.calendar_reading import Found, Window, events

WINDOW = ("2026-03-01T00:00", "2026-05-01T00:00")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def file(*blocks: str) -> bytes:
    made = [
        f"BEGIN:VEVENT\nUID:u{n}\n{block.strip()}\nEND:VEVENT" for n, block in enumerate(blocks)
    ]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *made, "END:VCALENDAR"]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def read(*blocks: str, zone: str = "Europe/Berlin") -> list[Found]:
    return events(file(*blocks), Window(ZoneInfo(zone), *map(ms, WINDOW)))


def begins(found: list[Found]) -> list[str]:
    return [f"{datetime.fromtimestamp(one[0] / 1000, UTC):%m-%d %H:%M}" for one in found]


WEEKLY = """
SUMMARY:ana
DTSTART;TZID=Europe/Berlin:20260302T090000
DTEND;TZID=Europe/Berlin:20260309T090000
RRULE:FREQ=WEEKLY;INTERVAL=2
"""


def test_a_hand_over_stays_at_its_hour_when_the_clocks_change() -> None:
    found = read(WEEKLY)
    assert begins(found) == [
        "03-02 08:00",
        "03-16 08:00",
        "03-30 07:00",
        "04-13 07:00",
        "04-27 07:00",
    ]
    assert found[1][:2] == (ms("2026-03-16T08:00"), ms("2026-03-23T08:00"))
    assert found[0][2:] == ("ana", [])


def test_dates_left_out_added_and_an_end_of_the_rule_are_heeded() -> None:
    more = "EXDATE;TZID=Europe/Berlin:20260316T090000\nRDATE;TZID=Europe/Berlin:20260311T090000"
    ended = WEEKLY.replace("INTERVAL=2", "INTERVAL=2;UNTIL=20260401T000000Z") + more
    assert begins(read(ended)) == ["03-02 08:00", "03-11 08:00", "03-30 07:00"]


def test_a_single_event_takes_the_place_of_one_of_a_series() -> None:
    moved = (
        "UID:u0\nRECURRENCE-ID;TZID=Europe/Berlin:20260316T090000\nSUMMARY:ben\n"
        "DTSTART;TZID=Europe/Berlin:20260317T100000\nDTEND;TZID=Europe/Berlin:20260318T100000"
    )
    data = file(WEEKLY, moved).replace(b"UID:u1\r\n", b"")
    found = events(data, Window(ZoneInfo("UTC"), *map(ms, WINDOW)))
    assert begins(found)[:3] == ["03-02 08:00", "03-17 09:00", "03-30 07:00"]
    assert found[1][2] == "ben"


def test_days_without_times_are_the_schedules_and_cancelled_ones_are_none() -> None:
    day = "SUMMARY:ben\nDTSTART;VALUE=DATE:20260310\nATTENDEE;CN=Ben:mailto:ben@x"
    off = "SUMMARY:cai\nSTATUS:CANCELLED\nDTSTART:20260311T000000Z\nDURATION:PT1H"
    found = read(day, off)
    assert found == [(ms("2026-03-09T23:00"), ms("2026-03-10T23:00"), "ben", ["ben@x"])]


def test_zones_of_other_programs_are_known() -> None:
    one = WEEKLY.replace("Europe/Berlin", "W. Europe Standard Time")
    assert begins(read(one)) == begins(read(WEEKLY))


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([WEEKLY.replace("WEEKLY", "SECONDLY")], "recurs every minute or second"),
        ([WEEKLY] * 4, "are the most"),
        ([WEEKLY.replace("20260302", "19990104")], "too often"),
        ([WEEKLY.replace("WEEKLY;INTERVAL=2", "DAILY")], "lie in the time"),
    ],
)
def test_what_would_be_too_much_is_refused(
    blocks: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_reading, "MOST_EVENTS", 3)
    monkeypatch.setattr(calendar_reading, "_STEPS", 500)
    with pytest.raises(ValueError, match=words):
        read(*blocks)


def test_what_is_no_calendar_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the library's own words
        events(b"<html>", Window(ZoneInfo("UTC"), 0, 1))
