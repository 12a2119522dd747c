"""Guards broken on purpose, to see the proof fail. By name, in a lane's processes only."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from django.utils import timezone

import chain.client
import nft.services.accepting
import nft.services.minting
import nft.tasks
from badges.services import consume_badges
from nft.models import MintOrder, UpgradeRequest


def send_before_persisting() -> None:
    """A crash in between forgets a transaction that can land."""
    keep = MintOrder.keep_signed

    def send_first(order: MintOrder, *, raw: bytes, **rest: Any) -> None:
        nft.services.minting._broadcast(raw)
        keep(order, raw=raw, **rest)

    patch.object(MintOrder, "keep_signed", send_first).start()


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
