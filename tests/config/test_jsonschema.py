"""daemon.config.jsonschema: what editors are told of the format."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import checks
from daemon.config import schema as make_schema
from daemon.config.registry import SECTIONS
from daemon.notify.spec import CHANNEL_KINDS


@cache
def schema() -> dict[str, Any]:
    """What is asked of it here is read only."""
    return make_schema()


def followed(node: dict[str, Any]) -> dict[str, Any]:
    """A definition that a `$ref` points to."""
    name = node["$ref"].removeprefix("#/$defs/")
    found: dict[str, Any] = schema()["$defs"][name]
    return found


def test_every_section_and_every_kind_is_in_it() -> None:
    made = schema()

    assert set(made["properties"]) == {*SECTIONS, "include"}
    kinds = {
        followed(one)["properties"]["kind"]["const"]
        for one in made["properties"]["check"]["items"]["oneOf"]
    }
    assert kinds == set(checks.KINDS)
    channels = made["properties"]["channel"]["additionalProperties"]["oneOf"]
    assert {followed(one)["properties"]["kind"]["const"] for one in channels} == set(CHANNEL_KINDS)


def test_spans_are_texts_also_their_defaults() -> None:
    defaults = followed(schema()["properties"]["defaults"]["allOf"][0])["properties"]

    assert defaults["every"]["type"] == "string"
    assert defaults["every"]["default"] == "10s"
    assert "minimum" not in json.dumps(defaults["timeout"])


def test_a_secret_is_a_text_or_a_place_to_read_it_from() -> None:
    made = schema()
    webhook = next(
        found
        for one in made["properties"]["channel"]["additionalProperties"]["oneOf"]
        if (found := followed(one))["properties"]["kind"]["const"] == "webhook"
    )

    assert "credential" in json.dumps(webhook["properties"]["url"])
    assert "name" not in webhook["properties"]
    assert "kind" in webhook["required"]


def test_every_reference_leads_somewhere_and_it_is_plain_json() -> None:
    text = json.dumps(schema())
    made = json.loads(text)

    for part in text.split('"$ref": "#/$defs/')[1:]:
        assert part.split('"')[0] in made["$defs"]
