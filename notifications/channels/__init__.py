"""The ways out of the house. A mobile push service would be one more class and one more line."""

from notifications.channels.base import OutChannel
from notifications.channels.email import EmailChannel
from notifications.channels.web_push import WebPushChannel

_CHANNELS: dict[str, OutChannel] = {
    channel.name: channel for channel in (EmailChannel(), WebPushChannel())
}


def channels() -> list[OutChannel]:
    return list(_CHANNELS.values())


def channel_named(name: str) -> OutChannel:
    """Raises KeyError."""
    return _CHANNELS[name]
