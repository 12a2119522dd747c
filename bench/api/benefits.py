"""`GET /api/v1/users/{wallet}/benefits` as other services call it, with and without its cache."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.utils import timezone
from solders.keypair import Keypair

from accounts.models import User
from accounts.services.keys import create_service_key
from bench.api.calling import latencies
from bench.api.serving import web
from bench.measures import Measure, at_most, percentile
from bench.stand import Stand
from core.ids import uuid7
from nft.models import NftStatus, Origin, Tier, UserNft
from nft.services.seeding import seed_ladder

WALLETS = 500
CALLS_A_SECOND = 100
SECONDS, QUICK_SECONDS = 10, 1
AGAINST = "the same call without the cache"


def benefits_measures(stand: Stand, *, rounds: int, quick: bool) -> list[Measure]:
    """Latencies from the scheduled moment to the last byte, over kept connections."""
    key, wallets = _prepare()
    paths = [f"/api/v1/users/{wallet}/benefits" for wallet in wallets]
    seconds = QUICK_SECONDS if quick else SECONDS
    cached: list[list[float]] = []
    uncached: list[list[float]] = []
    with _both(stand) as ports:
        for port in ports:
            latencies(port, key=key, paths=paths, rate=CALLS_A_SECOND, seconds=3)  # warm
        for _ in range(rounds):
            for port, kept in zip(ports, (cached, uncached), strict=True):
                kept.append(
                    latencies(port, key=key, paths=paths, rate=CALLS_A_SECOND, seconds=seconds)
                )
    return [
        Measure(
            f"benefits_{CALLS_A_SECOND}_{name}",
            "ms",
            [percentile(each, share) for each in cached],
            [percentile(each, share) for each in uncached],
            AGAINST,
            at_most(10) if name == "p99" else None,
        )
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]


@contextmanager
def _both(stand: Stand) -> Iterator[tuple[int, int]]:
    with (
        web(stand, "cached", {}) as ours,
        web(stand, "uncached", {"BENEFITS_CACHE_SECONDS": "0"}) as other,
    ):
        yield ours, other


def _prepare() -> tuple[str, list[str]]:
    """A key and the wallets, each with an NFT."""
    call_command("migrate", verbosity=0)
    seed_ladder()
    now, tiers = timezone.now(), list(Tier.objects.all())
    users = [
        User(wallet_address=str(Keypair().pubkey()), password="!")  # noqa: S106 - none
        for _ in range(WALLETS)
    ]
    User.objects.bulk_create(users)
    UserNft.objects.bulk_create(
        _nft(user, tiers[place % len(tiers)]) for place, user in enumerate(users)
    )
    _, key = create_service_key(
        name=f"bench {secrets.token_hex(4)}", scopes=["benefits:read"], now=now
    )
    return key, [user.wallet_address or "" for user in users]


def _nft(user: User, tier: Tier) -> UserNft:
    mint, now = str(Keypair().pubkey()), timezone.now()
    return UserNft(
        id=uuid7(),
        user=user,
        issued_to=user,
        tier=tier,
        tier_level=tier.level,
        tier_name=tier.name,
        benefits=tier.benefits,
        origin=Origin.UNLOCK,
        status=NftStatus.ACTIVE,
        mint_address=mint,
        metadata_uri=f"https://nft.example.org/{mint}",
        image_url=f"https://nft.example.org/{mint}",
        created_at=now,
        minted_at=now,
    )
