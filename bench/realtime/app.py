"""The site as production serves it, and on SIGUSR1 a note of what this process holds."""

import asyncio
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

from config.asgi import application as site_application
from core.processes import die_with_parent
from realtime.site import current_site

FOLDER = Path(os.environ["BENCH_STATES"])


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        die_with_parent()  # also when the supervisor is killed
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _note_state)
        send = _noting_the_start(send)
    await site_application(scope, receive, send)


def _noting_the_start(send: Any) -> Any:
    async def tell(message: Any) -> None:
        await send(message)
        if message["type"] == "lifespan.startup.complete":
            (FOLDER / f"{os.getpid()}.pid").touch()

    return tell


def _note_state() -> None:
    site = current_site()
    state = {
        "subscriptions": len(site.hub),
        "streams": len(site.limits),
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "position": site.hub.position,
    }
    file = FOLDER / f"{os.getpid()}.json"
    aside = file.with_suffix(".new")
    aside.write_text(json.dumps(state))
    aside.replace(file)
