"""`manage.py seed` fills an empty installation and leaves an operator's work alone."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from badges.models import BadgeDefinition
from nft.models import Tier
from nft.services.seeding import seed_ladder
from tests.trading.parts import restore_milestones
from trading.models import VolumeMilestone

pytestmark = pytest.mark.django_db


def test_seeding_says_what_is_new_and_then_nothing() -> None:
    first, again = StringIO(), StringIO()
    call_command("seed", stdout=first)
    call_command("seed", stdout=again)
    assert first.getvalue() == "New: 5 tiers, 12 badges.\n"
    assert again.getvalue() == "New: 0 tiers, 0 badges.\n"


def test_the_ladder_climbs_in_volume_badges_and_benefits(tiers: list[Tier]) -> None:
    assert [tier.level for tier in tiers] == [1, 2, 3, 4, 5]
    assert [len(tier.badge_slugs()) for tier in tiers] == [1, 2, 2, 3, 3]
    uses = [tier.ai_agent_weekly_uses for tier in tiers]
    assert uses == sorted(set(uses))


def test_every_tier_asks_for_a_volume_that_is_a_milestone(tiers: list[Tier]) -> None:
    restore_milestones()  # a transactional test may have emptied the table
    milestones = list(VolumeMilestone.objects.values_list("amount", flat=True))
    assert [tier.required_volume for tier in tiers] == milestones


def test_no_badge_is_asked_for_twice(tiers: list[Tier]) -> None:
    asked = [slug for tier in tiers for slug in tier.badge_slugs()]
    assert len(asked) == len(set(asked))


def test_a_badge_names_the_tier_that_asks_for_it(tiers: list[Tier]) -> None:
    for tier in tiers:
        assert {badge.required_for_tier for badge in tier.required_badges.all()} == {tier.level}


def test_what_an_operator_edited_stays(tiers: list[Tier]) -> None:
    Tier.objects.filter(level=2).update(name="Pilot", required_volume=7, is_active=False)
    tiers[2].required_badges.clear()
    BadgeDefinition.objects.filter(slug="mentor").update(name="Guide", is_active=False)
    seed_ladder()
    edited = Tier.objects.get(level=2)
    assert (edited.name, edited.required_volume, edited.is_active) == ("Pilot", Decimal(7), False)
    assert Tier.objects.get(level=3).badge_slugs() == []
    guide = BadgeDefinition.objects.get(slug="mentor")
    assert (guide.name, guide.is_active) == ("Guide", False)


def test_a_name_that_an_operator_uses_elsewhere_is_left_to_them(tiers: list[Tier]) -> None:
    tiers[4].delete()
    Tier.objects.filter(level=1).update(name="Sovereign")
    assert seed_ladder().tiers == 0
    assert not Tier.objects.filter(level=5).exists()
