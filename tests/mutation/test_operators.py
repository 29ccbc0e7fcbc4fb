"""The changes are those that were meant, one at a time."""

from __future__ import annotations

import enum

import pytest

from tests.mutation.operators import mutants


class Mood(enum.Enum):
    """An enumeration to exchange members of."""

    GLAD = 1
    SAD = 2


def changes(source: str, **names: object) -> list[str]:
    return [f"{m.before} → {m.after}" for m in mutants(source, "m.py", names)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["a < b → a <= b", "a < b → a >= b"]),
        ("x = a is b", ["a is b → a is not b"]),
        ("x = a + b", ["a + b → a - b", "a + b → a", "a + b → b"]),
        ("x = a and b", ["a and b → a or b", "a and b → b", "a and b → a"]),
        ("x = not a", ["not a → a"]),
        ("x = True", ["True → False"]),
        ("x = 5", ["5 → 6", "5 → 4"]),
        ("x = 'words'", ["'words' → ''"]),
        ("x = f(a=b)", ["a=b → nothing"]),
        ("x = max(a, b)", ["max(a, b) → a", "max(a, b) → min(a, b)"]),
        ("x = f(a, b)", []),
        ("x = [a for a in b if a]", ["a → not a", "a → nothing"]),
        ("x = Mood.SAD", ["Mood.SAD → Mood.GLAD"]),
        ("x = _G", ["_G → _S"]),
        ("def f():\n    return a", ["return a → return None"]),
        ("def f():\n    if a:\n        g()", ["if a: g() → pass", "a → not a", "g() → pass"]),
        ("def f():\n    a = b", []),
        ("def f(a):\n    a = b", ["a = b → pass"]),
        ("def f(a: int) -> int:\n    ...\nx = f(b)", ["f(b) → b"]),
        ('"""Words."""\nimport a\nSpan = tuple[int, int]\n__all__ = ["a", "Span"]\n', []),
    ],
)
def test_each_kind_of_code_has_its_changes(source: str, expected: list[str]) -> None:
    assert changes(source, Mood=Mood, _G=Mood.GLAD, _S=Mood.SAD) == expected


def test_a_change_says_where_it_is_and_does_what_it_says() -> None:
    source = "LIMIT = 5\n\ndef late(at):\n    return at > LIMIT\n"
    told = {}
    for mutant in mutants(source, "m.py", {}):
        names: dict[str, object] = {}
        exec(mutant.code, names)  # noqa: S102  # the changed module
        late = names["late"]
        assert callable(late)
        told[mutant.line, str(mutant)] = [late(4), late(5), late(6)]
    assert told == {
        (1, "LIMIT: 5 → 6"): [False, False, False],
        (1, "LIMIT: 5 → 4"): [False, True, True],
        (4, "late: return at > LIMIT → return None"): [None, None, None],
        (4, "late: at > LIMIT → at >= LIMIT"): [False, True, True],
        (4, "late: at > LIMIT → at <= LIMIT"): [True, True, False],
    }


def test_a_row_of_a_table_is_said_with_its_key() -> None:
    (mutant,) = mutants("TABLE = {k: Mood.SAD}", "m.py", {"Mood": Mood})
    assert str(mutant) == "TABLE[k]: Mood.SAD → Mood.GLAD"
