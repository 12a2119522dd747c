from django.apps import AppConfig


class NftConfig(AppConfig):
    name = "nft"
    verbose_name = "NFTs and upgrades"

    def ready(self) -> None:
        from events.groups import register
        from nft.handlers import BENEFITS, EARNING

        register(EARNING)
        register(BENEFITS)
