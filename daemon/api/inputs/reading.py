"""The reading of a request: its query string or its body, as one of the strict models.

Whatever is wrong with one request is said at once, and unknown names are refused with those that
are known.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Any, TypeVar

import pydantic

from checks.text import one_line
from daemon.api.faults import words
from daemon.api.inputs.fields import Input
from daemon.api.problems import Malformed, Unprocessable

M = TypeVar("M", bound=Input)


def parse_query(model: type[M], pairs: Iterable[tuple[str, str]]) -> M:
    """Read a query string.

    Raises:
        Malformed: A parameter is unknown, given twice, or not what it should be.
    """
    lists = {name for name, field in model.model_fields.items() if field.default == ()}
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise Malformed(f"the parameter {one_line(name, 60)!r} is given more than once")
        else:
            values[name] = value
    try:
        return model.model_validate(values)
    except pydantic.ValidationError as error:
        raise Malformed(*_words(error, model, "parameter")) from None


def parse_body(model: type[M], raw: bytes) -> M:
    """Read a JSON body; an empty one is an empty object.

    Raises:
        Malformed: It is no JSON.
        Unprocessable: It is, but not what it should be.
    """
    text = raw.removeprefix(codecs.BOM_UTF8) or b"{}"
    try:
        return model.model_validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            reason = one_line(str(first.get("ctx", {}).get("error", "")), 200)
            raise Malformed(f"the body is no JSON: {reason}") from None
        raise Unprocessable(*_words(error, model, "field")) from None


def _words(
    error: pydantic.ValidationError, model: type[Input], noun: str
) -> tuple[str, list[dict[str, str]]]:
    """What is wrong, as one text and as a list of fields with their faults."""
    known = ", ".join(field.alias or name for name, field in model.model_fields.items()) or "none"
    faults = []
    found = error.errors(include_url=False, include_input=False)
    # A list is also called too short when its items are at fault: those say it better.
    inner = {fault["loc"][:-1] for fault in found}
    told = [one for one in found if one["type"] != "too_short" or one["loc"] not in inner]
    for fault in told[:20]:
        place = one_line(".".join(map(str, fault["loc"])), 80)
        if fault["type"] == "extra_forbidden":
            message = f"unknown {noun}; known: {known}"
        elif fault["type"] == "value_error":
            message = str(fault["ctx"]["error"])
        else:
            message = words(fault)
        faults.append({"field": place, "message": one_line(message, 300)})
    lines = [
        f"{fault['field']}: {fault['message']}" if fault["field"] else fault["message"]
        for fault in faults
    ]
    return "; ".join(lines), faults
