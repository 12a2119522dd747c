"""What members are told about, as the settings page lists it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from notifications.kinds import KINDS


@dataclass(frozen=True)
class KindGroup:
    """`kinds` are (type, name)."""

    title: str
    kinds: list[tuple[str, str]]


def kind_groups() -> list[KindGroup]:
    """In the visitor's language; a kind without a name here is listed by its type at the end."""
    groups = [
        KindGroup(_("Badges"), list(_badges().items())),
        KindGroup(_("NFTs"), list(_nfts().items())),
        KindGroup(_("Upgrades"), list(_upgrades().items())),
    ]
    known = {kind for group in groups for kind, _name in group.kinds}
    others = [(kind, kind.replace("_", " ")) for kind in KINDS if kind not in known]
    return [*groups, KindGroup(_("Other"), others)] if others else groups


def _badges() -> dict[str, str]:
    return {
        "badge_earned": _("A new badge"),
        "badge_activated": _("A badge activated"),
        "badge_consumed": _("A badge consumed"),
        "badge_revoked": _("A badge taken back"),
        "volume_milestone_reached": _("A milestone of my trading volume"),
        "tier_qualification_changed": _("What I qualify for"),
    }


def _nfts() -> dict[str, str]:
    return {
        "nft_unlocked": _("My first NFT"),
        "nft_unlock_failed": _("My first NFT takes longer"),
        "nft_burned": _("An NFT burned"),
        "nft_transferred": _("An NFT left my wallet"),
        "nft_upgraded": _("My new NFT"),
    }


def _upgrades() -> dict[str, str]:
    return {
        "upgrade_initiated": _("Upgrade started"),
        "burn_confirmed": _("The burn is proven"),
        "burn_rejected": _("The burn was not accepted"),
        "mint_failed_retryable": _("Minting takes longer"),
        "upgrade_completed": _("Upgrade complete"),
        "upgrade_cancelled": _("Upgrade cancelled"),
        "upgrade_expired": _("Upgrade ran out of time"),
        "upgrade_needs_review": _("A person looks at my upgrade"),
    }
