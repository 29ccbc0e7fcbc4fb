"""The language of rules: CEL over the newest result, with functions over windows of time.

`compile_rule` makes a text a `RuleProgram`, once. Each call of a window function, such as
`avg('cpu_percent', '1m')`, is taken out of the text and put back as a variable: so the
windows that a rule needs are known before anything is measured, a call costs a look-up, and
a value that is not there yet is a variable that is not there, which CEL's `&&` and `||`
know how to live with (`a || b` is true if `b` is, whatever `a` may be).

Numbers are `double` throughout, as CEL never mixes types in arithmetic: write `x * 2.0`.
The configuration compiles every rule to find mistakes; `daemon.core.ruling.rules` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from checks.cel_library import Later, Program, compile_cel
from checks.comparison import Comparison, read_comparison
from checks.durations import parse_duration
from checks.errors import LibraryFault
from daemon.core.model import Millis
from daemon.core.nearest import did_you_mean, nearest
from daemon.core.record import record

FIELDS: Final = ("status", "latency_ms", "message", "fault", "metrics")
"""What every result has; the names of its metrics may be used likewise."""

WINDOWED: Final = (
    "avg",
    "min",
    "max",
    "sum",
    "count",
    "rate",
    "delta",
    "stddev",
    "p50",
    "p90",
    "p95",
    "p99",
    "last",
    "anomaly",
)
"""Functions of a metric and a span: `avg('cpu_percent', '1m')`."""

AGO: Final = ("avg", "min", "max", "sum", "count")
"""What `ago` can look up: `ago('7d', 'avg', 'latency_ms', '1h')`."""

FORMS: Final[Mapping[str, str]] = {
    **{name: f"{name}('metric', '5m')" for name in WINDOWED},
    "anomaly": "anomaly('metric', '1d')",
    "forecast": "forecast('metric', '6h', '1d')",
    "error_rate": "error_rate('5m')",
    "absent": "absent('5m')",
    "ago": "ago('7d', 'avg', 'metric', '5m')",
}
"""How each function is written."""

BUILT_IN: Final = frozenset(
    (
        *("size", "contains", "startsWith", "endsWith", "matches"),
        *("string", "int", "uint", "double", "bool"),
    )
)
"""CEL's own functions that a rule may use."""

LONGEST_TEXT: Final = 2_000
LONGEST_SPAN: Final[Millis] = 31 * 86_400_000

_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<space>\s+|//[^\n]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_BOUND: Final = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")
_FAILURES: Final = (RuntimeError, TypeError, ValueError, LookupError, ArithmeticError)
"""What the library raises for a value that is missing or of another type."""


@record(frozen=True, slots=True)
class Call:
    """A call of a window function.

    Attributes:
        metric: What it is about; empty for `error_rate` and `absent`.
        span: The window's length.
        shift: How long ago the window ends; 0 for now (`ago` only).
        ahead: How far ahead one looks (`forecast` only).
    """

    function: str
    metric: str
    span: Millis
    shift: Millis = 0
    ahead: Millis = 0


@record(frozen=True, slots=True)
class RuleProgram:
    """A compiled condition.

    Attributes:
        source: The text as it was written.
        calls: The window functions it calls, by the variable that stands for each.
        fields: The result's fields and metrics it names.
    """

    source: str
    calls: Mapping[str, Call]
    fields: tuple[str, ...]
    _program: Program
    _comparison: Comparison | None = None

    def evaluate(self, values: dict[str, object]) -> bool | None:
        """Whether the condition holds, given its fields and calls by name.

        None if that cannot be told: a value it depends on is not there, or not of the type
        that the text takes it for.
        """
        if self._comparison is not None:
            known = self._comparison.of(values)
            if known is not None or self._comparison.name not in values:
                return known
        try:
            answer = self._program.execute(values)
        except (*_FAILURES, LibraryFault):
            return None
        return answer if isinstance(answer, bool) else None

    def answer(self, values: dict[str, object]) -> object:
        """What it gives, which may be no yes or no, nor anything.

        Raises:
            Exception: What the library raises where it gives nothing.
        """
        known = None if self._comparison is None else self._comparison.of(values)
        return self._program.execute(values) if known is None else known


