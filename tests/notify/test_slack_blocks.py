"""What a message in Slack shows: blocks, links and bounds, held against Slack's documentation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.core.chronicle import NoticeType
from daemon.notify.channels import slack_blocks
from daemon.notify.message import Composer
from daemon.notify.render import Renderer
from tests.notify.lab import PLAN, alert, compose, incident, notice, over
from tests.notify.slack_lab import hook, huge, links, shown, told
from tests.peers.services import serving
from tests.peers.services.schema import problems
from tests.peers.services.slack import WEBHOOK, SlackService


@pytest.fixture
async def service() -> AsyncIterator[SlackService]:
    async with serving(SlackService()) as one:
        yield one


async def test_a_page_shows_what_is_wrong_since_when_and_where_to_look(
    service: SlackService,
) -> None:
    assert await told(hook(service), notice()) == ["200 OK"]
    assert service.problems == []
    (content,) = service.hooked
    assert [block["type"] for block in content["blocks"]] == [
        "header", "section", "section", "section", "actions", "context",
    ]  # fmt: skip
    said = shown(content)
    assert said.startswith("🔴 [CRITICAL] Firing: checkout is down\n")
    assert "*Service*\ncheckout (revenue_critical)" in said
    assert "*Impact*\nCustomers cannot pay" in said
    assert "*Costs*\nGBP 12,000.00 an hour while down" in said
    assert "*CRITICAL*  checkout-http  (firing, 2026-11-21 10:10:00 UTC)" in said
    assert "tocsin ack inc-1" in said
    assert content["text"].startswith("CRITICAL firing: checkout is down - checkout-http")


async def with_links(service: SlackService, **changes: Any) -> dict[str, Any]:
    """The message of an incident whose service has such links."""
    checkout = replace(PLAN.services["checkout"], **changes)
    plan = replace(PLAN, services={"checkout": checkout})
    channel = hook(service)
    await channel.send(Composer(lambda: plan)(notice()))
    await channel.close()
    assert service.problems == []
    return service.hooked[0]


async def test_links_are_buttons(service: SlackService) -> None:
    dashboard = "https://graphs.example.org/checkout?a=1&b=2"
    assert links(await with_links(service, dashboard=dashboard)) == {
        "Runbook": "https://wiki.example.org/checkout",
        "Dashboard": dashboard,
        "Tocsin": "https://ops.example.org/t",
    }


async def test_what_is_no_link_is_no_button(service: SlackService) -> None:
    too_long = "https://x.example.org/" + "y" * 3_000
    content = await with_links(service, runbook="javascript:alert(1)", dashboard=too_long)
    assert list(links(content)) == ["Tocsin"]
    assert "*Runbook*\njavascript:alert(1)" in shown(content)


async def test_a_resolve_says_when_it_ended_and_what_it_cost(service: SlackService) -> None:
    await told(hook(service), over())
    said = shown(service.hooked[0])
    assert said.startswith("✅ [CRITICAL] Resolved: checkout is down\n")
    assert "*Ended*\n2026-11-21 10:13:20 UTC, after 3 min 20 s, by tocsin" in said
    assert "*Money lost*\nGBP 666.66, GBP 12,000.00 an hour" in said
    assert "tocsin ack" not in said


async def test_stakeholders_are_told_the_impact_and_no_alerts(service: SlackService) -> None:
    await told(hook(service, audience="stakeholder"), notice())
    assert service.problems == []
    said = shown(service.hooked[0])
    assert "What it means: Customers cannot pay" in said
    assert "checkout-http" not in said


async def test_an_own_template_is_the_header(service: SlackService, tmp_path: Path) -> None:
    (tmp_path / "technical").mkdir()
    (tmp_path / "technical" / "subject.txt").write_text("{{ m.service }} <!channel> & more")
    await told(hook(service, templates=tmp_path), notice())
    assert service.problems == []
    assert shown(service.hooked[0]).startswith("🔴 checkout &lt;!channel&gt; &amp; more\n")


async def test_a_huge_incident_keeps_all_bounds_and_says_how_much_more(
    service: SlackService,
) -> None:
    await told(hook(service), huge())
    assert service.problems == []
    said = shown(service.hooked[0])
    assert "and 2,490 more; of 2,500 alerts 1,800 fire" in said
    assert "(resolved" not in said


async def test_texts_from_outside_are_no_markup_and_no_escape_sequence(
    service: SlackService,
) -> None:
    bad = "<!channel> <https://evil.example|here> \x1b]0;owned\x07\x1b[31m\u202e& `x` token=hunter2"
    worst = alert(name=bad, annotations={"message": bad}, labels={"a": bad})
    await told(hook(service), notice(incident=incident(title=bad, summary=bad), alerts=(worst,)))
    assert service.problems == []
    sent = service.received[0].body.decode()
    assert "&lt;!channel&gt;" in sent
    assert not any(one in sent for one in ("<!", "<http", "\\u001b", "\u202e", "hunter2"))
    code = shown(service.hooked[0]).partition("`a=&lt;!channel&gt;")[2]
    assert "'x'" in code
    assert code.split("\n")[0].count("`") == 1


@settings(max_examples=40, deadline=None)
@example(texts=[""] * 5, labels={}, audience="stakeholder", kind=NoticeType.HANDOVER)
@given(
    texts=st.lists(st.text(max_size=4_000), min_size=5, max_size=5),
    labels=st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5),
    audience=st.sampled_from(["technical", "stakeholder"]),
    kind=st.sampled_from(NoticeType),
)
def test_whatever_it_is_about_a_message_keeps_the_schema(
    texts: list[str], labels: dict[str, str], audience: str, kind: NoticeType
) -> None:
    title, summary, name, said, reason = texts
    worst = alert(name=name, labels=labels, annotations={"message": said})
    one = incident(title=title, summary=summary, service=None)
    message = compose(notice(type=kind, incident=one, alerts=(worst,), reason=reason))
    renderer = Renderer(audience)
    assert problems(WEBHOOK, slack_blocks.whole(message, renderer)) == []
    assert problems(WEBHOOK, slack_blocks.news(message, renderer)) == []


@given(text=st.text("&<>;ab", max_size=60), limit=st.integers(1, 40))
def test_a_text_is_cut_to_its_bound_between_entities(text: str, limit: int) -> None:
    found = slack_blocks.escaped(text, limit)
    assert len(found) <= limit
    plain = found.removesuffix("…").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert text.startswith(plain)
    assert found.endswith("…") or plain == text
