"""A connection to a server that can fall silent, break, and come back."""

import socket
import threading
from contextlib import suppress

from tests.patience import PATIENCE


class Wire:
    """A TCP relay to the database that can fall silent, break, and refuse to connect."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._entry = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._entry.getsockname()[1]
        self.silent = False
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                inner, _ = self._entry.accept()
                outer = socket.create_connection(self._server)
                self._ends += [inner, outer]
                for source, target in ((inner, outer), (outer, inner)):
                    self._threads.append(
                        threading.Thread(target=self._relay, args=(source, target))
                    )
                    self._threads[-1].start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.silent:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Every connection breaks; new ones are served."""
        for end in list(self._ends):
            with suppress(OSError):  # broken before
                end.shutdown(socket.SHUT_RDWR)
        self.silent = False

    def close(self) -> None:
        """Every connection breaks, and new ones are refused."""
        with suppress(OSError):  # closed before
            self._entry.shutdown(socket.SHUT_RDWR)
        self._entry.close()
        self._threads[0].join(PATIENCE)  # accepts no more
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE)
        for end in self._ends:
            end.close()
