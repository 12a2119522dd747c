from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "trading"

    def ready(self) -> None:
        from events.kafka.inbound import register_inbound
        from trading.handlers import INBOUND

        register_inbound(INBOUND)
