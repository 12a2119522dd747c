"""What people read: in their language, by names and figures, and what programs read."""

from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import translation

from accounts.models import User
from badges.models import BadgeDefinition
from events.catalogue import event_types, schema_for
from nft.models import MintOrder, Tier, UpgradeRequest
from nft.services.previewing import UpgradePreview
from notifications.kinds import KINDS
from notifications.models import Recipient
from tests.nft.conftest import make_nft, make_order, make_upgrade
from tests.web.reading import HTML, text_of
from web.notification_names import kind_groups
from web.reasons import reason_text
from web.telling import SENTENCES, SILENT
from web.templatetags.pages import lamports_as_sol, seconds
from web.texts import script_texts
from web.views import upgrades

pytestmark = pytest.mark.django_db

# What the API may answer on the way to a new NFT.
REFUSALS = (
    "ALREADY_UNLOCKED", "BADGES_MISSING", "BADGE_CHANGED", "BADGE_STATUS", "BURN_ALREADY_PROVEN",
    "BURN_NOT_OURS", "BURN_SIGNATURE_USED", "CANNOT_CANCEL", "CHAIN_UNAVAILABLE",
    "IDEMPOTENCY_IN_FLIGHT", "INVALID_QUOTE", "INVALID_SIGNATURE", "INVALID_TRANSACTION",
    "NFT_CHANGED", "NFT_NOT_ACTIVE", "NFT_NOT_IN_WALLET", "NFT_STATE", "NOTHING_TO_RETRY",
    "NOT_QUALIFIED", "NO_BURN_WANTED", "NO_SUCH_TIER", "QUOTE_CHANGED", "QUOTE_EXPIRED",
    "SIGNER_UNAVAILABLE", "SOLD_OUT", "SPONSOR_BUDGET_SPENT", "UPGRADE_CHANGED",
    "UPGRADE_IN_PROGRESS", "UPGRADE_STATE", "WRONG_LEVEL",
)  # fmt: skip
STATUSES = (401, 404, 429, 500, 502, 503, 504)
BLOCKERS = (
    {"code": "VOLUME_TOO_LOW", "required": "500000", "current": "250000.5"},
    {"code": "BADGE_CONSUMED", "slug": "first-steps"},
    {"code": "BADGE_RESERVED", "slug": "first-steps"},
    {"code": "BADGES_TOO_FEW", "needed": 2, "have": 1, "slugs": ["first-steps", "gone"]},
    {"code": "NFT_NOT_ACTIVE"},
    {"code": "NFT_NOT_IN_WALLET"},
    {"code": "NO_SUCH_TIER"},
)


def test_what_blocks_is_said_in_the_visitors_language_by_names_and_figures() -> None:
    with translation.override("de"):
        said = [
            reason_text({"message": "English"} | blocker, {"first-steps": "First Steps"})
            for blocker in BLOCKERS
        ]
    assert "English" not in said
    assert said[0] == "Dein Handelsvolumen ist zu klein: Es fehlen 249.999,50 USD."
    assert "First Steps, gone" in said[3]
    assert "„First Steps“" in said[1]
    assert reason_text({"code": "NEW", "message": "As it is."}, {}) == "As it is."


def test_where_any_of_some_badges_will_do_the_collection_says_so(
    member: User, client: Client
) -> None:
    some = "Any 1 of these badges:"
    assert some not in text_of(client, "/collection")
    tier = Tier.objects.get(level=1)
    tier.required_badges.add(BadgeDefinition.objects.get(slug="mentor"))
    Tier.objects.filter(level=1).update(badges_needed=1)
    assert some in text_of(client, "/collection")


@override_settings(UPGRADE_TTL=timedelta(minutes=45))
def test_a_preview_says_how_long_there_is_to_sign(
    member: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    nft = make_nft(member)
    monkeypatch.setattr(upgrades, "preview_upgrade", lambda **_: UpgradePreview(nft, 2, []))
    page = text_of(client, f"/upgrades/new/{nft.id}")
    assert "The offer holds for 10 min; after the start you have 45 min to sign." in page


def test_figures_are_written_as_the_visitors_language_does() -> None:
    with translation.override("de"):
        assert [seconds(value) for value in (0.44, 12.3, 200, 1800)] == [
            "0,4 s", "12 s", "3 min 20 s", "30 min",
        ]  # fmt: skip
        assert lamports_as_sol(5000) == "0,000005"
    assert [lamports_as_sol(lamports) for lamports in (5000, 10**10)] == ["0.000005", "10"]


def test_every_refusal_says_that_nothing_is_lost() -> None:
    texts = script_texts()
    names = [f"error.{code}" for code in REFUSALS] + [f"status.{status}" for status in STATUSES]
    assert [name for name in [*names, "failed", "offline"] if "othing " not in texts[name]] == []


def test_a_burn_that_was_not_accepted_is_explained_in_the_members_language(
    member: User, client: Client
) -> None:
    upgrade = make_upgrade(member, make_nft(member))
    refused = {"error_code": "FEE_PAYER_EMPTY", "error_message": "Too few lamports."}
    UpgradeRequest.objects.filter(id=upgrade.id).update(**refused)
    page = text_of(client, f"/upgrades/{upgrade.id}", **{"Accept-Language": "de"})
    assert "Deine Wallet hat zu wenig SOL für die Netzgebühr." in page
    assert "Too few lamports" not in page
    assert 'id="sign-burn"' in page


def test_days_are_written_as_the_visitors_language_does(member: User, client: Client) -> None:
    nft = make_nft(member)
    day = f"{nft.minted_at:%-d}"
    assert f">{day} " in text_of(client, "/collection")
    assert f">{day}. " in text_of(client, "/collection", **{"Accept-Language": "de"})


def test_an_nft_is_numbered_in_the_visitors_language(member: User, client: Client) -> None:
    order = make_order(member, Tier.objects.get(level=2))
    MintOrder.objects.filter(id=order.id).update(number=12)
    assert "Nr. 12" in text_of(client, f"/nfts/{order.mint_address}", **{"Accept-Language": "de"})


def test_the_language_is_the_browsers_until_another_is_chosen(ladder: None, client: Client) -> None:
    assert '<html lang="de">' in text_of(client, "/", **{"Accept-Language": "de-AT,de;q=0.9"})
    client.post("/language", {"language": "en", "next": "/"})
    assert '<html lang="en">' in text_of(client, "/", **{"Accept-Language": "de"})


def test_members_are_told_in_the_language_that_they_signed_in_with_until_they_choose(
    member: User, client: Client
) -> None:
    for language in ("de", "en"):  # the first counts
        client.get("/sign-in", headers=HTML | {"Accept-Language": language})
    assert Recipient.objects.get(user_id=member.id).language == "de"


def test_what_programs_read_stays_english(client: Client) -> None:
    answer = client.get("/api/v1/user/nfts", headers={"Accept-Language": "de"})
    assert "Content-Language" not in answer.headers
    assert "Accept-Language" not in answer.get("Vary", "")


def test_every_event_that_a_member_hears_of_has_a_sentence() -> None:
    heard = {name for name in event_types() if schema_for(name).audience == "user"}
    assert heard - set(SILENT) == SENTENCES.keys()


def test_every_kind_of_notification_has_a_name_for_people() -> None:
    groups = kind_groups()
    assert sorted(kind for group in groups for kind, _ in group.kinds) == sorted(KINDS)
    assert "Other" not in [group.title for group in groups]
