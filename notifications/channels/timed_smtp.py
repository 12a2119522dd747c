"""SMTP with a time for the whole letter: each step has a limit, and a dozen of them outlast a lease.

Else a server that is merely slow would get the same letter from a second worker meanwhile.
"""

import io
import smtplib
import socket
import time
from functools import partial
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

# Name, connection, TLS, sign-in, and all until the letter is with the server …
TALK_SECONDS = 30.0
# … then its answer: without time for that we would not know whether it went. Both together stay
# below the lease of a delivery and below the limit of a job.
ANSWER_SECONDS = 10.0


class TooSlow(smtplib.SMTPServerDisconnected):
    """The time for the letter is over. It may have arrived, as after any lost answer."""


class TimedBackend(EmailBackend):
    def __init__(self, *, began: float) -> None:
        """`began` is by `time.monotonic`."""
        super().__init__()
        self._began = began

    @property
    def connection_class(self) -> Any:
        return partial(_TimedSsl if self.use_ssl else _Timed, began=self._began)


class _Timed(smtplib.SMTP):
    """Before each wait the socket's limit is the step's, or what is left if that is less.

    A TLS handshake keeps the limit of the wait before it, so it may run on into the time for the
    answer; then nothing is sent any more.
    """

    def __init__(self, *args: Any, began: float, **options: Any) -> None:
        self._until = began + TALK_SECONDS
        self._is_letter_next = False
        super().__init__(*args, **options)

    def limit(self) -> float:
        """Seconds for the next wait. Raises TooSlow when none are left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TooSlow("The time for this letter is over.")
        return min(self.timeout, left)

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        """A name may have many addresses, and looking it up takes a time that nobody limits."""
        problem = OSError("The name has no address.")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            limit = self.limit()
            try:
                found: socket.socket = super()._get_socket(  # type: ignore[misc] # not in the stubs
                    str(address[0]), port, limit
                )
            except OSError as error:
                problem = error
            else:
                return found
        raise problem

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.limit())
        super().send(s)
        if self._is_letter_next:
            self._until += ANSWER_SECONDS

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Answer(self, self.sock))
        try:
            code, text = super().getreply()
        except smtplib.SMTPServerDisconnected:
            self.limit()  # was it that?
            raise
        self._is_letter_next = code == 354  # nobody says so but who waits for a letter
        return code, text


class _TimedSsl(_Timed, smtplib.SMTP_SSL):
    pass


class _Answer(io.RawIOBase):
    """What the server says. A byte now and then is no reason to wait on."""

    def __init__(self, connection: _Timed, sock: socket.socket) -> None:
        self._connection, self._sock = connection, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._connection.limit())
        return self._sock.recv_into(buffer)
