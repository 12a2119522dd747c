from django.apps import AppConfig


class NftConfig(AppConfig):
    name = "nft"
    verbose_name = "NFTs and upgrades"
