"""The conditions of a check: CEL texts, compiled once, evaluated on every result.

A condition is read here and nowhere else. Compiling finds everything that can be found
without a result: syntax, fields the kind does not have, functions CEL does not have, and
conditions that are not true or false. Evaluating answers true or false, or raises what an
operator is told; `explain` shows a condition with the values it saw.

Numbers: comparisons between int and double work as numbers (`latency_ms > 800`), as the CEL
specification has it for `dyn` values. Arithmetic between them does not: CEL does not coerce,
so it is written `double(n) * 1.5`. See docs/conditions.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from checks.cel_library import Later, Program, compile_cel
from checks.comparison import Comparison, read_comparison
from checks.condition_paths import Absent, Path, read_paths
from checks.errors import CheckError, LibraryFault, SpecError
from checks.probe import FieldType
from checks.text import one_line

VALUE_LIMIT: Final = 60
"""How many characters of a value a resolved condition shows."""
TEXT_LIMIT: Final = 2_000
"""The longest condition, in characters."""

_SAMPLES: Final[Mapping[str, tuple[object, object]]] = {
    "bool": (True, False),
    "int": (1, 0),
    "float": (1.5, 0.0),
    "string": ("a", ""),
}
_FUNCTION_NAMES: Final = """
size contains startsWith endsWith matches int uint double string bytes duration timestamp
dyn getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours
getMinutes getSeconds getMilliseconds
"""
_FUNCTIONS: Final = frozenset(_FUNCTION_NAMES.split())
_COMPARES: Final = "_==_"
"""CEL's word for a comparison, whichever it is."""
_NUMERIC: Final = frozenset(
    ["_+_", "_-_", "_*_", "_/_", "_%_", "-_", "size", "int", "uint", "double", "string", "bytes"]
    + ["duration", "timestamp"]
    + [name for name in _FUNCTIONS if name.startswith("get")]
)
"""Functions whose answer is no bool; an expression of these alone is no condition."""


_NO_ANSWER: Final = (RuntimeError, TypeError, ValueError, KeyError, IndexError, ArithmeticError)
"""What the CEL library raises for an expression without an answer."""


class ConditionFailed(CheckError):
    """A condition could not be evaluated on what this run found; its text says why."""


