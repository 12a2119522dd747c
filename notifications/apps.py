from django.apps import AppConfig

from core.metrics import database_state
from core.stories import register_teller


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from events.groups import register
        from notifications.handlers import NOTIFICATIONS
        from notifications.metrics import NotificationsCollector  # needs the models
        from notifications.stories import tell_of_notifications

        database_state.register(NotificationsCollector())
        register(NOTIFICATIONS)
        register_teller(self.name, tell_of_notifications)
