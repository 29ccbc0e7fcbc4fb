"""A dnsmasq that serves the zone `lab.example` and nothing else."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.process import Server, directory, free_port, program, running

ZONE = """
no-resolv
no-hosts
bind-interfaces
listen-address=127.0.0.1
auth-ttl=600
local-ttl=60
local=/lab.example/
host-record=www.lab.example,192.0.2.80,2001:db8::80
edns-packet-max=512
cname=shop.lab.example,www.lab.example
mx-host=lab.example,mail.lab.example,10
srv-host=_imap._tcp.lab.example,mail.lab.example,143,1,5
txt-record=lab.example,"v=spf1 -all"
txt-record=long.lab.example,{long}
caa-record=lab.example,0,issue,ca.example
ptr-record=80.2.0.192.in-addr.arpa,www.lab.example
"""
_PROBE = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\x03www\x03lab\x07example\0\0\x01\0\x01"


def _answers(server: Server) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect((server.host, server.port))
        try:
            asking.send(_PROBE)
            return bool(asking.recv(512))
        except OSError:
            return False


@contextmanager
def start_dnsmasq() -> Iterator[Server]:
    """A running server; `long.lab.example` has a TXT record that fits no datagram."""
    dnsmasq = program("dnsmasq")
    ourselves = pwd.getpwuid(os.geteuid()).pw_name
    with directory(None) as home:
        config = home / "dnsmasq.conf"
        config.write_text(ZONE.format(long=",".join(f'"{n:02d}{"x" * 200}"' for n in range(4))))
        port = free_port()
        command = [
            *(dnsmasq, "--keep-in-foreground", f"--conf-file={config}", f"--port={port}"),
            *("--log-facility=-", "--pid-file=", f"--user={ourselves}"),
        ]
        with running(Server(home, port, command, None, "", "", _answers)) as server:
            yield server
