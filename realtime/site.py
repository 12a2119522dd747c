"""Everything that the streams of one server process share, bound to one event loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.utils import timezone

from accounts.services import ended_grants
from core.throttling import parse_rate
from realtime.beats import Beats
from realtime.connect_rate import ConnectRate
from realtime.control import Control
from realtime.database import DatabaseThreads
from realtime.hub import Hub
from realtime.limits import Limits
from realtime.listener import listen, redis_connection
from realtime.polling import Poll
from realtime.replay import Replayer
from realtime.report import keep_reporting, take_back
from realtime.signin import sign_ins
from realtime.sse import SSE
from realtime.streams import Stream
from realtime.websocket import WEBSOCKET

logger = logging.getLogger(__name__)

BEATS_A_SLICE = 100
LONGEST_BEAT_PAUSE_SECONDS = 0.5
DRAIN_POLL_SECONDS = 0.02


class Site:
    """Start it inside a running loop; `drain` ends the streams, `stop` the rest."""

    def __init__(self) -> None:
        self.draining = False
        self.log_threads = DatabaseThreads("streams-log", size=1)
        self.sign_in_threads = DatabaseThreads(
            "streams-sign-in", size=settings.STREAM_SIGN_IN_THREADS
        )
        self.sign_ins = sign_ins(self.sign_in_threads)
        self.hub = Hub(
            self.log_threads,
            poll_seconds=settings.STREAM_LOG_POLL_SECONDS,
            deaf_seconds=settings.STREAM_DEAF_SECONDS,
        )
        self.replayer = Replayer(self.log_threads, limit=settings.STREAM_REPLAY_LIMIT)
        self.limits: Limits[Stream] = Limits(
            per_user=settings.STREAMS_PER_USER,
            per_user_refuse=settings.STREAMS_PER_USER_POLICY == "refuse",
            total=settings.STREAMS_TOTAL,
            total_refuse=settings.STREAMS_TOTAL_POLICY == "refuse",
        )
        self.polls: Limits[Poll] = Limits(
            per_user=settings.STREAM_POLLS_PER_USER,
            per_user_refuse=True,
            total=settings.STREAMS_TOTAL,
            total_refuse=True,
        )
        self.beats: Beats[Stream] = Beats(settings.STREAM_HEARTBEAT_SECONDS)
        self.connect_rate = _connect_rate()
        self._client = redis_connection()
        self.control = Control(self.limits, self._client)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        hear = partial(
            listen, self.hub, self.control.take, silence_seconds=settings.STREAM_DEAF_SECONDS
        )
        report = partial(keep_reporting, self, self._client)
        control = (self.control.send, self.control.keep_totals, report)
        for work in (self.hub.watch, hear, *control, self._beat, self._check_sessions):
            self._tasks.append(asyncio.get_running_loop().create_task(_keep_running(work)))

    def drain(self) -> None:
        """End every stream and poll, kindly and at once; new streams are refused."""
        self.draining = True
        for reader in self._readers():
            reader.cut("shutdown")
        self.control.tell_totals()

    async def wait_for_readers(self, *, seconds: float) -> None:
        """Until the last of them has heard its end and is gone, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._readers():  # noqa: ASYNC110  (they leave in more than one place)
                    await asyncio.sleep(DRAIN_POLL_SECONDS)

    async def stop(self) -> None:
        self.drain()
        await cancel_all(self._tasks)
        await take_back(self, self._client)
        await self._client.aclose()
        for threads in (self.log_threads, self.sign_in_threads):
            await asyncio.to_thread(threads.close)

    def _readers(self) -> list[Stream | Poll]:
        return [*self.limits.all(), *self.polls.all()]

    async def _beat(self) -> None:
        """One timer for all streams; a crowd that came at once is served in slices, so that
        events pass.
        """
        pause = min(LONGEST_BEAT_PAUSE_SECONDS, settings.STREAM_HEARTBEAT_SECONDS / 10)
        while True:
            due = self.beats.take(BEATS_A_SLICE)
            if due:
                now = timezone.now()
                frames = {wire.name: wire.heartbeat(now=now) for wire in (SSE, WEBSOCKET)}
            for stream in due:
                stream.beat(frames[stream.transport.name])
            await asyncio.sleep(0 if len(due) == BEATS_A_SLICE else pause)

    async def _check_sessions(self) -> None:
        """Who has signed out stops reading, within `STREAM_SESSION_CHECK_SECONDS`."""
        while True:
            await asyncio.sleep(settings.STREAM_SESSION_CHECK_SECONDS)
            grants = [reader.grant for reader in self._readers()]
            if not grants:
                continue
            ended = await self.sign_in_threads.run(ended_grants, grants=grants, now=timezone.now())
            for reader in self._readers() if ended else ():
                if reader.grant.stream_id in ended:
                    reader.cut("signed_out")


def _connect_rate() -> ConnectRate:
    calls, window_ms = parse_rate(settings.RATE_LIMITS["stream"])
    return ConnectRate(calls, window_ms / 1000)


async def cancel_all(tasks: list[asyncio.Task[None]]) -> None:
    """Asks more than once: a Redis call under way may swallow a cancellation."""
    for _ in range(3):
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=0.5)
        if not left:
            return


async def _keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """A mistake in one task must not silence the process: log it and start again."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("A task of the streams failed; it starts again")
        await asyncio.sleep(1)


_site: Site | None = None


def current_site() -> Site:
    """This process's site, started on first use (a server without lifespan events)."""
    global _site
    if _site is None:
        _site = Site()
        _site.start()
    return _site


def running_site() -> Site | None:
    """For health checks, which must not start it."""
    return _site


async def stop_site() -> None:
    global _site
    if _site is not None:
        site, _site = _site, None
        await site.stop()
