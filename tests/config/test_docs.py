"""docs/configuration.md names every section and every key that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.complaints import keys_of
from daemon.config.duty import ContactSettings, LevelSettings
from daemon.config.registry import LATER_SECTIONS, SECTIONS

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_every_key_of_a_section_is_documented(section: str) -> None:
    assert f"[{section}" in TEXT
    missing = [key for key in keys_of(SECTIONS[section].model) if key not in TEXT]
    assert missing == []


def test_the_parts_of_sections_and_what_comes_later_are_named_too() -> None:
    for model in (LevelSettings, ContactSettings):
        assert all(key in TEXT for key in keys_of(model))
    assert all(f"[{name}" in TEXT for name in LATER_SECTIONS)