def compile_rule(text: str, known: Collection[str] | None = None) -> RuleProgram:
    """Compile a rule's `when` or `clear_when`.

    Args:
        known: The metrics that the rule's checks can have; None if they are not known, and
            then any name is taken for one.

    Raises:
        ValueError: It is no condition; the message says what to mend, for an operator.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"the condition is longer than {LONGEST_TEXT} characters")
    try:
        return _compiled(text, known)
    except LibraryFault as fault:
        raise ValueError(f"the condition cannot be read now: {fault}") from None


def _compiled(text: str, known: Collection[str] | None) -> RuleProgram:
    calls: dict[str, Call] = {}
    rewritten = "".join(_rewrite(text, calls, known))
    comparison = read_comparison(rewritten)
    program: Program
    if comparison is not None:
        program, variables = Later(rewritten), [comparison.name]
    else:
        program, variables = _parsed(rewritten)
    bound = set(_BOUND.findall(text))
    names = [n for n in variables if n not in calls and n not in bound]
    fields = tuple(name for name in names if name.isidentifier())
    for name in fields:
        _check_name(name, known, FIELDS)
    made = RuleProgram(text, calls, fields, program, comparison)
    _try_out(made)
    return made


def _parsed(text: str) -> tuple[Program, list[str]]:
    """The program, and the variables it names."""
    try:
        program = compile_cel(text)
    except ValueError as error:
        raise ValueError(f"the condition cannot be read: {_first_complaint(error)}") from None
    references = program.references()
    _check_functions(references["functions"])
    return program, references["variables"]


def _rewrite(text: str, calls: dict[str, Call], known: Collection[str] | None) -> Iterator[str]:
    """The text with a variable in place of each window function's call."""
    pieces = [(found.lastgroup, found.group()) for found in _TOKEN.finditer(text)]
    index, before = 0, ""
    while index < len(pieces):
        kind, piece = pieces[index]
        index += 1
        if kind == "name" and piece in FORMS and before != ".":
            arguments, index = _arguments(piece, pieces, index)
            variable = f"window_{len(calls)}_"
            calls[variable] = _call(piece, arguments, known)
            yield variable
        else:
            yield piece if kind != "space" else " "
        before = piece if kind != "space" else before


def _arguments(
    function: str, pieces: list[tuple[str | None, str]], index: int
) -> tuple[list[str], int]:
    """The texts between the parentheses at `index`, and where the call ends."""
    found: list[str] = []
    expected = "("
    while index < len(pieces):
        kind, piece = pieces[index]
        index += 1
        if kind == "space":
            continue
        if expected == "text" and kind == "text" and "\\" not in piece:
            found.append(piece[1:-1])
            expected = ",)"
        elif kind == "other" and piece in expected and expected != "text":
            if piece == ")":
                return found, index
            expected = "text"
        else:
            break
    raise ValueError(f"{function} takes texts in quotes; write it like {FORMS[function]}")


def _call(function: str, arguments: list[str], known: Collection[str] | None) -> Call:
    form = FORMS[function]
    wanted = form.count(",") + 1
    if len(arguments) != wanted:
        raise ValueError(
            f"{function} takes {wanted} argument{'s' if wanted > 1 else ''},"
            f" not {len(arguments)}; write it like {form}"
        )
    span = _span(arguments[-1], form)
    if function in ("error_rate", "absent"):
        return Call(function, "", span)
    metric = arguments[0] if function == "forecast" else arguments[-2]
    _check_name(metric, known, ("latency_ms",))
    if function == "forecast":
        return Call(function, metric, _span(arguments[1], form), ahead=span)
    if function != "ago":
        return Call(function, metric, span)
    if arguments[1] not in AGO:
        raise ValueError(f"ago can look up {', '.join(AGO)}, not {arguments[1]!r}; like {form}")
    return Call(arguments[1], metric, span, _span(arguments[0], form))


def _span(text: str, form: str) -> Millis:
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{error} (in a call like {form})") from None
    if not 0 < span <= LONGEST_SPAN:
        raise ValueError(f'a window is longer than 0 and no longer than "31d", not {text!r}')
    return span


def _check_name(name: str, known: Collection[str] | None, always: tuple[str, ...]) -> None:
    if known is None or name in known or name in always:
        return
    hint = did_you_mean(name, [*known, *always])
    raise ValueError(f"no selected check has a field or metric {name!r}{hint}")


def _check_functions(functions: list[str]) -> None:
    for name in functions:
        if name.isidentifier() and name not in BUILT_IN:
            near = nearest(name, [*FORMS, *BUILT_IN])
            hint = f"did you mean {near}?" if near else f"there are {', '.join(FORMS)}"
            raise ValueError(f"there is no function {name!r}; {hint}")


def _try_out(program: RuleProgram) -> None:
    """Run it once on made-up values, to find types that cannot fit and answers that are no
    yes or no. Metrics are numbers in the first trial, then texts, then booleans."""
    complaint = ""
    for sample in (1.0, "", True):
        values: dict[str, object] = dict.fromkeys(program.fields, sample)
        values |= {"status": "up", "message": "", "fault": "", "latency_ms": 1.0, "metrics": {}}
        for variable, call in program.calls.items():
            values[variable] = call.function == "absent" or 1.0
        try:
            answer = program.answer(values)
        except TypeError:
            complaint = complaint or (
                "its types do not fit: numbers are doubles here (write 2.0, not 2, in arithmetic),"
                " status, message and fault are texts"
            )
            continue
        except _FAILURES:
            return  # depends on values that no trial can know: metrics['x'], a division
        if isinstance(answer, bool):
            return
        complaint = complaint or f"it is no yes or no but gives {answer!r}; compare it: ... > 1.0"
    raise ValueError(f"the condition cannot work: {complaint}")


def _first_complaint(error: Exception) -> str:
    """The library's first complaint, without the drawing of the text around it."""
    found = re.search(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)", str(error))
    if found is None:
        return "it is no expression"
    words = re.sub(r"\s*(?:expecting|extraneous input).*", "", found[3])
    return f"{words.strip() or found[3][:120]} (near character {found[2]})"
