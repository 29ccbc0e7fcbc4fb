"""The JSON Schema of the configuration, made from the models: what editors complete and check.

`tocsin config schema > tocsin.schema.json`, then `#:schema ./tocsin.schema.json` as the first
line of a configuration (Taplo, "Even Better TOML" of VS Code). Draft 7, which they know.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import checks
from checks.durations import format_duration
from daemon.config.registry import SECTIONS, Section, Shape
from daemon.notify.spec import CHANNEL_KINDS

_SECRET: Final[dict[str, Any]] = {
    "description": "A text, or where to read it.",
    "anyOf": [
        {"type": "string"},
        *(
            {
                "type": "object",
                "properties": {source: {"type": "string", "minLength": 1}},
                "required": [source],
                "additionalProperties": False,
            }
            for source in ("env", "file", "credential")
        ),
    ],
}
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def schema() -> dict[str, Any]:
    """The whole schema as plain JSON."""
    by_kind: dict[str, dict[str, type[BaseModel]]] = {
        "check": {name: kind.spec for name, kind in checks.KINDS.items()},
        "channel": dict(CHANNEL_KINDS),
    }
    models: set[type[BaseModel]] = {
        section.model for section in SECTIONS.values() if not section.by_kind
    }
    models |= {model for kinds in by_kind.values() for model in kinds.values()}
    ordered = sorted(models, key=lambda model: model.__name__)
    references, definitions = models_json_schema([(model, "validation") for model in ordered])
    found = {model: references[model, "validation"] for model in ordered}
    defs: dict[str, Any] = definitions.get("$defs", {})
    for section, kinds in by_kind.items():
        for kind, model in kinds.items():
            _of_kind(defs[_name(found[model])], kind, named=section == "channel")
    properties = {
        name: _section(
            section,
            {"oneOf": [found[model] for model in by_kind[name].values()]}
            if section.by_kind
            else found[section.model],
        )
        for name, section in SECTIONS.items()
    }
    include = {"type": "array", "items": {"type": "string"}, "description": "Further files."}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Tocsin configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {"include": include, **properties},
        "$defs": {name: _mended(one) for name, one in defs.items()},
    }


def _name(reference: Any) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]


def _of_kind(definition: dict[str, Any], kind: str, *, named: bool) -> None:
    """Fix the word that chooses this definition; a channel's name stands in its header."""
    definition["properties"]["kind"] = {"const": kind}
    required = [*definition.get("required", []), "kind"]
    if named:
        definition["properties"].pop("name", None)
        required = [key for key in required if key != "name"]
    definition["required"] = sorted(set(required))


def _section(section: Section, member: dict[str, Any]) -> dict[str, Any]:
    text = inspect.cleandoc(section.model.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    if section.shape is Shape.ARRAY:
        return {"type": "array", "items": member, "description": text}
    if section.shape is Shape.NAMED:
        return {"type": "object", "additionalProperties": member, "description": text}
    return {"allOf": [member], "description": text}


def _mended(node: Any) -> Any:
    """What pydantic cannot know: spans and secrets are written as texts."""
    if isinstance(node, list):
        return [_mended(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "password":
        return _SECRET
    mended = {key: _mended(one) for key, one in node.items()}
    if _is_span(node) or any(_is_span(one) for one in node.get("anyOf", ())):
        for bound in _BOUNDS:
            mended.pop(bound, None)
        if isinstance(mended.get("default"), int):
            mended["default"] = format_duration(mended["default"])
    return mended


def _is_span(node: Any) -> bool:
    return isinstance(node, dict) and "250ms" in node.get("examples", ())
