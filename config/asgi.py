"""The ASGI entry point: Django, and beside it the streams."""

import asyncio
import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup(set_prefix=False)

from chain.errors import ChainError  # noqa: E402 - after Django is set up, as models load there
from config.one_thread import OneThreadHandler  # noqa: E402
from nft.chain_access import greet_chain  # noqa: E402
from realtime.asgi import lifespan, streams_or  # noqa: E402
from realtime.handshake import websocket  # noqa: E402


async def start(scope: Any, receive: Any, send: Any) -> None:
    """The process's life. It does not begin on another cluster than the configured one."""
    try:
        await asyncio.to_thread(greet_chain)
    except ChainError as error:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await lifespan(scope, receive, send)


application = ProtocolTypeRouter(
    {"http": streams_or(OneThreadHandler()), "websocket": websocket, "lifespan": start}
)
