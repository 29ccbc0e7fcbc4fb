"""What a shop has besides its databases: web servers that change, a job that pings."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.peers.process import free_port

PAGE = b'{"ok": true, "version": 7}'
HEARTBEAT_TOKEN = "beat-token-41d0"


class WebServer:
    """An HTTP server on a fixed port whose answer can be changed, stopped, started."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = free_port()
        self.tls = tls
        self.status = 200
        self.body = PAGE
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen and serve."""
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(web.status)
                self.send_header("Content-Length", str(len(web.body)))
                self.end_headers()
                self.wfile.write(web.body)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = _Quiet(("127.0.0.1", self.port), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Serve no more; the port refuses connections."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    """A client that leaves in the handshake is what some of the tests are about. Several that
    come at once are not turned away: with the five that are usual, the kernel would let one wait
    for a second, and its check for ever."""

    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


class Job:
    """A job that pings its heartbeat through the daemon's socket, as a cron job would."""

    def __init__(self, daemon_socket: Path) -> None:
        self._socket = daemon_socket
        self._dead = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to ping."""
        self._thread.start()

    def die(self) -> None:
        """Stop pinging."""
        self._dead.set()

    def revive(self) -> None:
        """Ping again."""
        self._dead.clear()

    def end(self) -> None:
        """No more, ever."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.3):
            if not self._dead.is_set():
                self._ping()

    def _ping(self) -> None:
        connection = http.client.HTTPConnection("localhost", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self._socket))
            connection.request("GET", f"/ping/{HEARTBEAT_TOKEN}")
            connection.getresponse().read()
        except OSError:
            return  # the daemon is not there yet, or not any more
        finally:
            connection.close()
