"""Secrets are read from where they are, and come out nowhere: no error, no text of a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.config import Config, ConfigError

Load = Callable[[str], Config]
SECRET = "hunter2"
HTTP = '[[check]]\nname = "web"\nkind = "http"\nurl = "https://example.org/"\n'
HOOK = '[channel.a]\nkind = "webhook"\nurl = "https://example.org/"\n'
MAIL = '[channel.mail]\nkind = "email"\nhost = "{}"\nsender = "a@example.org"\n'


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")


@pytest.mark.parametrize(
    "source", ['env = "SECRET"', 'file = "{}/secret"', 'credential = "secret"']
)
def test_a_secret_is_read_from_the_environment_a_file_or_systemd(
    source: str, load_text: Load, tmp_path: Path
) -> None:
    config = load_text(HTTP + f"bearer = {{ {source.format(tmp_path)} }}\n")

    assert config.specs["web"].bearer.get_secret_value() == SECRET  # type: ignore[attr-defined]  # an HttpSpec
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    "text",
    [
        f'[channel.a]\nkind = "webhook"\nurl = "ftp://{SECRET}"\n',
        HOOK + f'headers = {{ x = "{SECRET}\\n" }}\n',
        HOOK + f'signing_secret = "whsec_{SECRET}!"\n',
        HOOK + f'token = {{ vault = "{SECRET}" }}\n',
        MAIL.format("mail.example.org") + f'password = "{SECRET}"\n',
        MAIL.format("mail.example.org") + f'tls = "none"\nusername = "u"\npassword = "{SECRET}"\n',
        HTTP + f'user = "u"\npassword = "{SECRET}"\nbearer = "{SECRET}"\n',
        HTTP + f'headers = {{ Authorization = "{SECRET}\\r\\n" }}\n',
        HTTP + f'passwrod = "{SECRET}"\n',
        HTTP + f'password = ["{SECRET}"]\n',
        HTTP + f"password = {SECRET}\n",
        HTTP + f'bearer = "{SECRET}"\nbearer = "{SECRET}"\n',
        HTTP + f'bearer = "{SECRET}\n',
    ],
)
def test_no_fault_repeats_a_secret(text: str, load_text: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text)

    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.problems)
