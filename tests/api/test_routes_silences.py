"""Silences as a program sees them: made, changed, expired and refused over a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.core.events import PutSilence
from tests.api.lab import V1, Lab, call, raw_http, serving


async def test_a_silence_is_made_changed_and_expired(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    async with serving(lab, tmp_path) as socket, raw_http(socket) as http:
        body: dict[str, Any] = {
            "matchers": ['service="checkout"', {"name": "env", "value": "pr.*", "isRegex": True}],
            "comment": "moving",
            "for": "2h",
        }
        made = await http.post(f"{V1}/silences", json=body)
        view = made.json()
        assert (made.status_code, view["status"]["state"], view["matched"]) == (201, "active", 1)
        assert view["createdBy"] == "root"
        assert view["endsAt"] == "2026-11-21T12:11:06.000Z"
        event = lab.events[-1]
        assert isinstance(event, PutSilence)
        assert list(map(str, event.matchers)) == ['service="checkout"', 'env=~"pr.*"']
        del body["for"]
        body |= {"startsAt": view["startsAt"], "endsAt": "2026-11-21T13:00:00Z"}
        changed = await http.put(f"{V1}/silences/{view['id']}", json=body)
        assert (changed.status_code, changed.json()["id"]) == (200, view["id"])
        listed = (await http.get(f"{V1}/silences")).json()
        assert [item["endsAt"] for item in listed] == ["2026-11-21T13:00:00.000Z"]
        shown = (await http.get(f"{V1}/silences/{view['id'][:6]}")).json()
        assert shown == listed[0]
        ended = await http.delete(f"{V1}/silences/{view['id']}")
        assert ended.json()["status"]["state"] == "expired"
        again = await http.delete(f"{V1}/silences/{view['id']}")
        assert again.json()["status"]["state"] == "expired"
        assert (await http.get(f"{V1}/silences")).json() == []
        assert len((await http.get(f"{V1}/silences?all=1")).json()) == 1


@pytest.mark.parametrize("written", ["severity=P1", {"name": "severity", "value": "L1"}])
async def test_a_silence_takes_every_word_for_a_severity(tmp_path: Path, written: object) -> None:
    lab = Lab()
    body = {"matchers": [written], "for": "1h", "comment": "c"}
    code, view, _ = await call(lab, tmp_path, "POST", f"{V1}/silences", json=body)
    assert code in {200, 201}
    assert [one["value"] for one in view["matchers"]] == ["critical"]


async def test_a_matcher_with_a_fault_is_refused_in_one_sentence(tmp_path: Path) -> None:
    body = {"matchers": ['a=~"("'], "for": "1h"}
    _, problem, _ = await call(Lab(), tmp_path, "POST", f"{V1}/silences", json=body)
    assert [one["field"] for one in problem["problems"]] == ["matchers.0"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"matchers": ["a=b"], "comment": ""}, "give one of them"),
        ({"matchers": ["a=b"], "for": "1h", "for_ms": 5}, "give one of them"),
        ({"matchers": [], "for": "1h"}, "matchers"),
        ({"matchers": ["a"], "for": "1h"}, "is no matcher"),
        ({"matchers": ['a=~"("'], "for": "1h"}, "no regular expression"),
        ({"matchers": ["severity=critcal"], "for": "1h"}, 'did you mean "critical"'),
        ({"matchers": [{"name": "a", "value": "b", "op": "="}], "for": "1h"}, "has no op"),
        ({"matchers": [{"name": "a"}], "for": "1h"}, "needs a name and a value"),
        ({"matchers": [7], "for": "1h"}, "is a text like"),
        ({"matchers": "a=b", "for": "1h"}, "matchers"),
        ({"matchers": ["a=b"], "endsAt": "tomorrow"}, "is no time"),
        ({"matchers": ["a=b"], "endsAt": "2020-01-01T00:00:00Z"}, ""),
        ({"matchers": ["a=b"], "for": "soon"}, "is no duration"),
        ({"matchers": ['a=""'], "for": "1h"}, ""),
        ({"matchers": ["a=b"], "for": "1h", "createdBy": "eve"}, "createdBy: unknown field"),
        ({"matchers": ["a=b"], "for": "1h", "comment": "x" * 3000}, "comment"),
    ],
)
async def test_a_silence_that_makes_no_sense_is_refused_in_words(
    tmp_path: Path, body: dict[str, Any], words: str
) -> None:
    lab = Lab()
    code, problem, _ = await call(lab, tmp_path, "POST", f"{V1}/silences", json=body)
    assert code == 422
    assert words in problem["detail"]
    assert not lab.engine.silences
