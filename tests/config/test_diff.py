"""daemon.config.diff: what a reload changes, in names."""

from __future__ import annotations

from collections.abc import Callable

from daemon.config import Config, compare

Load = Callable[[str], Config]
TCP = '[[check]]\nname = "{}"\nkind = "tcp"\nhost = "127.0.0.1"\nport = 80\n'


def test_the_same_configuration_changes_nothing(full: Config) -> None:
    changes = compare(full, full)

    assert not changes
    assert str(changes) == "nothing changed"


def test_names_that_came_went_and_changed_are_listed_by_section(load_text: Load) -> None:
    old = load_text(TCP.format("a") + TCP.format("b") + '[channel.log]\nkind = "log"\n')
    new = load_text(
        TCP.format("b") + 'every = "1s"\n' + TCP.format("c")
        + '[channel.log]\nkind = "log"\nsend_resolved = false\n[[route]]\nchannels = ["log"]\n'
    )  # fmt: skip

    assert str(compare(old, new)) == "check: +c -a ~b; route: +0; channel: ~log"


def test_a_changed_default_shows_as_the_checks_it_changes(load_text: Load) -> None:
    own = TCP.format("own") + 'every = "5s"\ntimeout = "1s"\nretry_every = "1s"\ndown_after = 1\n'
    old = load_text(TCP.format("a") + own)
    new = load_text("[defaults]\ndown_after = 5\n" + TCP.format("a") + own)

    assert compare(old, new).sections["check"].changed == ("a",)


def test_a_changed_secret_shows_without_its_value(load_text: Load) -> None:
    hook = '[channel.hook]\nkind = "webhook"\nurl = "https://example.org/{}"\n'

    changes = compare(load_text(hook.format("old-secret")), load_text(hook.format("new-secret")))

    assert str(changes) == "channel: ~hook"


def test_what_needs_a_restart_is_said(load_text: Load) -> None:
    changes = compare(load_text(""), load_text('[daemon]\nsocket = "/run/t/t.sock"\n'))

    assert changes.restart == ("daemon.socket",)
    assert "after a restart: daemon.socket" in str(changes)


def test_more_workers_need_a_restart(load_text: Load) -> None:
    changes = compare(load_text("[daemon]\nworkers = 1\n"), load_text("[daemon]\nworkers = 2\n"))

    assert changes.restart == ("daemon.workers",)


def test_a_long_list_of_names_is_cut(load_text: Load) -> None:
    many = "".join(TCP.format(f"c{number:03}") for number in range(50))

    summary = str(compare(load_text(""), load_text(many)).sections["check"])

    assert summary.startswith("+c000 +c001 ")
    assert summary.endswith(" +c009 (+40 more)")
