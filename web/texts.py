"""What the scripts of the pages say, in the visitor's language. Read at each request."""

from django.utils.translation import gettext as _

from web.error_texts import error_texts


def script_texts() -> dict[str, str]:
    return {**_connection(), **_wallet(), **_signing(), **_telling(), **error_texts()}


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
        "notSignedIn": _("You are not signed in"),
        "signInFirst": _("Sign in with your wallet, then come back here."),
        "haveSignedIn": _("I have signed in"),
        "earlierMissing": _("Earlier events are not shown here."),
        "close": _("Close"),
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
    }


def _telling() -> dict[str, str]:
    return {
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
        "pushFailed": _("The browser's push service does not answer. Please try again later."),
        "pushMissing": _("This browser or this site has no push messages."),
        "enablePush": _("Tell this browser"),
        "disablePush": _("Do not tell this browser"),
        "sameHours": _("Quiet hours need two different times."),
        "mailNone": _("No address yet: nothing is sent by mail."),
        "mailAsked": _("A letter went to {address}. Its link confirms the address."),
        "mailConfirmed": _("{address} is confirmed."),
        "score.volume": _("{score} USD"),
        "score.level": _("level {score}"),
        "score.badges": _("{score} badges"),
        "score.badges.one": _("1 badge"),
        "score.upgrades": _("{score} upgrades"),
        "score.upgrades.one": _("1 upgrade"),
    }
