"""An SMTP server that takes its time, and says how many letters were under way at once."""

import socketserver
import threading
from email import message_from_bytes

from tests.patience import PATIENCE

ANSWERS = {
    "BANNER": b"220 ready\r\n",
    "EHLO": b"250-slow\r\n250 STARTTLS\r\n",
    "STARTTLS": b"220 go on\r\n",
    "DATA": b"354 go on\r\n",
    "QUIT": b"221 bye\r\n",
}
LONGEST = 20.0  # so that a test of a client without limits fails, and does not hang


class SlowOffice:
    """`pauses` are seconds before an answer, by command (BANNER and LETTER among them).

    With `drips` no answer ends: a byte comes each `pause`. With `tls` nothing is said at all.
    """

    def __init__(
        self, pause: float = 0.0, *, drips: bool = False, tls: bool = False, **pauses: float
    ) -> None:
        self.pause, self.pauses, self.drips, self.tls = pause, pauses, drips, tls
        self.heard: list[str] = []
        self.letters: list[str] = []  # their Message-IDs
        self.at_once = self.most_at_once = 0
        self._closed = threading.Event()
        self._lock = threading.Lock()
        office = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                office.count(1)
                try:
                    office.talk(self)
                except OSError:
                    pass  # the other side has left
                finally:
                    office.count(-1)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])
        self._thread.start()

    def count(self, change: int) -> None:
        with self._lock:
            self.at_once += change
            self.most_at_once = max(self.most_at_once, self.at_once)

    def talk(self, line: socketserver.StreamRequestHandler) -> None:
        self.answer(line, "HANDSHAKE" if self.tls else "BANNER")
        for said in line.rfile:
            word = said.decode().split()[0].upper()
            self.heard.append(word)
            self.answer(line, word)
            if word == "DATA":
                self.take_letter(line)
            if word == "STARTTLS":
                self.answer(line, "HANDSHAKE")

    def take_letter(self, line: socketserver.StreamRequestHandler) -> None:
        lines: list[bytes] = []
        for said in line.rfile:
            if said == b".\r\n":
                self.letters.append(message_from_bytes(b"".join(lines))["Message-ID"])
                self.answer(line, "LETTER")
                return
            lines.append(said)

    def answer(self, line: socketserver.StreamRequestHandler, word: str) -> None:
        if self.drips:
            for _ in range(int(LONGEST / self.pause)):
                self.wait(self.pause)
                line.wfile.write(b"2")
        self.wait(LONGEST if word == "HANDSHAKE" else self.pauses.get(word, self.pause))
        line.wfile.write(ANSWERS.get(word, b"250 fine\r\n"))

    def wait(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise ConnectionAbortedError

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()
