"""What went wrong, by the API's codes: what happened, that nothing is lost, what to press.

Where the page itself is out of date, `static/web/trouble.js` adds the link that mends it.
"""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

AGAIN = _("The server does not answer. Nothing is lost; please try again in a moment.")
CHANGED = _(
    "Something has changed in this moment. Nothing is lost; reload the page to see what is."
)
SIGN_AGAIN = _("Nothing was sent and nothing is lost; please sign again.")

STARTING = {
    "CHAIN_UNAVAILABLE": _(
        "The Solana network does not answer. Nothing is lost; please try again in a moment."
    ),
    "UPGRADE_IN_PROGRESS": _(
        "An upgrade is already running. Nothing is lost; you find it among your upgrades."
    ),
    "IDEMPOTENCY_IN_FLIGHT": _(
        "Your first click is still at work. Nothing is lost; try again in a moment."
    ),
    "QUOTE_EXPIRED": _(
        "The preview is too old. Nothing was started; reload the page to see the terms anew."
    ),
    "QUOTE_CHANGED": _(
        "The terms have changed. Nothing was started; reload the page to see what is different."
    ),
    "INVALID_QUOTE": _(
        "The preview does not fit any more. Nothing was started; reload the page."
    ),
    "NOT_QUALIFIED": _(
        "You do not qualify any more. Nothing was started; reload the page to see what is missing."
    ),
    "BADGES_MISSING": _(
        "A badge is missing by now. Nothing was started; reload the page to see which."
    ),
    "SOLD_OUT": _("All NFTs of this tier are taken. Nothing was started and nothing is lost."),
    "NFT_NOT_IN_WALLET": _(
        "Your wallet does not hold this NFT on chain. Nothing was burned; move it back into "
        "your wallet, then try again."
    ),
    "NFT_NOT_ACTIVE": _("This NFT is not free at the moment. Nothing is lost; reload the page."),
    "ALREADY_UNLOCKED": _(
        "Your wallet has unlocked its first NFT before. Nothing was started and nothing is lost."
    ),
    **dict.fromkeys(
        (
            "BADGE_CHANGED", "BADGE_STATUS", "NFT_CHANGED", "NFT_STATE", "NO_SUCH_TIER",
            "UPGRADE_CHANGED", "UPGRADE_STATE", "WRONG_LEVEL",
        ),
        CHANGED,
    ),
}  # fmt: skip

BURNING = {
    "NO_BURN_WANTED": _(
        "This upgrade does not wait for a burn any more. Nothing is lost; reload the page."
    ),
    "BURN_ALREADY_PROVEN": _(
        "The burn is proven already. Nothing is lost: the new NFT is on its way."
    ),
    "BURN_SIGNATURE_USED": _(
        "This burn belongs to another upgrade. Nothing is lost; you find it among your upgrades."
    ),
    "BURN_NOT_OURS": format_lazy(
        "{} {}", _("The wallet signed something else than the burn."), SIGN_AGAIN
    ),
    "INVALID_SIGNATURE": format_lazy(
        "{} {}", _("The wallet's signature is not valid."), SIGN_AGAIN
    ),
    "INVALID_TRANSACTION": format_lazy(
        "{} {}", _("The wallet's answer cannot be read."), SIGN_AGAIN
    ),
    "SPONSOR_BUDGET_SPENT": _(
        "We cannot pay the network's fee today. Nothing was sent; sign again to pay it yourself."
    ),
    "SIGNER_UNAVAILABLE": _(
        "We cannot pay the network's fee at this moment. Nothing was sent; try again soon."
    ),
    "CANNOT_CANCEL": _(
        "It is too late to cancel: the burn is on its way. Nothing is lost; the new NFT follows."
    ),
    "NOTHING_TO_RETRY": _("The mint is at work again already. Nothing is lost."),
    "INVALID_PROOF": _("The signature does not fit, or it came too late. Please try again."),
}

# For codes that no text is about.
BY_STATUS = {
    "401": _("You were signed out. Nothing is lost; sign in again and go on."),
    "404": _("This is not there any more. Nothing is lost; reload the page."),
    "429": _("That was too often in a short time. Nothing is lost; try again in a minute."),
    **dict.fromkeys(("500", "502", "503", "504"), AGAIN),
}


def error_texts() -> dict[str, str]:
    """By name, in the visitor's language."""
    texts = {
        "failed": _("That did not work: {message} Nothing is lost; please try again."),
        "offline": AGAIN,
        "toUpgrades": _("To my upgrades"),
        "reload": _("Reload the page"),
        **{f"error.{code}": text for code, text in (STARTING | BURNING).items()},
        **{f"status.{status}": text for status, text in BY_STATUS.items()},
    }
    return {name: str(text) for name, text in texts.items()}
