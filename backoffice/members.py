"""One member on one page: what they hold, earned, traded and upgraded, and where they signed in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import LoginSession, User
from audit.models import Record
from audit.noting import note_access
from badges.models import EarnedBadge
from nft.models import QualificationRecord, UpgradeRequest, UserNft
from notifications.models import Notification
from trading.models import MilestoneReached, Trade, UserVolume

MOST_ROWS = 10


@dataclass(frozen=True)
class Part:
    """A table of one model's rows; `cells` makes a row's. Seen with the model's view permission."""

    title: str
    columns: Sequence[str]
    rows: Callable[[User], QuerySet[Any]]
    cells: Callable[[Any], Iterable[object]]
    by: str = "user__id__exact"  # how the whole list is asked for the member's rows
    order: str = "-pk"


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    all_link: str
    more: bool
    rows: list[tuple[str, list[str]]]


PARTS = [
    Part("NFTs", ("Tier", "Status", "Mint", "Since"),
         lambda user: UserNft.objects.of_user(user.id),
         lambda it: (it.tier_name, it.status, it.mint_address, it.held_since or it.created_at)),
    Part("Upgrades", ("To level", "Status", "Started", "Error"),
         lambda user: UpgradeRequest.objects.of_user(user.id),
         lambda it: (it.target_level, it.status, it.created_at, it.error_code)),
    Part("Badges", ("Badge", "Status", "Earned"),
         lambda user: EarnedBadge.objects.of_user(user.id).select_related("definition"),
         lambda it: (it.definition.name, it.status, it.earned_at)),
    Part("Volume", ("USD", "Trades"),
         lambda user: UserVolume.objects.filter(user=user),
         lambda it: (f"{it.total:,.2f}", it.trades)),
    Part("Qualification", ("Levels", "Volume then"),
         lambda user: QualificationRecord.objects.filter(user=user),
         lambda it: (", ".join(map(str, it.levels)) or "none", f"{it.volume:,.2f}")),
    Part("Milestones", ("Amount", "Reached"),
         lambda user: MilestoneReached.objects.filter(user=user).select_related("milestone"),
         lambda it: (it.milestone, it.reached_at)),
    Part("Latest trades", ("Trade", "USD", "At"),
         lambda user: Trade.objects.filter(user=user),
         lambda it: (it.trade_id, f"{it.volume_usd:,.2f}", it.executed_at), order="-executed_at"),
    Part("Sign-ins", ("From", "Until", "Ended"),
         lambda user: LoginSession.objects.filter(user=user),
         lambda it: (it.created_at, it.expires_at, it.end_reason or "live")),
    Part("Notifications", ("What", "At", "Read"),
         lambda user: Notification.objects.filter(user_id=user.id),
         lambda it: (it.title, it.created_at, it.read_at or "not yet"), by="q", order="-id"),
    Part("Audit", ("What", "At", "By", "Why"),
         lambda user: Record.objects.filter(subject=user.id),
         lambda it: (it.what, it.at, it.actor or it.origin or "", it.reason or ""),
         by="q", order="-index"),
]  # fmt: skip


@require_safe
def member_page(request: HttpRequest, user_id: UUID) -> HttpResponse:
    if not request.user.has_perm("accounts.view_user"):
        raise PermissionDenied
    member = get_object_or_404(User, pk=user_id)
    if request.user.has_perm("audit.view_record"):
        note_access("audit.member_seen", about={}, subject=str(member.pk))
    context = {
        **admin.site.each_context(request),
        "title": str(member),
        "member": member,
        "tables": [_table(part, member) for part in PARTS if _is_seen(request, part, member)],
    }
    return TemplateResponse(request, "admin/member.html", context)


def _is_seen(request: HttpRequest, part: Part, member: User) -> bool:
    meta = part.rows(member).model._meta
    return request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")


def _table(part: Part, member: User) -> Table:
    found = part.rows(member)
    rows = list(found.order_by(part.order)[: MOST_ROWS + 1])
    every = reverse(_name(found.model, "changelist"), query={part.by: member.pk})
    shown = [(_link(row), [*map(_text, part.cells(row))]) for row in rows[:MOST_ROWS]]
    return Table(part.title, part.columns, every, len(rows) > MOST_ROWS, shown)


def _text(cell: object) -> str:
    return f"{cell:%Y-%m-%d %H:%M} UTC" if isinstance(cell, datetime) else str(cell)


def _link(row: Model) -> str:
    return reverse(_name(type(row), "change"), args=[row.pk])


def _name(model: type[Model], page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
