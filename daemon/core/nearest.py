"""The nearest known name to one that nobody knows, for the words of a refusal.

What compares names (`difflib`) is loaded with the first slip of an operator's. That may come while
no file can be opened any more; then the refusal is said without a hint, since what fails in a turn
ends the daemon.
"""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100
"""Characters that are compared: it takes the square of them."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, capitals or not; None where none is like it."""
    try:
        from difflib import get_close_matches
    except (ImportError, OSError):
        return None
    spelled = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold()[:_LONGEST], spelled, n=1)
    return spelled[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a refusal that names it; nothing where there is none."""
    near = nearest(name, known)
    return f"; did you mean {near}?" if near is not None else ""
