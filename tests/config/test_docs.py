"""docs/configuration.md names every section and every key that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.spec import Strict
from daemon.config.complaints import keys_of
from daemon.config.duty import ContactSettings, LevelSettings
from daemon.config.oncall import LayerSettings, OverrideSettings, RestrictionSettings
from daemon.config.registry import LATER_SECTIONS, SECTIONS, Shape
from daemon.config.sections import PromotionSettings

TEXT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^### \[+([a-z_]+).*\n((?:(?!### ).*\n)*)", TEXT, re.MULTILINE))
PARTS = {"context": PromotionSettings, "policy": LevelSettings, "person": ContactSettings}
TABLES = {
    "policy": (LevelSettings,),
    "schedule": (LayerSettings, RestrictionSettings, OverrideSettings),
}
"""Parts of a section that have tables of their own."""
FORMS = {
    Shape.TABLE: "[{}]", Shape.NAMED: "[{}.NAME]", Shape.ARRAY: "[[{}]]",
}  # fmt: skip


def documented(section: str) -> set[str]:
    """What stands in the first column of a section's tables."""
    cells = re.findall(r"^\| (`.*?) \|", BLOCKS[section], re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`([a-z_]+)`", cell)}


def keys(section: str) -> set[str]:
    """The keys of a member of a section, but for a name that its header holds."""
    found = set(keys_of(SECTIONS[section].model))
    return found - {"name"} if SECTIONS[section].shape is Shape.NAMED else found


def test_every_section_is_documented_in_its_form_and_no_other() -> None:
    assert set(BLOCKS) == set(SECTIONS)
    for name, section in SECTIONS.items():
        assert f"### {FORMS[section.shape].format(name)}" in TEXT


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_the_keys_of_a_section_are_those_that_are_documented(section: str) -> None:
    parts = {key for model in TABLES.get(section, ()) for key in keys_of(model)}
    assert documented(section) == keys(section) | parts


@pytest.mark.parametrize(("section", "model"), PARTS.items())
def test_the_keys_of_a_section_s_parts_are_named(section: str, model: type[Strict]) -> None:
    assert [key for key in keys_of(model) if not re.search(rf"\b{key}\b", BLOCKS[section])] == []


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_simple_defaults_are_documented_as_they_are(section: str) -> None:
    for name, info in SECTIONS[section].model.model_fields.items():
        if isinstance(info.default, bool):
            row = re.search(
                rf"^\| [^|]*`{info.alias or name}`[^|]*\|.*", BLOCKS[section], re.MULTILINE
            )
            assert row is not None
            assert f"`{str(info.default).lower()}`" in row[0], row[0]


def test_what_comes_later_is_named_too() -> None:
    assert all(f"[{name}" in TEXT for name in LATER_SECTIONS)
