"""The template language: sandboxed, and bounded in what a template may do.

A template sees what it is given and nothing else. It blocks everybody while it is rendered, so it
is also kept from running away: every round of a loop and every call of a macro is a step, of which
a rendering has so many; a text that is multiplied may not become longer than a message may be, and
no more is made than one could send. What goes beyond that is an error like any other in a
template.

The template language is loaded with the first message, not with the daemon.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

STEPS: Final = 5_000
"""Rounds of loops and calls of macros in one rendering: 10 ms of simple ones."""
LONGEST: Final = 400_000
"""Characters of a rendering, and of any text that it multiplies."""

_left: ContextVar[int] = ContextVar("steps left", default=STEPS)


class RunawayTemplate(SecurityError):
    """A template does more than a message is worth."""


@pass_context
def _step(_context: Context, value: Any) -> Any:
    """One step. (It takes the context so that it is not worked out once, while compiling.)"""
    left = _left.get() - 1
    _left.set(left)
    if left < 0:
        raise RunawayTemplate(f"it takes more than {STEPS:,} rounds of loops and calls of macros")
    return value


def _counted(node: nodes.Node) -> nodes.Node:
    """A statement that counts a step, for the beginning of a body."""
    call = nodes.Filter(nodes.Const(0), "counted_step", [], [], None, None)
    return nodes.ExprStmt(call).set_lineno(node.lineno, override=True)


class Environment(ImmutableSandboxedEnvironment):
    """Templates that count their steps."""

    intercepted_binops = frozenset({"*", "**"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.body.insert(0, _counted(loop))
        for macro in tree.find_all(nodes.Macro):
            macro.body.insert(0, _counted(macro))
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply and raise, as far as that stays within bounds."""
        sizes = [len(one) for one in (left, right) if isinstance(one, (str, list, tuple))]
        counts = [one for one in (left, right) if isinstance(one, int)]
        if sizes and counts and sizes[0] * counts[0] > LONGEST:
            raise RunawayTemplate("it multiplies a text beyond what a message may be")
        if operator == "**" and (abs(left) > LONGEST or abs(right) > 64):
            raise RunawayTemplate("it raises a number beyond what a message is about")
        return super().call_binop(context, operator, left, right)


@cache
def environment(directory: Path | None) -> Environment:
    """The templates of a directory before the built-in ones. An own one that changes is read
    anew."""
    built_in = PackageLoader("daemon.notify", "templates")
    own = [] if directory is None else [FileSystemLoader(directory)]
    made = Environment(
        loader=ChoiceLoader([*own, built_in]),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=directory is not None,
    )
    made.filters["counted_step"] = _step
    return made


def render(directory: Path | None, name: str, facts: Mapping[str, Any]) -> str:
    """A template with these facts.

    Raises:
        jinja2.TemplateError: It cannot be found, read or carried out, or it runs away.
        Exception: Whatever an operation in it raises, as `1 / 0` does.
    """
    template = environment(directory).get_template(name)
    token = _left.set(STEPS)
    try:
        pieces, length = [], 0
        for piece in template.generate(**facts):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST:
                raise RunawayTemplate(f"it makes more than {LONGEST:,} characters")
        return "".join(pieces)
    finally:
        _left.reset(token)
