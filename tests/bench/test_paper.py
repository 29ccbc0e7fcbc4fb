"""The made-up customer's report is the same each time, and shows what a report can hold."""

from __future__ import annotations

import re

import pytest

from bench.paper import html, main


def test_the_same_estate_comes_out_each_time_with_all_a_report_can_hold() -> None:
    once, again = html(4, "2026-10"), html(4, "2026-10")
    assert once == again
    assert "✕ 1 of 4 objectives missed" in once
    assert "Violations" in once
    assert "§ 4 of the contract" in once
    assert "Hölzl &amp; Söhne GmbH" in once
    assert not re.search("https?:", once)


def test_another_kind_of_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report.pdf"]) == 2
    assert "FILE.html" in capsys.readouterr().err
