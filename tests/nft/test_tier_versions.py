"""Editing a tier: what is offered changes, what was promised does not."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from badges.models import BadgeDefinition, BadgeStatus, EarnedBadge
from events.models import Event
from nft.models import MintOrder, Tier, TierVersion, UserNft
from nft.services.qualification import qualification_of
from nft.services.tiers import keep_version, offer_tier
from nft.services.unlocking import unlock_nft
from nft.terms import TierTerms
from tests.nft.conftest import give_badges, give_volume, qualify
from tests.nft.test_admin import operator, page, tier_form

__all__ = ["operator"]  # a fixture
NOW = timezone.now()
HOUR = timedelta(hours=1)


def unlock(user: User) -> UserNft:
    return unlock_nft(user=user, tier_level=1, now=NOW, keep=lambda _: None)


def codes(user: User, level: int) -> list[str]:
    verdict = qualification_of(user, now=NOW).levels[level - 1]
    return [reason.code for reason in verdict.missing]


def test_an_edit_changes_neither_an_nft_nor_its_order(operator: Client, tiers: list[Tier]) -> None:
    user = User.objects.create_user(wallet_address="1" * 32)
    qualify(user, 1)
    nft = unlock(user)
    before = (nft.benefits, MintOrder.objects.get().terms)
    form = tier_form(tiers[0], name="Scout", trading_fee_reduction="99%", free_benefits="vip: yes")
    assert operator.post(page(Tier, "change", tiers[0].pk), form).status_code == 302
    nft.refresh_from_db()
    assert (nft.benefits, MintOrder.objects.get().terms) == before
    assert (nft.tier_name, nft.tier_version) == ("Pathfinder", 1)
    assert TierVersion.objects.get(tier=tiers[0], version=1).terms == before[1] | {
        "badges": ["first-steps"]
    }


def test_every_edit_is_a_version_by_its_author(operator: Client, tiers: list[Tier]) -> None:
    form = tier_form(tiers[0], name="Scout", required_badges=[])
    operator.post(page(Tier, "change", tiers[0].pk), form)
    operator.post(page(Tier, "change", tiers[0].pk), form)  # nothing changed
    first, second = TierVersion.objects.filter(tier=tiers[0])
    assert (first.author, second.author) == ("seed", "admin chief")
    assert (first.terms["name"], second.terms["name"]) == ("Pathfinder", "Scout")
    assert (first.terms["badges"], second.terms["badges"]) == (["first-steps"], [])
    told = Event.objects.filter(type="tier_changed").order_by("id")
    assert [event.data for event in told] == [{"tierId": 1, "tierVersion": 2}] * 2


def test_a_version_number_is_used_once(tiers: list[Tier]) -> None:
    Tier.objects.filter(level=1).update(name="Scout")
    assert offer_tier(tier=tiers[0], author="a").version == 2
    assert keep_version(tier=tiers[0], author="b").author == "a"
    with pytest.raises(IntegrityError), transaction.atomic():
        tiers[0].versions.create(version=2, terms={}, author="c")


def test_free_benefits_are_written_as_lines_and_given(operator: Client, tiers: list[Tier]) -> None:
    lines = "communityCalls: 2\nbetaAccess: yes\n\nlounge: Zurich, on Fridays: open"
    operator.post(page(Tier, "change", tiers[0].pk), tier_form(tiers[0], free_benefits=lines))
    tier = Tier.objects.get(level=1)
    assert tier.free_benefits == {
        "communityCalls": 2,
        "betaAccess": True,
        "lounge": "Zurich, on Fridays: open",
    }
    shown = operator.get(page(Tier, "change", tiers[0].pk)).content.decode()
    assert "betaAccess: yes" in shown
    listed = operator.get("/api/v1/tiers").json()["results"][0]
    assert listed["benefits"]["communityCalls"] == 2
    assert listed["benefits"]["tradingFeeReduction"] == tier.trading_fee_reduction


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("free_benefits", "no colon", "-"),
        ("free_benefits", "Bad-name: 1", "-"),
        ("free_benefits", "prioritySupport: no", "-"),
        ("supply_cap", "0", "tier_supply_from_one"),
        ("badges_needed", "2", "-"),  # one is required
        ("badges_needed", "0", "tier_needs_a_badge"),
        ("required_volume", "-1", "tier_volume_not_negative"),
        ("required_volume", "NaN", "-"),
        ("name", "Navigator", "-"),
        *(("trading_fee_reduction", text, "-") for text in ("abc", "-5%", "900%", "5", "1.125%")),
        ("picture_url", "javascript:alert(1)", "-"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(
    operator: Client, tiers: list[Tier], field: str, value: str, constraint: str
) -> None:
    badge = BadgeDefinition.objects.get(slug="first-steps")
    form = tier_form(tiers[0], required_badges=[badge.pk]) | {field: value}
    response = operator.post(page(Tier, "change", tiers[0].pk), form)
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert field in errors or constraint in str(errors)
    assert not TierVersion.objects.filter(tier=tiers[0], version=2).exists()


def test_a_second_tier_of_a_level_is_refused(operator: Client, tiers: list[Tier]) -> None:
    response = operator.post(page(Tier, "add"), tier_form(tiers[0], name="Other", level=3))
    assert response.status_code == 200
    assert Tier.objects.count() == 5


def test_a_level_that_nobody_can_reach_is_pointed_out(operator: Client, tiers: list[Tier]) -> None:
    form = tier_form(tiers[0], name="Legend", level=8)
    response = operator.post(page(Tier, "add"), form, follow=True)
    assert "level 7 is not on offer" in response.content.decode()


def test_any_of_the_badges_are_enough_and_only_those_are_taken(
    tiers: list[Tier], user: User
) -> None:
    more = [BadgeDefinition.objects.create(slug=slug, name=slug) for slug in ("b", "c", "d")]
    tiers[0].required_badges.set(more)
    Tier.objects.filter(level=1).update(badges_needed=2)
    give_volume(user, tiers[0].required_volume)
    give_badges(user, ["c"])
    [reason] = qualification_of(user, now=NOW).levels[0].missing
    assert (reason.code, dict(reason.figures)) == (
        "BADGES_TOO_FEW",
        {"needed": 2, "have": 1, "slugs": ["b", "c", "d"]},
    )
    give_badges(user, ["b", "d"])
    unlock(user)
    reserved = EarnedBadge.objects.filter(status=BadgeStatus.RESERVED)
    assert sorted(badge.definition.slug for badge in reserved) == ["b", "c"]
    assert MintOrder.objects.get().terms["badges"] == ["b", "c"]


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [
        (NOW + HOUR, None, ["NOT_YET_AVAILABLE"]),
        (None, NOW - HOUR, ["NO_LONGER_AVAILABLE"]),
        (NOW, NOW + HOUR, []),
    ],
)
def test_a_tier_is_given_only_in_its_window(
    tiers: list[Tier], user: User, opens: object, closes: object, code: list[str]
) -> None:
    qualify(user, 1)
    Tier.objects.filter(level=1).update(available_from=opens, available_until=closes)
    assert codes(user, 1) == code


def test_the_database_refuses_a_window_that_ends_before_it_begins(tiers: list[Tier]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Tier.objects.update(available_from=NOW, available_until=NOW)


def test_terms_of_an_order_from_before_versions_are_still_read(tiers: list[Tier]) -> None:
    stored = TierTerms.of(tiers[0]).dump()
    for later in ("badges_needed", "supply_cap", "available_from", "available_until",
                  "picture_url", "version"):  # fmt: skip
        del stored[later]
    assert TierTerms.load(stored) == TierTerms.of(tiers[0])
