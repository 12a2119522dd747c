"""The side bar: what somebody may see, by area. An app that is in no area gets one of its own."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy

Item = dict[str, Any]

# Models by label, in the order of their area; the icons are names of Material Symbols.
AREAS: Mapping[str, Mapping[str, str]] = {
    "Upgrades": {
        "nft.StuckUpgrade": "hourglass_bottom",
        "nft.UpgradeRequest": "upgrade",
        "nft.ReviewDecision": "gavel",
        "nft.UpgradeStatusHistory": "history",
        "nft.BurnTransaction": "local_fire_department",
        "nft.MintOrder": "precision_manufacturing",
        "nft.SponsorSpending": "payments",
        "nft.AuthorityBalance": "account_balance_wallet",
    },
    "Members": {
        "accounts.User": "person",
        "nft.UserNft": "token",
        "nft.NftHolding": "inventory_2",
        "nft.OwnershipChange": "swap_horiz",
        "nft.BenefitUse": "redeem",
        "nft.QualificationRecord": "verified",
        "badges.EarnedBadge": "military_tech",
        "badges.BadgeStatusHistory": "history",
    },
    "Game": {
        "nft.Tier": "stairs",
        "nft.TierVersion": "history",
        "nft.TierSupply": "inventory",
        "nft.AwardRule": "rule",
        "badges.BadgeDefinition": "workspace_premium",
        "trading.VolumeMilestone": "flag",
        "nft.FaceFile": "image",
    },
    "Trading": {
        "trading.Trade": "candlestick_chart",
        "trading.UserVolume": "bar_chart",
        "trading.MilestoneReached": "sports_score",
    },
    "Events": {
        "events.DeadLetter": "mark_email_unread",
        "events.GroupCursor": "groups",
        "events.ReplayOrder": "replay",
        "events.Event": "list_alt",
        "events.ProcessedEvent": "done_all",
        "events.CrashMark": "car_crash",
        "events.Sequencer": "format_list_numbered",
        "events.UserSequence": "tag",
    },
    "Notifications": {
        "notifications.Notification": "notifications",
        "notifications.Delivery": "outgoing_mail",
        "notifications.DeliveryAttempt": "send",
        "notifications.NotificationTemplate": "edit_note",
        "notifications.TemplateText": "translate",
        "notifications.Recipient": "contact_mail",
        "notifications.Preference": "tune",
        "notifications.PushSubscription": "phonelink_ring",
        "notifications.Provider": "dns",
    },
    "Analytics": {
        "analytics.Daily": "calendar_month",
        "analytics.Standing": "leaderboard",
        "analytics.MemberTotal": "functions",
        "analytics.Journey": "route",
        "analytics.Fact": "fact_check",
        "analytics.TypeMinute": "timer",
        "analytics.Nft": "token",
        "analytics.Holding": "inventory_2",
        "analytics.BoardChange": "published_with_changes",
        "analytics.Comparison": "compare",
        "analytics.Edition": "counter_1",
    },
    "Audit": {
        "audit.Record": "policy",
        "audit.ChainTransaction": "link",
        "audit.Checkpoint": "verified_user",
        "audit.Anchor": "anchor",
        "audit.LegalHold": "gavel",
        "audit.Pending": "pending_actions",
        "audit.Head": "account_tree",
        "audit.Chunk": "grid_view",
    },
    "Access": {
        "accounts.ServiceKey": "key",
        "accounts.LoginSession": "login",
        "accounts.StreamTicket": "confirmation_number",
        "accounts.SignInNonce": "draw",
        "core.IdempotencyKey": "content_copy",
        "otp_totp.TOTPDevice": "phonelink_lock",
        "otp_static.StaticDevice": "pin",
        "axes.AccessAttempt": "lock_clock",
        "auth.Group": "badge",
        "admin.LogEntry": "receipt_long",
    },
}
PLACES = {label: area for area, models in AREAS.items() for label in models}
ANY_ICON = "table_rows"


def sidebar(request: HttpRequest) -> list[Item]:
    """For unfold, which asks with every page."""
    areas: dict[str, dict[str, Item]] = {area: {} for area in AREAS}
    for app in admin.site.get_app_list(request):
        for model in app["models"]:
            label = model["model"]._meta.label
            area = PLACES.get(label, app["name"])
            areas.setdefault(area, {})[label] = _item(label, area, model)
    groups = [_group(area, items) for area, items in areas.items() if items]
    return [{"title": "", "separator": False, "items": _pages(request)}, *groups]


def _item(label: str, area: str, model: Mapping[str, Any]) -> Item:
    icon = AREAS.get(area, {}).get(label, ANY_ICON)
    return {"title": str(model["name"]), "icon": icon, "link": model["admin_url"] or ""}


def _group(area: str, items: Mapping[str, Item]) -> Item:
    placed = [*AREAS.get(area, {}), *items]
    ordered = [items[label] for label in dict.fromkeys(placed) if label in items]
    return {"title": area, "separator": True, "collapsible": True, "items": ordered}


def _pages(request: HttpRequest) -> list[Item]:
    pages = [
        ("", {"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")}),
        ("", {"title": "Live streams", "icon": "sensors", "link": reverse_lazy("admin-streams")}),
        (
            "analytics.view_dashboard",
            {
                "title": "Dashboards",
                "icon": "monitoring",
                "link": reverse_lazy("admin:analytics_dashboard"),
            },
        ),
        (
            "audit.view_record",
            {"title": "Timeline", "icon": "timeline", "link": reverse_lazy("admin:audit_timeline")},
        ),
    ]
    return [page for needed, page in pages if not needed or request.user.has_perm(needed)]


def account_links(request: HttpRequest) -> list[Item]:
    """The menu of whoever is signed in."""
    links = [{"title": "Second factor", "link": reverse_lazy("admin:enrol")}]
    if request.user.is_authenticated and request.user.has_usable_password():
        links.append({"title": "Change password", "link": reverse_lazy("admin:password_change")})
    return links


def environment(_request: HttpRequest) -> list[str] | None:
    """The label on top of each page: where a password alone is enough, it says so."""
    return None if settings.ADMIN_REQUIRE_OTP else ["No second factor", "warning"]
