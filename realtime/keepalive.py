"""Noticing a client that vanished without a word: its machine sleeps, its network is gone.

Heartbeats make the server write; without these options the kernel repeats what is never
acknowledged for a quarter of an hour before it gives the socket up.
"""

import contextlib
import socket

from realtime.connection import Send, transport_of


def notice_vanished(send: Send, *, seconds: float) -> None:
    """Let the kernel end the connection when nothing is acknowledged for `seconds`."""
    transport = transport_of(send)
    connection = transport.get_extra_info("socket") if transport else None
    if connection is None:
        return
    with contextlib.suppress(OSError):  # no TCP: a Unix socket behind a proxy
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, int(seconds / 6)))
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            idle = max(1, int(seconds / 2))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
