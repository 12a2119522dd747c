"""A proxy between the browser and the server that fails when told."""

import select
import socket
import socketserver
import threading
import time
from contextlib import suppress

from tests.patience import PATIENCE

STREAM = b"GET /api/v1/user/nft-events"
ITERATION_SECONDS = 0.05


class FaultyProxy:
    """Passes on TCP connections from `port` to `target`, another port on this machine.

    `refuses_streams` closes and `swallows_streams` never answers a connection that asks for an
    event stream; `replacements` are texts of equal length, each replaced once on its way.
    """

    def __init__(self) -> None:
        self.target = 0
        self.refuses_streams = False
        self.swallows_streams = False
        self.replacements: dict[bytes, bytes] = {}
        self._is_cut = False
        self._is_unplugged = False
        self._is_closed = False
        self._streams: set[socket.socket] = set()  # browsers' ends that asked for one
        self._dropped: set[socket.socket] = set()
        self._frozen: set[socket.socket] = set()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    proxy._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])
        self._thread.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Every connection breaks, and no new one comes through until `restore()`."""
        self._is_cut = True

    def restore(self) -> None:
        self._is_cut = False

    def unplug(self) -> None:
        """As a pulled cable: nothing breaks, nothing passes, also on new connections."""
        self._is_unplugged = True

    def plug_in(self) -> None:
        """What waits on the connections that are still open passes on, as TCP sends it again."""
        self._is_unplugged = False

    def mend(self) -> None:
        """No fault any more."""
        self.restore()
        self.plug_in()
        self.refuses_streams = self.swallows_streams = False
        self.replacements.clear()

    def drop_streams(self) -> None:
        """The streams that are open now break; new ones come through."""
        self._dropped |= self._streams

    def freeze_streams(self) -> None:
        """The streams that are open now stay so, and nothing comes through them again."""
        self._frozen |= self._streams

    def close(self) -> None:
        self._is_closed = True
        self._server.shutdown()
        self._server.server_close()  # waits for the connections' threads
        self._thread.join()

    def _serve(self, client: socket.socket) -> None:
        if self._is_cut:
            return
        with socket.create_connection(("127.0.0.1", self.target), timeout=PATIENCE) as server:
            while not (self._is_cut or self._is_closed or client in self._dropped):
                readable, _, _ = select.select([client, server], [], [], ITERATION_SECONDS)
                if client in self._frozen or self._is_unplugged:
                    time.sleep(ITERATION_SECONDS)
                elif not all(self._pass_on(end, client, server) for end in readable):
                    return

    def _pass_on(self, source: socket.socket, client: socket.socket, server: socket.socket) -> bool:
        """False when the connection is over."""
        data = source.recv(65536)
        if source is client and data.startswith(STREAM):
            self._streams.add(client)
            if self.swallows_streams:
                return True
            if self.refuses_streams:
                return False
        for old, new in list(self.replacements.items()):
            if old in data:
                data = data.replace(old, new)
                del self.replacements[old]
        (server if source is client else client).sendall(data)
        return bool(data)
