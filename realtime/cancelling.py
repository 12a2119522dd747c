"""Ending tasks that talk to Redis: redis-py may swallow a cancellation during a call."""

import asyncio


def heed_cancellation() -> None:
    """Raise the cancellation that this task was sent and did not get to see.

    For the head of an endless loop; without it such a task would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
