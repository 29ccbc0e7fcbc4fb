"""The commands of working together, against a real server and a real engine."""

from __future__ import annotations

from pathlib import Path

import msgspec

from daemon.api import schema

from .conftest import Desk


def outage(desk: Desk, check: str = "web") -> str:
    """A check is down; its incident's id."""
    return desk.make(lambda: desk.lab.outage(check)).key


def test_an_incident_is_opened_by_hand_and_shown_for_programs(desk: Desk) -> None:
    said = desk.tocsin("incident", "open", "The", "till", "is", "stuck", "--severity", "P2")
    assert said.code == 0
    assert said.out.startswith("opened ")
    assert "The till is stuck" in said.out
    found = desk.tocsin("incidents", "-o", "json").json
    (one,) = msgspec.convert(found, list[schema.IncidentView])
    assert (one.title, one.severity) == ("The till is stuck", "high")
    assert desk.tocsin("incident", "open", "x", "--service", "nope").code == 2


def test_merge_and_split_say_what_came_of_it(desk: Desk) -> None:
    web, db = outage(desk), outage(desk, "db")
    merged = desk.tocsin("merge", db[:6], web[:6])
    assert merged.out.startswith(f"merged into {web[:8]}")
    (alert,) = desk.lab.engine.incidents[db].alerts
    split = desk.tocsin("split", web, alert[:6])
    assert split.out.startswith("split off ")
    other = split.out.split(":")[0].removeprefix("split off ")
    assert other != web[:8]
    assert f"now in {other}" in desk.tocsin("show", web).out
    assert "now in" not in desk.tocsin("show", other).out
    assert desk.tocsin("merge", db, web).code == 4
    assert desk.tocsin("merge", web, web).code == 2


def test_roles_and_updates_are_shown_with_the_incident(desk: Desk) -> None:
    key = outage(desk)
    assert "scribe is ana in" in desk.tocsin("role", key, "scribe", "ana").out
    assert desk.tocsin("update", key, "-m", "we look", "--next", "15m").code == 0
    shown = desk.tocsin("show", key).out
    assert "scribe       ana\n" in shown
    assert "we look" in shown
    assert "next update" in shown
    assert "scribe is nobody in" in desk.tocsin("role", key, "scribe", "").out


def test_an_update_needs_words_and_the_next_some_time(desk: Desk) -> None:
    key = outage(desk)
    said = desk.tocsin("update", key)
    assert (said.code, said.err) == (2, 'tocsin: say how it goes: give -m "..."\n')
    assert desk.tocsin("update", key, "-m", "x", "--next", "0s").code == 2


def test_a_post_mortem_goes_to_the_terminal_or_to_a_file_that_is_new(
    desk: Desk, tmp_path: Path
) -> None:
    key = outage(desk)
    assert desk.tocsin("postmortem", key).out.startswith("# Post-mortem: checkout is down\n")
    out = tmp_path / "draft.md"
    assert desk.tocsin("postmortem", key, "--out", str(out)).code == 0
    assert out.read_text(encoding="utf-8").startswith("# Post-mortem:")
    again = desk.tocsin("postmortem", key, "--out", str(out))
    assert (again.code, "exists already" in again.err) == (2, True)
    assert desk.tocsin("postmortem", key, "--out", str(tmp_path / "no" / "x.md")).code == 2
