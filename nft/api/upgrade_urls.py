"""Routes below `api/nft/upgrade`; the events stream of an upgrade is routed in `realtime`."""

from django.urls import path

from nft.api import upgrades

urlpatterns = [
    path("nft/upgrade", upgrades.StartUpgradeView.as_view(), name="upgrade-start"),
    path("v1/user/upgrade-nft", upgrades.StartUpgradeView.as_view(), name="upgrade-start-alias"),
    path("v1/user/upgrades", upgrades.UpgradeListView.as_view(), name="upgrade-list"),
    path("nft/upgrade/<str:upgrade_id>", upgrades.UpgradeView.as_view(), name="upgrade"),
    path(
        "nft/upgrade/<str:upgrade_id>/status", upgrades.UpgradeView.as_view(), name="upgrade-status"
    ),
    path(
        "nft/upgrade/<str:upgrade_id>/burn-transaction",
        upgrades.BurnTransactionView.as_view(),
        name="upgrade-burn-transaction",
    ),
    path(
        "nft/upgrade/<str:upgrade_id>/burn-confirm",
        upgrades.ConfirmBurnView.as_view(),
        name="upgrade-burn-confirm",
    ),
    path("nft/upgrade/<str:upgrade_id>/retry", upgrades.RetryView.as_view(), name="upgrade-retry"),
    path(
        "nft/upgrade/<str:upgrade_id>/cancel", upgrades.CancelView.as_view(), name="upgrade-cancel"
    ),
]
