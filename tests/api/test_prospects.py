"""What a muted incident will do when it is unmuted, as an operator is told."""

from __future__ import annotations

from pathlib import Path

from daemon.core.events import Acknowledge, PutSilence
from daemon.core.labels import parse_matcher
from daemon.core.model import HOUR, MINUTE, Actor, Incident
from tests.api.lab import V1, Lab, call

ANA = Actor("ana", "unix uid 1000")


def silenced(lab: Lab) -> None:
    matchers = (parse_matcher("check=web"),)
    lab.do(PutSilence(ANA, matchers, None, lab.time + HOUR, "works"))


async def prospect(lab: Lab, incident: Incident, tmp_path: Path) -> str | None:
    _, found, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents/{incident.key}")
    text: str | None = found["incident"]["on_unmute"]
    _, listed, _ = await call(lab, tmp_path, "GET", f"{V1}/incidents")
    assert listed[0]["on_unmute"] == text
    return text


async def test_what_nobody_was_told_of_is_told_and_its_policy_begins(tmp_path: Path) -> None:
    lab = Lab()
    silenced(lab)
    said = await prospect(lab, lab.outage(), tmp_path)
    assert said == "tells mail; policy primary runs level 1 (mail) at once"


async def test_what_was_told_goes_on_with_its_policy_where_it_rested(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    assert await prospect(lab, incident, tmp_path) is None
    lab.later(2 * MINUTE)
    silenced(lab)
    lab.later(10 * MINUTE)
    said = await prospect(lab, incident, tmp_path)
    assert said is not None
    assert said.startswith("policy primary runs level 2 (pager) in 2 min")


async def test_of_what_somebody_has_there_is_nothing_to_tell(tmp_path: Path) -> None:
    lab = Lab()
    incident = lab.outage()
    lab.do(Acknowledge(incident.key, ANA))
    silenced(lab)
    assert await prospect(lab, incident, tmp_path) == "ana has it"
