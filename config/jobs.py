"""Which queue a job goes to, and which jobs beat sends: every so many seconds."""

from typing import Any


def _every(seconds: float, task: str) -> dict[str, Any]:
    """One that found no worker by its next turn expires: the rows say what is due, not messages."""
    return {"task": task, "schedule": seconds, "options": {"expires": int(seconds)}}


CELERY_TASK_ROUTES = {
    "nft.check_burn": {"queue": "burns"},
    "nft.mint": {"queue": "mints"},
    "nft.*": {"queue": "maintenance"},
    "accounts.*": {"queue": "maintenance"},
    "audit.*": {"queue": "maintenance"},
    "events.*": {"queue": "maintenance"},
    "analytics.*": {"queue": "maintenance"},
    "notifications.redrive": {"queue": "maintenance"},
    "notifications.*": {"queue": "notifications"},
}
CELERY_BEAT_SCHEDULE = {
    "redrive unfinished rows": _every(3.0, "nft.redrive"),
    "expire upgrades": _every(10.0, "nft.expire"),
    "tell of stuck rows": _every(30.0, "nft.tell_stuck"),
    "watch the authority's balance": _every(60.0, "nft.watch_authority"),
    "glance at holders": _every(5.0, "nft.glance"),
    "sweep earning": _every(30.0, "nft.sweep_earning"),
    "redrive replays": _every(30.0, "events.redrive_replays"),
    "keep leaderboards": _every(2.0, "analytics.keep_boards"),
    "write event counters": _every(5.0, "analytics.write_counters"),
    "redrive deliveries": _every(5.0, "notifications.redrive"),
    "anchor checkpoints": _every(5.0, "audit.anchor"),
    "apply the audit's retention": {"task": "audit.retain", "schedule": 3600.0},
    "clear expired sign-ins": {"task": "accounts.purge_expired", "schedule": 3600.0},
}
