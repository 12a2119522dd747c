"""An upgrade as the steps that its member follows."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from nft.models import UpgradeRequest, UpgradeStatus
from nft.models.upgrade_states import AFTER_PROOF

S = UpgradeStatus


@dataclass(frozen=True)
class Step:
    """`state` is done, active, stopped or ahead; `signature` is its transaction on chain."""

    name: str
    text: str
    state: str
    began_at: datetime | None
    ended_at: datetime | None
    signature: str | None = None

    @property
    def seconds(self) -> float | None:
        if self.began_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.began_at).total_seconds()


def steps_of(request: UpgradeRequest) -> list[Step]:
    """Needs `request.order` and the prefetched history."""
    handed_in = _first(request, S.VERIFYING_BURN, S.MINTING)
    proven = _first(request, S.MINTING)
    started, ended = request.created_at, request.completed_at
    burn = request.burn_signature or request.submitted_signature or None
    if request.status == S.AWAITING_BURN:  # a burn that was rejected is signed anew
        handed_in = burn = None
    return [
        Step("started", _("Started, terms frozen"), "done", started, started),
        _step(request, "signed", _("Burn signed in your wallet"), started, handed_in),
        _step(request, "proven", _("Burn proven on chain"), handed_in, proven, burn),
        _step(
            request,
            "minted",
            _("New NFT minted to your wallet"),
            proven,
            ended,
            request.order.signature,
        ),
        _step(request, "completed", _("Badges consumed, upgrade complete"), ended, ended),
    ]


def _step(
    request: UpgradeRequest,
    name: str,
    text: str,
    began: datetime | None,
    ended: datetime | None,
    signature: str | None = None,
) -> Step:
    if ended is not None:
        state = "done"
    elif began is None:
        state = "ahead"
    else:
        stopped = request.status not in (S.AWAITING_BURN, S.VERIFYING_BURN, *AFTER_PROOF)
        state = "stopped" if stopped else "active"
    return Step(name, text, state, began, ended, signature)


def _first(request: UpgradeRequest, *statuses: UpgradeStatus) -> datetime | None:
    """Of the latest run: a burn that was rejected begins anew."""
    found = None
    for row in request.history.all():
        if row.to_status == S.AWAITING_BURN:
            found = None
        elif row.to_status in statuses and found is None:
            found = row.at
    return found
