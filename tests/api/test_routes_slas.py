"""What operators say of an SLA's past, over a real socket: excluded, noted, listed, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.result import Status
from daemon.api.times import stamp
from daemon.core.events import Amend
from daemon.core.model import MINUTE
from tests.api.lab import V1, Lab, call, raw_http, serving
from tests.api.test_publish import kinds


def after_an_outage() -> tuple[Lab, dict[str, Any]]:
    """A lab in which the service was down for ten minutes and is up again, and when."""
    lab = Lab()
    lab.outage()
    start = lab.time - MINUTE
    lab.later(10 * MINUTE)
    lab.result("web", Status.UP)
    end = lab.time
    lab.later(MINUTE)
    body = {"start": stamp(start), "end": stamp(end), "reason": "the provider's fault"}
    return lab, body


async def test_an_outage_is_excluded_afterwards_and_both_figures_are_shown(tmp_path: Path) -> None:
    lab, body = after_an_outage()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        before = (await http.get(f"{V1}/sla/checkout-99")).json()
        assert (before["met"], before["level"], before["exclusions"]) == (False, "missed", [])
        made = await http.post(f"{V1}/sla/checkout-99/exclusions", json=body)
        assert (made.status_code, made.json()["made_by"]) == (201, "root")
        assert isinstance(lab.events[-1], Amend)
        after = (await http.get(f"{V1}/sla/checkout-99")).json()
        assert (after["met"], after["shown"], after["down_ms"]) == (True, "100", 0)
        assert after["unamended_value"] == before["value"]
        assert after["approved_ms"] == after["excluded_ms"] > 0
        assert [one["text"] for one in after["exclusions"]] == ["the provider's fault"]
        listed = (await http.get(f"{V1}/sla/checkout-99/exclusions")).json()
        assert listed == after["exclusions"]
        since, lab.hub.subscribers = lab.hub.seq, 1
        gone = await http.delete(f"{V1}/sla/checkout-99/exclusions/{made.json()['id'][:8]}")
        assert gone.json() == made.json()
        assert "sla" in kinds(lab.hub, since)
        assert (await http.get(f"{V1}/sla/checkout-99")).json()["value"] == before["value"]


async def test_a_note_stands_with_the_violation_in_its_stretch(tmp_path: Path) -> None:
    lab, body = after_an_outage()
    body["text"] = body.pop("reason")
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        made = await http.post(f"{V1}/sla/checkout-99/notes", json=body)
        assert made.status_code == 201
        (violation,) = (await http.get(f"{V1}/sla/checkout-99")).json()["violations"]
        assert [note["text"] for note in violation["notes"]] == ["the provider's fault"]
        assert violation["depth_ms"] > 0


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"reason": " "}, 422, "must not be empty"),
        ({"end": "2099-01-01T00:00:00Z"}, 422, "for what is to come there is maintenance"),
        ({"end": "2020-01-01T00:00:00Z"}, 422, "must come after the start"),
        ({"start": "yesterday"}, 422, "is no time"),
        ({"until": "x"}, 422, "unknown field"),
    ],
)
async def test_an_exclusion_that_makes_no_sense_is_refused_in_words(
    tmp_path: Path, change: dict[str, str], code: int, words: str
) -> None:
    lab, body = after_an_outage()
    path = f"{V1}/sla/checkout-99/exclusions"
    found, problem, _ = await call(lab, tmp_path, "POST", path, json={**body, **change})
    assert (found, words in problem["detail"]) == (code, True), problem
    assert not lab.engine.amendments


async def test_what_is_unknown_is_not_found(tmp_path: Path) -> None:
    lab, body = after_an_outage()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        assert (await http.post(f"{V1}/sla/nope/exclusions", json=body)).status_code == 404
        assert (await http.delete(f"{V1}/sla/checkout-99/exclusions/abc")).status_code == 404


async def test_the_course_of_a_budget_ends_where_the_figures_are(tmp_path: Path) -> None:
    lab, _ = after_an_outage()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        sla = (await http.get(f"{V1}/sla/checkout-99")).json()
        path = f"{V1}/sla/checkout-99/course"
        course = (await http.get(path, params={"more_ms": MINUTE})).json()
        assert course["points"][0]["left_ms"] == course["total_ms"] == sla["budget"]["total_ms"]
        assert course["points"][-1]["left_ms"] == sla["budget"]["left_ms"]
        assert course["what_if"]["left_ms"] == sla["budget"]["left_ms"] - MINUTE
        assert all(window["long_ms"] > window["short_ms"] for window in course["windows"])
        assert (await http.get(path, params={"more_ms": -1})).status_code == 400
        assert (await http.get(f"{V1}/sla/nope/course")).status_code == 404


async def test_a_preview_says_what_the_exclusion_then_makes_of_it_and_writes_nothing(
    tmp_path: Path,
) -> None:
    lab, body = after_an_outage()
    path = f"{V1}/sla/checkout-99/exclusions"
    stretch = {name: body[name] for name in ("start", "end")}
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        told = (await http.get(f"{path}/preview", params=stretch)).json()
        before = (await http.get(f"{V1}/sla/checkout-99")).json()
        assert (told["before"]["met"], told["before"]["value"]) == (False, before["value"])
        assert told["before"]["left_ms"] == before["budget"]["left_ms"]
        assert not lab.engine.amendments
        await http.post(path, json=body)
        after = (await http.get(f"{V1}/sla/checkout-99")).json()
        assert told["after"] == {
            "value": after["value"], "shown": after["shown"], "met": True, "level": "good",
            "left_ms": after["budget"]["left_ms"], "credit_percent": after["credit_percent"],
        }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"end": "2099-01-01T00:00:00Z"}, 422, "for what is to come there is maintenance"),
        ({"end": "2020-01-01T00:00:00Z"}, 422, "must come after the start"),
        ({"start": "yesterday"}, 400, "is no time"),
    ],
)
async def test_a_preview_is_refused_as_the_exclusion_would_be(
    tmp_path: Path, change: dict[str, str], code: int, words: str
) -> None:
    lab, body = after_an_outage()
    stretch = {"start": body["start"], "end": body["end"], **change}
    path = f"{V1}/sla/checkout-99/exclusions/preview"
    found, problem, _ = await call(lab, tmp_path, "GET", path, params=stretch)
    assert (found, words in problem["detail"]) == (code, True), problem


async def test_a_version_is_refused_where_there_is_none_to_hold_against_it(tmp_path: Path) -> None:
    lab, body = after_an_outage()
    old, exclusions = {"If-Match": '"7"'}, f"{V1}/sla/checkout-99/exclusions"
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        refused = await http.post(exclusions, json=body, headers=old)
        assert (refused.status_code, "has no version" in refused.json()["detail"]) == (400, True)
        made = await http.post(exclusions, json=body)
        gone = await http.delete(f"{exclusions}/{made.json()['id']}", headers=old)
        assert gone.status_code == 400
        assert len((await http.get(exclusions)).json()) == 1
