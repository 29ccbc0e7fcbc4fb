"""The README's picture loads nothing from elsewhere."""

from __future__ import annotations

from bench.picture import local


def test_fonts_from_elsewhere_are_taken_out() -> None:
    svg = """<style>
    @font-face {
        font-family: "Fira Code";
        src: local("FiraCode"), url("https://cdn.example/x.woff2") format("woff2");
    }
    .matrix { font-family: Fira Code, monospace; font-size: 20px; }
    </style>"""
    made = local(svg)
    assert "cdn.example" not in made
    assert "@font-face" not in made
    assert "ui-monospace" in made
    assert "font-size: 20px" in made
