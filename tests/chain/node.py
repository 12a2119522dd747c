"""An HTTP server that answers as a broken or balanced Solana node might: one by one what the
test queued. The faults are fake; the HTTP is real."""

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API_KEY = "very-secret-api-key"


class FaultyNode:
    def __init__(self) -> None:
        self.answers: deque[tuple[int, bytes, float]] = deque()
        self.requests: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/?api-key={API_KEY}"

    def result(self, value: Any, *, slot: int | None = None) -> None:
        """With `slot`, the value comes with the slot at which it holds."""
        wrapped = value if slot is None else {"context": {"slot": slot}, "value": value}
        self.body({"result": wrapped})

    def error(self, code: int, data: Any = None) -> None:
        error = {"code": code, "message": "as the node says"}
        self.body({"error": error if data is None else {**error, "data": data}})

    def body(self, members: dict[str, Any]) -> None:
        self.raw(200, json.dumps({"jsonrpc": "2.0", "id": "1", **members}).encode())

    def raw(self, status: int, body: bytes = b"", *, seconds_a_byte: float = 0) -> None:
        self.answers.append((status, body, seconds_a_byte))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(node: FaultyNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            node.requests.append(json.loads(content))
            status, body, pause = node.answers.popleft()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self._write(body, pause)

        def _write(self, body: bytes, pause: float) -> None:
            for at in range(len(body)) if pause else ():
                time.sleep(pause)
                try:
                    self.wfile.write(body[at : at + 1])
                except OSError:
                    return
            if not pause:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
