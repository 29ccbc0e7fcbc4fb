"""What is wrong with a field of a request, in words fit for whoever typed it.

pydantic's own messages speak of tuples, inputs and validation; an operator reads them in the
error of a command, so they are said anew here, for each kind of fault that our models can find.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final[Mapping[str, str]] = {
    "missing": "it is required",
    "less_than_equal": "it must be at most {le}",
    "less_than": "it must be less than {lt}",
    "greater_than_equal": "it must be at least {ge}",
    "greater_than": "it must be more than {gt}",
    "too_short": "it needs at least {min_length}",
    "too_long": "it takes at most {max_length}",
    "string_too_short": "it must not be empty",
    "string_too_long": "it is longer than {max_length} characters",
    "string_type": "it must be a text",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "tuple_type": "it must be a list",
    "list_type": "it must be a list",
    "dict_type": "it must be an object",
    "model_type": "it must be an object",
    "literal_error": "it must be one of {expected}",
    "enum": "it must be one of {expected}",
}


def words(fault: Mapping[str, Any]) -> str:
    """What this fault means; pydantic's words where there are none of ours."""
    told = _WORDS.get(fault["type"])
    if told is None:
        return str(fault["msg"])
    return told.format_map({name: str(value) for name, value in fault.get("ctx", {}).items()})
