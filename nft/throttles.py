"""Rate limits of this app's calls; the rates are in `settings.RATE_LIMITS`."""

from core.throttling import RedisThrottle


class UpgradeThrottle(RedisThrottle):
    """Starting upgrades: 5 a minute by default, replays not counted."""

    limit = "upgrade"
    idempotent_route = "upgrade"


class BurnTransactionThrottle(RedisThrottle):
    """Each call builds a transaction that closing must outwait."""

    limit = "burn_transaction"
