"""Changed copies: of records, at the price that a storm of them allows.

Every change of the engine's memory is a new frozen record with most fields as they were, and
a failing check makes some ten of them. `dataclasses.replace` looks every field up by name
and calls the constructor with all of them; of a record (see `record`) `msgspec` makes the copy
in C. What else is copied here, parts of a plan and commands, is copied seldom.

To the type checker it is `dataclasses.replace`, so names and types of changes are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace as replace
else:
    import dataclasses
    from typing import Any

    from msgspec import Struct
    from msgspec.structs import replace as _replaced

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy of this record or dataclass with some fields changed.

        Raises:
            TypeError: It has no such field.
        """
        if isinstance(value, Struct):
            return _replaced(value, **changes)
        return dataclasses.replace(value, **changes)
