"""Responses as they are written become what the engine and the responder go by."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.config import Config, compare, dump
from daemon.core.model import HOUR, MINUTE
from daemon.core.plan import When

Load = Callable[[str], Config]


def test_a_response_has_its_action_in_words_and_its_limits_in_milliseconds(full: Config) -> None:
    found = full.plan.responses["restart-checkout"]
    assert (found.when, found.level) == (When.ESCALATED, 2)
    assert (found.most, found.per, found.cooldown) == (3, HOUR, 5 * MINUTE)
    assert (found.confirm, found.helps_within, found.stop_after) == (True, 5 * MINUTE, 3)
    assert found.action == "run /bin/sh -c cat"
    assert full.plan.responses["bounce"].action == "restart orders-db.service"
    assert "scale" not in full.plan.responses
    assert full.settings.responses["scale"].words == "run /bin/true -1"


def test_webhooks_and_redis_commands_are_named_by_their_host(load_text: Load) -> None:
    config = load_text(
        """[[response]]
        name = "scale"
        on = ['service="web"']
        when = "resolved"
        webhook = { url = "https://u:hunter2@deploy.example.org/s3cr3t", signing_secret = "abcd" }
        [[response]]
        name = "cache"
        on = ['service="web"']
        redis = { url = "redis://:hunter2@localhost:6379/2", command = ["DEL", "cart:index"] }
        [[check]]
        name = "web"
        kind = "tcp"
        host = "localhost"
        port = 80
        """
    )
    words = [one.action for one in config.plan.responses.values()]
    assert words == ["POST to deploy.example.org", "DEL cart:index on redis at localhost"]
    assert "hunter2" not in dump(config) + repr(config)
    assert "s3cr3t" not in dump(config) + repr(config)


@pytest.mark.parametrize(
    ("command", "said", "asks"),
    [
        ('["FLUSHDB"]', "", True),
        ('["del", "cart"]', "confirm = false", False),
        ('["GET", "cart"]', "", False),
        ('["info"]', "confirm = true", True),
    ],
)
def test_a_redis_command_that_may_write_asks_unless_it_is_said_otherwise(
    load_text: Load, command: str, said: str, asks: bool
) -> None:
    config = load_text(
        f"""[[response]]
        name = "cache"
        on = ['severity="high"']
        redis = {{ url = "redis://localhost", command = {command} }}
        {said}
        """
    )
    assert config.plan.responses["cache"].confirm == asks


def test_the_words_of_an_action_hold_no_secret(load_text: Load) -> None:
    config = load_text(
        """[[response]]
        name = "deploy"
        on = ['severity="high"']
        run = ["/bin/echo", "s3cr3t-word", "password=hunter2"]
        env = { KEY = "s3cr3t-word" }
        """
    )
    assert config.plan.responses["deploy"].action == "run /bin/echo *** password=***"


def test_a_redis_url_is_read_whole(load_text: Load) -> None:
    config = load_text(
        """[[response]]
        name = "cache"
        on = ['severity="high"']
        redis = { url = "rediss://ops:p%40ss@cache:6390/3", command = ["DEL", "x"] }
        """
    )
    action = config.settings.responses["cache"].redis
    assert action is not None
    spec = action.as_check("cache")
    assert (spec.host, spec.port, spec.user, spec.database, spec.tls) == (
        "cache", 6390, "ops", 3, True,
    )  # fmt: skip
    assert spec.password is not None
    assert spec.password.get_secret_value() == "p@ss"


def test_a_changed_response_is_told_by_name(load_text: Load) -> None:
    text = """[[response]]
        name = "bounce"
        on = ['severity="high"']
        unit = "shop.service"
        do = "restart"
        """
    before = load_text(text)
    assert str(compare(before, load_text(text + 'max = "2/h"'))) == "response: ~bounce"


def test_the_recipes_of_the_documents_are_configurations(load_text: Load) -> None:
    page = Path(__file__).parents[2] / "docs" / "semantics" / "responses.md"
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    text = "\n".join(blocks)
    text = re.sub(r'"/usr/local/bin/[a-z-]+"', '"/bin/true"', text)
    text = text.replace('{ credential = "cache-url" }', '"redis://localhost"')
    text = text.replace('{ credential = "deploy" }', '"whsec_c2VjcmV0"')
    shop = """
        [context.revenue_critical]
        [[service]]
        name = "shop"
        context = "revenue_critical"
        [[check]]
        name = "web"
        kind = "tcp"
        service = "shop"
        host = "localhost"
        port = 80
        [channel.log]
        kind = "log"
        [policy.two]
        level = [{ after = "0s", notify = ["channel:log"] },
                 { after = "5m", notify = ["channel:log"] }]
        """
    config = load_text(text + shop)
    assert len(config.plan.responses) == 6
    assert config.plan.responses["clear-cart-cache"].confirm
