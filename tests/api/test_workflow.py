"""Working on an incident together, as a program does it over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.client import BadRequest, Refused
from daemon.core.model import MINUTE, SECOND, IncidentState
from daemon.core.plan import ChannelPlan
from tests.api.lab import V1, Lab, call, connected, plan


async def test_an_incident_is_opened_by_hand_and_answered_with(tmp_path: Path) -> None:
    lab = Lab()
    async with connected(lab, tmp_path) as client:
        made = await client.open_incident("The till is stuck", "checkout", "P1", "since nine")
        assert (made.title, made.service, made.severity) == (
            "The till is stuck", "checkout", "critical",
        )  # fmt: skip
        assert made.money is not None
        with pytest.raises(BadRequest, match="no service"):
            await client.open_incident("x", "nope")
        with pytest.raises(BadRequest, match="must not be empty"):
            await client.open_incident(" ")


async def test_incidents_are_merged_from_either_side_and_split_again(tmp_path: Path) -> None:
    lab = Lab()
    web, db = lab.outage("web"), lab.outage("db")
    async with connected(lab, tmp_path) as client:
        survivor = await client.merge(db.key[:6], web.key[:6])
        assert survivor.id == web.key
        assert len(survivor.firing) == 2
        assert (await client.incident(db.key)).incident.merged_into == web.key
        with pytest.raises(Refused, match="already resolved"):
            await client.merge(db.key, web.key)
        alert = next(key for key in survivor.firing if key not in web.alerts)
        made = await client.split(web.key, [alert[:6]])
        assert (made.split_from, made.service) == (web.key, "orders-db")
        with pytest.raises(BadRequest, match="no alert"):
            await client.split(web.key, ["zz"])
    code, view, _ = await call(
        lab, tmp_path, "POST", f"{V1}/incidents/{web.key}/merge", json={"with": [made.id]}
    )
    assert (code, view["id"]) == (200, web.key)
    code, problem, _ = await call(lab, tmp_path, "POST", f"{V1}/incidents/{web.key}/merge", json={})
    assert (code, problem["detail"]) == (
        422, 'give either "into", an incident, or "with", a list of others',
    )  # fmt: skip


async def test_parts_and_updates_are_shown_with_when_the_next_is_due(tmp_path: Path) -> None:
    channels = {
        "mail": ChannelPlan("mail", "log", is_for_stakeholders=True),
        "pager": ChannelPlan("pager", "log"),
    }
    lab = Lab(plan(channels=channels))
    web = lab.outage("web")
    async with connected(lab, tmp_path) as client:
        assert (await client.set_role(web.key, "commander", "ana")).roles == {"commander": "ana"}
        told = await client.status_update(web.key, "we look", next_in_ms=15 * MINUTE)
        assert told.status_update is not None
        assert (told.status_update.text, told.next_update_due) == (
            "we look", told.status_update.next_at,
        )  # fmt: skip
        updates = [one for one in lab.history.queued if one.type == "incident.updated"]
        assert ("mail", "") in {(one.channel, one.recipient) for one in updates}
        assert (await client.set_role(web.key, "commander", None)).roles == {}
        with pytest.raises(BadRequest, match="no person"):
            await client.set_role(web.key, "commander", "zoe")


async def test_a_newer_version_refuses_whoever_saw_an_older_one(tmp_path: Path) -> None:
    lab = Lab()
    web = lab.outage("web")
    code, _, _ = await call(
        lab, tmp_path, "POST", f"{V1}/incidents/{web.key}/role",
        json={"role": "scribe", "to": "ana"}, headers={"If-Match": '"1"'},
    )  # fmt: skip
    assert code == 412


async def test_the_draft_of_a_post_mortem_is_markdown(tmp_path: Path) -> None:
    lab = Lab()
    web = lab.outage("web")
    lab.later(MINUTE)
    async with connected(lab, tmp_path) as client:
        await client.ack(web.key, "on it")
        await client.resolve(web.key)
        text = await client.postmortem(web.key)
    assert lab.engine.incidents[web.key].state is IncidentState.RESOLVED
    assert text.startswith("# Post-mortem: checkout is down\n")
    assert "Money lost: GBP 33\\.33 at GBP 12000 an hour" in text
    assert "acknowledge" in text.split("## Who did what")[1].split("##")[0]
    code, _, headers = await call(lab, tmp_path, "GET", f"{V1}/incidents/{web.key}/postmortem")
    assert (code, headers["content-type"]) == (200, "text/markdown; charset=utf-8")


async def test_what_costs_more_comes_first_among_equally_grave_ones(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage("db")
    lab.time += SECOND
    lab.outage("web")
    async with connected(lab, tmp_path) as client:
        found = await client.incidents()
    assert [one.service for one in found] == ["checkout", "orders-db"]
