"""Guards broken on purpose, to see the proof fail. By name, in a lane's processes only."""

from collections.abc import Callable


def apply(name: str) -> None:
    """Nothing for an empty name; raises KeyError for an unknown one."""
    if name:
        SABOTAGES[name]()


SABOTAGES: dict[str, Callable[[], None]] = {}
