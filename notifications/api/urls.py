from django.urls import path

from notifications.api.inbox import InboxView, ReadAllView, ReadView, UnreadCountView
from notifications.api.preferences import MailAddressView, PreferencesView
from notifications.api.push import PublicKeyView, PushSubscriptionsView

urlpatterns = [
    path("user/notifications", InboxView.as_view(), name="notifications"),
    path("user/notifications/unread-count", UnreadCountView.as_view(), name="unread-count"),
    path("user/notifications/read-all", ReadAllView.as_view(), name="read-all"),
    path("user/notifications/<uuid:notification_id>/read", ReadView.as_view(), name="read-one"),
    path(
        "user/notification-preferences", PreferencesView.as_view(), name="notification-preferences"
    ),
    path("user/notification-email", MailAddressView.as_view(), name="notification-email"),
    path("user/push-subscriptions", PushSubscriptionsView.as_view(), name="push-subscriptions"),
    path("push-public-key", PublicKeyView.as_view(), name="push-public-key"),
]
