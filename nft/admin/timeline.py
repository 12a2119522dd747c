"""What happened to one upgrade, in the order of time, with links to the chain."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from core.admin import BAD, GOOD, RUNNING, WAITING, ReadOnlyAdmin
from nft.models import UpgradeRequest, UpgradeStatus
from nft.services.outlook import outlook_of

COLOURS = {
    UpgradeStatus.AWAITING_BURN: WAITING,
    UpgradeStatus.VERIFYING_BURN: RUNNING,
    UpgradeStatus.MINTING: RUNNING,
    UpgradeStatus.MINT_FAILED: BAD,
    UpgradeStatus.CLOSING: WAITING,
    UpgradeStatus.NEEDS_REVIEW: BAD,
    UpgradeStatus.COMPLETED: GOOD,
}


class TimelineAdmin(ReadOnlyAdmin):
    """The page of one upgrade begins with what happened to it, and goes on by itself."""

    change_form_outer_before_template = "admin/nft/timeline.html"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.timeline_part)
        return [path("<uuid:request_id>/timeline/", page, name=self._part), *super().get_urls()]

    @property
    def _part(self) -> str:
        return f"nft_{self.opts.model_name}_timeline"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), **self._timeline(object_id)}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def timeline_part(self, request: HttpRequest, request_id: UUID | str) -> HttpResponse:
        """What the page's script asks for again; also once the upgrade is stuck no more."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self._timeline(request_id)
        if not found:
            raise Http404
        return TemplateResponse(request, "admin/nft/timeline_part.html", found)

    def _timeline(self, request_id: UUID | str) -> dict[str, Any]:
        """Nothing for a malformed or unknown id, which the page itself answers."""
        try:
            found = UpgradeRequest.objects.select_related("order", "new_nft").get(id=request_id)
        except (UpgradeRequest.DoesNotExist, ValidationError):
            return {}
        return {
            "timeline": timeline_of(found),
            "timeline_part": reverse(f"admin:{self._part}", args=[found.pk]),
            "upgrade": found,
            "outlook": outlook_of(found, now=timezone.now()),
            "colour": COLOURS.get(UpgradeStatus(found.status), ""),
        }


@dataclass(frozen=True)
class Step:
    """`link` is empty where no explorer is known, as on a localnet."""

    at: datetime | None
    what: str
    detail: str = ""
    chain_id: str = ""
    link: str = ""


def timeline_of(request: UpgradeRequest) -> list[Step]:
    """Oldest first; what has no time yet comes last."""
    steps = [*_statuses(request), *_burns(request), *_reviews(request), *_mint(request)]
    return sorted(steps, key=lambda step: (step.at is None, step.at or request.created_at))


def explorer_link(kind: str, identifier: str) -> str:
    """`kind` is tx or address."""
    pattern: str = getattr(settings, "EXPLORER_URL", "")  # empty: none for this cluster
    return pattern.format(kind=kind, id=identifier)


def _statuses(request: UpgradeRequest) -> list[Step]:
    return [
        Step(row.at, row.to_status.replace("_", " "), row.reason)
        for row in request.history.order_by("id")
    ]


def _burns(request: UpgradeRequest) -> list[Step]:
    issued = request.burn_transactions.order_by("created_at")
    steps = [
        _on_chain(row.created_at, "burn transaction handed out", row.signature or "")
        for row in issued
    ]
    if request.burn_signature:
        proven = request.history.filter(to_status="minting").order_by("id").first()
        slot = f"slot {request.burn_slot}"
        at = proven.at if proven else None
        steps.append(_on_chain(at, "burn proven", request.burn_signature, slot))
    return steps


def _reviews(request: UpgradeRequest) -> list[Step]:
    return [
        _on_chain(row.decided_at, f"review: {row.verdict}", row.signature, f"{row.outcome}: {row}")
        for row in request.reviews.order_by("id")
    ]


def _mint(request: UpgradeRequest) -> list[Step]:
    order, nft = request.order, request.new_nft
    if not order.signature:
        return []
    at = nft.minted_at if nft else None
    what = "mint final" if nft else "mint sent"
    mint = explorer_link("address", order.mint_address)
    return [
        _on_chain(at, what, order.signature, f"attempt {order.attempt}"),
        Step(at, "mint address", "", order.mint_address, mint),
    ]


def _on_chain(at: datetime | None, what: str, signature: str, detail: str = "") -> Step:
    link = explorer_link("tx", signature) if signature else ""
    return Step(at, what, detail, signature, link)
