"""Whatever the engine keeps comes back equal; what a result loses is stated."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from checks.result import Fault, Result, Status
from daemon.core.labels import Matcher, MatchOp
from daemon.core.model import AtRisk, Incident, Record, Silence, StatusUpdate
from daemon.store.codec import TABLES, decode_alert, occurrence_row
from daemon.store.result_codec import read_result, result_row
from tests.store.samples import NOW, a_result, an_alert, an_incident, records


@given(records)
def test_every_record_comes_back_as_it_was(record: Record) -> None:
    table = TABLES[type(record)]
    row = table.row(record)
    assert table.decode(row[-1]) == record
    assert row[0] == record.key
    assert len(row) == table.upsert.count("?")


def test_a_silences_matchers_match_again() -> None:
    silence = Silence("s", (Matcher("env", MatchOp.REGEX, "p.*"),), 1, 2, "ana", "why", 3)
    table = TABLES[Silence]
    back = table.decode(table.row(silence)[-1])
    assert isinstance(back, Silence)
    assert back.matchers[0].matches({"env": "prod"})
    assert table.row(silence)[1] == 'env=~"p.*"'


def test_an_incident_stored_before_it_could_be_assigned_is_assigned_to_nobody() -> None:
    table = TABLES[Incident]
    stored = json.loads(table.row(replace(an_incident(), assigned_to="ana"))[-1])
    assert table.decode(json.dumps(stored)) == replace(an_incident(), assigned_to="ana")
    del stored["assigned_to"]
    assert table.decode(json.dumps(stored)) == an_incident()


def test_an_incident_that_people_work_on_comes_back_and_an_older_one_has_nobody() -> None:
    table = TABLES[Incident]
    work = {
        "roles": (("commander", "ana"),),
        "status_update": StatusUpdate("we look", "ana", NOW, NOW + 1),
        "at_risk": (AtRisk(Decimal("900.50"), NOW, "the sale ends"),),
        "late": ("ack",),
        "merged_into": "abc",
    }
    worked_on = replace(an_incident(), **work)  # type: ignore[arg-type]  # fields by name
    stored = json.loads(table.row(worked_on)[-1])
    assert table.decode(json.dumps(stored)) == worked_on
    for name in work:
        del stored[name]
    assert table.decode(json.dumps(stored)) == an_incident()


def test_an_occurrence_holds_the_whole_alert() -> None:
    alert = an_alert()
    assert decode_alert(occurrence_row(alert)[-1]) == alert


def test_a_result_keeps_its_verdict_latency_and_failure() -> None:
    failed = a_result(status=Status.DOWN)
    assert read_result("web", result_row(1, failed, None)[1:]) == failed


def test_a_good_result_is_kept_without_its_message() -> None:
    found = read_result("web", result_row(1, a_result(), None)[1:])
    assert found == Result("web", NOW, Status.UP, latency_ms=12.345)


def test_only_the_metrics_that_rules_need_are_kept() -> None:
    result = Result("host", NOW, Status.UP, metrics={"cpu": 1.5, "name": "x", "ok": True})
    row = result_row(1, result, frozenset({"cpu", "ok", "absent"}))
    assert read_result("host", row[1:]).metrics == {"cpu": 1.5, "ok": True}
    assert result_row(1, result, frozenset())[-1] is None
    assert read_result("host", result_row(1, result, None)[1:]).metrics == result.metrics


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_its_word(fault: Fault) -> None:
    result = Result("web", NOW, Status.UNKNOWN, message="m", fault=fault)
    assert read_result("web", result_row(1, result, None)[1:]) == result


@pytest.mark.parametrize("code", [-1, 4])
def test_a_status_that_there_is_not_is_no_result(code: int) -> None:
    with pytest.raises(ValueError, match=str(code)):
        read_result("web", (NOW, code, 1000, None, None, None))
