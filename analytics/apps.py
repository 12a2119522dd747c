from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics.handlers import ANALYTICS  # needs the models
        from events.groups import register

        register(ANALYTICS)
