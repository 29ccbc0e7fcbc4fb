"""The `dns` kind: does a server know the name, what does it say, and how fast.

Servers are asked in their order; the next one is asked only when one gives no answer at all.
An answer that says no (SERVFAIL, REFUSED, NXDOMAIN) is an answer. It is a fault unless a
condition names `rcode`: then the conditions judge.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from checks.aside import Aside
from checks.condition_paths import Absent
from checks.dial import Endpoint, Family, resolve
from checks.dns_message import Answer, Question
from checks.dns_query import Errand, ask_by_tcp, ask_by_udp
from checks.dns_records import encode_name
from checks.errors import ProbeError
from checks.probe import FieldType, Kind, Order, Trace
from checks.result import Fault, Observation, Scalar
from checks.spec import CheckSpec
from checks.text import one_line

FIELDS: Final[Mapping[str, FieldType]] = {
    "rcode": "string",
    "answers": "list",
    "count": "int",
    "ttl": "int",
    "serial": "int",
    "aliases": "list",
    "authoritative": "bool",
    "dnssec": "bool",
    "server": "string",
    "transport": "string",
    "latency_ms": "float",
    "addresses_failed": "int",
    "phases": "map",
}
METRICS: Final = frozenset({"count", "ttl", "serial"})
RESOLV_CONF: Final = Path("/etc/resolv.conf")

_PORT: Final = 53
_MARGIN_S: Final = 0.02
"""Ended so much before the run's own limit, an unanswered question is told as such."""
_SYSTEM_SERVERS: Final = 3
_ANSWERS_SHOWN: Final = 3
_SERVER: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s/\[\]:]{1,253}))(?::(\d{1,5}))?")
_REFUSALS: Final = {
    "NXDOMAIN": "there is no such name",
    "SERVFAIL": "it could not find out",
    "REFUSED": "it does not answer us that",
    "FORMERR": "it does not understand the question",
    "NOTIMP": "it does not know such questions",
}
_UNMEASURED: Final = frozenset({"rcode", "count", "answers"})
"""Fields that a condition names when it judges by itself whether the answer is good."""


def read_server(text: str) -> tuple[str, int]:
    """Host and port of `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`.

    Raises:
        ValueError: It is none of these.
    """
    try:
        return str(ipaddress.ip_address(text)), _PORT
    except ValueError:
        found = _SERVER.fullmatch(text)
    port = int(found[3]) if found is not None and found[3] else _PORT
    if found is None or not 0 < port <= 65_535:
        raise ValueError(f'{text!r} is no server; write "192.0.2.53" or "[2001:db8::53]:5353"')
    return found[1] or found[2], port


def _checked(text: str) -> str:
    read_server(text)
    return text


ServerText = Annotated[str, AfterValidator(_checked)]
ServerTexts = Annotated[tuple[ServerText, ...], Field(min_length=1, max_length=8)]


class DnsSpec(CheckSpec):
    """A question, and who is asked.

    Attributes:
        query: The name to ask for; for a PTR record it may be an address.
        record: The type of the records.
        server: One or more servers, with or without a port; without it, the system's.
        transport: `udp` goes on to TCP where an answer is cut off.
        family: For servers that are given by a name.
    """

    kind: Literal["dns"] = "dns"
    query: Annotated[str, Field(min_length=1, max_length=253)]
    record: Literal[
        "A", "AAAA", "CAA", "CNAME", "DS", "MX", "NS", "PTR", "SOA", "SRV", "TLSA", "TXT"
    ] = "A"
    server: ServerText | ServerTexts | None = None
    transport: Literal["udp", "tcp"] = "udp"
    family: Family = "any"

    @property
    def question(self) -> Question:
        """The question on the wire.

        Raises:
            ValueError: `query` is no name.
        """
        try:
            address = ipaddress.ip_address(self.query)
        except ValueError:
            return Question(_in_ascii(self.query), self.record)
        if self.record != "PTR":
            raise ValueError(f'{self.query} is an address, which has only a PTR: record = "PTR"')
        return Question(address.reverse_pointer, self.record)

    @field_validator("query")
    @classmethod
    def _is_a_name(cls, query: str) -> str:
        encode_name(_in_ascii(query))
        return query

    @model_validator(mode="after")
    def _can_be_asked(self) -> DnsSpec:
        encode_name(self.question.name)
        return self


def _in_ascii(name: str) -> str:
    name = name.lower().removesuffix(".") or "."
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"{name!r} is no name of the DNS") from None
    if not all("!" <= char <= "~" for char in name):
        raise ValueError(f"{name!r} is no name of the DNS")
    return name


def system_servers(resolv_conf: str) -> list[str]:
    """The servers of a resolv.conf, as the system takes them: at most three, or this host."""
    found = re.findall(r"^\s*nameserver\s+(\S+)", resolv_conf, re.MULTILINE)
    return found[:_SYSTEM_SERVERS] or ["127.0.0.1"]


