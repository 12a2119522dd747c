"""What each role of the admin may do. `manage.py roles` makes the groups so."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

EVERYTHING = "*"


@dataclass(frozen=True)
class Role:
    """`views` are labels of apps or of models, `may` permissions beyond looking."""

    views: tuple[str, ...]
    may: tuple[str, ...] = ()


ROLES: Mapping[str, Role] = {
    "operator": Role(
        views=(EVERYTHING,),
        may=(
            "accounts.change_loginsession",
            "accounts.change_servicekey",
            "accounts.change_user",
            "axes.delete_accessattempt",
            "badges.add_earnedbadge",
            "events.change_groupcursor",
            "events.discard_deadletter",
            "events.redrive_deadletter",
            "events.replay_groupcursor",
            "nft.change_upgraderequest",
            "nft.review_upgraderequest",
            "notifications.change_delivery",
            "notifications.change_notificationtemplate",
            "notifications.change_templatetext",
        ),
    ),
    # Sees what members ask about; moves neither NFTs, badges nor money.
    "support": Role(
        views=(
            "accounts.user",
            "accounts.loginsession",
            "analytics",
            "badges",
            "nft",
            "notifications",
            "trading",
        ),
        may=("accounts.change_loginsession", "notifications.change_delivery"),
    ),
    "auditor": Role(views=(EVERYTHING,)),
    "game designer": Role(
        views=(
            "badges.badgedefinition",
            "nft.awardrule",
            "nft.tier",
            "nft.tiersupply",
            "nft.tierversion",
        ),
        may=(
            "badges.add_badgedefinition",
            "badges.change_badgedefinition",
            "nft.add_awardrule",
            "nft.add_tier",
            "nft.change_awardrule",
            "nft.change_tier",
        ),
    ),
}


@dataclass(frozen=True)
class Change:
    """What a role had too little and too much of, as `app.codename`."""

    role: str
    granted: list[str]
    taken: list[str]


@transaction.atomic
def keep_roles(*, dry_run: bool = False) -> list[Change]:
    """Put the groups of `ROLES` right; what a person granted beyond is taken back.

    Permissions are made by `migrate`. Raises LookupError for one that is not there.
    """
    changes = []
    for name, role in ROLES.items():
        group, is_new = Group.objects.get_or_create(name=name)
        wanted, held = set(_permissions(role)), set(group.permissions.all())
        if is_new or wanted != held:
            changes.append(Change(name, _names(wanted - held), _names(held - wanted)))
            group.permissions.set(wanted)
    if dry_run:
        transaction.set_rollback(True)
    return changes


def _permissions(role: Role) -> QuerySet[Permission]:
    named = Q()
    for permission in role.may:
        label, codename = permission.split(".")
        named |= Q(content_type__app_label=label, codename=codename)
    every = Permission.objects.select_related("content_type")
    if every.filter(named).count() < len(role.may) and role.may:
        raise LookupError(f"Some of {', '.join(role.may)} are not there; run migrate first.")
    looks = Q()
    for view in role.views:
        looks |= _looks(view)
    return every.filter(
        (looks & Q(codename__startswith="view_")) | (named if role.may else Q(pk=None))
    )


def _looks(view: str) -> Q:
    if view == EVERYTHING:
        return Q(content_type__app_label__in=_our_apps())
    label, _, model = view.partition(".")
    return Q(content_type__app_label=label, **({"content_type__model": model} if model else {}))


def _our_apps() -> list[str]:
    """Ours, and of others' what the admin shows."""
    ours = [
        it.label for it in apps.get_app_configs() if settings.BASE_DIR.samefile(f"{it.path}/..")
    ]
    return [*ours, "admin", "auth", "axes", "otp_static", "otp_totp"]


def _names(permissions: set[Permission]) -> list[str]:
    return sorted(f"{it.content_type.app_label}.{it.codename}" for it in permissions)
