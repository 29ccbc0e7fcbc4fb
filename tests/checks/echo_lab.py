"""A network of its own in which checks are run: a process in a network namespace.

Run as a module it makes the network (`lo` up, a link where nobody lives, a refused route), then
reads requests, JSON one a line, and answers each with the result of a check. A request may
bring a script for `Responder`, which then answers echoes in the kernel's place: late, twice,
never, forged, or with an ICMP error, all by real packets.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

import checks
from checks.icmp_echo import checksum
from tests.checks.hindrance import HINDERED_S, Hindrance

V4, V6 = "127.0.0.5", "fd00::5"
"""Targets that answer."""
STRANGER_4, STRANGER_6 = "127.0.0.77", "fd00::77"
"""Who sends what was not asked for, and errors."""
NOBODY = "192.0.2.9"
"""An address on a link on which nobody has it."""
REFUSED = "203.0.113.9"
"""A target that this host's own routing refuses."""

_SETUP = """
ip link set lo up
ip -6 addr add fd00::5/128 dev lo
ip -6 addr add fd00::77/128 dev lo
ip link add v0 type veth peer name v1
ip addr add 192.0.2.1/24 dev v0
ip link set v0 up
ip link set v1 up
ip route add unreachable 203.0.113.0/24
"""
_SETTINGS = {
    "ipv4/neigh/v0/retrans_time_ms": "20",
    "ipv4/neigh/v0/mcast_solicit": "1",
}
_HEADER = struct.Struct("!BBHHH")
_TRIALS = 6


