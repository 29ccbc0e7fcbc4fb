"""What a heartbeat may be configured with."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.heartbeat import KIND, HeartbeatSpec


def spec(**keys: Any) -> HeartbeatSpec:
    return HeartbeatSpec.model_validate({"name": "backup", **keys})


def test_a_period_or_a_cron_expression_says_when_it_is_due() -> None:
    assert spec(period="1h").grace == 60_000
    assert spec(cron="0 3 * * SUN", timezone="Europe/Berlin").cron == "0 3 * * SUN"
    assert KIND.passive


def test_its_token_is_the_name_unless_set() -> None:
    assert spec(period="1m").ping_token == "backup"
    secret = spec(period="1m", token="t0ken-9")
    assert secret.ping_token == "t0ken-9"
    assert "t0ken-9" not in repr(secret)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "either period or cron"),
        ({"period": "1m", "cron": "* * * * *"}, "either period or cron"),
        ({"period": "1ms"}, "at least 1s"),
        ({"period": "soon"}, "no duration"),
        ({"cron": "61 * * * *"}, "no cron expression"),
        ({"cron": "x"}, "no cron expression"),
        ({"cron": "0 0 30 2 *"}, "never comes|no cron expression"),
        ({"cron": "* * * * *", "timezone": "Mars/Base"}, "no time zone"),
        ({"cron": "* * * * *", "timezone": "../../etc/passwd"}, "no time zone"),
        ({"period": "1m", "timezone": "UTC"}, "belongs to cron"),
        ({"period": "1m", "token": "a/b"}, "letters, digits"),
        ({"period": "1m", "name": "a/b"}, "set a token"),
    ],
)
def test_what_cannot_work_is_refused_with_the_mend(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        spec(**keys)
