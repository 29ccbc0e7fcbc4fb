"""Silences over the API: what one would mute, and one that recurs."""

from __future__ import annotations

from pathlib import Path

from tests.api.lab import V1, Lab, call

NIGHTLY = {"matchers": ['check="db"'], "recur": "0 3 * * SUN", "duration": "1h", "comment": "x"}


async def test_a_preview_shows_what_would_be_muted_and_changes_nothing(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    lab.outage("db")
    body = {"matchers": ['service="checkout"']}
    status, found, _ = await call(lab, tmp_path, "POST", f"{V1}/silences/preview", json=body)
    assert (status, found["matched"], found["firing"]) == (200, 1, 2)
    assert [one["labels"]["check"] for one in found["alerts"]] == ["web"]
    assert found["incidents"] == [incident.key]
    assert not lab.engine.silences


async def test_a_silence_that_recurs_shows_its_next_time(tmp_path: Path) -> None:
    lab = Lab()
    body = NIGHTLY | {"timezone": "Europe/Berlin"}
    status, made, _ = await call(lab, tmp_path, "POST", f"{V1}/silences", json=body)
    assert (status, made["status"]["state"]) == (201, "pending")
    assert made["startsAt"] == "2026-11-22T02:00:00.000Z"
    assert (made["recur"], made["duration_ms"]) == ("0 3 * * SUN", 3_600_000)
    assert made["timezone"] == "Europe/Berlin"


async def test_what_does_not_fit_together_is_refused_in_words(tmp_path: Path) -> None:
    for more, words in (
        ({"duration": None}, "give both"),
        ({"for": "1h"}, "leave its end out"),
        ({"recur": "* * * * *"}, "more than once an hour"),
        ({"timezone": "Mars/Base"}, "is no time zone"),
    ):
        body = {name: value for name, value in (NIGHTLY | more).items() if value is not None}
        status, said, _ = await call(Lab(), tmp_path, "POST", f"{V1}/silences", json=body)
        assert (status, words in said["detail"]) == (422, True), said


async def test_an_active_silence_counts_what_it_mutes(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    body = {"matchers": ['service="checkout"'], "for": "1h"}
    await call(lab, tmp_path, "POST", f"{V1}/silences", json=body)
    _, found, _ = await call(lab, tmp_path, "GET", f"{V1}/silences")
    assert [one["matched"] for one in found] == [1]
