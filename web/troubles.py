"""Why a burn was not accepted or a mint waits, in the visitor's language."""

from django.utils.translation import gettext as _


def trouble(code: str, message: str) -> str:
    """For the codes of `chain.burns` and `chain.errors`; `message` where this page knows none."""
    return _troubles().get(code, message)


def _troubles() -> dict[str, str]:
    failed = _("The burn failed on chain, so nothing was burned.")
    return {
        "BURN_FAILED_ON_CHAIN": failed,
        "TRANSACTION_FAILED": failed,
        "BURN_NOT_SEEN": _("That transaction did not reach the network in time."),
        "BURN_TOO_EARLY": _("That burn is older than this upgrade."),
        "BURN_NOT_FOUND": _("That transaction burns nothing."),
        "BURN_WRONG_MINT": _("That transaction burns another token."),
        "BURN_WRONG_AMOUNT": _("That transaction does not burn exactly one token."),
        "BURN_BY_DELEGATE": _("Another key than your wallet's burned the NFT."),
        "BURN_WRONG_WALLET": _("Another wallet burned the NFT."),
        "BURN_NOT_SIGNED": _("Your wallet did not sign that burn."),
        "BURN_NOT_HELD": _("Your wallet did not hold the NFT when it was burned."),
        "BURN_SUPPLY_REMAINS": _("The NFT still exists on chain."),
        "FEE_PAYER_EMPTY": _("Your wallet has too little SOL for the network's fee."),
        "INVALID_SIGNATURE": _("The wallet's signature is not valid."),
        "INVALID_TRANSACTION": _("The network could not read the transaction."),
    }
