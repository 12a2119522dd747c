"""What members are told about: one kind for each event type that concerns a person.

The texts here are those that a new installation starts with; operators edit them in the admin
(`notifications.models.templates`), and they are used again where a row is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import TextChoices

LANGUAGES = {"en": "English", "de": "Deutsch"}
DEFAULT_LANGUAGE = "en"

COLLECTION, BADGES, UPGRADE = "/collection", "/badges", "/upgrade/$upgradeRequestId"


class Priority(TextChoices):
    LOW = "low"  # stays in the inbox unless a member wants more
    NORMAL = "normal"
    HIGH = "high"  # passes quiet hours


@dataclass(frozen=True)
class Text:
    title: str
    message: str


@dataclass(frozen=True)
class Placeholder:
    """Where in the event's data a value stands (`newNft.tierName`), and one for previews.

    Whatever has a `badgeId` has a `badgeName` too.
    """

    path: str
    sample: str


@dataclass(frozen=True)
class Kind:
    """`placeholders` are the names that texts and link may use."""

    priority: Priority
    link: str
    texts: Mapping[str, Text]
    placeholders: Mapping[str, Placeholder] = field(default_factory=dict)


def _texts(en: tuple[str, str], de: tuple[str, str]) -> dict[str, Text]:
    return {"en": Text(*en), "de": Text(*de)}


_UPGRADE_ID = Placeholder("upgradeRequestId", "0190b3a0-0000-7000-8000-000000000001")
_BADGE = {
    "badgeName": Placeholder("badgeName", "First Steps"),
    "badgeId": Placeholder("badgeId", "first-steps"),
}
_UPGRADE = {"upgradeRequestId": _UPGRADE_ID}

KINDS: Mapping[str, Kind] = {
    "badge_earned": Kind(
        Priority.NORMAL, BADGES,
        _texts(
            ("New badge: $badgeName", "You earned the badge “$badgeName”. $description"),
            ("Neues Abzeichen: $badgeName", "Du hast das Abzeichen „$badgeName“ verdient. $description"),
        ),
        _BADGE | {"description": Placeholder("description", "Traded the first 50,000 USD.")},
    ),
    "badge_activated": Kind(
        Priority.LOW, BADGES,
        _texts(
            ("Badge active", "Your badge “$badgeName” is active and counts for your next tier."),
            ("Abzeichen aktiv", "Dein Abzeichen „$badgeName“ ist aktiv und zählt für deine nächste Stufe."),
        ),
        _BADGE,
    ),
    "badge_consumed": Kind(
        Priority.LOW, BADGES,
        _texts(
            ("Badge used", "Your badge “$badgeName” was used for your NFT."),
            ("Abzeichen verwendet", "Dein Abzeichen „$badgeName“ wurde für dein NFT verwendet."),
        ),
        _BADGE,
    ),
    "badge_revoked": Kind(
        Priority.NORMAL, BADGES,
        _texts(
            ("Badge taken back", "Your badge “$badgeName” was taken back: $reason"),
            ("Abzeichen zurückgenommen", "Dein Abzeichen „$badgeName“ wurde zurückgenommen: $reason"),
        ),
        _BADGE | {"reason": Placeholder("reason", "awarded by mistake")},
    ),
    "volume_milestone_reached": Kind(
        Priority.NORMAL, COLLECTION,
        _texts(
            ("Milestone reached", "Your trading volume passed $milestone USD."),
            ("Meilenstein erreicht", "Dein Handelsvolumen hat $milestone USD überschritten."),
        ),
        {"milestone": Placeholder("milestone", "100 000")},
    ),
    "tier_qualification_changed": Kind(
        Priority.LOW, COLLECTION,
        _texts(
            ("What you qualify for has changed", "Levels open to you now: $levels."),
            ("Deine Qualifikation hat sich geändert", "Dir jetzt offene Stufen: $levels."),
        ),
        {"levels": Placeholder("currentQualifications", "1, 2")},
    ),
    "nft_unlocked": Kind(
        Priority.HIGH, COLLECTION,
        _texts(
            ("Your $tierName NFT is here", "You unlocked your $tierName NFT. It is in your wallet."),
            ("Dein $tierName-NFT ist da", "Du hast dein $tierName-NFT freigeschaltet. Es liegt in deiner Wallet."),
        ),
        {"tierName": Placeholder("tierName", "Pathfinder")},
    ),
    "nft_unlock_failed": Kind(
        Priority.NORMAL, COLLECTION,
        _texts(
            ("Your first NFT takes longer", "Minting did not work yet. We keep trying on our own; you need to do nothing."),
            ("Dein erstes NFT dauert länger", "Das Prägen hat noch nicht geklappt. Wir versuchen es von selbst weiter; du musst nichts tun."),
        ),
    ),
    "nft_burned": Kind(
        Priority.NORMAL, COLLECTION,
        _texts(
            ("NFT burned", "Your NFT was burned on chain."),
            ("NFT verbrannt", "Dein NFT wurde auf der Blockchain verbrannt."),
        ),
    ),
    "nft_transferred": Kind(
        Priority.HIGH, COLLECTION,
        _texts(
            ("An NFT changed hands", "An NFT moved from wallet $fromWallet to wallet $toWallet."),
            ("Ein NFT hat den Besitzer gewechselt", "Ein NFT ging von Wallet $fromWallet an Wallet $toWallet."),
        ),
        {
            "fromWallet": Placeholder("fromWallet", "58C5QgeE7pTYm2XbDXhFpP4wM5T3sRkWcRQq2Kq8xJ5n"),
            "toWallet": Placeholder("toWallet", "9ejhmLcuTcePRzmhcPAU1Ld8VSccQWLPasV3fzvzPALa"),
        },
    ),
    "upgrade_initiated": Kind(
        Priority.LOW, UPGRADE,
        _texts(
            ("Upgrade started", "Your upgrade to level $targetLevel has started. Burn the old NFT next."),
            ("Upgrade begonnen", "Dein Upgrade auf Stufe $targetLevel hat begonnen. Verbrenne als Nächstes das alte NFT."),
        ),
        _UPGRADE | {"targetLevel": Placeholder("targetLevel", "2")},
    ),
    "burn_confirmed": Kind(
        Priority.LOW, UPGRADE,
        _texts(
            ("Burn confirmed", "The burn is proven on chain. Your new NFT is being minted."),
            ("Verbrennung bestätigt", "Die Verbrennung ist auf der Blockchain belegt. Dein neues NFT wird geprägt."),
        ),
        _UPGRADE,
    ),
    "burn_rejected": Kind(
        Priority.HIGH, UPGRADE,
        _texts(
            ("Burn not accepted", "This burn was not accepted: $reason"),
            ("Verbrennung nicht anerkannt", "Diese Verbrennung wurde nicht anerkannt: $reason"),
        ),
        _UPGRADE | {"reason": Placeholder("error.message", "The wallet did not hold this NFT.")},
    ),
    "mint_failed_retryable": Kind(
        Priority.NORMAL, UPGRADE,
        _texts(
            ("Minting takes longer", "Minting did not work yet. We keep trying on our own; you lose nothing."),
            ("Das Prägen dauert länger", "Das Prägen hat noch nicht geklappt. Wir versuchen es von selbst weiter; du verlierst nichts."),
        ),
        _UPGRADE,
    ),
    "nft_upgraded": Kind(
        Priority.LOW, COLLECTION,
        _texts(
            ("$oldTier became $newTier", "Your $oldTier NFT became $newTier."),
            ("Aus $oldTier wurde $newTier", "Aus deinem $oldTier-NFT wurde $newTier."),
        ),
        _UPGRADE
        | {
            "oldTier": Placeholder("oldNft.tierName", "Pathfinder"),
            "newTier": Placeholder("newNft.tierName", "Navigator"),
        },
    ),
    "upgrade_completed": Kind(
        Priority.HIGH, UPGRADE,
        _texts(
            ("Upgrade complete", "You are at level $level now. The new NFT is in your wallet."),
            ("Upgrade abgeschlossen", "Du bist jetzt auf Stufe $level. Das neue NFT liegt in deiner Wallet."),
        ),
        _UPGRADE | {"level": Placeholder("level", "2")},
    ),
    "upgrade_cancelled": Kind(
        Priority.NORMAL, UPGRADE,
        _texts(
            ("Upgrade cancelled", "Your upgrade was cancelled. Its badges are free again."),
            ("Upgrade abgebrochen", "Dein Upgrade wurde abgebrochen. Seine Abzeichen sind wieder frei."),
        ),
        _UPGRADE,
    ),
    "upgrade_expired": Kind(
        Priority.NORMAL, UPGRADE,
        _texts(
            ("Upgrade expired", "Your upgrade ran out of time. Your NFT and badges are free again."),
            ("Upgrade abgelaufen", "Dein Upgrade ist abgelaufen. Dein NFT und deine Abzeichen sind wieder frei."),
        ),
        _UPGRADE,
    ),
    "upgrade_needs_review": Kind(
        Priority.HIGH, UPGRADE,
        _texts(
            ("We are looking into your upgrade", "Your NFT is burned, but the burn is not proven yet. Our team looks at it; nothing is lost."),
            ("Wir sehen uns dein Upgrade an", "Dein NFT ist verbrannt, aber noch nicht belegt. Unser Team kümmert sich; nichts geht verloren."),
        ),
        _UPGRADE,
    ),
}  # fmt: skip
