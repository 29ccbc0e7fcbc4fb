"""The changes a module is tried with: each is one small error somebody could have made.

A module's syntax tree is walked once. Each place in it answers with what else could stand
there (`_CHANGES`); each answer is put in, compiled, and taken out again. Left alone is what
means nothing while the program runs: docstrings, annotations, types, imports, decorators,
`__all__`; and the keys of tables, because a table that lacks a row fails whatever the row.

Enumerations are the words of the state machines, so a member is exchanged for the next one of
its enumeration: that is how the tables themselves are tried.
"""

from __future__ import annotations

import ast
import enum
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

Names = Mapping[str, object]
"""What the module's names stand for; its enumerations are found there."""

Change = tuple[str, ast.AST | None]
"""The operator's name, and what stands there instead; None for nothing at all."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change.

    Attributes:
        place: The function, attribute or row of a table that was changed, dotted.
        line: Where, in the module's file.
        before, after: The code that was changed, and what stands there instead.
        code: The changed module.
    """

    place: str
    line: int
    operator: str
    before: str
    after: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.place}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in the tree that holds a node: a field of its owner, or an item of that.

    Attributes:
        scope: The functions and classes around it and the name it is assigned to, dotted.
    """

    owner: ast.AST
    field: str
    index: int | None
    scope: str
    line: int

    @property
    def node(self) -> ast.AST:
        """What it holds."""
        held: Any = getattr(self.owner, self.field)
        found: ast.AST = held if self.index is None else held[self.index]
        return found

    @contextmanager
    def holding(self, other: ast.AST | None) -> Iterator[None]:
        """Hold something else for a while; None leaves an item out."""
        kept: Any = getattr(self.owner, self.field)
        held: Any = other
        if self.index is not None:
            held = [*kept[: self.index], *([other] if other else []), *kept[self.index + 1 :]]
        setattr(self.owner, self.field, held)
        try:
            yield
        finally:
            setattr(self.owner, self.field, kept)


def mutants(source: str, file: str, names: Names) -> Iterator[Mutant]:
    """Every change of this module in the order of its text, no two of them the same."""
    tree = ast.parse(source)
    spare, alike = _spare(tree), _alike(tree)
    for item in (item for item in tree.body if not _is_idle(item, "module")):
        seen = {ast.unparse(item)}
        for slot in list(_slots(item, "module")):
            before = _words(slot.node)
            for operator, other in _changes(slot, names, spare, alike):
                with slot.holding(other):
                    text = ast.unparse(item)
                    if text in seen:
                        continue
                    seen.add(text)
                    code = compile(ast.fix_missing_locations(tree), file, "exec")
                yield Mutant(slot.scope, slot.line, operator, before, _words(other), code)


def _words(node: ast.AST | None) -> str:
    """A node in one line."""
    if node is None:
        return "nothing"
    return " ".join(ast.unparse(node).split())


_IDLE: Final = frozenset({"annotation", "returns", "decorator_list", "bases", "targets"})
"""Fields in which nothing is changed."""


def _slots(owner: ast.AST, scope: str) -> Iterator[_Slot]:
    """Every place below this node that may be changed, in the order of the text."""
    if isinstance(owner, ast.FunctionDef | ast.ClassDef):
        scope = _within(scope, owner.name)
    for field, held in ast.iter_fields(owner):
        if field in _IDLE:
            continue
        for index, node in enumerate(held) if isinstance(held, list) else [(None, held)]:
            if not isinstance(node, ast.AST) or _is_idle(node, scope):
                continue
            inner = _scope(owner, index, scope)
            line = getattr(node, "lineno", getattr(owner, "lineno", 0))
            yield _Slot(owner, field, index, inner, line)
            yield from _slots(node, inner)


def _scope(owner: ast.AST, index: int | None, scope: str) -> str:
    """Where a node stands: in a table the row is said as well."""
    match owner:
        case ast.Dict() if index is not None and scope.isupper():
            return f"{scope}[{_words(owner.keys[index])}]"
        case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
            return _within(scope, name)
        case _:
            return scope


def _within(scope: str, name: str) -> str:
    return name if scope == "module" else f"{scope}.{name}"


def _is_idle(node: ast.AST, scope: str) -> bool:
    """Whether it is a docstring or, outside of functions, a type or what may be imported."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name("__all__")]):
            return True
        case _:
            return scope == "module" and isinstance(node, ast.Subscript)


def _spare(tree: ast.AST) -> set[ast.AST]:
    """The assignments without which every name is still bound; the others fail in any test."""
    found: set[ast.AST] = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        inside = list(ast.walk(function))
        bound = Counter(n.id for n in inside if isinstance(n, ast.Name) and not _is_read(n))
        bound.update(n.arg for n in inside if isinstance(n, ast.arg))
        for node in inside:
            if isinstance(node, ast.Assign) and all(
                not isinstance(n, ast.Name) or _is_read(n) or bound[n.id] > 1
                for target in node.targets
                for n in ast.walk(target)
            ):
                found.add(node)
    return found


