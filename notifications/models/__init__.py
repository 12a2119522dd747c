"""The tables of this app: what is said, to whom, and how it went out."""

from notifications.models.deliveries import (
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    Outcome,
    Purpose,
)
from notifications.models.notifications import Notification
from notifications.models.providers import Provider
from notifications.models.recipients import EVERY_TYPE, Preference, PushSubscription, Recipient
from notifications.models.templates import NotificationTemplate, TemplateText

__all__ = [
    "EVERY_TYPE", "Channel", "Delivery", "DeliveryAttempt", "DeliveryStatus", "Notification",
    "NotificationTemplate", "Outcome", "Preference", "Provider", "Purpose", "PushSubscription",
    "Recipient", "TemplateText",
]  # fmt: skip
