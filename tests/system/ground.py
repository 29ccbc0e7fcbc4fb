"""What a daemon watches and whom it tells while things go wrong under it.

One HTTP server plays both: `/NAME` is a target that answers well until it is broken, and
`/hook` takes pages and writes them down. It runs in threads, so it answers while the test
waits, and the daemon's own troubles cannot be its fault.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from daemon.api.schema import State
from tests.system.running import PATIENCE_S

TOP = """
[defaults]
every = "1s"
timeout = "1s"
retry_every = "100ms"
every_down = "300ms"
down_after = 2
flap_start = 99.0           # targets break and mend faster than any honest outage
"""

CHECK = """
[[check]]
name = "{name}"
kind = "http"
url = "{url}/{name}"
"""

TELL = """
[channel.hook]
kind = "webhook"
url = "{url}/hook"

[policy.first]
[[policy.first.level]]
after = "0s"
notify = ["channel:hook"]

[[route]]
channels = []
policy = "first"
group_by = ["service"]
group_wait = "0s"
"""


@dataclass(frozen=True)
class Page:
    """A page that was taken.

    Attributes:
        at: When, in seconds of the monotonic clock.
        key: Its idempotency key.
        kind: `incident.firing`, ...
        time: When it was decided, as the API writes times.
    """

    at: float
    key: str
    kind: str
    time: str
    incident: str
    service: str
    title: str


class Ground:
    """Targets and the receiver of pages.

    Attributes:
        broken: The targets that answer 503.
        slow_s: How long targets take to answer.
        deaf: Pages are refused with 503.
    """

    def __init__(self) -> None:
        ground = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(ground.slow_s)
                ground.asked += 1
                self.answer(503 if self.path[1:] in ground.broken else 200)

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if not ground.deaf:
                    ground.take(self.headers["webhook-id"], raw)
                self.answer(503 if ground.deaf else 204)

            def answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The test says what is worth saying."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.broken: set[str] = set()
        self.slow_s = 0.0
        self.deaf = False
        self.asked = 0
        self.pages: list[Page] = []

    def configuration(self, names: Iterable[str], more: str = "") -> str:
        """A check and service for each name, and the channel `hook` that is told at once."""
        checks = "".join(CHECK.format(name=name, url=self.url) for name in names)
        return TOP + checks + TELL.format(url=self.url) + more

    def take(self, key: str, raw: bytes) -> None:
        """Write down a page; called in the server's threads."""
        body = json.loads(raw)
        incident = body["incident"]
        told = (incident["id"], incident["service"] or "", incident["title"])
        self.pages.append(Page(time.monotonic(), key, body["type"], body["time"], *told))

    def paged(self, service: str, kind: str = "incident.firing") -> list[Page]:
        """The pages of this kind about a service."""
        return [page for page in self.pages if page.service == service and page.kind == kind]

    def wait(self, look: Callable[[], list[Page]], count: int = 1) -> list[Page]:
        """Wait until there are as many pages; what there is."""
        ends = time.monotonic() + PATIENCE_S
        while len(found := look()) < count:
            assert time.monotonic() < ends, f"only {found} of {count}; all pages: {self.pages}"
            time.sleep(0.02)
        return found

    def wait_page(self, service: str, kind: str = "incident.firing", count: int = 1) -> list[Page]:
        """Wait for pages of this kind about a service."""
        return self.wait(lambda: self.paged(service, kind), count)

    def assert_no_duplicates(self) -> None:
        """No idempotency key came twice."""
        keys = [page.key for page in self.pages]
        assert len(keys) == len(set(keys)), f"told twice: {self.pages}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A daemon that is killed leaves in the middle; nobody wants to read that."""


@contextmanager
def open_ground() -> Iterator[Ground]:
    """The ground, served until the block ends."""
    ground = Ground()
    thread = threading.Thread(target=ground._server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield ground
    finally:
        ground._server.shutdown()
        thread.join()
        ground._server.server_close()


def all_up(state: State) -> bool:
    """Whether every service but the daemon's own is well."""
    return {each.status for each in state.services if each.name != "tocsin"} == {"up"}
