"""Users and badges for the tests."""

from datetime import UTC, datetime
from uuid import UUID

from solders.keypair import Keypair

from accounts.models import User
from accounts.services import get_or_create_user
from badges.models import BadgeDefinition, EarnedBadge
from badges.services import activate_badge, award_badge
from events.models import Event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def new_user() -> User:
    return get_or_create_user(wallet_address=str(Keypair().pubkey()))


def define(*slugs: str) -> None:
    for position, slug in enumerate(slugs):
        BadgeDefinition.objects.create(
            slug=slug,
            name=slug.title(),
            description=f"For {slug}",
            image_url=f"https://images.example/{slug}.png",
            required_for_tier=2,
            position=position,
        )


def award(user: User, *slugs: str) -> list[EarnedBadge]:
    return [award_badge(user=user, slug=slug, now=NOW, source="test") for slug in slugs]


def give_active(user: User, *slugs: str) -> list[EarnedBadge]:
    badges = award(user, *slugs)
    return [activate_badge(user=user, badge_id=badge.id, now=NOW) for badge in badges]


def told(user_id: UUID, event_type: str) -> list[dict]:
    """The data of the user's events of one type, oldest first."""
    events = Event.objects.filter(user_id=user_id, type=event_type).order_by("id")
    return [event.data for event in events]


def moves(badge: EarnedBadge) -> list[tuple[str, str]]:
    return list(badge.history.values_list("from_status", "to_status"))
