"""The commands against a real server and a real engine: what they do, say and exit with."""

from __future__ import annotations

import msgspec
import pytest

from checks.result import Status
from daemon.api import schema
from daemon.api.times import stamp

from .conftest import Desk


def outage(desk: Desk) -> str:
    """The shop is down; its incident's id."""
    return desk.make(lambda: desk.lab.outage()).key


def up(desk: Desk) -> None:
    for check in ("web", "db"):
        desk.make(lambda name=check: desk.lab.result(name, Status.UP, "200 in 12 ms"))


def test_status_is_good_while_all_is_up_and_negative_while_something_fires(desk: Desk) -> None:
    up(desk)
    assert desk.tocsin("status").code == 0

    outage(desk)
    said = desk.tocsin("status")
    assert said.code == 1
    assert "✕ down" in said.out
    assert "incidents ◆ critical 1\n" in said.out


def test_status_tells_how_many_workers_there_are_where_there_are_any(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    up(desk)
    assert "workers" not in desk.tocsin("status").out
    info = desk.lab.info()
    crew = msgspec.structs.replace(info, workers=3, workers_alive=2, worker_restarts=4)
    monkeypatch.setattr(desk.lab, "info", lambda: crew)
    assert "workers   2 of 3 at work, 4 restarted\n" in desk.tocsin("status").out


def test_status_for_programs_has_the_agreed_shape(desk: Desk) -> None:
    found = desk.tocsin("status", "-o", "json").json

    assert {"status", "counts", "daemon"} <= set(found)
    assert {"pid", "version", "started_at"} <= set(found["daemon"])
    msgspec.convert(found, schema.StatusView)


@pytest.mark.parametrize(
    ("command", "shape"),
    [
        (("incidents",), schema.IncidentView),
        (("alerts",), schema.AlertView),
        (("check", "list"), schema.CheckView),
        (("service", "list"), schema.ServiceView),
        (("sla",), schema.SlaView),
        (("silence", "list"), schema.SilenceView),
    ],
)
def test_lists_are_arrays_of_the_api_s_shapes(
    desk: Desk, command: tuple[str, ...], shape: type[schema.Shape]
) -> None:
    outage(desk)
    desk.tocsin("silence", "add", 'service="x"', "--for", "1h")

    found = desk.tocsin(*command, "-o", "json").json

    assert len(msgspec.convert(found, list[shape])) >= 1  # type: ignore[valid-type]  # a parameter


def test_incidents_are_listed_and_say_who_is_told_next(desk: Desk) -> None:
    nothing = desk.tocsin("incidents")
    assert (nothing.code, nothing.out) == (0, "no incident is open\n")

    key = outage(desk)
    said = desk.tocsin("incidents")
    assert said.code == 1
    assert key[:8] in said.out
    assert "◆ critical" in said.out
    assert "level 2 in" in said.out


def test_alerts_are_chosen_by_matchers(desk: Desk) -> None:
    outage(desk)

    assert desk.tocsin("alerts", 'service="checkout"').code == 1
    none = desk.tocsin("alerts", 'service="other"')
    assert (none.code, none.out) == (0, "no alert fires\n")
    bad = desk.tocsin("alerts", "nonsense")
    assert bad.code == 2
    assert "nonsense" in bad.err
    assert bad.err.count("\n") == 1


def test_an_incident_is_shown_with_its_alerts_and_its_timeline(desk: Desk) -> None:
    key = outage(desk)

    said = desk.tocsin("show", key[:6])

    assert said.code == 0
    for text in (key, "Alerts", "Timeline", "Customers cannot pay", "no route"):
        assert text in said.out
    (fired,) = [line for line in said.out.splitlines() if " fired " in line]
    assert "tocsin" in fired
    detail = desk.tocsin("show", key, "-o", "json").json
    assert {"incident", "alerts", "timeline", "deliveries"} <= set(detail)


def test_an_incident_is_taken_given_back_noted_and_resolved(desk: Desk) -> None:
    key = outage(desk)

    taken = desk.tocsin("ack", key[:6], "-m", "looking", "--for", "1h")
    assert taken.code == 0
    assert taken.out.startswith(f"acknowledged {key[:8]}: ")
    assert "(until " in taken.out
    assert "acknowledged by" in desk.tocsin("incidents").out

    assert desk.tocsin("unack", key).out.startswith("triggered ")
    assert desk.tocsin("note", key, "the", "switch").out.startswith("noted on ")
    assert "the switch" in desk.tocsin("show", key).out
    assert desk.tocsin("escalate", key).out.startswith("escalated ")
    assert desk.tocsin("resolve", key, "-m", "known").out.startswith("resolved ")
    assert desk.tocsin("incidents").code == 0
    assert key[:8] in desk.tocsin("incidents", "--all").out
    assert key[:8] in desk.tocsin("incidents", "--since", "2026-01-01").out


def test_an_incident_is_snoozed_for_a_time(desk: Desk) -> None:
    key = outage(desk)
    endless = desk.tocsin("snooze", key)
    assert (endless.code, endless.err) == (2, "tocsin: a snooze needs an end: give --for 1h\n")

    said = desk.tocsin("snooze", key[:6], "--for", "1h", "-m", "after the backup")
    assert said.out.startswith(f"snoozed {key[:8]}: ")
    assert "(until " in said.out
    story = desk.tocsin("show", key).out
    assert "snoozed " in story
    assert "UTC; after the backup" in story


def test_an_incident_is_assigned_and_that_is_taken_back(desk: Desk) -> None:
    key = outage(desk)
    wrong = desk.tocsin("assign", key, "anna")
    assert wrong.code == 2
    assert "no person 'anna'; did you mean ana?" in wrong.err

    said = desk.tocsin("assign", key[:6], "ana", "-m", "you know the cache")
    assert said.out.startswith(f"assigned to ana {key[:8]}: ")
    story = desk.tocsin("show", key).out
    assert "assigned to  ana\n" in story
    assert "to ana; you know the cache" in story
    assert desk.tocsin("assign", key, "").out.startswith("assigned to nobody ")
    assert "assigned to " not in desk.tocsin("show", key).out.partition("Alerts")[0]


def test_what_does_not_exist_is_bad_input_and_what_is_not_allowed_is_refused(desk: Desk) -> None:
    key = outage(desk)
    missing = desk.tocsin("ack", "ffffffff")
    assert missing.code == 2
    assert missing.err.startswith("tocsin: ")

    desk.tocsin("resolve", key)
    refused = desk.tocsin("ack", key)
    assert refused.code == 4
    assert refused.err.count("\n") == 1


def test_silences_are_made_listed_changed_and_ended(desk: Desk) -> None:
    outage(desk)
    made = desk.tocsin("silence", "add", 'service="checkout"', "--for", "2h", "-m", "deploying")
    assert made.code == 0
    assert "mutes 1 firing now" in made.out
    key = desk.tocsin("silence", "list", "-o", "json").json[0]["id"]

    listed = desk.tocsin("silence", "list").out
    assert key[:8] in listed
    assert 'service="checkout"' in listed
    assert "deploying" in listed

    changed = desk.tocsin("silence", "edit", key[:6], "--for", "4h", "-o", "json")
    assert changed.code == 0
    assert changed.json["comment"] == "deploying"

    assert desk.tocsin("silence", "expire", key[:6]).out == f"expired {key[:8]}\n"
    assert desk.tocsin("silence", "list").out == "nothing is silenced\n"
    assert "expired" in desk.tocsin("silence", "list", "--all").out


def test_a_silence_without_an_end_or_with_two_is_refused(desk: Desk) -> None:
    endless = desk.tocsin("silence", "add", 'service="checkout"')
    assert (endless.code, "--for" in endless.err) == (2, True)
    two = desk.tocsin("silence", "add", 'a="b"', "--for", "1h", "--until", "now+2h")
    assert (two.code, "not both" in two.err) == (2, True)
    zero = desk.tocsin("silence", "add", 'a="b"', "--for", "0s")
    assert zero.code == 2
    wrong = desk.tocsin("silence", "add", 'a="b"', "--until", "soon")
    assert (wrong.code, "'soon' is no time" in wrong.err) == (2, True)
    unknown = desk.tocsin("silence", "edit", "ffff", "--for", "1h")
    assert (unknown.code, "no silence begins" in unknown.err) == (2, True)


def test_checks_and_services_are_listed_and_shown(desk: Desk) -> None:
    up(desk)
    outage(desk)

    listed = desk.tocsin("check", "list").out
    assert "no route" in listed
    assert "✓ up" in listed
    shown = desk.tocsin("check", "show", "web")
    assert "Results" in shown.out
    assert "12.5" not in shown.out.split("Results")[0]
    service = desk.tocsin("service", "show", "checkout")
    assert "Open incidents" in service.out
    assert "checkout-99" in service.out
    assert desk.tocsin("check", "show", "wbe").code == 2


def test_an_sla_that_is_missed_is_a_negative_answer(desk: Desk) -> None:
    up(desk)
    desk.make(lambda: desk.lab.later(10_000))
    desk.make(lambda: desk.lab.result("web", Status.UP))
    assert desk.tocsin("sla").code == 0

    for _ in range(60):
        desk.make(lambda: desk.lab.result("web"))
        desk.make(lambda: desk.lab.later(10_000))
    missed = desk.tocsin("sla", "checkout")
    assert missed.code == 1
    assert "✕ missed" in missed.out
    assert "excluded" not in missed.out
    start, end = (stamp(desk.lab.now() - ago) for ago in (500_000, 60_000))
    stretch = ("sla", "exclude", "checkout-99", "--from", start, "--to", end)
    previewed = desk.tocsin(*stretch, "--dry-run").out.splitlines()
    assert [line.split()[0] for line in previewed] == ["VALUE", "now", "excluded"]
    assert previewed[1] != previewed[2]
    assert "excluded" not in desk.tocsin("sla", "checkout").out
    excluding = (*stretch, "-m", "theirs")
    assert desk.tocsin(*excluding).code == 0
    said = desk.tocsin("sla", "checkout").out.splitlines()[-1]
    assert said.startswith("checkout-99: ")
    assert said.endswith("% if nothing had been excluded")


def test_the_daemon_s_own_affairs_are_cared_for(desk: Desk) -> None:
    assert desk.tocsin("reload").out.startswith("reloaded")
    assert desk.tocsin("db", "verify").out == "✓ good\n"
    assert desk.tocsin("db", "prune").out == "removed 0 rows\n"
    assert desk.tocsin("db", "backup", "copy").code == 0


def test_a_bad_configuration_is_told_with_every_fault_when_reloaded(desk: Desk) -> None:
    desk.lab.bad_config = True

    said = desk.tocsin("reload")

    assert said.code == 2
    assert said.err == "tocsin: /etc/tocsin/config.toml:7: check[0].evry: unknown key\n"


def test_text_from_outside_never_steers_the_terminal(desk: Desk) -> None:
    key = outage(desk)
    desk.tocsin("note", key, "red \x1b[31m and \x07 bell")
    desk.make(lambda: desk.lab.result("db", Status.DOWN, "boom \x1b]0;title\x07"))
    desk.make(lambda: desk.lab.later(1_000))

    for command in (
        ["show", key],
        ["check", "list"],
        ["alerts"],
        ["incidents"],
        ["service", "list"],
    ):
        said = desk.tocsin(*command)
        assert all(row.isprintable() for row in said.out.split("\n"))
