"""SMS and calls over HTTP to a server that holds them against Twilio's documentation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest
from aiohttp.test_utils import unused_port
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.core.chronicle import Notice, NoticeType
from daemon.core.severity import Severity
from daemon.notify.channels import open_channel
from daemon.notify.channels.sms import SmsChannel
from daemon.notify.channels.twilio import TelephoneChannel
from daemon.notify.channels.voice import VoiceChannel, twiml
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.preview import preview
from daemon.notify.render import Renderer
from daemon.notify.spec import SmsSpec, VoiceSpec
from tests.notify.desk import delivering
from tests.notify.lab import compose, incident, notice, over
from tests.peers.services import Fault, Reply, serving
from tests.peers.services.schema import problems
from tests.peers.services.twilio import ACCOUNT, CALL, TOKEN, TwilioService, message, refusal

ANA, BEN, US = "+4915112345678", "+4915187654321", "+4930123456"
LOGIN: dict[str, Any] = {"account": ACCOUNT, "token": TOKEN}


@pytest.fixture
async def service() -> AsyncIterator[TwilioService]:
    async with serving(TwilioService()) as one:
        yield one


def quick(channel: TelephoneChannel) -> TelephoneChannel:
    channel.twilio.pauses_s = (0.001, 0.002)
    return channel


def sms(url: str, **changes: Any) -> SmsChannel:
    facts = {"name": "sms", "sender": US, "to": [ANA], "api_url": url, **LOGIN} | changes
    return cast("SmsChannel", quick(cast("SmsChannel", open_channel(SmsSpec(**facts)))))


def voice(url: str, **changes: Any) -> VoiceChannel:
    facts = {"name": "call", "sender": US, "to": [ANA], "api_url": url, **LOGIN} | changes
    return cast("VoiceChannel", quick(cast("VoiceChannel", open_channel(VoiceSpec(**facts)))))


async def told(channel: TelephoneChannel, *notices: Notice) -> list[str]:
    try:
        return [await channel.send(compose(one)) for one in notices or (notice(),)]
    finally:
        await channel.close()


async def failure(channel: TelephoneChannel, *notices: Notice) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await told(channel, *notices)
    return caught.value


async def test_a_message_is_as_documented_and_followed_until_delivered(
    service: TwilioService,
) -> None:
    service.becomes("queued", "sending", "sent", "delivered")
    (said,) = await told(sms(service.url))
    assert said == f"delivered (SM{1:032x})"
    assert service.problems == []
    (form,) = service.forms
    assert form == {
        "To": ANA,
        "From": US,
        "ValidityPeriod": "600",
        "Body": "CRITICAL: checkout is down (inc-1) checkout-http: status == 200 (status is 502)",
    }
    first = service.received[0]
    assert first.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert [one.method for one in service.received] == ["POST", "GET", "GET", "GET", "GET"]


async def test_the_end_and_the_news_are_told_too(service: TwilioService) -> None:
    repeated = notice("k2", type=NoticeType.REPEATED)
    ana = incident(acknowledged_by="ana", acknowledged_at=repeated.at)
    taken = notice("k3", type=NoticeType.ACKNOWLEDGED, incident=ana)
    await told(sms(service.url), repeated, taken, over())
    await told(sms(service.url, audience="stakeholder"), notice(), over())
    assert [form["Body"] for form in service.forms] == [
        "CRITICAL still firing: checkout is down (inc-1) checkout-http: status == 200 "
        "(status is 502)",
        "CRITICAL acknowledged by ana: checkout is down (inc-1) checkout-http: status == 200 "
        "(status is 502)",
        "RESOLVED: checkout is down (inc-1) after 3 min 20 s",
        "Problem: checkout - Customers cannot pay (inc-1)",
        "Solved: checkout (inc-1) after 3 min 20 s",
    ]


async def test_a_person_s_number_and_a_messaging_service(service: TwilioService) -> None:
    group = "MG" + "a" * 32
    channel = sms(service.url, sender=None, messaging_service=group, validity="90s", to=[])
    await told(channel, notice(address=BEN))
    assert service.problems == []
    (form,) = service.forms
    assert (form["To"], form["MessagingServiceSid"]) == (BEN, group)
    assert form["ValidityPeriod"] == "90"
    assert "From" not in form


async def test_an_api_key_logs_in_instead_of_the_token() -> None:
    key = "SK" + "b" * 32
    async with serving(TwilioService(key, "the-secret")) as service:
        channel = sms(service.url, token=None, api_key=key, api_secret="the-secret")
        assert (await told(channel))[0].startswith("delivered")


@pytest.mark.parametrize("last", ["queued", "sent"])
async def test_what_is_not_known_to_be_delivered_counts_as_told(
    service: TwilioService, last: str
) -> None:
    service.becomes(last)
    (said,) = await told(sms(service.url, timeout="300ms"))
    assert said == f"taken, and {last} so far (SM{1:032x})"
    assert len(service.forms) == 1


@pytest.mark.parametrize(
    ("status", "code", "text", "words"),
    [
        ("undelivered", 30003, None, "the telephone is off or out of reach (error 30003)"),
        ("failed", 30007, "Message filtered", "Message filtered (error 30007)"),
        ("failed", 39999, None, "see twilio.com/docs/api/errors (error 39999)"),
        ("undelivered", None, None, "no reason is given"),
    ],
)
async def test_a_message_that_did_not_arrive_is_permanent_with_the_reason(
    service: TwilioService, status: str, code: int | None, text: str | None, words: str
) -> None:
    service.becomes("sent", status, code=code, said=text)
    error = await failure(sms(service.url))
    assert isinstance(error, Permanent)
    assert str(error) == f"the message SM{1:032x} to {ANA} is {status}: {words}"


async def test_a_refusal_is_permanent_with_twilio_s_words(service: TwilioService) -> None:
    service.next(refusal(400, 21211, "The 'To' number \x1b[31m+49 is not a valid phone number."))
    error = await failure(sms(service.url))
    assert isinstance(error, Permanent)
    assert str(error).endswith(
        "answers 400 Bad Request: The 'To' number +49 is not a valid phone number. (error 21211)"
    )


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (refusal(429, 20429, "Too Many Requests"), None),
        (Reply.of({"code": 20429, "message": "x"}, 429, {"Retry-After": "17"}), 17),
        (refusal(503, 20503, "Service unavailable"), None),
        (Reply(502, "<html>bad gateway"), None),
        (Fault.CUT, None),
    ],
)
async def test_a_bad_moment_is_transient(
    service: TwilioService, answer: Reply | Fault, asked: float | None
) -> None:
    service.next(answer)
    error = await failure(sms(service.url))
    assert isinstance(error, Transient)
    assert error.retry_after_s == asked


async def test_nobody_listening_is_transient() -> None:
    assert isinstance(await failure(sms(f"http://127.0.0.1:{unused_port()}")), Transient)


@pytest.mark.parametrize("answer", [Reply(200, "ok"), Reply.of([1], 201), Reply.of({}, 201)])
async def test_an_answer_that_is_not_twilio_s_is_permanent(
    service: TwilioService, answer: Reply
) -> None:
    service.next(answer)
    error = await failure(sms(service.url))
    assert isinstance(error, Permanent)
    assert "not as Twilio does; see api_url" in str(error)


async def test_a_message_is_not_sent_again_because_its_fate_cannot_be_fetched(
    service: TwilioService,
) -> None:
    channel = sms(service.url, timeout="400ms")
    made = Reply.of({"sid": "SM1", "status": "queued"}, 201)
    service.next(made, *[Reply(500)] * 400)
    assert (await channel.send(compose(notice()))).startswith("taken, and queued so far (SM1); ")
    assert await channel.send(compose(notice())) != ""
    await channel.close()
    assert [one.method for one in service.received].count("POST") == 1


async def test_an_attempt_that_is_cancelled_while_following_is_not_repeated(
    service: TwilioService,
) -> None:
    channel = sms(service.url)
    service.becomes("queued")
    sending = asyncio.create_task(channel.send(compose(notice())))
    async with asyncio.timeout(5):
        while not service.resources:
            service.arrived.clear()
            await service.arrived.wait()
        while next(iter(service.resources.values())).looks < 2:
            service.arrived.clear()
            await service.arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await channel.send(compose(notice())) == f"taken (SM{1:032x})"
    await channel.close()
    assert len(service.forms) == 1


async def test_only_who_was_not_reached_is_told_again(service: TwilioService) -> None:
    channel = sms(service.url, to=[ANA, BEN])
    service.next(refusal(429, 20429, "Too Many Requests"))
    with pytest.raises(Transient, match="Too Many Requests"):
        await channel.send(compose(notice()))
    said = await channel.send(compose(notice()))
    await channel.close()
    assert sorted(form["To"] for form in service.forms) == sorted([ANA, BEN])
    assert said.count("delivered") == 2


async def test_one_bad_number_does_not_keep_it_from_the_others(service: TwilioService) -> None:
    service.next(refusal(400, 21610, "Attempt to send to unsubscribed recipient"))
    (said,) = await told(sms(service.url, to=[ANA, BEN]))
    assert "delivered" in said
    assert "refused: " in said
    assert "unsubscribed recipient (error 21610)" in said
    assert len(service.forms) == 1


async def test_a_long_page_is_one_part_without_control_characters(service: TwilioService) -> None:
    title = "zahlung\x1b[2J\x00 nicht möglich: " + "“sehr” langer Text … " * 20
    await told(sms(service.url), notice(incident=incident(title=title)))
    (form,) = service.forms
    assert len(form["Body"]) <= 160
    assert form["Body"].startswith('CRITICAL: zahlung nicht möglich: "sehr" langer Text ... "sehr"')
    assert form["Body"].endswith("...")


async def test_under_a_dispatcher_it_is_tried_again_and_the_resolve_told(
    service: TwilioService,
) -> None:
    service.next(Reply(503), refusal(429, 20429, "Too Many Requests"))
    async with delivering(ops=sms(service.url)) as desk:
        end, _ = await desk.tell(notice())
        assert (end.delivered, end.attempts) == (True, 3)
        end, _ = await desk.tell(over())
        assert (end.delivered, end.attempts) == (True, 1)
    assert service.forms[-1]["Body"].startswith("RESOLVED: ")


async def test_no_secret_is_in_an_error_or_a_log(
    service: TwilioService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.next(refusal(401, 20003, f"Authenticate with {TOKEN}"))
    channel = sms(service.url)
    error = await failure(channel)
    assert isinstance(error, Permanent)
    shown = str(error) + repr(channel.spec) + channel.spec.model_dump_json() + caplog.text
    assert TOKEN not in shown
    assert "(error 20003)" in str(error)


async def test_a_call_says_severity_service_and_title_twice(service: TwilioService) -> None:
    title = 'checkout <is> down & "out"'
    service.becomes("ringing", "in-progress", "completed")
    page = notice(incident=incident(title=title))
    (said,) = await told(voice(service.url, language="en-GB", voice="Polly.Amy"), page)
    assert said == f"answered (CA{1:032x})"
    assert service.problems == []
    (form,) = service.forms
    assert (form["To"], form["From"], form["Timeout"]) == (ANA, US, "25")
    assert service.received[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    verbs = list(ET.fromstring(form["Twiml"]))  # noqa: S314  # our own channel wrote it
    assert [verb.tag for verb in verbs] == ["Say", "Pause", "Say"]
    assert {verbs[0].text, verbs[2].text} == {f"Critical alert. Service checkout. {title}."}
    assert verbs[0].attrib == {"language": "en-GB", "voice": "Polly.Amy"}


@pytest.mark.parametrize("kind", [NoticeType.ACKNOWLEDGED, NoticeType.UPDATED])
async def test_nobody_is_called_for_good_news(service: TwilioService, kind: NoticeType) -> None:
    said = await told(voice(service.url), notice(type=kind), over())
    assert said[0] == f"no call for {kind.value}: only trouble is told by telephone"
    assert said[1].startswith("no call for incident.resolved")
    assert service.received == []


async def test_a_call_may_tell_the_end_too(service: TwilioService) -> None:
    await told(voice(service.url, call_resolved=True), over())
    assert "Resolved. Service checkout. checkout is down. It lasted" in service.forms[0]["Twiml"]


async def test_who_does_not_answer_is_called_again_but_not_for_ever(
    service: TwilioService,
) -> None:
    service.becomes("ringing", "no-answer")
    service.becomes("busy")
    service.becomes("no-answer")
    channel = voice(service.url)
    for words in (r"does not answer .* 1 of 3", r"is busy .* 2 of 3"):
        with pytest.raises(Transient, match=words):
            await channel.send(compose(notice()))
    with pytest.raises(Permanent, match=r"does not answer .* 3 of 3"):
        await channel.send(compose(notice()))
    assert (await channel.send(compose(notice("k2")))).startswith("answered")
    await channel.close()


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_a_call_that_failed_is_permanent(service: TwilioService, status: str) -> None:
    service.becomes("ringing", status)
    error = await failure(voice(service.url))
    assert isinstance(error, Permanent)
    assert str(error) == f"the call CA{1:032x} to {ANA} is {status}"


async def test_a_call_that_still_waits_at_the_end_of_the_time_counts_as_told(
    service: TwilioService,
) -> None:
    channel = voice(service.url)
    channel.spec = channel.spec.model_copy(update={"timeout": 300})
    service.becomes("queued")
    assert await told(channel) == [f"taken, and queued so far (CA{1:032x})"]


async def test_a_call_under_a_dispatcher_is_answered_at_the_second_ringing(
    service: TwilioService,
) -> None:
    service.becomes("no-answer")
    async with delivering(ops=voice(service.url)) as desk:
        end, _ = await desk.tell(notice())
        assert (end.delivered, end.attempts) == (True, 2)
        end, _ = await desk.tell(over())
        assert (end.delivered, end.detail[:7]) == (True, "no call")
    assert len(service.forms) == 2


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=400),
    st.sampled_from(Severity),
    st.sampled_from([NoticeType.FIRING, NoticeType.ESCALATED, NoticeType.RESOLVED]),
)
def test_whatever_an_incident_says_the_bodies_are_as_documented(
    title: str, severity: Severity, kind: NoticeType
) -> None:
    page = compose(notice(type=kind, incident=incident(title=title, severity=severity)))
    for audience in ("technical", "stakeholder"):
        short, spoken = sms("http://localhost:1", audience=audience), voice("http://localhost:1")
        assert problems(message, short.form(ANA, page)) == []
        assert problems(CALL, spoken.form(ANA, page)) == []


async def test_who_does_not_answer_is_no_failure_of_the_exchange(
    service: TwilioService, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(12):
        service.becomes("no-answer")
    async with delivering(ops=voice(service.url, calls=20)) as desk:
        end, _ = await desk.tell(notice())
    assert (end.delivered, end.attempts) == (True, 13)
    assert "breaker" not in caplog.text


def test_the_longest_speech_fits_into_a_call() -> None:
    spec = cast("VoiceSpec", voice("http://localhost:1", voice="x" * 100).spec)
    assert len(twiml("&" * 300, spec)) <= 4_000


SMS: dict[str, Any] = {"name": "sms", "kind": "sms", "sender": US, **LOGIN}
VOICE: dict[str, Any] = {"name": "call", "kind": "voice", "sender": US, **LOGIN}


@pytest.mark.parametrize(
    ("base", "changes", "words"),
    [
        (SMS, {"account": "AC123"}, "should match pattern"),
        (SMS, {"token": None}, "give the account's token, or an api_key"),
        (SMS, {"api_key": "SK" + "0" * 32}, "api_key and api_secret go together"),
        (SMS, {"api_key": "SK" + "0" * 32, "api_secret": "x"}, "give the account's token, or"),
        (SMS, {"token": "hunter2 and more"}, "one word of plain letters"),
        (SMS, {"token": "hunter2ä"}, "one word of plain letters"),
        (SMS, {"sender": None}, "give a sender or a messaging_service"),
        (SMS, {"messaging_service": "MG" + "0" * 32}, "and not both"),
        (SMS, {"sender": "+49 151"}, "is no telephone number; write + and the country's code"),
        (SMS, {"sender": "A sender's long name"}, "a name of at most 11 letters"),
        (SMS, {"to": ["0151 1234567"]}, "'0151 1234567' is no telephone number"),
        (SMS, {"to": ["+4915112345678\n"]}, "is no telephone number"),
        (SMS, {"validity": "11h"}, "less than or equal"),
        (SMS, {"api_url": "http://twilio.example.org"}, "must begin with https://"),
        (SMS, {"api_url": "twilio.com"}, "must look like"),
        (VOICE, {"sender": "Tocsin"}, "is no telephone number"),
        (VOICE, {"language": "English"}, "should match pattern"),
        (VOICE, {"voice": "a b"}, "should match pattern"),
        (VOICE, {"timeout": "30s"}, 'set timeout = "35s" or more, or a shorter ring'),
        (VOICE, {"calls": 0}, "greater than or equal"),
    ],
)
def test_a_bad_channel_is_refused_in_words(
    base: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    model = SmsSpec if base["kind"] == "sms" else VoiceSpec
    with pytest.raises(ValidationError) as caught:
        model(**(base | changes))
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_senders_defaults_and_addresses() -> None:
    for sender in ("Tocsin", "12345", "My Shop 24", US):
        assert SmsSpec(**SMS | {"sender": sender}).sender == sender
    spec = SmsSpec(**SMS)
    assert (spec.takes_address, spec.needs_address) == (True, True)
    assert not SmsSpec(**SMS | {"to": [ANA]}).needs_address
    assert (spec.validity, spec.api_url) == (600_000, "https://api.twilio.com")
    assert (VoiceSpec(**VOICE).timeout, VoiceSpec(**VOICE).ring) == (60_000, 25_000)
    with pytest.raises(ValueError, match="country's code"):
        spec.check_address("0151")


def test_what_would_be_sent_can_be_looked_at() -> None:
    page = compose(notice())
    shown = preview(SmsSpec(**SMS), Renderer(), page)
    assert shown == {"text": sms("http://localhost:1").form(ANA, page)["Body"]}
    shown = preview(VoiceSpec(**VOICE), Renderer(), page)
    assert shown == {"text": "Critical alert. Service checkout. checkout is down."}


async def test_a_number_that_came_from_elsewhere_is_looked_at_too() -> None:
    error = await failure(sms("http://localhost:1"), notice(address="call me"))
    assert isinstance(error, Permanent)
    error = await failure(sms("http://localhost:1", to=[]))
    assert "has no recipient" in str(error)
