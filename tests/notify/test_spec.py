"""What a channel's configuration may say; every refusal tells the mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.notify.spec import CHANNEL_KINDS, EmailSpec, LogSpec, WebhookSpec

HOOK: dict[str, Any] = {"name": "ops", "kind": "webhook", "url": "https://hooks.example.org/x"}
MAIL: dict[str, Any] = {
    "name": "mail",
    "kind": "email",
    "host": "mx.example.org",
    "sender": "t@example.org",
}
LOG: dict[str, Any] = {"name": "log", "kind": "log"}


@pytest.mark.parametrize(
    ("base", "changes", "words"),
    [
        (HOOK, {"url": "ftp://x/y"}, "must look like"),
        (HOOK, {"url": "https:///path"}, "must look like"),
        (HOOK, {"url": "https://a b/"}, "must look like"),
        (HOOK, {"url": "http://h:99999/"}, "must look like"),
        (HOOK, {"url": {"env": "TOCSIN_TEST_NOT_SET"}}, "TOCSIN_TEST_NOT_SET is not set"),
        (HOOK, {"headers": {"Bad Name": "x"}}, "cannot be the name of a header"),
        (HOOK, {"headers": {"Webhook-Id": "x"}}, "set by Tocsin itself"),
        (HOOK, {"headers": {"X-A": "a\r\nB: c"}}, "control characters"),
        (HOOK, {"token": "a\nb"}, "control characters"),
        (HOOK, {"token": "t", "headers": {"Authorization": "x"}}, "exclude each other"),
        (HOOK, {"token": "t", "url": "https://u:p@h/"}, "exclude each other"),
        (HOOK, {"signing_secret": "whsec_!!"}, "not base64"),
        (HOOK, {"signing_secret": ""}, "is empty"),
        (HOOK, {"method": "GET"}, "POST"),
        (HOOK, {"ca": "/nowhere/ca.pem"}, "cannot be read"),
        (HOOK, {"timeout": "5"}, "is no duration"),
        (HOOK, {"timeout": "1h"}, "less than or equal"),
        (HOOK, {"rate": "30/min"}, 'write it like "1/s"'),
        (HOOK, {"rate_per_recipient": "0/m"}, "leave the key out"),
        (HOOK, {"rate": 30}, "valid string"),
        (HOOK, {"templates": "/nowhere"}, "there is no directory"),
        (HOOK, {"audience": "boss"}, "technical"),
        (HOOK, {"nonsense": 1}, "Extra inputs"),
        (MAIL, {"sender": "nobody"}, "is no e-mail address"),
        (MAIL, {"to": ["a@b.org, c@d.org"]}, "is no e-mail address"),
        (MAIL, {"to": ["a@b.org\r\nBcc: c@d.org"]}, "no control characters"),
        (MAIL, {"username": "u"}, "go together"),
        (MAIL, {"password": "p"}, "go together"),
        (MAIL, {"username": "u", "password": "p", "tls": "none"}, "without TLS"),
        (MAIL, {"port": 0}, "greater than or equal"),
        (MAIL, {"host": "mx example"}, "match"),
        (LOG, {"format": "xml"}, "json"),
    ],
)
def test_a_bad_channel_is_refused_in_words(
    base: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        CHANNEL_KINDS[base["kind"]](**(base | changes))
    assert words in str(caught.value)


def test_secrets_are_never_shown() -> None:
    spec = WebhookSpec(
        **HOOK
        | {
            "token": "tok-secret",
            "headers": {"X-Key": "key-secret"},
            "signing_secret": "sign-secret",
        }
    )
    shown = repr(spec) + str(spec.model_dump()) + spec.model_dump_json()
    assert "secret" not in shown.replace("signing_secret", "")
    assert "hooks.example.org" not in shown


def test_a_refused_url_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookSpec(**HOOK | {"url": "ftp://user:hunter2@x/"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25)])
def test_the_port_follows_the_kind_of_tls(tls: str, port: int) -> None:
    assert EmailSpec(**MAIL | {"tls": tls}).effective_port == port
    assert EmailSpec(**MAIL | {"tls": tls, "port": 2525}).effective_port == 2525


def test_a_mail_channel_without_recipients_needs_persons_with_addresses() -> None:
    assert EmailSpec(**MAIL).needs_address
    assert not EmailSpec(**MAIL | {"to": ["ops@example.org"]}).needs_address
    assert not WebhookSpec(**HOOK).needs_address
    assert (EmailSpec(**MAIL).takes_address, WebhookSpec(**HOOK).takes_address) == (True, False)


def test_a_password_without_tls_is_allowed_to_this_host_only() -> None:
    spec = EmailSpec(
        **MAIL | {"host": "127.0.0.1", "tls": "none", "username": "u", "password": "p"}
    )
    assert spec.password is not None


def test_a_url_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hooks.example.org/T0/secret\n")
    spec = WebhookSpec(**HOOK | {"url": {"file": str(tmp_path / "url")}})
    assert spec.url.get_secret_value() == "https://hooks.example.org/T0/secret"


def test_defaults_are_the_documented_ones() -> None:
    spec = LogSpec(name="log")
    assert (spec.timeout, spec.send_resolved, spec.audience) == (10_000, True, "technical")
    assert (spec.fallback, spec.format, spec.file) == (None, "text", None)
