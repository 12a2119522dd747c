"""A node's address in front of the localnet that refuses, hangs or talks nonsense when told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.patience import PATIENCE

KEY = "rpc-key-that-nobody-may-read"


class FlakyRpc:
    """`url` carries an API key, as those of providers do. `answering(fault)` breaks it."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.fault = ""
        self.failed = 0  # answers that were no good
        self._mended = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self._http = httpx.Client(timeout=PATIENCE, trust_env=False)  # one: each loads certificates
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/?api-key={KEY}"

    @contextmanager
    def answering(self, fault: str) -> Iterator[None]:
        """`refuses` connections, `hangs`, answers `html`, `nonsense` or HTTP `502`."""
        self.fault = fault
        self._mended.clear()
        if fault == "refuses":
            self.close()
        try:
            yield
        finally:
            self.fault = ""
            self._mended.set()
            if fault == "refuses":
                self._listen()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def stop(self) -> None:
        self.close()
        self._http.close()

    def reply(self, body: bytes) -> tuple[int, bytes] | None:
        """None: not while the fault lasts, and then the connection ends."""
        if self.fault:
            self.failed += 1
        match self.fault:
            case "hangs" | "refuses":
                self._mended.wait(PATIENCE)
                return None
            case "html":
                return 200, b"<html><body>Welcome to the captive portal</body></html>"
            case "502":
                return 502, b"bad gateway"
            case "nonsense":
                number = json.loads(body)["id"]
                answer = {"jsonrpc": "2.0", "id": number, "result": {"context": [], "value": "?"}}
                return 200, json.dumps(answer).encode()
        passed_on = self._http.post(
            self.target, content=body, headers={"content-type": "application/json"}
        )
        return passed_on.status_code, passed_on.content

    def _listen(self) -> None:
        rpc = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                found = rpc.reply(self.rfile.read(int(self.headers["content-length"])))
                if found is None:
                    return
                self.send_response(found[0])
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(found[1])))
                self.end_headers()
                with suppress(ConnectionError):  # the caller waited no longer
                    self.wfile.write(found[1])

            def log_message(self, format: str, *args: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
