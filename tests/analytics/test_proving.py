"""`manage.py leaderboards`: equal to the facts and to trades, NFTs, badges and upgrades."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from analytics.handlers import ANALYTICS
from analytics.models import Standing
from analytics.services.keeping import keep_boards
from badges.models import EarnedBadge
from badges.services import activate_badge, award_badge, revoke_badge
from events.sequencer import number_pending
from nft.models import Tier
from nft.services.confirming import confirm_burn
from nft.services.unlocking import unlock_nft
from tests.events.test_dead_letters import settle
from tests.nft.world import Member, World
from tests.trading.parts import make_trade
from trading.services import record_trades

pytestmark = pytest.mark.django_db(transaction=True)


def told(action: str = "verify") -> str:
    out = StringIO()
    call_command("leaderboards", action, stdout=out)
    return out.getvalue()


def trade(*trades: tuple[str, str, str, str | None]) -> None:
    made = [make_trade(name, wallet, volume, corrects=old) for name, wallet, volume, old in trades]
    results = record_trades(trades=made, now=timezone.now(), source="test")
    assert {result.status for result in results} == {"recorded"}


def earn(member: Member, level: int) -> None:
    """The badges of a tier, as the services give them."""
    now = timezone.now()
    for slug in Tier.objects.get(level=level).badge_slugs():
        badge = award_badge(user=member.user, slug=slug, now=now, source="test")
        if badge.status == "earned":
            activate_badge(user=member.user, badge_id=badge.id, now=now)


def live(world: World) -> Member:
    """A member whose trades, badges and NFTs came about as in life, and were told."""
    member = world.new_member()
    trade(("a", member.wallet, "900000.5", None), ("b", member.wallet, "1000.00000001", None))
    trade(
        ("c", member.wallet, "3000.25", "b"),
        ("d", "So11111111111111111111111111111111111111112", "5", None),
    )
    earn(member, 1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    world.work()
    nft.refresh_from_db()
    earn(member, 2)
    request, burn = world.start(member, nft)
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    world.work()
    spare = award_badge(user=member.user, slug="mentor", now=timezone.now(), source="test")
    revoke_badge(badge_id=spare.id, reason="a mistake", now=timezone.now())
    number_pending()
    settle(ANALYTICS)
    return member


def test_boards_equal_what_they_are_made_of_and_a_change_by_hand_is_found(world: World) -> None:
    member = live(world)
    keep_boards(now=timezone.now())
    scores = dict(
        Standing.objects.filter(user_id=member.user.id, period="all").values_list("board", "minus")
    )
    badges = EarnedBadge.objects.filter(user=member.user).exclude(status="revoked").count()
    assert scores == {"volume": -90_300_075, "level": -2, "upgrades": -1, "badges": -badges}
    report = told()
    assert "Everything is equal." in report
    for compared in ("facts    level/week", "sources  volume/all", "redis    badges/day"):
        assert compared in report

    Standing.objects.filter(user_id=member.user.id, board="upgrades").update(points=5)
    with pytest.raises(
        CommandError, match="9 standings differ"
    ):  # 4 periods, again in Redis, a source
        told()
    assert "made anew from the facts" in told("rebuild")

    trade(("e", member.wallet, "1", None))  # told, but not counted yet: it does not disturb
    number_pending()
    assert "Everything is equal." in told()
