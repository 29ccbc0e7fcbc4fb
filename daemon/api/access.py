"""Who is on the other end of the socket, and what they may do.

The kernel says who connected (`SO_PEERCRED`: user and group of the process at the time of
`connect`, `SO_PEERGROUPS`: its further groups), so no header can claim to be somebody else.
The names of users and groups may have to be asked of a directory service; that happens off
the loop and is remembered for a minute.
"""

from __future__ import annotations

import asyncio
import enum
import errno
import grp
import os
import pwd
import socket
import struct
import time
from collections.abc import Callable, Collection
from typing import Any, Final

from daemon.core.model import Actor
from daemon.core.record import record

_REMEMBER_S: Final = 60.0
_MAX_REMEMBERED: Final = 1024
_SO_PEERGROUPS: Final = 59  # asm-generic/socket.h; Python has no name for it
_UCRED: Final = struct.Struct("3i")
_XUCRED: Final = struct.Struct("=IIhxx16I")  # sys/ucred.h of macOS
_LOCAL_PEERCRED: Final = 1


class Role(enum.IntEnum):
    """What a peer may do; each includes those below it."""

    NONE = 0
    VIEWER = 1
    """Read everything."""
    OPERATOR = 2
    """Act on incidents, silences and checks."""
    ADMIN = 3
    """Reload the configuration, back up and prune the database."""

    @property
    def word(self) -> str:
        """The word in configuration and API."""
        return self.name.lower()


@record(frozen=True, slots=True)
class Credentials:
    """What the kernel says of a connected process."""

    uid: int
    gids: frozenset[int]


@record(frozen=True, slots=True)
class Peer:
    """A connected process's user, by name; `groups` are names too."""

    credentials: Credentials
    user: str
    groups: frozenset[str]

    @property
    def actor(self) -> Actor:
        """Who is recorded for what this peer does."""
        return Actor(self.user, f"unix uid {self.credentials.uid}")


@record(frozen=True, slots=True)
class Access:
    """`[access]`: names of users, and of groups as `@group`, for each role.

    Without any, members of the socket's group are operators. The daemon's own user and root
    are always admins.
    """

    admins: Collection[str] = ()
    operators: Collection[str] = ()
    viewers: Collection[str] = ()

    @property
    def is_default(self) -> bool:
        """Whether nothing was configured."""
        return not (self.admins or self.operators or self.viewers)


def role_of(peer: Peer, access: Access, own_uid: int, socket_gid: int) -> Role:
    """What this peer may do."""
    if peer.credentials.uid in {0, own_uid}:
        return Role.ADMIN
    if access.is_default:
        return Role.OPERATOR if socket_gid in peer.credentials.gids else Role.NONE
    names = {peer.user, *(f"@{group}" for group in peer.groups)}
    for role, members in (
        (Role.ADMIN, access.admins),
        (Role.OPERATOR, access.operators),
        (Role.VIEWER, access.viewers),
    ):
        if not names.isdisjoint(members):
            return role
    return Role.NONE


def peer_pid(connected: Any) -> int | None:
    """The process on the other end; for a connecting socket, the one that listens."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid: int = _UCRED.unpack(raw)[0]
    return pid or None


def peer_credentials(connected: Any) -> Credentials:
    """User and groups of the process that connected.

    Raises:
        OSError: The kernel will not say; nobody is to be trusted then.
    """
    if hasattr(socket, "SO_PEERCRED"):
        raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        _pid, uid, gid = _UCRED.unpack(raw)
        return Credentials(uid, frozenset({gid, *_peer_groups(connected)}))
    return parse_xucred(connected.getsockopt(0, _LOCAL_PEERCRED, _XUCRED.size))


def parse_xucred(raw: bytes) -> Credentials:
    """What macOS answers to `LOCAL_PEERCRED`: version, uid, count of groups, 16 groups."""
    _version, uid, count, *gids = _XUCRED.unpack(raw)
    return Credentials(uid, frozenset(gids[: max(0, min(count, 16))]))


def _peer_groups(connected: Any) -> tuple[int, ...]:
    """Supplementary groups of the peer; none where the kernel (before 4.13) cannot tell."""
    for room in (64, 65_536):
        try:
            raw = connected.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, room * 4)
        except OSError as error:
            if error.errno == errno.ERANGE:
                continue
            return ()
        return struct.unpack(f"{len(raw) // 4}I", raw)
    return ()


class Directory:
    """Names of users and groups, looked up off the loop and remembered for a while."""

    def __init__(self, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._steady_s = steady_s
        self._known: dict[Credentials, tuple[float, Peer]] = {}

    async def identify(self, credentials: Credentials) -> Peer:
        """The peer by name; a user or group without a name keeps its number."""
        now = self._steady_s()
        known = self._known.get(credentials)
        if known is not None and now - known[0] < _REMEMBER_S:
            return known[1]
        peer = await asyncio.to_thread(_look_up, credentials)
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[credentials] = (now, peer)
        return peer


def _look_up(credentials: Credentials) -> Peer:
    groups = frozenset(_group_name(gid) for gid in credentials.gids)
    return Peer(credentials, user_name(credentials.uid), groups)


def user_name(uid: int) -> str:
    """The user's name, or `uid N` where the system knows none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def own_uid() -> int:
    """The daemon's own user."""
    return os.geteuid()
