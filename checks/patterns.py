"""RE2 patterns of the configuration: compiled quietly, refused in words.

RE2 takes time in proportion to the text, so no pattern can hang a check. The library is 2 MB: it is
loaded with the first pattern, which most estates do not have.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from checks.text import one_line


def compile_pattern(text: str) -> Any:
    """Compile a pattern without a word on the error output."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(text, options)


def checked_pattern(text: str) -> str:
    """The pattern as it is.

    Raises:
        ValueError: It is none.
    """
    import re2

    try:
        compile_pattern(text)
    except re2.error as error:
        first = error.args[0] if error.args else ""
        said = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
        raise ValueError(f"it is no RE2 pattern: {one_line(said)}") from None
    return text


Pattern = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(checked_pattern)]
"""A text that is an RE2 pattern."""
