"""Each role against each deed, by the requests that a browser makes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import LoginSession, ServiceKey, User
from accounts.services import create_service_key
from backoffice.roles import ROLES, keep_roles
from badges.models import BadgeDefinition, EarnedBadge
from core.ids import uuid7
from events.models import DeadLetter, GroupCursor
from nft.models import ReviewDecision, Tier, UpgradeStatus
from nft.services.seeding import seed_ladder
from notifications.models import (
    Channel,
    Delivery,
    DeliveryStatus,
    NotificationTemplate,
    Purpose,
)
from tests.nft.conftest import give_badges, make_user, new_signature
from tests.nft.test_stuck import upgrade_that_is

pytestmark = pytest.mark.django_db

WHY = {"confirmed": "1", "reason": "the table of roles"}


@dataclass(frozen=True)
class Stage:
    """Something of everything that a deed needs."""

    client: Client
    member: User
    tier: Tier
    badge: EarnedBadge
    key: ServiceKey

    def page(self, address: str) -> bool:
        return self.client.get(f"/admin/{address}").status_code == 200

    def save(self, address: str, **form: object) -> bool:
        return self.client.post(f"/admin/{address}", form).status_code == 302

    def act(self, model: str, action: str, chosen: object, **form: object) -> None:
        data = {"action": action, "_selected_action": [str(chosen)], **WHY, **form}
        self.client.post(f"/admin/{model}/", data)


@pytest.fixture
def stage(client: Client) -> Stage:
    keep_roles()
    seed_ladder()
    member, now = make_user(), timezone.now()
    upgrade_that_is(UpgradeStatus.NEEDS_REVIEW, since=now)
    (badge,) = give_badges(member, ["spare"], activated=False)
    DeadLetter.objects.create(group="g", event_id=uuid7(), position=1, type="t", error="e")
    GroupCursor.objects.create(name="realtime", stopped_at=now, stop_reason="limit")
    member.login_sessions.create(
        refresh_jti="j", created_at=now, expires_at=now + timedelta(hours=1)
    )
    Delivery.objects.create(
        purpose=Purpose.VERIFICATION, user_id=member.id, channel=Channel.EMAIL, created_at=now,
        status=DeliveryStatus.DEAD, next_run_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    key, _ = create_service_key(name="exchange", scopes=["trades:write"], now=now)
    return Stage(client, member, Tier.objects.get(level=1), badge, key)


def look_again(stage: Stage) -> bool:
    request = upgrade_that_is(UpgradeStatus.CLOSING, since=timezone.now() - timedelta(days=1))
    stage.act("nft/stuckupgrade", "look_again", request.pk)
    return LogEntry.objects.filter(change_message__startswith="Looked again").exists()


def decide(stage: Stage) -> bool:
    request = upgrade_that_is(UpgradeStatus.NEEDS_REVIEW, since=timezone.now())
    form = {"verdict": "accept", "signature": new_signature()}
    stage.act("nft/stuckupgrade", "decide", request.pk, **form)
    return ReviewDecision.objects.exists()


def discard(stage: Stage) -> bool:
    stage.act("events/deadletter", "discard", DeadLetter.objects.get().pk)
    return not DeadLetter.objects.waiting().exists()


def redrive(stage: Stage) -> bool:
    """Nobody handles this letter's group, so that it fails; but whoever may has tried."""
    data = {"action": "redrive", "_selected_action": [DeadLetter.objects.get().pk]}
    return b"Hand these events" in stage.client.post("/admin/events/deadletter/", data).content


def resume(stage: Stage) -> bool:
    stage.act("events/groupcursor", "resume", "realtime")
    return not GroupCursor.objects.filter(stopped_at__isnull=False).exists()


def replay(stage: Stage) -> bool:
    data = {"action": "replay", "_selected_action": ["realtime"]}
    return b"Replay the log" in stage.client.post("/admin/events/groupcursor/", data).content


def award(stage: Stage) -> bool:
    definition = BadgeDefinition.objects.exclude(slug="spare")[0]
    form = {"user": stage.member.pk, "definition": definition.pk, "reason": "r"}
    inlines = {"history-TOTAL_FORMS": 0, "history-INITIAL_FORMS": 0}
    stage.save("badges/earnedbadge/add/", **form, **inlines)
    return EarnedBadge.objects.filter(definition=definition).exists()


def revoke(stage: Stage) -> bool:
    stage.act("badges/earnedbadge", "revoke", stage.badge.pk)
    return EarnedBadge.objects.get(pk=stage.badge.pk).status == "revoked"


def sign_out(stage: Stage) -> bool:
    stage.act("accounts/loginsession", "revoke", LoginSession.objects.get().pk)
    return LoginSession.objects.get().end_reason == "revoked"


def close_account(stage: Stage) -> bool:
    stage.save(f"accounts/user/{stage.member.pk}/change/", username="", reason="they asked")
    return not User.objects.get(pk=stage.member.pk).is_active


def close_key(stage: Stage) -> bool:
    form = {"expires_at_0": "", "expires_at_1": "", "reason": "it leaked"}
    stage.save(f"accounts/servicekey/{stage.key.pk}/change/", **form)
    return not ServiceKey.objects.get().is_active


def edit_tier(stage: Stage) -> bool:
    names = ("symbol", "description", "colour", "required_volume", "trading_fee_reduction",
             "ai_agent_weekly_uses")  # fmt: skip
    form = {name: getattr(stage.tier, name) for name in names} | {
        "name": "Scout",
        "reason": "the new season",
    }
    stage.save(f"nft/tier/{stage.tier.pk}/change/", **form)
    return Tier.objects.filter(name="Scout").exists()


