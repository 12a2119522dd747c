"""What the scripts of the pages say, in the visitor's language. Read at each request."""

from django.utils.translation import gettext as _


def script_texts() -> dict[str, str]:
    return {**_connection(), **_wallet(), **_signing(), **_errors()}


def _connection() -> dict[str, str]:
    return {
        "connecting": _("Connecting …"),
        "live": _("Live"),
        "polling": _("Live, by asking again and again"),
        "waiting": _("Connection lost, trying again …"),
        "superseded": _("Shown in newer tabs"),
        "signedOut": _("You were signed out"),
        "stopped": _("Stopped"),
        "resume": _("Show it here"),
        "signInAgain": _("Sign in again"),
    }


def _wallet() -> dict[str, str]:
    return {
        "noWallet": _("No wallet was found in this browser."),
        "connectingWallet": _("Waiting for {wallet} …"),
        "signMessage": _("Sign the message in {wallet}. It costs nothing and moves nothing."),
        "noAccount": _("{wallet} shared no account. Unlock it, then try again."),
        "cannotSign": _("{wallet} cannot sign messages. Please use another wallet."),
        "signedIn": _("Signed in. One moment …"),
        "otherAccount": _(
            "{wallet} now shows the account {other}, but you are signed in as {mine}. "
            "Switch back in the wallet, or sign in with the other account."
        ),
        "disconnected": _(
            "{wallet} is disconnected. You can go on reading; to sign, connect it again."
        ),
        "wrongNetwork": _(
            "{wallet} is not on the network {network}. Change the network in the wallet's "
            "settings, then try again. Nothing was sent."
        ),
        "demoWallet": _("Demo wallet (this browser only)"),
    }


def _signing() -> dict[str, str]:
    return {
        "rejected": _("You declined in {wallet}. Nothing was sent and nothing is lost."),
        "preparing": _("Preparing the burn …"),
        "signBurn": _("Sign the burn in {wallet}."),
        "sending": _("Signed. Sending it to the chain …"),
        "sent": _("Sent. The chain confirms it now."),
        "demoMessage": _("The demo wallet is asked to sign this message:"),
        "demoTransaction": _("The demo wallet is asked to sign a transaction that burns your NFT."),
        "nobody": _("Nobody yet."),
        "myPlace": _("My place: {rank} of {members}"),
        "noPlace": _("You have no score here yet."),
        "missingPart": _("This part of the site is not available at the moment."),
        "noNotifications": _("Nothing yet."),
        "markRead": _("Mark as read"),
        "saved": _("Saved."),
        "pushOn": _("This browser is told, also while no page is open."),
        "pushOff": _("This browser is not told while no page is open."),
        "pushDenied": _(
            "The browser does not allow notifications for this site. Change that in its settings."
        ),
        "pushMissing": _("This browser or this site has no push messages."),
        "enablePush": _("Tell this browser"),
        "disablePush": _("Do not tell this browser"),
        "unit.volume": _("USD"),
        "unit.level": _("level"),
        "unit.badges": _("badges"),
        "unit.upgrades": _("upgrades"),
    }


def _errors() -> dict[str, str]:
    return {
        "failed": _("That did not work: {message} Nothing is lost; please try again."),
        "offline": _("The server does not answer. Nothing is lost; please try again in a moment."),
        "error.CHAIN_UNAVAILABLE": _(
            "The Solana network does not answer. Nothing is lost; please try again in a moment."
        ),
        "error.RATE_LIMITED": _("That was too often in a short time. Please wait a minute."),
        "error.NOT_SIGNED_IN": _("You were signed out. Please sign in again."),
        "error.UPGRADE_IN_PROGRESS": _(
            "An upgrade is already running; it is on the upgrades page."
        ),
        "error.QUOTE_EXPIRED": _("The preview is too old. Reload the page to see the terms anew."),
        "error.QUOTE_CHANGED": _(
            "The terms have changed. Reload the page to see what is different."
        ),
        "error.NOT_QUALIFIED": _(
            "You do not qualify any more. Reload the page to see what is missing."
        ),
        "error.NO_BURN_WANTED": _("This upgrade does not wait for a burn any more."),
        "error.BURN_ALREADY_PROVEN": _("The burn is proven already; the new NFT is on its way."),
        "error.CANNOT_CANCEL": _("It is too late to cancel: the burn is on its way."),
        "error.INVALID_PROOF": _(
            "The signature does not fit, or it came too late. Please try again."
        ),
    }
