"""The ASGI entry point: Django, and beside it the streams."""

import asyncio
import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup(set_prefix=False)

from config.one_thread import OneThreadHandler  # noqa: E402
from nft.chain_access import greet_chain  # noqa: E402 - models load after Django is set up
from realtime.asgi import lifespan, streams_or  # noqa: E402
from realtime.handshake import websocket  # noqa: E402


async def start(scope: Any, receive: Any, send: Any) -> None:
    """The process's life: the chain's connection is opened beside, so as not to delay it."""
    greeting = asyncio.create_task(asyncio.to_thread(greet_chain))
    await lifespan(scope, receive, send)
    await greeting


application = ProtocolTypeRouter(
    {"http": streams_or(OneThreadHandler()), "websocket": websocket, "lifespan": start}
)
