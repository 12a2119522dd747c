from django.apps import AppConfig
from django.conf import settings


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = "Event log"

    def ready(self) -> None:
        if settings.KAFKA_BOOTSTRAP_SERVERS:
            from events.groups import register
            from events.kafka.bridge import Bridge

            register(Bridge().group())
