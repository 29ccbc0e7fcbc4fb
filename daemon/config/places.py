"""Relative paths count from the file they are written in, as `include` does.

Where a model expects a path, or a secret's `{ file = }`, the text is put behind the
directory of its file before it is validated, because validating already opens some of them.
What is no text there is left alone: validation knows the words for it.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr


def anchored(value: Any, kind: Any, base: Path) -> Any:
    """The value with every relative path in it put behind `base`.

    Args:
        kind: The type it is to become: a model, or a type that a model's field has.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return anchored(value, parts[0], base)
    if origin in (Union, types.UnionType):
        for part in parts:
            value = anchored(value, part, base)
        return value
    if kind is Path and isinstance(value, str):
        return _behind(base, value)
    if isinstance(value, dict):
        return _table(value, kind, base)
    if origin in (list, tuple) and isinstance(value, list):
        return [anchored(one, parts[0], base) for one in value]
    return value


def _table(table: dict[str, Any], kind: Any, base: Path) -> dict[str, Any]:
    if kind is SecretStr and isinstance(table.get("file"), str):
        return {**table, "file": _behind(base, table["file"])}
    if get_origin(kind) is dict:
        inner = get_args(kind)[1]
        return {key: anchored(one, inner, base) for key, one in table.items()}
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return table
    fields = {one.alias or name: one.annotation for name, one in kind.model_fields.items()}
    return {
        key: anchored(one, fields[key], base) if key in fields else one
        for key, one in table.items()
    }


def _behind(base: Path, text: str) -> str:
    """The path as seen from here; `~` is the home directory, where there is one."""
    if not text:
        return text
    try:
        return str(base / Path(text).expanduser())
    except RuntimeError:  # no such user
        return text
