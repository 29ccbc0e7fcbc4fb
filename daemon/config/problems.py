"""What is wrong with a configuration: the error, its parts, and how they are written.

ConfigError
    holds every `Problem` of every file, because an operator mends a file in one go.

A problem prints as one line, so that editors, `grep` and people can follow it:

    config.toml:12: check[0] "web".evry: unknown key; did you mean "every"?
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from daemon.core.record import record

_LONGEST: Final = 500
_UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"


def plain(text: object) -> str:
    """Text of unknown origin as one harmless line: nothing but what can be seen, and bounded."""
    line = "".join(char if char.isprintable() else _UNSEEN for char in str(text))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


@record(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: The file it stands in, as the operator would name it.
        line: From 1; None when the problem is of the file as a whole.
        key: Where in the document: `check[3] "web".expect[0]`; empty for the whole file.
        message: What is wrong.
        hint: The mend, or empty.
    """

    file: Path
    line: int | None
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else f"{self.file}"
        key = f"{self.key}: " if self.key else ""
        mend = f"; {self.hint}" if self.hint else ""
        return plain(f"{place}: {key}{self.message}{mend}")


class ConfigError(Exception):
    """A configuration that cannot be used; nothing of it was applied.

    Attributes:
        problems: All that is wrong, in the order of files and lines; at least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant, or None if none is near."""
    import difflib  # dear, and only needed when something is wrong

    choices = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold()[:100], choices, n=1, cutoff=0.6)
    return choices[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, what: str = "names") -> str:
    """The mend for an unknown name: the nearest known one, else a list of all there are."""
    names = sorted(set(known))
    guess = nearest(word, names)
    if guess is not None:
        return f'did you mean "{guess}"?'
    if not names:
        return f"no {what} are configured"
    shown = ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")
    return f"{what} are: {shown}"
