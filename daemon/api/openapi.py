"""The OpenAPI 3.1 document, made from the table of endpoints and the shapes themselves.

Nothing is written twice: paths and roles come from the table, answers from the msgspec
structs, queries and bodies from the pydantic models that check them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, Final, get_args

import msgspec
from aiohttp import web

from daemon import __version__
from daemon.api.access import Role
from daemon.api.call import Call, Endpoint, Handler, answer
from daemon.api.inputs import NoBody, NoQuery
from daemon.api.later import Later, summary
from daemon.api.schema import IncidentView, Problem

_REF: Final = "#/components/schemas/{name}"
_PART: Final = re.compile(r"\{(\w+)\}")
_PROBLEM: Final = {
    "application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}},
}
_VERSION: Final = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'the version that was seen, as "7"',
    "schema": {"type": "string"},
}
_CHANGED: Final = {"description": "it has changed since that version", "content": _PROBLEM}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(endpoint.path)
    ]
    if endpoint.query is not NoQuery:
        asked = endpoint.query.model_json_schema()
        needed = asked.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": schema}
            for name, schema in asked["properties"].items()
        ]
    if _minds_version(endpoint):
        parameters.append(_VERSION)
    return parameters


def _minds_version(endpoint: Endpoint) -> bool:
    """Whether it changes one incident, as the sender saw it."""
    is_of_one = "{" in endpoint.path
    return endpoint.method != "GET" and endpoint.answer is IncidentView and is_of_one


def _operation(endpoint: Endpoint, answer_schema: dict[str, Any] | None) -> dict[str, Any]:
    media = {"application/json": {"schema": answer_schema}} if answer_schema else {"text/plain": {}}
    operation: dict[str, Any] = {
        "summary": summary(endpoint.handler),
        "parameters": _parameters(endpoint),
        "responses": {
            "2XX": {"description": "done", "content": media},
            **({"412": _CHANGED} if _minds_version(endpoint) else {}),
            "default": {"description": "refused", "content": _PROBLEM},
        },
        "x-role": "any" if endpoint.role is Role.NONE else endpoint.role.word,
    }
    if endpoint.body is not NoBody:
        schema = endpoint.body.model_json_schema(by_alias=True)
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _either(answer: Any) -> Iterator[Any]:
    """The shapes that an answer may have: several are told apart by what is in them."""
    yield from get_args(answer) if isinstance(answer, UnionType) else (answer,)


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document as plain data."""
    rows = list(endpoints)
    shapes = [list(_either(row.answer)) for row in rows if row.answer is not None]
    flat = [one for several in shapes for one in several]
    schemas, components = msgspec.json.schema_components([*flat, Problem], ref_template=_REF)
    each = iter(schemas)
    by_row = iter([_any_of([next(each) for _ in several]) for several in shapes])
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        schema = next(by_row) if row.answer is not None else None
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, schema)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tocsin", "version": __version__},
        "paths": paths,
        "components": {"schemas": components},
    }


def _load(endpoints: Iterable[Endpoint]) -> None:
    for row in endpoints:
        if isinstance(row.handler, Later):
            row.handler.load()


def handler(endpoints: Iterable[Endpoint]) -> Handler:
    """A handler that answers with the document, which is made once."""
    made: list[dict[str, Any]] = []
    rows = list(endpoints)

    async def openapi(call: Call) -> web.Response:
        """What this API offers, as OpenAPI 3.1."""
        del call
        if not made:
            await asyncio.to_thread(_load, rows)
            made.append(document(rows))
        return answer(made[0])

    return openapi
