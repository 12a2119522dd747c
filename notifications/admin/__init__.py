"""Notifications in the admin: texts are edited, all else is looked at and sent again."""

from notifications.admin.logs import DeliveryAdmin, NotificationAdmin, ProviderAdmin
from notifications.admin.people import PushSubscriptionAdmin, RecipientAdmin
from notifications.admin.templates import NotificationTemplateAdmin

__all__ = [
    "DeliveryAdmin", "NotificationAdmin", "NotificationTemplateAdmin", "ProviderAdmin",
    "PushSubscriptionAdmin", "RecipientAdmin",
]  # fmt: skip