def define_badge(stage: Stage) -> bool:
    stage.save("badges/badgedefinition/add/", slug="new", name="New", position=0, reason="r")
    return BadgeDefinition.objects.filter(slug="new").exists()


def edit_milestone(stage: Stage) -> bool:
    return stage.save("trading/volumemilestone/add/", amount="77", reason="r")


def send_again(stage: Stage) -> bool:
    delivery = Delivery.objects.get()
    stage.act("notifications/delivery", "send_again", delivery.pk)
    return Delivery.objects.get().status == DeliveryStatus.WAITING


def edit_text(stage: Stage) -> bool:
    row = NotificationTemplate.objects.get(type="badge_earned")
    form = {"priority": row.priority, "link": "/here", "reason": "r"}
    inlines = {"texts-TOTAL_FORMS": 0, "texts-INITIAL_FORMS": 0}
    stage.save(f"notifications/notificationtemplate/{row.pk}/change/", **form, **inlines)
    return NotificationTemplate.objects.filter(link="/here").exists()


def make_role(stage: Stage) -> bool:
    return stage.save("auth/group/add/", name="gods", reason="r")


def see(address: str) -> Callable[[Stage], bool]:
    return lambda stage: stage.page(address)


OPERATOR, SUPPORT, AUDITOR, DESIGNER = ROLES
DEEDS: dict[str, tuple[Callable[[Stage], bool], set[str]]] = {
    "look again": (look_again, {OPERATOR}),
    "decide a review": (decide, {OPERATOR}),
    "discard": (discard, {OPERATOR}),
    "redrive": (redrive, {OPERATOR}),
    "resume": (resume, {OPERATOR}),
    "replay": (replay, {OPERATOR}),
    "award": (award, {OPERATOR}),
    "award by file": (see("badges/earnedbadge/award-csv/"), {OPERATOR}),
    "revoke a badge": (revoke, {OPERATOR}),
    "sign out": (sign_out, {OPERATOR, SUPPORT}),
    "close an account": (close_account, {OPERATOR}),
    "close a service key": (close_key, {OPERATOR}),
    "edit a tier": (edit_tier, {DESIGNER}),
    "define a badge": (define_badge, {DESIGNER}),
    "send a message again": (send_again, {OPERATOR, SUPPORT}),
    "edit a text": (edit_text, {OPERATOR}),
    "edit a milestone": (edit_milestone, set()),
    "make a role": (make_role, set()),
    "see upgrades": (see("nft/upgraderequest/"), {OPERATOR, SUPPORT, AUDITOR}),
    "see what we paid": (see("nft/sponsorspending/"), {OPERATOR, SUPPORT, AUDITOR}),
    "see trades": (see("trading/trade/"), {OPERATOR, SUPPORT, AUDITOR}),
    "see deliveries": (see("notifications/delivery/"), {OPERATOR, SUPPORT, AUDITOR}),
    "see dashboards": (see("analytics/fact/dashboard/"), {OPERATOR, SUPPORT, AUDITOR}),
    "see the audit log": (see("audit/record/"), {OPERATOR, AUDITOR}),
    "see a timeline": (see("audit/record/timeline/"), {OPERATOR, AUDITOR}),
    "see service keys": (see("accounts/servicekey/"), {OPERATOR, AUDITOR}),
    "see the event log": (see("events/event/"), {OPERATOR, AUDITOR}),
    "see the log of actions": (see("admin/logentry/"), {OPERATOR, AUDITOR}),
    "see roles": (see("auth/group/"), {OPERATOR, AUDITOR}),
    "see tiers": (see("nft/tier/"), {OPERATOR, SUPPORT, AUDITOR, DESIGNER}),
    "see home": (see(""), {OPERATOR, SUPPORT, AUDITOR, DESIGNER}),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_do_what_it_may_and_nothing_else(stage: Stage, role: str) -> None:
    person = User.objects.create(username="person", is_staff=True)
    person.groups.set(Group.objects.filter(name=role))
    stage.client.force_login(person)
    done = {name for name, (deed, _) in DEEDS.items() if deed(stage)}
    assert done == {name for name, (_, roles) in DEEDS.items() if role in roles}


def test_somebody_without_a_role_sees_home_and_no_more(stage: Stage) -> None:
    stage.client.force_login(User.objects.create(username="person", is_staff=True))
    assert {name for name, (deed, _) in DEEDS.items() if deed(stage)} == {"see home"}


def test_an_auditor_may_see_everything_and_change_nothing() -> None:
    keep_roles()
    held = Group.objects.get(name="auditor").permissions.all()
    assert all(permission.codename.startswith("view_") for permission in held)


def test_the_command_puts_roles_right_and_says_what_it_changed() -> None:
    keep_roles()
    group = Group.objects.get(name="support")
    group.permissions.add(Permission.objects.get(codename="review_upgraderequest"))
    group.permissions.remove(Permission.objects.get(codename="view_tier"))
    out = StringIO()
    with pytest.raises(CommandError, match="1 roles differ"):
        call_command("roles", check=True, stdout=out)
    assert group.permissions.filter(codename="review_upgraderequest").exists()
    call_command("roles", stdout=out)
    assert "support: + nft.view_tier" in out.getvalue()
    assert "support: - nft.review_upgraderequest" in out.getvalue()
    call_command("roles", stdout=out)
    assert "as they should be" in out.getvalue()
