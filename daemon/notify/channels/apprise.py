"""Services that the Apprise library knows: Teams, Discord, Telegram, ntfy, Matrix and many more.

Source: github.com/caronc/apprise, version 2.2 (`Apprise.notify`, `AppriseResult`).

The library blocks, so each URL is told in a thread of its own (`daemon.notify.apart`), with the
channel's `timeout` for its connection and its answer. It says whether a service took a message,
and else in words why not; a status in those words decides whether it is tried again. A service
that took a notice is not told again by a later attempt that is due to another.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from daemon.core.chronicle import NoticeType
from daemon.core.severity import Severity, parse_severity
from daemon.notify.apart import Threads
from daemon.notify.channel import Message
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.render import Renderer
from daemon.notify.scrub import Scrubber
from daemon.notify.spec.apprise import AppriseSpec, service

if TYPE_CHECKING:
    from apprise import Apprise

_REMEMBERED: Final = 1_000
"""Notices of which it is known who took them."""
_STATUS: Final = re.compile(r"error=([0-9]{3})")
_WORTH_RETRYING: Final = frozenset({408, 425, 429})


class AppriseChannel:
    """Tells each of its URLs."""

    def __init__(self, spec: AppriseSpec, renderer: Renderer) -> None:
        self.spec = spec
        self._renderer = renderer
        urls = [url.get_secret_value() for url in spec.urls]
        self._scrub = Scrubber(urls)
        self._services = [_service(url, spec.timeout / 1_000) for url in urls]
        self._threads = Threads(f"apprise {spec.name}")
        self._taken: OrderedDict[str, set[int]] = OrderedDict()

    async def send(self, message: Message) -> str:
        """Tell those that have not taken it yet, all at once."""
        taken = self._taken.setdefault(message.notice.key, set())
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        missing = [n for n in range(len(self._services)) if n not in taken]
        title, text = self._renderer.subject(message), self._renderer.text(message)
        ends = await asyncio.gather(
            *(self._tell(n, title, text, _kind(message), taken) for n in missing),
            return_exceptions=True,
        )
        failures: list[DeliveryError] = []
        for end in ends:
            if isinstance(end, DeliveryError):
                failures.append(end)
            elif isinstance(end, BaseException):
                raise end
        return self._verdict(taken, failures)

    async def close(self) -> None:
        """The library keeps no connection between two calls."""
        self._taken.clear()

    async def _tell(self, n: int, title: str, text: str, kind: str, taken: set[int]) -> None:
        """Tell one service; that it has taken it is known at once, for the whole may be given up
        because another hangs.

        Raises:
            DeliveryError: It did not take it.
        """
        name, apprise = self._services[n]
        result = await self._threads.call(
            lambda: apprise.notify(body=text, title=title, notify_type=kind, body_format="text")
        )
        if result:
            taken.add(n)
            return
        said = [
            str(log.message) for one in result.results for at in one.attempts for log in at.logs
        ]
        detail = self._scrub.line(f"{name}: {' '.join(said) or 'not taken, without a reason'}")
        raise Permanent(detail) if _is_final(detail) else Transient(detail)

    def _verdict(self, taken: set[int], failures: list[DeliveryError]) -> str:
        words = "; ".join(map(str, failures))
        if any(isinstance(one, Transient) for one in failures):
            raise Transient(words)
        if not taken:
            raise Permanent(words)
        names = ", ".join(self._services[n][0] for n in sorted(taken))
        return f"taken by {names}" + (f"; refused: {words}" if words else "")


def _service(url: str, timeout_s: float) -> tuple[str, Apprise]:
    """A service's name, and the library's object that tells it."""
    from apprise import Apprise
    from apprise.common import OverflowMode

    found = service(url)
    found.socket_connect_timeout = found.socket_read_timeout = timeout_s
    found.request_rate_per_sec = 0  # how often it is told is the channel's `rate` to say
    if "overflow=" not in url.lower():
        found.overflow_mode = OverflowMode.TRUNCATE  # else what is too long for it is refused
    apprise = Apprise()
    apprise.add(found)
    return str(found.service_name), apprise


def _kind(message: Message) -> str:
    """The library's word for how bad it is, by which services choose colours and pictures."""
    if message.notice.type is NoticeType.RESOLVED:
        return "success"
    severity = parse_severity(message.body["incident"]["severity"])
    if message.notice.type is NoticeType.ACKNOWLEDGED or severity <= Severity.LOW:
        return "info"
    return "warning" if severity is Severity.MEDIUM else "failure"


def _is_final(detail: str) -> bool:
    """Whether the same again would be refused the same: a status of 4xx says so."""
    found = _STATUS.search(detail)
    status = int(found[1]) if found else 0
    return 400 <= status < 500 and status not in _WORTH_RETRYING
