"""Relative paths count from the file they are written in, as `include` does.

Where a model expects a path, or a secret's `{ file = }`, the text is put behind the
directory of its file before it is validated, because validating already opens some of them.
What is no text there is left alone: validation knows the words for it.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from daemon.config.lines import KeyPath


@dataclass(slots=True)
class Anchor:
    """Puts relative paths behind `base`; `faults` are the places of those that none can be."""

    base: Path
    faults: list[KeyPath] = field(default_factory=list)

    def place(self, value: Any, kind: Any, at: KeyPath = ()) -> Any:
        """The value with every relative path in it put behind the base.

        Args:
            kind: The type it is to become: a model, or a type that a model's field has.
            at: Where it stands.
        """
        origin, parts = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self.place(value, parts[0], at)
        if origin in (Union, types.UnionType):
            for part in parts:
                value = self.place(value, part, at)
            return value
        if kind is Path and isinstance(value, str):
            return self._behind(value, at)
        if isinstance(value, dict):
            return self._table(value, kind, at)
        if origin in (list, tuple) and isinstance(value, list):
            return [self.place(one, parts[0], (*at, n)) for n, one in enumerate(value)]
        return value

    def _table(self, table: dict[str, Any], kind: Any, at: KeyPath) -> dict[str, Any]:
        if kind is SecretStr and isinstance(table.get("file"), str):
            return {**table, "file": self._behind(table["file"], at)}
        if get_origin(kind) is dict:
            inner = get_args(kind)[1]
            return {key: self.place(one, inner, (*at, key)) for key, one in table.items()}
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return table
        fields = _fields_with_paths(kind)
        if fields.keys().isdisjoint(table):
            return table
        return {
            key: self.place(one, fields[key], (*at, key)) if key in fields else one
            for key, one in table.items()
        }

    def _behind(self, text: str, at: KeyPath) -> str:
        """The path as seen from here; `~` is the home directory, where there is one."""
        if not text:
            return text
        if "\0" in text:
            self.faults.append(at)
            return str(self.base)
        try:
            return str(self.base / Path(text).expanduser())
        except RuntimeError:  # no such user
            return text


def may_hold_paths(model: type[BaseModel], table: dict[str, Any]) -> bool:
    """Whether a table that is to become this model says anything that may be or hold a path."""
    return not _fields_with_paths(model).keys().isdisjoint(table)


@cache
def _fields_with_paths(model: type[BaseModel]) -> dict[str, Any]:
    """The types of those fields of a model that may hold a path, by the key they are written
    with."""
    fields = {one.alias or name: one.annotation for name, one in model.model_fields.items()}
    return {key: kind for key, kind in fields.items() if _may_hold_a_path(kind)}


def _may_hold_a_path(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return bool(_fields_with_paths(kind))
    return kind in (Path, SecretStr) or any(map(_may_hold_a_path, get_args(kind)))