class Lab:
    """The lab's process, as a test holds it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, kind: str, **request: Any) -> dict[str, Any]:
        """Run a check; its result, with `threads`, how many were started by it.

        A run that the machine hindered is made again, but for one that is to be stalled.
        """
        for _ in range(_TRIALS - 1):
            found = self._run_once(kind, request)
            if "stall_s" in request or found["hindered_s"] < HINDERED_S:
                return found
        return self._run_once(kind, request)

    def _run_once(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"kind": kind, **request}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "the lab has ended"
        found: dict[str, Any] = json.loads(line)
        assert "broken" not in found, found["broken"]
        return found


@contextmanager
def start_lab(*, raw: bool = True) -> Iterator[Lab]:
    """A lab; without `raw` it may not open raw sockets. Skips where none can be had."""
    command = ["unshare", "--net"]
    if os.geteuid() != 0:
        command += ["--user", "--map-root-user"]
    command.append("--")
    if not raw:
        command += ["setpriv", "--inh-caps=-net_raw", "--bounding-set=-net_raw"]
    try:
        process = subprocess.Popen(
            [*command, sys.executable, "-m", "tests.checks.echo_lab"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
    except FileNotFoundError:
        _cannot_be_had("unshare (util-linux) is not installed")
    with process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            if process.stdout.readline() != "ready\n":
                process.kill()
                _cannot_be_had(f"no network namespace: {process.stderr.read()[-600:]}")
            yield Lab(process)
        finally:
            process.kill()


def _cannot_be_had(why: str) -> None:
    if os.environ.get("TOCSIN_REQUIRE_PEERS") == "1":
        pytest.fail(f"{why}, and TOCSIN_REQUIRE_PEERS=1 asks for it")
    pytest.skip(why)


class Responder:
    """Answers echoes by a script, in a thread, for the time of one check.

    Attributes:
        script: `drop`: positions that get no answer; `delay_ms`: one for each position;
            `twice_after_ms`: answer everything again so much later; `forge`: send what must
            not count before each answer; `error`: an ICMP type and code, sent in the place of
            the first `errors` answers.
    """

    def __init__(self, script: dict[str, Any], family: int) -> None:
        self.script = script
        self._v6 = family == socket.AF_INET6
        self._protocol = socket.IPPROTO_ICMPV6 if self._v6 else socket.IPPROTO_ICMP
        self._family = family
        self._home, self._stranger = (V6, STRANGER_6) if self._v6 else (V4, STRANGER_4)
        self._heard = self._open()
        self._speaks = self._open(self._home)
        self._forges = self._open(self._stranger)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)

    def _open(self, address: str | None = None) -> socket.socket:
        found = socket.socket(self._family, socket.SOCK_RAW, self._protocol)
        if address is not None:
            found.bind((address, 0))
        return found

    def __enter__(self) -> None:
        _ignore_echoes("1")
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        self._thread.join()
        for one in (self._heard, self._speaks, self._forges, self._stopped):
            one.close()
        _ignore_echoes("0")

    def _serve(self) -> None:
        position = 0
        while True:
            ready, _, _ = select.select([self._heard, self._stopped], [], [])
            if self._stopped in ready:
                return
            data, sender = self._heard.recvfrom(65_536)
            ip_header = b"" if self._v6 else data[: (data[0] & 15) * 4]
            echo = data[len(ip_header) :]
            asked = self._v6 or ip_header[16:20] == socket.inet_aton(self._home)
            if echo[0] == (128 if self._v6 else 8) and asked:
                self._answer(position, echo, ip_header, sender)
                position += 1

    def _answer(self, position: int, echo: bytes, ip_header: bytes, to: Any) -> None:
        script = self.script
        _, _, _, ident, sequence = _HEADER.unpack_from(echo)
        body = echo[8:]
        if position < script.get("errors", 0):
            sort, code = script["error"]
            self._send(self._forges, to, sort, code, 0, 0, (ip_header or self._v6_header()) + echo)
            return
        if script.get("forge"):
            self._forge(ident, sequence, body, to)
        if position in script.get("drop", []):
            return
        if "delay_ms" in script:
            time.sleep(script["delay_ms"][position] / 1000.0)
        self._reply(self._speaks, to, ident, sequence, body)
        if "twice_after_ms" in script:
            time.sleep(script["twice_after_ms"] / 1000.0)
            self._reply(self._speaks, to, ident, sequence, body)

    def _forge(self, ident: int, sequence: int, body: bytes, to: Any) -> None:
        """Answers from elsewhere, of others, of another run, too short, to what was not sent."""
        self._reply(self._forges, to, ident, sequence, body)
        self._reply(self._speaks, to, ident ^ 1, sequence, body)
        self._reply(self._speaks, to, ident, sequence, bytes(8) + body[8:])
        self._reply(self._speaks, to, ident, sequence, body[:4])
        self._reply(self._speaks, to, ident, (sequence + 1000) % 65_536, body)

    def _reply(self, by: socket.socket, to: Any, ident: int, sequence: int, body: bytes) -> None:
        self._send(by, to, 129 if self._v6 else 0, 0, ident, sequence, body)

    def _send(
        self, by: socket.socket, to: Any, sort: int, code: int, ident: int, seq: int, body: bytes
    ) -> None:
        plain = _HEADER.pack(sort, code, 0, ident, seq) + body
        total = 0 if self._v6 else checksum(plain)
        by.sendto(_HEADER.pack(sort, code, total, ident, seq) + body, to)

    def _v6_header(self) -> bytes:
        """The header of the packet that an error is about: from us to us, as on this `lo`."""
        ours = socket.inet_pton(socket.AF_INET6, self._home)
        return struct.pack("!IHBB", 6 << 28, 64, socket.IPPROTO_ICMPV6, 64) + ours + ours


def _ignore_echoes(flag: str) -> None:
    for place in ("ipv4/icmp_echo_ignore_all", "ipv6/icmp/echo_ignore_all"):
        _set(place, flag)


def _set(place: str, value: str) -> None:
    Path("/proc/sys/net", place).write_text(value)


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _run(request: dict[str, Any]) -> dict[str, Any]:
    kind = request["kind"]
    spec = checks.KINDS[kind].spec(name="probe", kind=kind, **request.get("keys", {}))
    check = checks.prepare(spec, request.get("timeout_ms", 2000))
    if "stall_s" in request:  # the loop does nothing else for so long, soon after the start
        asyncio.get_running_loop().call_later(0.02, time.sleep, request["stall_s"])
    before = threading.active_count()
    peak = before
    async with Hindrance() as hindrance:
        task = asyncio.ensure_future(checks.run(check, 0))
        while not task.done():
            await asyncio.wait((task,), timeout=0.01)
            peak = max(peak, threading.active_count())
    found = task.result()
    return {
        "status": found.status.word,
        "fault": found.fault,
        "message": found.message,
        "latency_ms": found.latency_ms,
        "phases": dict(found.phases),
        "metrics": dict(found.metrics),
        "threads": peak - before,
        "hindered_s": hindrance.longest_s,
    }


def _serve(request: dict[str, Any]) -> dict[str, Any]:
    _set("ipv4/ping_group_range", request.get("ping_groups", "0 0"))
    factory = uvloop.new_event_loop if request.get("loop") == "uvloop" else asyncio.new_event_loop
    script = request.get("script")
    responder = contextlib.nullcontext()
    if script is not None:
        responder = Responder(script, _family(request["keys"]["host"]))
    with responder, asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_run(request))


def main() -> None:
    """Make the network and serve until the input ends."""
    for line in _SETUP.strip().splitlines():
        subprocess.run(line.split(), check=True)
    for place, value in _SETTINGS.items():
        _set(place, value)
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            found = _serve(json.loads(line))
        except Exception as error:  # noqa: BLE001  # carried over to the test, whatever it is
            found = {"broken": f"{type(error).__name__}: {error}"}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
