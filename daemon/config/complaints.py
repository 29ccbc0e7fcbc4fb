"""pydantic's errors in an operator's words, each at its place in the document.

pydantic says `Input should be a valid tuple` at `("depends_on", 0, "tuple[str, ...]")`; an
operator needs `check[0] "web".depends_on[0]: must be a list`. Inputs are never repeated:
they may be secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from checks.durations import format_duration
from daemon.config.lines import KeyPath
from daemon.config.problems import did_you_mean
from daemon.core.record import record

Found = TypeVar("Found")

Words = tuple[str, str]
"""A message and its mend."""

_PLAIN: Final[Mapping[str, Words]] = {
    "missing": ("is missing", "add it to this table"),
    "string_type": ("must be a text", "put it in quotes"),
    "string_sub_type": ("must be a text", "put it in quotes"),
    "int_type": ("must be a whole number", "write it without quotes and without a point"),
    "int_parsing": ("must be a whole number", "write it without quotes and without a point"),
    "int_from_float": ("must be a whole number", "leave the fraction away"),
    "float_type": ("must be a number", "write it without quotes"),
    "float_parsing": ("must be a number", "write it without quotes"),
    "decimal_type": ("must be a number", "write it without quotes"),
    "decimal_parsing": ("must be a number", "write it without quotes"),
    "finite_number": ("must be a finite number", "write it in digits"),
    "bool_type": ("must be true or false", "write it without quotes"),
    "bool_parsing": ("must be true or false", "write it without quotes"),
    "tuple_type": ("must be a list", "put it in [ ]"),
    "list_type": ("must be a list", "put it in [ ]"),
    "dict_type": ("must be a table", "write it as { key = value }"),
    "model_type": ("must be a table", "write it as { key = value }"),
    "model_attributes_type": ("must be a table", "write it as { key = value }"),
    "path_type": ("must be a path", "put it in quotes"),
    "invalid_key": ("must be a text", "put it in quotes"),
}
_TOO_FEW: Final = "needs at least"
_NO_TEXT: Final = _PLAIN["string_type"][0]
_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "less_than": ("lt", "must be less than {}"),
    "too_short": ("min_length", _TOO_FEW + " {} member(s)"),
    "too_long": ("max_length", "has more than {} members"),
    "string_too_short": ("min_length", "needs at least {} character(s)"),
    "string_too_long": ("max_length", "has more than {} characters"),
}
_NAME_PATTERN_START: Final = "^[A-Za-z0-9][A-Za-z0-9_.:/-]"
NAME_FORM: Final = "begin with a letter or digit; use those and _ . : / -, at most 100"


@record(frozen=True, slots=True)
class Complaint:
    """One fault of a table, at a path below it."""

    path: KeyPath
    message: str
    hint: str
    alternative: bool = False
    """It is only one of several forms that were tried."""


def complaints(
    error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any]
) -> list[Complaint]:
    """All that pydantic found wrong with `raw`, each place once."""
    found: dict[KeyPath, Complaint] = {}
    for one in _each(error, model, raw):
        earlier = found.get(one.path)
        if earlier is None or (earlier.message == _NO_TEXT and _is_table(raw, one)):
            found[one.path] = one
        elif earlier.message != one.message and one.alternative:
            both = f"{earlier.message}, or {one.message}"
            found[one.path] = Complaint(one.path, both, earlier.hint, alternative=True)
    return [one for one in found.values() if not _outdone(one, found)]


def _each(
    error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any]
) -> Iterator[Complaint]:
    for detail in error.errors(include_url=False, include_input=False):
        path, skipped = _within(raw, detail["loc"], missing=detail["type"] == "missing")
        message, hint = _words(detail, model, raw, path)
        yield Complaint(path, message, hint, skipped)


def _outdone(one: Complaint, found: Mapping[KeyPath, Complaint]) -> bool:
    """Whether a deeper fault explains it: another form that was tried fits better, or the
    members that a list lacks are there but faulty."""
    return (one.alternative or one.message.startswith(_TOO_FEW)) and any(
        len(path) > len(one.path) and path[: len(one.path)] == one.path for path in found
    )


def _is_table(raw: Mapping[str, Any], one: Complaint) -> bool:
    """Whether a table stands there, so that the complaint of another form than a text fits."""
    return one.alternative and isinstance(_value(raw, one.path), dict)


def _within(raw: Any, loc: tuple[int | str, ...], *, missing: bool) -> tuple[KeyPath, bool]:
    """pydantic's place without the names of the union members it tried.

    Args:
        missing: The last part is a key that is not there.
    """
    path: KeyPath = ()
    skipped = False
    here = raw
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if (
            isinstance(here, dict)
            and isinstance(part, str)
            and (part in here or (last and missing))
        ):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            skipped = skipped or part != "[key]"
            continue
        path = (*path, part)
    return path, skipped


def _words(detail: ErrorDetails, model: type[BaseModel], raw: Any, path: KeyPath) -> Words:
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key", _known_keys(model, path)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _BOUNDS:
        name, form = _BOUNDS[kind]
        return form.format(_bound(context.get(name), raw, path)), ""
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", detail["msg"])), ""
    return _special(detail, raw, path)


def _special(detail: ErrorDetails, raw: Any, path: KeyPath) -> Words:
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind in {"literal_error", "enum"}:
        expected = str(context.get("expected", "")).replace("'", '"')
        return f"must be {expected}", _nearest_choice(expected, _value(raw, path))
    if kind == "string_pattern_mismatch":
        if str(context.get("pattern", "")).startswith(_NAME_PATTERN_START):
            return "cannot be a name", NAME_FORM
        return "has the wrong form", f"it must match {context.get('pattern')}"
    message = detail["msg"]
    return message[:1].lower() + message[1:], ""


def _nearest_choice(expected: str, value: object) -> str:
    choices = expected.replace(" or ", ", ").replace('"', "").split(", ")
    if not isinstance(value, str) or len(value) > 100:
        return ""
    mend = did_you_mean(value, choices)
    return mend if mend.startswith("did") else ""


def _bound(bound: object, raw: Any, path: KeyPath) -> str:
    """A limit as it would be written: spans are texts in the file and milliseconds inside."""
    if isinstance(bound, int) and isinstance(_value(raw, path), str):
        return f'"{format_duration(bound)}"'
    return str(bound)


def _value(raw: Any, path: KeyPath) -> Any:
    here = raw
    for part in path:
        if isinstance(here, dict):
            here = here.get(str(part))
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return None
    return here


def _known_keys(model: type[BaseModel], path: KeyPath) -> str:
    table: type[BaseModel] | None = model
    for part in path[:-1]:
        if isinstance(part, str) and table is not None:
            table = _model_of(table, part)
    if table is None:
        return ""
    return did_you_mean(str(path[-1]), keys_of(table), what="known keys")


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys a table may have, as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return first_inside(field.annotation, _as_model)
    return None


def _as_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def first_inside(annotation: Any, wanted: Callable[[Any], Found | None]) -> Found | None:
    """The first thing inside an annotation, however deep, for which `wanted` answers."""
    found = wanted(annotation)
    for argument in get_args(annotation):
        if found is not None:
            break
        found = first_inside(argument, wanted)
    return found
