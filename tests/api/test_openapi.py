"""The OpenAPI document says what is there, and all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.api import openapi
from daemon.api.routes.table import endpoints
from tests.api.lab import Lab, raw_http, serving


def references(node: Any) -> set[str]:
    """Every `$ref` below a node."""
    if isinstance(node, dict):
        found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def test_every_endpoint_has_its_operation_with_a_summary_and_its_role() -> None:
    document = openapi.document(endpoints())
    for row in endpoints():
        operation = document["paths"][row.path][row.method.lower()]
        assert operation["summary"].endswith((".", "?")), row.path
        assert operation["x-role"] in {"any", "viewer", "operator", "admin"}


def test_every_reference_leads_somewhere() -> None:
    document = openapi.document(endpoints())
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_what_a_query_needs_is_told_as_required() -> None:
    path = "/api/v1/sla/{name}/exclusions/preview"
    asked = openapi.document(endpoints())["paths"][path]["get"]["parameters"]
    assert {one["name"] for one in asked if one["required"]} == {"name", "start", "end"}


def test_writes_that_mind_the_version_say_so() -> None:
    minding = {
        path
        for path, operations in openapi.document(endpoints())["paths"].items()
        for operation in operations.values()
        if "If-Match" in {one["name"] for one in operation["parameters"]}
        and "412" in operation["responses"]
    }
    verbs = (
        "ack",
        "unack",
        "snooze",
        "assign",
        "resolve",
        "escalate",
        "merge",
        "split",
        "role",
        "note",
    )
    again = ("acknowledge", "escalate", "resolve")
    assert minding == {
        *(f"/api/v1/incidents/{{id}}/{verb}" for verb in (*verbs, "note", "update")),
        *(f"/api/v1/alerts/history/{{id}}/{verb}" for verb in again),
        "/api/v1/alerts/{fingerprint}/ack",
    }


def test_a_path_and_method_stand_in_the_table_once() -> None:
    rows = [(row.method, row.path) for row in endpoints()]
    assert len(rows) == len(set(rows))


async def test_it_is_served(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path, raw_http(path) as http:
        document = (await http.get("/api/v1/openapi.json")).json()
        assert document["openapi"] == "3.1.0"
        query = document["paths"]["/api/v1/incidents"]["get"]["parameters"]
        assert {"all", "since", "match", "limit"} <= {parameter["name"] for parameter in query}
