"""Routes below `api/v1/`; the upgrade's are in `upgrade_urls`."""

from django.urls import path

from nft.api.benefits import BenefitsView, UseBenefitView
from nft.api.faces import CardView, MetadataView, PictureView
from nft.api.mine import MyNftListView, QualificationView, StatsView
from nft.api.previews import UpgradePreviewView
from nft.api.tiers import TierListView
from nft.api.unlocking import UnlockView

urlpatterns = [
    path("tiers", TierListView.as_view(), name="tiers"),
    path("user/nfts", MyNftListView.as_view(), name="user-nfts"),
    path("user/qualification", QualificationView.as_view(), name="user-qualification"),
    path("user/stats", StatsView.as_view(), name="user-stats"),
    path("user/upgrade-preview", UpgradePreviewView.as_view(), name="user-upgrade-preview"),
    path("user/unlock-nft", UnlockView.as_view(), name="user-unlock-nft"),
    path("users/<str:wallet>/benefits", BenefitsView.as_view(), name="wallet-benefits"),
    path(
        "users/<str:wallet>/benefits/<str:name>/use", UseBenefitView.as_view(), name="benefit-use"
    ),
    path("nfts/<str:mint>/metadata.json", MetadataView.as_view(), name="nft-metadata"),
    path("nfts/<str:mint>/image.svg", PictureView.as_view(), name="nft-image"),
    path("nfts/<str:mint>/card.png", CardView.as_view(), name="nft-card"),
]
