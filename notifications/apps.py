from django.apps import AppConfig

from core.metrics import database_state


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from events.groups import register
        from notifications.handlers import NOTIFICATIONS
        from notifications.metrics import NotificationsCollector  # needs the models

        database_state.register(NotificationsCollector())
        register(NOTIFICATIONS)
