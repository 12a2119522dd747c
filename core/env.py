"""Reads the environment strictly: a missing or malformed variable stops the start.

Every variable may also be given as `NAME_FILE`, a path to a file that holds the value.
"""

from typing import Any

from environs import FileAwareEnv

env = FileAwareEnv(strip_whitespace=True)


def database(name: str, *, pool_size: int) -> dict[str, Any]:
    """A Django database entry from a `postgres://` URL, with timeouts and a pool of its own.

    The server-side timeouts and `tcp_user_timeout` are in milliseconds, the others in seconds.
    A network that swallows our packets is noticed by keepalives and by `tcp_user_timeout`. The
    pool is a process's: under ASGI every request runs in a new thread, which would connect
    anew. A request waits `timeout` for a connection. Attempts to reconnect begin anew after
    `reconnect_timeout`, because the pauses between them double without a limit. A
    `pool_size` of 0 means no pool: a connection a thread.
    """
    entry: dict[str, Any] = env.dj_db_url(name)
    entry["CONN_HEALTH_CHECKS"] = True
    entry["OPTIONS"] = {
        **entry.get("OPTIONS", {}),
        "connect_timeout": 3,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "pool": _pool(pool_size),
        "options": "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
    }
    return entry


def _pool(size: int) -> dict[str, Any] | bool:
    if size == 0:
        return False
    return {"min_size": 1, "max_size": size, "timeout": 3, "max_idle": 60, "reconnect_timeout": 5}


def versioned_secrets(name: str) -> dict[int, bytes]:
    """`1:hex,2:hex` as {version: secret}; the highest version signs, the others still verify.

    Raises ValueError, without the value, when it is malformed.
    """
    try:
        pairs = (part.split(":", 1) for part in env.str(name).split(","))
        found = {int(version): bytes.fromhex(value) for version, value in pairs}
    except ValueError:
        raise ValueError(f"{name} must look like 1:hex,2:hex") from None
    if any(len(value) < 32 for value in found.values()):
        raise ValueError(f"{name}: every secret needs at least 32 bytes")
    return found
