"""What a record is made of: a value that never changes, declared like a dataclass.

A storm makes hundreds of thousands of records. A dataclass that is frozen sets its fields one
by one through `object.__setattr__`, compares by way of tuples, and has its methods written and
compiled at each start. So a record is made a `msgspec.Struct`, which does all that in C and
which the garbage collector need not look at: records hold values, never each other in a circle.

To the type checker it is a dataclass, and to the `dataclasses` module as well (`fields`,
`replace`, `asdict`). `daemon.core.changing` copies it with changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from collections.abc import Callable
    from dataclasses import MISSING, Field, dataclass, fields

    import msgspec

    def record(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Make a record of a class that is declared like a frozen, slotted dataclass.

        Raises:
            TypeError: It is to be another kind of dataclass, or is more than its fields.
        """
        if not (frozen and slots):
            raise TypeError("a record is frozen and has slots")
        return _made

    def _made(kind: type) -> type:
        declared = fields(dataclass(init=False, repr=False, eq=False, match_args=False)(kind))
        is_more = kind.__bases__ != (object,) or hasattr(kind, "__post_init__")
        if is_more or not all(map(_is_plain, declared)):
            raise TypeError(f"{kind.__name__} is more than its fields")
        left_out = {*_OWN, *(one.name for one in declared)}
        return msgspec.defstruct(
            kind.__name__,
            [(one.name, one.type, _default(one)) for one in declared],
            namespace={name: it for name, it in vars(kind).items() if name not in left_out},
            module=kind.__module__,
            frozen=True,
            gc=False,
        )

    _OWN = ("__annotations__", "__dict__", "__weakref__")
    """What a class has of its own, as the struct will."""

    def _is_plain(one: Field) -> bool:
        """Whether the field is given, compared and shown like any other."""
        return one.init and one.repr and one.compare and one.hash is None and not one.kw_only

    def _default(one: Field) -> object:
        if one.default is not MISSING:
            return one.default
        if one.default_factory is not MISSING:
            return msgspec.field(default_factory=one.default_factory)
        return msgspec.NODEFAULT


__all__ = ["record"]
