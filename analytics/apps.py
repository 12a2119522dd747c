from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics.handlers import ANALYTICS  # needs the models
        from analytics.metrics import BoardsCollector
        from core.metrics import database_state
        from events.groups import register

        register(ANALYTICS)
        database_state.register(BoardsCollector())
