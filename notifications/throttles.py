"""Rate limits of this app's calls; the rates are in `settings.RATE_LIMITS`."""

from core.throttling import RedisThrottle


class MailAddressThrottle(RedisThrottle):
    """Each call may send a letter; the daily limits are in `services.addressing`."""

    limit = "mail_address"
