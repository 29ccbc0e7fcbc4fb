"""A small language for the shapes that services document: what is wrong with a value, in words.

A rule is a function from a value and its place to a list of problems. `record`, `items`, `text`
and the others make rules; `problems(rule, value)` applies one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Rule = Callable[[Any, str], list[str]]


def problems(rule: Rule, value: Any, at: str = "body") -> list[str]:
    """What is wrong with a value; nothing if it is good."""
    return rule(value, at)


def text(least: int = 1, most: int | None = None, pattern: str | None = None) -> Rule:
    """A string so many characters long, that matches as a whole."""

    def rule(value: Any, at: str) -> list[str]:
        if not isinstance(value, str):
            return [f"{at}: is {type(value).__name__}, no string"]
        if len(value) < least or (most is not None and len(value) > most):
            return [f"{at}: is {len(value)} characters long, not {least} to {most}"]
        if pattern is not None and re.fullmatch(pattern, value, re.DOTALL) is None:
            return [f"{at}: does not match {pattern}"]
        return []

    return rule


def one_of(*allowed: object) -> Rule:
    """One of some constants."""

    def rule(value: Any, at: str) -> list[str]:
        return [] if value in allowed else [f"{at}: {value!r} is none of {allowed}"]

    return rule


def boolean(value: Any, at: str) -> list[str]:
    """`true` or `false`."""
    return [] if isinstance(value, bool) else [f"{at}: is no boolean"]


def anything(_value: Any, _at: str) -> list[str]:
    """No bound."""
    return []


def time(value: Any, at: str) -> list[str]:
    """An ISO 8601 time with its zone."""
    try:
        return [] if datetime.fromisoformat(value).tzinfo else [f"{at}: has no time zone"]
    except (TypeError, ValueError):
        return [f"{at}: {value!r} is no time"]


def web_link(most: int) -> Rule:
    """An absolute http(s) URL."""

    def rule(value: Any, at: str) -> list[str]:
        wrong = text(1, most)(value, at)
        if wrong:
            return wrong
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.netloc and not re.search(r"\s", value)
        return [] if good else [f"{at}: {value!r} is no web address"]

    return rule


def items(of: Rule, least: int = 0, most: int | None = None) -> Rule:
    """A list of so many."""

    def rule(value: Any, at: str) -> list[str]:
        if not isinstance(value, list):
            return [f"{at}: is no list"]
        count = len(value)
        wrong = (
            []
            if least <= count and (most is None or count <= most)
            else [f"{at}: has {count} members, not {least} to {most}"]
        )
        return wrong + [one for i, member in enumerate(value) for one in of(member, f"{at}[{i}]")]

    return rule


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def rule(value: Any, at: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{at}: is no object"]
        wrong = [f"{at}: lacks {name}" for name in required if name not in value]
        wrong += [f"{at}: has an unknown {name}" for name in value if name not in known]
        for name, member in value.items():
            if name in known:
                wrong += known[name](member, f"{at}.{name}")
        return wrong

    return rule


def by(key: str, rules: Mapping[str, Rule]) -> Rule:
    """An object whose field `key` says by which rule it goes."""

    def rule(value: Any, at: str) -> list[str]:
        if not isinstance(value, dict) or value.get(key) not in rules:
            named = value.get(key) if isinstance(value, dict) else type(value).__name__
            return [f"{at}.{key}: {named!r} is none of {sorted(rules)}"]
        return rules[value[key]](value, at)

    return rule
