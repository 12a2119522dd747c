"""What a server does between the signal to stop and its own end."""

import pytest

from realtime.asgi import _drain
from realtime.site import Site


class FaultySite(Site):
    def __init__(self) -> None:
        """Nothing to start: it is asked to end its streams only."""

    def drain(self) -> None:
        raise OSError("Redis is away")


async def test_a_fault_in_ending_the_streams_does_not_keep_the_server_from_stopping() -> None:
    stopped: list[bool] = []
    with pytest.raises(OSError, match="away"):
        await _drain(FaultySite(), lambda: stopped.append(True))
    assert stopped == [True]
