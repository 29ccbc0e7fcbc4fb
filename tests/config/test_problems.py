"""daemon.config.problems and cycles: how a problem is written, and what it suggests."""

from __future__ import annotations

from pathlib import Path

from daemon.config.cycles import cycles
from daemon.config.problems import ConfigError, Problem, did_you_mean, nearest, plain


def test_a_problem_is_one_line_with_place_key_fault_and_mend() -> None:
    problem = Problem(Path("config.toml"), 12, 'check[0] "web".evry', "unknown key", "use every")

    assert str(problem) == 'config.toml:12: check[0] "web".evry: unknown key; use every'


def test_a_problem_of_a_whole_file_has_no_line_and_no_key() -> None:
    assert str(Problem(Path("c.toml"), None, "", "is empty")) == "c.toml: is empty"


def test_an_error_tells_all_its_problems() -> None:
    one, two = Problem(Path("a"), 1, "", "x"), Problem(Path("b"), 2, "", "y")

    assert str(ConfigError([one, two])) == "a:1: x\nb:2: y"


def test_escape_sequences_line_breaks_and_direction_marks_never_get_through() -> None:
    shown = plain("a\x1b[31mb\nc\u202ed\x9be")

    assert shown == "a�[31mb�c�d�e"
    assert len(plain("x" * 10_000)) == 500


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("EVRY", ["every", "timeout"]) == "every"
    assert nearest("quite-other", ["every", "timeout"]) is None
    assert did_you_mean("zzz", ["b", "a"], what="kinds") == "kinds are: a, b"


def test_each_circle_is_found_once() -> None:
    graph = {"a": ["b"], "b": ["c"], "c": ["a", "x"], "d": ["d"], "e": ["a"]}

    assert cycles(graph) == [("a", "b", "c"), ("d",)]


def test_a_chain_longer_than_the_stack_is_no_circle() -> None:
    graph = {str(n): [str(n + 1)] for n in range(20_000)}

    assert cycles(graph) == []
