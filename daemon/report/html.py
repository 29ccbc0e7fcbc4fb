"""The pieces that a report's page is made of, whatever it reports: its head, tables, text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from checks.text import one_line
from daemon.report.style import STYLE
from daemon.report.words import verdict

_LONGEST: Final = 500
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def head(title: str, style: str = "") -> str:
    """All before the body. The title stands at the foot of each printed page.

    Args:
        style: What it looks like beyond what all reports do.
    """
    foot = f'@page{{@bottom-left{{content:"{_css(title)}"}}}}'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="generator" content="Tocsin">
<meta name="color-scheme" content="light dark">
<title>{text(title)}</title>
<style>{STYLE}{style}{foot}</style>
</head>"""


def document(head: str, main: Iterable[str], foot: str) -> str:
    """The whole page of its parts."""
    parts = [head, "<body>", "<main>", *main, "</main>", foot, "</body>", "</html>"]
    return "\n".join(parts) + "\n"


def cover(kind: str, about: str, period: str, facts: Mapping[str, str]) -> Iterator[str]:
    """What a report is, of whom and of when: the first that is read."""
    yield '<header class="cover">'
    yield f'<p class="kind">{text(kind)}</p>'
    yield f"<h1>{text(about)}</h1>"
    yield f'<p class="period">{text(period)}</p>'
    yield '<dl class="about">'
    yield from (pair(name, value) for name, value in facts.items())
    yield "</dl></header>"


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Iterable[int] = (),
    kind: str = "",
) -> str:
    """A table of cells that are HTML already; these columns hold numbers.

    Args:
        kind: `strips`, if the second column holds those; `spans`, if the first two are times.
    """
    right = {*numbers}
    marks = [' class="n"' if index in right else "" for index in range(len(header))]
    top = "".join(
        f'<th scope="col"{mark}>{text(one)}</th>' for one, mark in zip(header, marks, strict=True)
    )
    names = [text(name) for name in header]
    lines = []
    for row in rows:
        first = f'<th scope="row">{row[0]}</th>'
        rest = "".join(
            f'<td{mark} data-name="{name}">{cell}</td>'
            for cell, mark, name in zip(row[1:], marks[1:], names[1:], strict=True)
        )
        lines.append(f"<tr>{first}{rest}</tr>")
    above = f"<caption>{text(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table class="rows {kind}">{above}'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Named figures below each other."""
    return f'<dl class="facts">{"".join(pair(name, value) for name, value in rows)}</dl>'


def badge(met: bool | None, final: bool) -> str:
    """A verdict as a glyph, a word and a colour."""
    kind = {True: "good", False: "bad", None: "open"}[met]
    return f'<span class="verdict {kind}">{text(verdict(met, final))}</span>'


def pair(name: str, value: str) -> str:
    """A name and a value in a list of such."""
    return f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>"


def text(words: str) -> str:
    """Text from outside: one line, without controls, never markup."""
    return escape(one_line(words, _LONGEST))


def _css(words: str) -> str:
    """Text from outside within a string of a style sheet: all but ASCII's letters and digits are
    written as escapes, so that nothing ends the string or the sheet."""
    plain = one_line(words, _LONGEST)
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in plain)
