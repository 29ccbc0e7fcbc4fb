"""Changed copies of records, at the price that a storm of them allows.

Every change of the engine's memory is a new frozen record with most fields as they were, and
a failing check makes some twenty of them. `dataclasses.replace` looks every field up by name
and calls the constructor with all of them; for a class of the model, whose constructor does
nothing but take values, a copy made slot by slot is the same at a quarter of the time.

To the type checker it is `dataclasses.replace`, so names and types of changes are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(record: Any, **changes: Any) -> Any:
        """A copy of this frozen, slotted record with some fields changed.

        Raises:
            KeyError: It has no such field.
        """
        kind = record.__class__
        copy = _COPIERS.get(kind)
        if copy is None:
            copy = _COPIERS[kind] = _copier(kind)
        return copy(record, changes)


_Copier = Callable[[Any, dict[str, Any]], Any]

_COPIERS: dict[type, _Copier] = {}
"""By the record's class, made when it is first asked for."""


def _copier(kind: type) -> _Copier:
    """Write the function that copies this class: like the constructor that `dataclass` writes,
    it is text made of the names of the fields.

    Raises:
        TypeError: The class is no slotted dataclass, or its constructor does more than set
            its fields.
    """
    names = [field.name for field in fields(kind)]
    if hasattr(kind, "__post_init__") or not all(field.init for field in fields(kind)):
        raise TypeError(f"{kind.__name__} must be made by its constructor")
    setters = {name: getattr(kind, name).__set__ for name in names}
    lines = [
        "def copy(record, changes):",
        "    copied = new(kind)",
        *(f"    set_{name}(copied, record.{name})" for name in names),
        "    for name, value in changes.items():",
        "        setters[name](copied, value)",
        "    return copied",
    ]
    space: dict[str, Any] = {"new": object.__new__, "kind": kind, "setters": setters}
    space.update((f"set_{name}", setter) for name, setter in setters.items())
    exec("\n".join(lines), space)  # noqa: S102  # made of a class's own field names
    copier: _Copier = space["copy"]
    return copier
