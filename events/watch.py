"""`/metrics` and `/healthz` of a process that has no web server."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Protocol

from django.db import connections
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from events.status import GroupCollector

STUCK_SECONDS = 60.0


class Reader(Protocol):
    turned_at: float  # time.monotonic() of the end of its last turn


class WatchServer(ThreadingHTTPServer):
    """Serves what an orchestrator and Prometheus ask a consumer process."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], consumers: Mapping[str, Reader]):
        super().__init__(address, _Handler)
        self._consumers = consumers
        self._state = CollectorRegistry()
        self._state.register(GroupCollector(list(consumers)))

    def metrics(self) -> bytes:
        return generate_latest(REGISTRY) + generate_latest(self._state)

    def stuck(self) -> list[str]:
        """Groups whose loop hangs in a handler. Waiting, standing by or retrying is no fault."""
        now = time.monotonic()
        return sorted(
            name
            for name, consumer in self._consumers.items()
            if now - consumer.turned_at > STUCK_SECONDS
        )


class _Handler(BaseHTTPRequestHandler):
    server: WatchServer
    timeout = 10  # seconds for a request to arrive

    def do_GET(self) -> None:
        try:
            match self.path.split("?", 1)[0]:
                case "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, self.server.metrics())
                case "/healthz":
                    stuck = self.server.stuck()
                    body = {"status": "stuck" if stuck else "ok", "groups": stuck}
                    self._answer(
                        503 if stuck else 200, "application/json", json.dumps(body).encode()
                    )
                case _:
                    self._answer(404, "text/plain", b"Not found\n")
        finally:
            connections.close_all()

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A line per scrape would drown the log."""


@contextmanager
def watched(
    consumers: Mapping[str, Reader], *, host: str, port: int | None
) -> Iterator[WatchServer | None]:
    """Serve while the block runs; nothing without a port. Port 0 takes a free one."""
    if port is None:
        yield None
        return
    with WatchServer((host, port), consumers) as server:
        Thread(target=server.serve_forever, name="watch", daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