def _is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _alike(tree: ast.AST) -> set[str]:
    """The functions that return what they are given, only different: by their annotations."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        and function.args.args
        and _words(function.args.args[0].annotation) == _words(function.returns)
    }


def _changes(slot: _Slot, names: Names, spare: set[ast.AST], alike: set[str]) -> Iterator[Change]:
    """What else could stand in this place."""
    node = slot.node
    if node in spare:
        yield "statement removed", ast.Pass()
    if slot.field in ("test", "ifs") and isinstance(node, ast.expr):
        yield from _of_condition(slot, node)
    if isinstance(node, ast.Call) and node.args and _words(node.func) in alike | _LIKENESSES:
        yield "call removed", node.args[0]
    if isinstance(node, ast.keyword):
        yield "argument removed", None
    if isinstance(node, ast.Name | ast.Attribute) and slot.field != "keys":
        yield from _of_member(node, names)
    for kind, changes in _CHANGES.items():
        if isinstance(node, kind):
            yield from changes(node)


def _of_condition(slot: _Slot, node: ast.expr) -> Iterator[Change]:
    if not isinstance(node, ast.Compare | ast.UnaryOp):  # these turn round by themselves
        yield "condition negated", ast.UnaryOp(ast.Not(), node)
    if slot.field == "ifs":
        yield "filter removed", None


def _of_member(node: ast.Name | ast.Attribute, names: Names) -> Iterator[Change]:
    """The next member of the same enumeration."""
    if isinstance(node, ast.Attribute):
        kind = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if isinstance(kind, enum.EnumType) and node.attr in kind.__members__:
            other = _after(node.attr, list(kind.__members__))
            yield "member", ast.Attribute(node.value, other, node.ctx)
        return
    member = names.get(node.id)
    if isinstance(member, enum.Enum) and isinstance(node.ctx, ast.Load):
        alike = [name for name, value in names.items() if type(value) is type(member)]
        yield "member", ast.Name(_after(node.id, alike), node.ctx)


def _after(name: str, names: Sequence[str]) -> str:
    return names[(names.index(name) + 1) % len(names)]


_COMPARISONS: Final[Mapping[type[ast.cmpop], Sequence[type[ast.cmpop]]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
"""For an order its boundary and its opposite, for the rest the opposite."""


def _of_compare(node: ast.Compare) -> Iterator[Change]:
    for index, op in enumerate(node.ops):
        for other in _COMPARISONS[type(op)]:
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield "comparison", ast.Compare(node.left, ops, node.comparators)


_ARITHMETIC: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


def _of_binary(node: ast.BinOp) -> Iterator[Change]:
    yield "arithmetic", ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    yield "operand removed", node.left
    yield "operand removed", node.right


def _of_boolean(node: ast.BoolOp) -> Iterator[Change]:
    yield (
        "boolean",
        ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values),
    )
    for index in range(len(node.values)):
        rest = [*node.values[:index], *node.values[index + 1 :]]
        yield "operand removed", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _of_unary(node: ast.UnaryOp) -> Iterator[Change]:
    yield "sign removed", node.operand


def _of_constant(node: ast.Constant) -> Iterator[Change]:
    match node.value:
        case bool(value):
            yield "constant", ast.Constant(not value)
        case int(value):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case str(value):
            yield "text", ast.Constant("" if value else "?")


_TWINS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


_LIKENESSES: Final = frozenset({"replace", "sorted", "floor", "min", "max"})
"""Functions from elsewhere that return what they are given first, only different."""


def _of_call(node: ast.Call) -> Iterator[Change]:
    if isinstance(node.func, ast.Name) and node.func.id in _TWINS:
        twin = ast.Name(_TWINS[node.func.id], ast.Load())
        yield "twin function", ast.Call(twin, node.args, node.keywords)


def _of_return(node: ast.Return) -> Iterator[Change]:
    if node.value is not None:
        yield "return", ast.Return(ast.Constant(None))


def _removed(_: ast.AST) -> Iterator[Change]:
    yield "statement removed", ast.Pass()


def _of_if(node: ast.If) -> Iterator[Change]:
    if not node.orelse:
        yield "statement removed", ast.Pass()


def _of_continue(_: ast.AST) -> Iterator[Change]:
    yield "statement removed", ast.Pass()
    yield "loop left", ast.Break()


_CHANGES: Final[Mapping[type[ast.AST], Callable[[Any], Iterator[Change]]]] = {
    ast.Compare: _of_compare,
    ast.BinOp: _of_binary,
    ast.BoolOp: _of_boolean,
    ast.UnaryOp: _of_unary,
    ast.Constant: _of_constant,
    ast.Call: _of_call,
    ast.Return: _of_return,
    ast.Expr: _removed,
    ast.AugAssign: _removed,
    ast.Raise: _removed,
    ast.For: _removed,
    ast.If: _of_if,
    ast.Continue: _of_continue,
}
