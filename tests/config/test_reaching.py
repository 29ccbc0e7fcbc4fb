"""Routes that nothing comes to: which are found, and which only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import load

HEAD = """
[channel.ops]
kind = "log"
[channel.db]
kind = "log"
"""


def warned(path: Path, text: str) -> list[str]:
    file = path / "config.toml"
    file.write_text(HEAD + text)
    return [str(one).removeprefix(f"{path}/") for one in load(file).warnings]


CATCH_ALL = '[[route]]\nchannels = ["ops"]\n'
ON_DB = '[[route]]\nmatch = [\'service="db"\']\nchannels = ["db"]\n'


def test_a_route_behind_one_that_takes_everything_is_told_with_its_line(tmp_path: Path) -> None:
    (line,) = warned(tmp_path, CATCH_ALL + ON_DB)
    assert line.startswith("config.toml:8: route[1]: no alert comes to this route: the one in ")
    assert "config.toml:6 takes every alert; write it before the one" in line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('service=~".*"', 'service="db"'),
        ('service=~"db|web"', 'service="db"'),
        ('service!="web"', 'service="db"'),
        ('severity="P1"', 'severity="critical", service="db"'),
    ],
)
def test_a_route_is_hidden_by_one_that_holds_whenever_it_does(
    tmp_path: Path, before: str, after: str
) -> None:
    routes = [
        f"[[route]]\nmatch = [{', '.join(repr(one) for one in match.split(', '))}]\n"
        'channels = ["ops"]\n'
        for match in (before, after)
    ]
    assert len(warned(tmp_path, "".join(routes))) == 1
    assert warned(tmp_path, "".join(reversed(routes))) == []


def test_one_that_says_continue_or_asks_for_something_else_hides_nothing(tmp_path: Path) -> None:
    passing = CATCH_ALL + "continue = true\n"
    assert warned(tmp_path, passing + ON_DB) == []
    other = ON_DB.replace("db", "web", 1)
    assert warned(tmp_path, ON_DB + other + CATCH_ALL) == []


def test_what_the_routes_around_ask_for_is_known_of_those_below(tmp_path: Path) -> None:
    below = (
        '[[route.route]]\nmatch = [\'service=~"db|web"\']\nchannels = ["ops"]\n'
        '[[route.route]]\nmatch = [\'severity="high"\']\nchannels = ["ops"]\n'
    )
    (line,) = warned(tmp_path, ON_DB + below)
    assert line.startswith("config.toml:12: route[0].route[1]: no alert comes to this route")
    assert "takes all that match it" in line