class NotMeasured(ConditionFailed):
    """A condition names a field that this run has no value for."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    Attributes:
        text: As it was written.
        names: The fields it names.
        paths: What to show of those fields when it fails.
        dynamic: Whether it names a field whose value the target makes up.
        comparison: What it says, if that needs no program; `program` is made when it does.
    """

    text: str
    names: tuple[str, ...]
    paths: tuple[Path, ...]
    program: Program
    dynamic: bool
    comparison: Comparison | None = None

    def answer(self, values: dict[str, Any]) -> object:
        """What it gives, which may be no answer to yes or no.

        Raises:
            Exception: What the library raises where there is none.
        """
        known = None if self.comparison is None else self.comparison.of(values)
        return self.program.execute(values) if known is None else known

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Evaluate it.

        Raises:
            NotMeasured: A field it needs has no value in this run.
            ConditionFailed: It has no answer (a missing key, a type that does not fit).
        """
        if self.comparison is not None and (known := self.comparison.of(fields)) is not None:
            return known
        values = {name: fields[name] for name in self.names if name in fields}
        if self.dynamic:
            values = _present(values)
        try:
            answer = self.program.execute(values)
        except _NO_ANSWER as why:
            present = _present(values)
            if len(present) == len(values):
                raise self._failed(fields, why) from None
            try:  # what is absent may not be needed: `!exists || age_s < 60.0`
                answer = self.program.execute(present)
            except _NO_ANSWER as again:
                raise self._failed(fields, again) from None
        if answer is True or answer is False:
            return answer
        raise ConditionFailed(f"{self.text} (is {_show(answer)}, neither true nor false)")

    def explain(self, fields: Mapping[str, Any]) -> str:
        """The condition with what it saw: `status == 200 (status is 502)`."""
        seen = [
            f"{path.text} is {_show(value)}" for path, value, found in self._read(fields) if found
        ]
        return f"{self.text} ({', '.join(seen)})" if seen else self.text

    def _read(self, fields: Mapping[str, Any]) -> list[tuple[Path, Any, bool]]:
        return [(path, *path.find(fields)) for path in self.paths]

    def _failed(self, fields: Mapping[str, Any], why: Exception) -> ConditionFailed:
        read = self._read(fields)
        for path, broken, found in read:
            if not found:
                unmeasured = path.keys[0] not in fields
                sort = NotMeasured if unmeasured else ConditionFailed
                return sort(f"{self.text} ({broken})")
        seen = ", ".join(f"{path.text} is {_show(value)}" for path, value, _ in read)
        told = ": ".join(part for part in (seen, _reason(why)) if part)
        return ConditionFailed(f"{self.text} ({told})")


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if type(value) is not Absent}


_MOST_COMPILED: Final = 10_000
_COMPILED: Final[dict[tuple[str, int], tuple[Mapping[str, FieldType], Condition]]] = {}
"""Conditions by their text and their kind's fields, which are held so that no others take
their place in memory."""


def compile_condition(text: str, fields: Mapping[str, FieldType], where: str) -> Condition:
    """Compile one condition of a kind that has `fields`; `where` names its key for errors.

    Thousands of checks say the same: it is compiled once for them all.

    Raises:
        SpecError: It does not compile, names what is not there, or is not true or false.
    """
    name = (text, id(fields))
    found = _COMPILED.get(name)
    if found is not None and found[0] is fields:
        return found[1]
    try:
        condition = _compile(text, fields, where)
    except LibraryFault as fault:
        raise SpecError(where, f"{one_line(text)!r} cannot be read now: {fault}") from None
    if len(_COMPILED) >= _MOST_COMPILED:
        _COMPILED.clear()
    _COMPILED[name] = (fields, condition)
    return condition


def _compile(text: str, fields: Mapping[str, FieldType], where: str) -> Condition:
    if len(text) > TEXT_LIMIT:
        raise SpecError(where, f"a condition has at most {TEXT_LIMIT} characters")
    reading = read_paths(text, frozenset(fields))
    comparison = read_comparison(text)
    program: Program
    if comparison is not None:
        program, variables, functions = Later(text), [comparison.name], frozenset({_COMPARES})
    else:
        program, variables, functions = _parsed(text, where)
    names = tuple(name for name in variables if name not in reading.bound)
    _refuse_unknown_names(names, fields, where, text)
    _refuse_unknown_functions(functions, where, text)
    dynamic = any(fields[name] not in _SAMPLES for name in names)
    condition = Condition(text, names, reading.paths, program, dynamic, comparison)
    _refuse_not_boolean(condition, functions, fields, where)
    return condition


def _parsed(text: str, where: str) -> tuple[Program, list[str], frozenset[str]]:
    """The program, and the variables and functions it names."""
    try:
        program = compile_cel(text)
    except ValueError as error:
        raise SpecError(where, f"{one_line(text)!r} does not compile: {_syntax(error)}") from None
    return program, program.variables(), frozenset(program.functions())


def _refuse_unknown_names(
    names: Collection[str], fields: Mapping[str, FieldType], where: str, text: str
) -> None:
    for name in names:
        if name not in fields:
            near = _nearest(name, fields, 0.5)
            known = ", ".join(sorted(fields)[:25]) or "none"
            mend = f"did you mean {near}?" if near else f"its fields are: {known}"
            raise SpecError(where, f"{one_line(text)!r} names {name}, no field here; {mend}")


def _nearest(name: str, known: Collection[str], cutoff: float) -> str | None:
    import difflib  # only needed when something is wrong

    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=cutoff)), None)


def _refuse_unknown_functions(functions: Collection[str], where: str, text: str) -> None:
    for name in functions:
        if name[:1].isalpha() and name not in _FUNCTIONS:
            near = _nearest(name, _FUNCTIONS, 0.6)
            mend = f"; did you mean {near}?" if near else ""
            raise SpecError(
                where, f"{one_line(text)!r} calls {name}(), which CEL does not have{mend}"
            )


def _refuse_not_boolean(
    condition: Condition,
    functions: frozenset[str],
    fields: Mapping[str, FieldType],
    where: str,
) -> None:
    """Try the condition on sample values; where its fields hold anything, look at its shape."""
    text = one_line(condition.text)
    if condition.dynamic:
        bare = not functions and "has" not in condition.text
        whole = bare and condition.text.strip() in condition.names
        if whole and fields[condition.text.strip()] != "any":
            raise SpecError(where, f"{text!r} is neither true nor false; compare it with something")
        if functions and functions <= _NUMERIC:
            raise SpecError(where, f"{text!r} is neither true nor false; compare it with something")
        return
    for turn in (0, 1):
        sample = {name: _SAMPLES[fields[name]][turn] for name in condition.names}
        try:
            answer = condition.answer(sample)
        except ArithmeticError:
            continue  # a division by a sample's zero says nothing of the condition
        except (RuntimeError, TypeError, ValueError, KeyError, IndexError) as error:
            raise SpecError(where, f"{text!r} cannot work: {_reason(error)}") from None
        if not isinstance(answer, bool):
            raise SpecError(where, f"{text!r} is neither true nor false; compare it with something")


def _syntax(error: ValueError) -> str:
    """The first complaint of the parser, without its list of every possible token."""
    text = str(error).partition("ERROR: <input>:")[2] or str(error)
    position, _, complaint = text.partition(": ")
    complaint = complaint.split("\n", 1)[0].split(" expecting ", 1)[0]
    column = position.partition(":")[2]
    hint = "; equality is written ==" if "token recognition error at: '= " in complaint else ""
    return one_line(f"{complaint.removeprefix('Syntax error: ')} at column {column}{hint}")


def _reason(error: Exception) -> str:
    """An evaluation's error, short enough for a message."""
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    text = str(error)
    if "No such overload" in text or "Unsupported operation" in text:
        return "these types do not go together; convert with int(), double() or string()"
    if "not a valid regex" in text:
        return "the pattern given to matches() is no valid regular expression"
    if "Undefined variable or function" in text:
        return f"{text.split(chr(39))[1]}() is not known for these types"
    return one_line(text, 120)


def _show(value: object) -> str:
    """A value as CEL would write it, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if 1e-3 <= abs(value) < 1e15 else f"{value:g}"
    if isinstance(value, str):
        return f'"{one_line(value, VALUE_LIMIT)}"'
    if isinstance(value, dict):
        inner = ", ".join(f"{_show(k)}: {_show(v)}" for k, v in list(value.items())[:5])
        return one_line(f"{{{inner}}}", VALUE_LIMIT)
    if isinstance(value, (list, tuple)):
        return one_line(f"[{', '.join(_show(item) for item in value[:5])}]", VALUE_LIMIT)
    return one_line(str(value), VALUE_LIMIT)
