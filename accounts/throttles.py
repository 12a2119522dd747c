"""How often one network address may try to sign in."""

from core.throttling import RedisThrottle


class NonceThrottle(RedisThrottle):
    limit = "nonce"


class AuthThrottle(RedisThrottle):
    limit = "auth"
