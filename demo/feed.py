"""A stream read in the background, so that nothing is missed while a request is under way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from demo.client import Message, StepFailed

OF_THE_INBOX = {"notification_created", "notifications_read"}  # they repeat other events


class Feed:
    """Use as an async context manager: inside, the stream has answered its first message."""

    def __init__(self, stream: AsyncIterator[Message]) -> None:
        self._stream = stream
        self._arrived: asyncio.Queue[Message | StepFailed | None] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Feed":
        self._reader = asyncio.create_task(self._read())
        await self.until("connection_established")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _read(self) -> None:
        try:
            async for message in self._stream:
                self._arrived.put_nowait(message)
        except StepFailed as failure:
            self._arrived.put_nowait(failure)
        else:
            self._arrived.put_nowait(None)

    async def until(
        self,
        wanted: str,
        *,
        bad: tuple[str, ...] = (),
        note: Callable[[Message], None] = lambda _: None,
        seconds: float = 60,
    ) -> Message:
        """The next message of type `wanted`; `note` gets those that come before it.

        Raises StepFailed at one of the `bad` types, at the stream's end, and after `seconds`.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await self._next()
                    if message.type == wanted:
                        return message
                    if message.type in bad:
                        raise StepFailed(f"{message.type}: {message.data}")
                    if message.type not in OF_THE_INBOX:
                        note(message)
        except TimeoutError:
            raise StepFailed(f"{wanted} did not come within {seconds:.0f} s") from None

    async def _next(self) -> Message:
        message = await self._arrived.get()
        if message is None:
            raise StepFailed("The stream ended early.")
        if isinstance(message, StepFailed):
            raise message
        return message
