"""Use-cases around users and their sign-in."""

from collections.abc import Collection

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from solders.pubkey import Pubkey

from accounts.models import User
from core.errors import InvalidInput


def get_or_create_user(*, wallet_address: str) -> User:
    """The user of a wallet; an unknown wallet becomes a user.

    Raises InvalidInput when the address is not a base58 public key of 32 bytes.
    """
    check_wallet_address(wallet_address)
    user, _ = User.objects.get_or_create(wallet_address=wallet_address, defaults={"password": "!"})
    return user


def check_wallet_address(wallet_address: str) -> None:
    try:
        Pubkey.from_string(wallet_address)
    except ValueError:
        raise InvalidInput("INVALID_WALLET", "This is not a Solana wallet address.") from None


def get_or_create_users(*, wallet_addresses: Collection[str]) -> dict[str, User]:
    """The users of many valid wallets, by wallet, in at most three queries.

    Inserts in wallet order, so that two callers with the same new wallets never deadlock.
    """
    known = User.objects.in_bulk(list(wallet_addresses), field_name="wallet_address")
    unknown = sorted(set(wallet_addresses) - known.keys())
    if not unknown:
        return known
    newcomers = [
        User(wallet_address=wallet, password=UNUSABLE_PASSWORD_PREFIX) for wallet in unknown
    ]
    User.objects.bulk_create(newcomers, ignore_conflicts=True)
    return known | User.objects.in_bulk(unknown, field_name="wallet_address")
