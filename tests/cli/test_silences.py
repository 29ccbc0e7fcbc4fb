"""`tocsin silence`: trying one out, one that recurs, and what an edit does to the id."""

from __future__ import annotations

from .conftest import Desk


def test_a_dry_run_shows_what_would_be_muted_and_makes_nothing(desk: Desk) -> None:
    desk.make(lambda: desk.lab.outage())
    said = desk.tocsin("silence", "add", 'service="checkout"', "--dry-run")
    assert said.code == 0
    assert "checkout" in said.out.splitlines()[1]
    assert said.out.splitlines()[-1] == (
        "it would mute 1 of 1 alerts that fire, and with them 1 whole incident"
    )
    assert not desk.lab.engine.silences


def test_one_that_recurs_says_when_and_needs_a_duration(desk: Desk) -> None:
    said = desk.tocsin("silence", "add", "check=db", "--recur", "0 3 * * SUN", "--duration", "1h")
    assert said.code == 0
    assert said.out.splitlines()[-1] == "again at 0 3 * * SUN (UTC) for 1h, until it is expired"
    assert "from 2026-11-22 03:00:00 to 2026-11-22 04:00:00 (mutes nothing yet;" in said.out
    assert "again at 0 3 * * SUN (UTC) for 1h" in desk.tocsin("silence", "list").out
    said = desk.tocsin("silence", "add", "check=db", "--recur", "0 3 * * SUN")
    assert (said.code, "--duration" in said.err) == (2, True)


def test_an_edit_says_whether_the_id_is_another(desk: Desk) -> None:
    made = desk.tocsin("silence", "add", "check=db", "--for", "2h", "-o", "json").json
    said = desk.tocsin("silence", "edit", made["id"], "--for", "4h")
    assert said.out.splitlines()[-1] == f"the id is {made['id'][:8]} as before"
    said = desk.tocsin("silence", "edit", made["id"], "check=web")
    assert said.out.splitlines()[-1].startswith(f"{made['id'][:8]} has ended; ")
