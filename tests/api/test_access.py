"""Who may do what: names, roles, and what the kernel says of a peer."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from pathlib import Path

import pytest

from daemon.api.access import (
    Access,
    Credentials,
    Directory,
    Peer,
    Role,
    parse_xucred,
    peer_credentials,
    peer_pid,
    role_of,
    user_name,
)
from tests.api.lab import Lab, open_directory, serving

DAEMON_UID, SOCKET_GID = 900, 900


def peer(uid: int = 1000, user: str = "ana", groups: tuple[str, ...] = (), *gids: int) -> Peer:
    return Peer(Credentials(uid, frozenset(gids)), user, frozenset(groups))


def role(who: Peer, access: Access) -> Role:
    return role_of(who, access, DAEMON_UID, SOCKET_GID)


NAMED = Access(admins=("root-ish",), operators=("ana", "@oncall"), viewers=("@staff",))


@pytest.mark.parametrize("access", [Access(), NAMED])
@pytest.mark.parametrize("uid", [0, DAEMON_UID])
def test_root_and_the_daemons_own_user_are_always_admins(access: Access, uid: int) -> None:
    assert role(peer(uid, "whoever"), access) is Role.ADMIN


def test_without_configuration_the_sockets_group_are_operators_and_others_nothing() -> None:
    assert role(peer(1000, "ana", (), SOCKET_GID), Access()) is Role.OPERATOR
    assert role(peer(1000, "ana", (), 1), Access()) is Role.NONE


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (peer(user="root-ish"), Role.ADMIN),
        (peer(user="ana"), Role.OPERATOR),
        (peer(user="ben", groups=("oncall",)), Role.OPERATOR),
        (peer(user="cem", groups=("staff",)), Role.VIEWER),
        (peer(user="ana", groups=("staff",)), Role.OPERATOR),
        (peer(user="dan"), Role.NONE),
        (peer(user="dan", groups=("ana",)), Role.NONE),
        (peer(1, "staff"), Role.NONE),
        (peer(1, "eve", (), SOCKET_GID), Role.NONE),
    ],
)
def test_configured_names_decide_and_the_best_role_counts(who: Peer, expected: Role) -> None:
    assert role(who, NAMED) is expected


def test_the_kernel_says_who_is_on_the_other_end() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        credentials = peer_credentials(one)
        assert credentials.uid == os.getuid()
        assert {os.getgid(), *os.getgroups()} == credentials.gids
        assert peer_pid(one) == os.getpid()


def test_macos_credentials_are_read_as_its_header_lays_them_out() -> None:
    raw = struct.pack("=IIhxx16I", 0, 501, 3, 20, 12, 61, *range(13))
    assert parse_xucred(raw) == Credentials(501, frozenset({20, 12, 61}))


def test_a_user_without_a_name_keeps_the_number() -> None:
    assert user_name(0) == "root"
    assert user_name(123_456_789) == "uid 123456789"


async def test_a_look_up_is_remembered_for_a_while() -> None:
    clock = [0.0]
    directory = Directory(lambda: clock[0])
    credentials = Credentials(0, frozenset({0}))
    first = await directory.identify(credentials)
    assert first.user == "root"
    assert first.groups == {"root"}
    assert await directory.identify(credentials) is first
    clock[0] = 61.0
    assert await directory.identify(credentials) is not first


AS_SOMEBODY = """
import http.client, os, socket, sys
path, uid, gid, groups, requests = sys.argv[1:6]
os.setgroups([int(group) for group in groups.split(",") if group])
os.setgid(int(gid)); os.setuid(int(uid))
for request in requests.split(";"):
    method, target = request.split(" ")
    connection = http.client.HTTPConnection("x")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    connection.request(method, target, headers={"X-Remote-User": "root", "X-Uid": "0"})
    answer = connection.getresponse()
    print(answer.status, answer.read().decode().replace(chr(10), " "))
"""


async def ask_as(
    path: Path, uid: int, gid: int, groups: tuple[int, ...], *requests: str
) -> list[tuple[int, str]]:
    """Make requests from a process of another user."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", AS_SOMEBODY, str(path), f"{uid}", f"{gid}",
        ",".join(map(str, groups)), ";".join(requests),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, err.decode()
    lines = [line.split(" ", 1) for line in out.decode().splitlines()]
    return [(int(status), text) for status, text in lines]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_another_user_gets_what_their_role_allows_and_nothing_more() -> None:
    lab = Lab()
    key = lab.outage().key
    requests = (
        "GET /api/v1/status", f"POST /api/v1/incidents/{key}/ack", "POST /api/v1/reload",
        "GET /-/healthy", "GET /ping/wrong",
    )  # fmt: skip
    with open_directory() as directory:
        async with serving(lab, directory) as path:
            path.chmod(0o666)  # let everybody in, so that the roles are what is tested

            async def codes(gid: int, *groups: int) -> list[int]:
                return [code for code, _ in await ask_as(path, 54_321, gid, groups, *requests)]

            assert await codes(54_321) == [403, 403, 403, 200, 404]
            assert await codes(54_321, path.stat().st_gid) == [200, 200, 403, 200, 404]
            assert lab.engine.incidents[key].acknowledged_by == "uid 54321"
            lab.access = Access(viewers=("uid 54321",))
            assert await codes(0) == [200, 403, 403, 200, 404]
            lab.access = Access(admins=("@12321",))
            assert (await codes(12_321))[2] == 200
            refused = await ask_as(path, 54_321, 54_321, (), "GET /api/v1/state")
            assert "[access] does not list you" in refused[0][1]


async def test_the_sockets_file_is_for_its_owner_and_group_only(tmp_path: Path) -> None:
    async with serving(Lab(), tmp_path) as path:
        assert path.stat().st_mode & 0o777 == 0o660
