from django.apps import AppConfig

from core.metrics import database_state


class NftConfig(AppConfig):
    name = "nft"
    verbose_name = "NFTs and upgrades"

    def ready(self) -> None:
        from nft import checks  # noqa: F401 - registers itself
        from nft.metrics import NftCollector  # needs the models

        database_state.register(NftCollector())
        from events.groups import register
        from nft.handlers import BENEFITS, EARNING

        register(EARNING)
        register(BENEFITS)
