"""Django under ASGI with the whole of a request in one thread.

Every view of ours is synchronous (streams stand beside Django). Django's own handler would
still run the chain of middleware as coroutines, which send each hook of each middleware to a
thread and back: about twenty changes of thread a request, each waiting for its turn.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThreadHandler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)

    async def get_response_async(self, request: Any) -> Any:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
