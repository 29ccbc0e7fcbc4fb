"""daemon.cli.arguments: words in, a command's parameters or one clear fault out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest

from daemon.cli.arguments import Argument, Option, call, group_help
from daemon.cli.stop import Stop


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


SEEN: dict[str, Any] = {}


def paint(
    what: Annotated[str, Argument("WHAT", "The thing.")],
    rest: Annotated[list[str] | None, Argument("[REST]...")] = None,
    colour: Annotated[Colour, Option(("--colour", "-c"), "COLOUR", "Which.")] = Colour.RED,
    twice: Annotated[bool, Option(("--twice",), "", "Two coats.")] = False,
    to: Annotated[list[str] | None, Option(("--to",), "NAME", "For whom.")] = None,
    out: Annotated[Path | None, Option(("--out",), "FILE", "Where to.")] = None,
) -> int:
    """Paint a thing.

    Example: paint wall
    """
    SEEN.update(what=what, rest=rest, colour=colour, twice=twice, to=to, out=out)
    return 7


def painted(*words: str) -> dict[str, Any]:
    assert call(paint, "tocsin paint", words) == 7
    return dict(SEEN)


def refused(*words: str) -> str:
    with pytest.raises(Stop) as caught:
        call(paint, "tocsin paint", words)
    (line,) = caught.value.lines
    assert line.endswith("; see `tocsin paint --help`")
    return line


def test_what_is_not_written_has_its_default() -> None:
    assert painted("wall") == {
        "what": "wall", "rest": None, "colour": Colour.RED, "twice": False, "to": None, "out": None,
    }  # fmt: skip


def test_options_stand_anywhere_and_repeat() -> None:
    seen = painted("--to", "a", "wall", "-cblue", "x", "--twice", "y", "--to=b", "--out", "f")
    assert (seen["what"], seen["rest"]) == ("wall", ["x", "y"])
    assert (seen["colour"], seen["twice"]) == (Colour.BLUE, True)
    assert (seen["to"], seen["out"]) == (["a", "b"], Path("f"))


def test_the_later_of_two_wins_and_two_dashes_end_the_options() -> None:
    seen = painted("-c", "blue", "-c", "red", "wall", "--", "-c", "--help")
    assert (seen["colour"], seen["rest"]) == (Colour.RED, ["-c", "--help"])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "WHAT is missing"),
        (("wall", "-c", "green"), "--colour cannot be 'green'; it is red or blue"),
        (("wall", "-c"), "the option -c needs a value"),
        (("wall", "--twice=yes"), "the option --twice takes no value"),
        (("wall", "--color", "red"), "there is no option --color, did you mean --colour?"),
        (("wall", "-z"), "there is no option -z"),
        (("w\udcff",), "is not UTF-8 text"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in refused(*words)


def test_a_word_too_many_is_refused() -> None:
    def none() -> None:
        """Nothing."""

    with pytest.raises(Stop, match="'x' is one word too many"):
        call(none, "tocsin none", ["x"])


def test_help_shows_what_there_is_wherever_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words in (["--help"], ["wall", "-h"]):
        assert call(paint, "tocsin paint", words) == 0
        said = capsys.readouterr().out
        assert said.startswith("Usage: tocsin paint WHAT [REST]... [OPTIONS]\n\nPaint a thing.\n")
        assert "  --colour, -c COLOUR  Which.\n" in said
        assert "  WHAT  The thing.\n" in said
    assert "paint  Paint a thing\n" in group_help("art", "Art", {"paint": paint})