class DnsProbe:
    """Asks one question."""

    def __init__(self, order: Order) -> None:
        spec: DnsSpec = order.spec
        named = (spec.server,) if isinstance(spec.server, str) else spec.server
        self._spec = spec
        self._question = spec.question
        self._limit_s = order.timeout_ms / 1000.0
        self._judged = order.wanted & _UNMEASURED
        self._aside = Aside(str(RESOLV_CONF))
        self._endpoints = [Endpoint.of(*read_server(one), spec.family) for one in named or ()]

    async def observe(self, trace: Trace) -> Observation:
        """Ask until a server answers."""
        margin_s = min(_MARGIN_S, self._limit_s / 20)
        left_s = self._limit_s - margin_s - (perf_counter() - trace.started)
        until_s = asyncio.get_running_loop().time() + left_s
        servers = await self._servers(trace)
        for left in range(len(servers), 0, -1):
            server = servers[-left]
            now_s = asyncio.get_running_loop().time()
            errand = Errand(server, self._question, now_s + max(0.0, until_s - now_s) / left)
            try:
                answer, transport = await self._asked(errand, trace)
            except ProbeError as error:
                if error.unknown or left == 1:
                    raise _first(trace, error) from None
                trace.failed_addresses += (error.message,)
            else:
                return self._observation(answer, server, transport, trace)
        raise AssertionError("there is always a server")

    async def _servers(self, trace: Trace) -> Sequence[Endpoint]:
        endpoints = self._endpoints or await self._system_endpoints()
        found: list[Endpoint] = []
        for endpoint in endpoints:
            for _, address in await resolve(endpoint, trace):
                found.append(Endpoint.of(address, endpoint.port))
        return found

    async def _system_endpoints(self) -> list[Endpoint]:
        try:
            text = await self._aside.call(lambda: RESOLV_CONF.read_text(errors="replace"))
        except OSError as error:
            words = f"{RESOLV_CONF} cannot be read: {error.strerror}"
            raise ProbeError(Fault.INTERNAL, words) from None
        return [Endpoint.of(server, _PORT) for server in system_servers(text)]

    async def _asked(self, errand: Errand, trace: Trace) -> tuple[Answer, str]:
        answer, transport = await self._carried(errand, trace)
        if answer.rcode in {"FORMERR", "NOTIMP"} and not answer.edns:
            plain = Errand(errand.endpoint, errand.question, errand.until_s, edns=False)
            answer, transport = await self._carried(plain, trace)
        return answer, transport

    async def _carried(self, errand: Errand, trace: Trace) -> tuple[Answer, str]:
        if self._spec.transport == "udp":
            trace.enter("answer")
            answer = await ask_by_udp(errand)
            if not answer.truncated:
                return answer, "udp"
        return await ask_by_tcp(errand, trace), "tcp"

    def _observation(
        self, answer: Answer, server: Endpoint, transport: str, trace: Trace
    ) -> Observation:
        latency_ms = trace.finish()
        answers = sorted(record.data for record in answer.records)
        nothing = Absent(f"there is no {self._spec.record} record")
        fields: dict[str, Any] = {
            "rcode": answer.rcode,
            "answers": answers,
            "count": len(answers),
            "ttl": min((record.ttl for record in answer.records), default=nothing),
            "aliases": list(answer.aliases),
            "authoritative": answer.authoritative,
            "dnssec": answer.authentic,
            "server": server.words,
            "transport": transport,
            "latency_ms": latency_ms,
            "addresses_failed": len(trace.failed_addresses),
            "phases": trace.phases,
        }
        if self._spec.record == "SOA":
            fields["serial"] = int(answers[0].split()[2]) if answers else nothing
        metrics: dict[str, Scalar] = {
            name: fields[name] for name in METRICS if isinstance(fields.get(name), int)
        }
        fault = self._fault(answer, server)
        return Observation(
            fields=fields,
            latency_ms=latency_ms,
            phases=trace.phases,
            metrics=metrics,
            fault=Fault.QUERY if fault else None,
            message=fault or _good_words(answer, answers, server, latency_ms),
        )

    def _fault(self, answer: Answer, server: Endpoint) -> str:
        """Why this answer is none of those hoped for, unless conditions judge that."""
        asked = f"{self._question.name} {self._question.record}"
        if answer.rcode != "NOERROR" and "rcode" not in self._judged:
            why = _REFUSALS.get(answer.rcode, "")
            told = "; ".join(one_line(part, 120) for part in (why, answer.explanation) if part)
            words = f"{server.words} answers {asked} with {answer.rcode}"
            return f"{words}: {told}" if told else words
        if not answer.records and not self._judged:
            alias = f", an alias of {answer.aliases[-1]}" if answer.aliases else ""
            return f"{server.words} knows no {asked} record{alias}"
        return ""

    async def close(self) -> None:
        """Nothing is kept between runs."""


def _first(trace: Trace, error: ProbeError) -> ProbeError:
    """What to tell when nobody answered: of all who did not, each in its order."""
    failed, trace.failed_addresses = trace.failed_addresses, ()
    if not failed or error.unknown:
        return error
    return ProbeError(error.fault, "; ".join((*failed, error.message)))


def _good_words(answer: Answer, answers: list[str], server: Endpoint, latency_ms: float) -> str:
    more = len(answers) - _ANSWERS_SHOWN
    shown = ", ".join(one_line(text, 60) for text in answers[:_ANSWERS_SHOWN]) or answer.rcode
    and_more = f" and {more} more" if more > 0 else ""
    return f"{shown}{and_more} from {server.words} in {latency_ms:.0f} ms"


KIND: Final = Kind(name="dns", spec=DnsSpec, fields=FIELDS, make=DnsProbe)
