"""daemon.config.dumping: the effective configuration, without its secrets."""

from __future__ import annotations

from pathlib import Path

import tomli

from daemon.config import Config, dump, load

from .conftest import SECRETS


def test_what_is_shown_has_defaults_and_inheritance_filled_in(full: Config) -> None:
    shown = tomli.loads(dump(full))

    check = shown["check"][0]
    assert (check["every"], check["timeout"], check["down_after"]) == ("5s", "4s", 2)
    assert shown["check"][1]["timeout"] == "500ms"
    assert shown["route"][0]["route"][0]["channels"] == ["log"]
    assert shown["retention"]["minutes"] == "2d"
    assert shown["sla"][0]["timezone"] == "Europe/Berlin"
    assert shown["context"]["revenue_critical"]["severity"]["down"] == "emergency"
    assert shown["person"]["ana"]["mail"] == "ana@example.org"


def test_no_secret_is_ever_shown(full: Config) -> None:
    texts = [dump(full), repr(full), str(full.settings), repr(full.specs), repr(full.channels)]

    assert dump(full).count("********") == 11
    for secret in SECRETS[:2]:
        assert not any(secret in text for text in texts)
    assert SECRETS[2] not in texts[0]


def test_what_is_shown_loads_again_and_means_the_same_but_for_the_secrets(
    full: Config, tmp_path: Path
) -> None:
    again = tmp_path / "again.toml"
    again.write_text(dump(full), encoding="utf-8")

    loaded = load(again)

    assert loaded.plan == full.plan
    assert dump(loaded) == dump(full)
