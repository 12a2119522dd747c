"""Guards broken on purpose, to see the proof fail. By name, in a lane's processes only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import chain.client
import nft.services.accepting
import nft.services.minting
import nft.tasks
from badges.services import consume_badges
from nft.models import MintOrder, UpgradeRequest
from nft.services.mint_evidence import MintEvidence, SigningFacts
from nft.services.mint_signing import sign_mint


def send_before_persisting() -> None:
    """A crash in between forgets a transaction that can land."""
    minting = nft.services.minting

    def send_first(order: MintOrder, evidence: MintEvidence, facts: SigningFacts) -> timedelta:
        signed = sign_mint(order=order, evidence=evidence, facts=facts)
        minting._broadcast(signed.raw)
        with transaction.atomic(durable=True):
            order.keep_signed(
                raw=signed.raw,
                signature=signed.signature,
                last_valid_block_height=signed.last_valid_block_height,
            )
        pause: timedelta = settings.CHAIN_POLL_INTERVAL
        return pause

    patch.object(minting, "_sign_and_send", send_first).start()


def verify_at_confirmed() -> None:
    """A burn that a fork takes back would have its new NFT."""
    chain.client._FINALIZED["commitment"] = "confirmed"


def consume_before_the_mint() -> None:
    """The badges would be gone, and the NFT not there."""
    accepting = nft.services.accepting
    begin = accepting._begin_minting

    def begin_and_consume(owner: UpgradeRequest, *rest: Any) -> None:
        begin(owner, *rest)
        consume_badges(request_id=owner.id, now=timezone.now())

    patch.object(accepting, "_begin_minting", begin_and_consume).start()


def leave_rows_alone() -> None:
    """Without the reconciler a lost message is a lost upgrade."""
    patch.object(nft.tasks, "redrive_unfinished", return_value=0).start()


SABOTAGES: dict[str, Callable[[], None]] = {
    "send-before-persisting": send_before_persisting,
    "verify-at-confirmed": verify_at_confirmed,
    "consume-before-the-mint": consume_before_the_mint,
    "leave-rows-alone": leave_rows_alone,
}


def apply(name: str) -> None:
    """Nothing for an empty name; raises KeyError for an unknown one."""
    if name:
        SABOTAGES[name]()
