"""`kill -9` around a page: after it is decided and before it is sent, and after it is sent and
before its receipt is there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.system.ground import CHECK, TELL, TOP, Ground, all_up, open_ground
from tests.system.running import PATIENCE_S, Tocsin


class Slow:
    """A receiver of pages that takes them and says nothing before it is let.

    Attributes:
        keys: The idempotency keys of what came, in order.
    """

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.answers = threading.Event()
        self.came = threading.Event()
        slow = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                slow.keys.append(self.headers["webhook-id"])
                slow.came.set()
                slow.answers.wait(PATIENCE_S)
                try:
                    self.send_response(204)
                    self.end_headers()
                except OSError:
                    return  # whoever asked was killed

            def log_message(self, *_: object) -> None:
                """The test says what is worth saying."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def receiving() -> Iterator[Slow]:
    """Such a receiver, served until the block ends."""
    slow = Slow()
    thread = threading.Thread(target=slow.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield slow
    finally:
        slow.answers.set()
        slow.server.shutdown()
        thread.join()
        slow.server.server_close()


def configuration(ground: Ground, hook: str) -> str:
    return TOP + CHECK.format(name="web", url=ground.url) + TELL.format(url=hook)


async def test_killed_after_it_sent_and_before_the_receipt_it_sends_twice_under_one_key(
    tmp_path: Path,
) -> None:
    with open_ground() as ground, receiving() as slow:
        async with Tocsin(tmp_path, configuration(ground, slow.url)) as tocsin:
            await tocsin.until(all_up)
            ground.broken.add("web")
            assert await asyncio.to_thread(slow.came.wait, PATIENCE_S)
            tocsin.kill()
            slow.answers.set()
            await tocsin.start()
            await tocsin.until(lambda _: len(slow.keys) > 1)
            ground.broken.clear()
            await tocsin.until(lambda _: len(set(slow.keys)) > 1)
    page, again, over = slow.keys
    assert page == again
    assert over != page


async def test_killed_after_it_decided_and_before_it_sent_it_sends_once(tmp_path: Path) -> None:
    with open_ground() as ground:
        ground.deaf = True
        async with Tocsin(tmp_path, configuration(ground, ground.url)) as tocsin:
            await tocsin.until(all_up)
            ground.broken.add("web")
            await tocsin.incident("web")
            tocsin.kill()
            ground.deaf = False
            await tocsin.start()
            await asyncio.to_thread(ground.wait_page, "web")
            ground.broken.clear()
            await asyncio.to_thread(ground.wait_page, "web", "incident.resolved")
    kinds = [page.kind for page in ground.pages]
    assert kinds == ["incident.firing", "incident.resolved"]
