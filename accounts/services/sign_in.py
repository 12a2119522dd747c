"""Sign-In-With-Solana: hand out a message, later accept its signature once."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from solders.pubkey import Pubkey
from solders.signature import Signature

from accounts.models import LoginSession, SignInNonce, User
from accounts.secret_hash import hash_secret
from accounts.services.sessions import Tokens, open_login_session
from accounts.services.users import check_wallet_address, get_or_create_user
from accounts.siws import STATEMENT, MalformedMessage, SignInMessage
from core.errors import InvalidInput, NotAllowed, NotSignedIn

LIVE_NONCES_PER_REQUESTER = 20


@dataclass(frozen=True)
class SignedIn:
    user: User
    session: LoginSession
    tokens: Tokens = field(repr=False)


@transaction.atomic
def issue_nonce(
    *, wallet_address: str, requester: str, browser_secret: str, now: datetime
) -> SignInNonce:
    """A new message for this wallet to sign.

    `requester` is the network address that asks. Raises InvalidInput for a malformed wallet.
    """
    check_wallet_address(wallet_address)
    issued_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    message = SignInMessage(
        domain=settings.SIWS_DOMAIN,
        address=wallet_address,
        statement=STATEMENT,
        uri=settings.SIWS_URI,
        chain_id=settings.SOLANA_CHAIN,
        nonce=secrets.token_hex(16),
        issued_at=issued_at,
        expires_at=issued_at + settings.SIWS_NONCE_TTL,
    )
    row = SignInNonce.of(
        message, requester=hash_secret(requester), browser_hash=hash_secret(browser_secret)
    )
    row.save(force_insert=True)
    SignInNonce.objects.keep_newest(wallet_address, row.requester, keep=LIVE_NONCES_PER_REQUESTER)
    return row


def sign_in(
    *,
    wallet_address: str,
    message: str,
    signature: str,
    now: datetime,
    browser_secret: str | None = None,
) -> SignedIn:
    """Open a session for whoever signed our message with this wallet's key.

    With `browser_secret` the nonce must have been issued to that browser. The nonce is
    consumed last: only the wallet's own signature can use it up. Raises InvalidInput,
    NotSignedIn or NotAllowed, each reason with its own code.
    """
    proof = _read_signature(wallet_address, signature)
    row = _find_nonce(wallet_address, message, now=now)
    if not proof.verify(Pubkey.from_string(wallet_address), message.encode()):
        raise NotSignedIn("BAD_SIGNATURE", "The signature is not this wallet's for this message.")
    if browser_secret is not None and row.browser_hash != hash_secret(browser_secret):
        raise NotSignedIn("OTHER_BROWSER", "Start the sign-in in the browser that ends it.")
    with transaction.atomic():
        if not SignInNonce.objects.consume(row.nonce, now=now):
            raise _replayed()
        user = get_or_create_user(wallet_address=wallet_address)
        if not user.is_active:
            raise NotAllowed("USER_INACTIVE", "This account is closed.")
        session, tokens = open_login_session(user=user, now=now)
    return SignedIn(user, session, tokens)


def _read_signature(wallet_address: str, signature: str) -> Signature:
    check_wallet_address(wallet_address)
    try:
        return Signature.from_string(signature)
    except ValueError:
        raise InvalidInput(
            "MALFORMED_SIGNATURE", "The signature must be 64 bytes in base58."
        ) from None


def _find_nonce(wallet_address: str, text: str, *, now: datetime) -> SignInNonce:
    """The unused nonce whose message is `text`, byte for byte."""
    claimed = _read_message(wallet_address, text)
    row = SignInNonce.objects.filter(nonce=claimed.nonce, wallet_address=wallet_address).first()
    if row is None:
        raise NotSignedIn("UNKNOWN_NONCE", "This nonce was not issued for this wallet.")
    if row.message != text:
        raise InvalidInput("TAMPERED_MESSAGE", "The message is not the one that we issued.")
    if row.consumed_at is not None:
        raise _replayed()
    if row.expires_at <= now:
        raise NotSignedIn("EXPIRED_NONCE", "The message has expired; ask for a new one.")
    return row


def _read_message(wallet_address: str, text: str) -> SignInMessage:
    try:
        claimed = SignInMessage.parse(text)
    except MalformedMessage:
        raise InvalidInput("MALFORMED_MESSAGE", "This is not a sign-in message of ours.") from None
    if claimed.domain != settings.SIWS_DOMAIN:
        raise InvalidInput("WRONG_DOMAIN", "The message was made for another site.")
    if claimed.address != wallet_address:
        raise InvalidInput("WRONG_ADDRESS", "The message names another wallet.")
    return claimed


def _replayed() -> NotSignedIn:
    return NotSignedIn("REPLAYED_NONCE", "This message was used already; ask for a new one.")
