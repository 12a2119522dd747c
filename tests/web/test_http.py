"""What the pages promise without a browser: who may see what, policies, languages, addresses."""

import json
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts.models import User
from badges.events import BadgeActivated
from core.ids import uuid7
from nft.events import UpgradeInitiated
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus, UserNft
from tests.nft.conftest import (
    give_badges,
    give_volume,
    make_nft,
    make_upgrade,
    make_user,
)
from tests.realtime.feed import write
from tests.web.reading import HTML, text_of
from trading.models import Trade
from web.views import public

pytestmark = pytest.mark.django_db
MEMBERS_PAGES = ["/collection", "/badges", "/activity", "/upgrades"]
NOTICES = {
    UpgradeStatus.AWAITING_BURN: ("Sign the burn", 'id="sign-burn"'),
    UpgradeStatus.VERIFYING_BURN: ("with the network", 'data-status="verifying_burn"'),
    UpgradeStatus.MINTING: ("can only end with your new NFT", "data-runs"),
    UpgradeStatus.MINT_FAILED: ("Nothing is lost", 'id="retry"'),
    UpgradeStatus.CLOSING: ("being closed", "data-runs"),
    UpgradeStatus.NEEDS_REVIEW: ("A person looks at this", 'data-status="needs_review"'),
    UpgradeStatus.CANCELLED: ("Nothing is lost", 'id="again"'),
    UpgradeStatus.EXPIRED: ("The time to sign ran out", 'id="again"'),
}


@pytest.mark.parametrize("path", MEMBERS_PAGES)
def test_a_members_page_sends_a_stranger_to_the_sign_in_and_back(client: Client, path: str) -> None:
    answer = client.get(f"{path}?kind=badges")
    assert answer["Location"] == f"/sign-in?next=%2F{path[1:]}%3Fkind%3Dbadges"


def test_the_sign_in_leads_to_no_other_site(member: User, client: Client) -> None:
    assert client.get("/sign-in?next=https://evil.example/")["Location"] == "/collection"
    assert client.get("/sign-in?next=/badges")["Location"] == "/badges"


def test_a_members_page_is_kept_by_no_cache(member: User, client: Client) -> None:
    assert "no-store" in client.get("/collection")["Cache-Control"]


def test_the_collection_says_what_blocks_the_next_tier(member: User, client: Client) -> None:
    give_volume(member, 60_000)
    give_badges(member, ["first-steps"], activated=False)
    page = text_of(client, "/collection")
    assert "60,000 / 100,000 USD" in page
    assert "40,000 USD to go" in page
    assert 'id="activate-first-steps"' in page
    assert "disabled" in page.split('id="unlock"')[1].split(">")[0]


@pytest.mark.parametrize("status", NOTICES)
def test_every_state_of_an_upgrade_says_what_it_means_and_what_to_press(
    member: User, client: Client, status: UpgradeStatus
) -> None:
    upgrade = make_upgrade(member, make_nft(member))
    UpgradeRequest.objects.filter(id=upgrade.id).update(
        status=status,
        closing_as="expired",
        closing_reason="time is up",
        burn_signature="s" if status.startswith("mint") else None,
        burn_slot=1 if status.startswith("mint") else None,
    )
    page = text_of(client, f"/upgrades/{upgrade.id}")
    for expected in NOTICES[status]:
        assert expected in page


def test_a_burn_that_is_not_proven_yet_asks_for_no_other(member: User, client: Client) -> None:
    upgrade = make_upgrade(member, make_nft(member))
    UpgradeRequest.objects.filter(id=upgrade.id).update(burn_seen_at=timezone.now())
    page = text_of(client, f"/upgrades/{upgrade.id}")
    assert "nothing is lost, and there is nothing to press" in page
    assert 'id="sign-burn"' not in page


def test_an_upgrade_whose_nft_was_given_away_promises_no_nft(member: User, client: Client) -> None:
    upgrade = make_upgrade(member, make_nft(member))
    UpgradeRequest.objects.filter(id=upgrade.id).update(
        status=UpgradeStatus.CANCELLED, closing_as="cancelled", closing_reason="given away"
    )
    UserNft.objects.filter(id=upgrade.current_nft_id).update(status=NftStatus.TRANSFERRED)
    page = text_of(client, f"/upgrades/{upgrade.id}")
    assert "Its NFT is no longer in your wallet; your badges are free again." in page
    assert 'id="again"' not in page


def test_someone_elses_upgrade_and_nft_do_not_exist(member: User, client: Client) -> None:
    other = make_user()
    upgrade = make_upgrade(other, make_nft(other))
    for path in (
        f"/upgrades/{upgrade.id}",
        f"/upgrades/new/{upgrade.current_nft_id}",
        "/upgrades/x",
    ):
        assert client.get(path, headers=HTML).status_code == 404


def test_an_nft_has_a_public_page_with_a_social_card(ladder: None, client: Client) -> None:
    nft = make_nft(make_user())
    page = text_of(client, f"/nfts/{nft.mint_address}")
    assert '<meta property="og:title" content="' in page
    assert (
        f'property="og:image" content="http://127.0.0.1:8000/api/v1/nfts/{nft.mint_address}/card.png"'
        in page
    )
    assert nft.transaction_signature is not None
    assert nft.transaction_signature in page
    assert client.get("/nfts/nothing", headers=HTML).status_code == 404


@override_settings(EXPLORER_URL="https://explorer.example/{kind}/{id}")
def test_transactions_lead_to_the_configured_explorer(ladder: None, client: Client) -> None:
    nft = make_nft(make_user())
    page = text_of(client, f"/nfts/{nft.mint_address}")
    assert f"https://explorer.example/tx/{nft.transaction_signature}" in page


def test_the_status_page_tells_without_details(client: Client) -> None:
    page = text_of(client, "/status")
    assert "Accounts, NFTs, badges" in page
    assert "postgres" not in page.lower()


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/", "unsafe"),
        ("/collection", "unsafe"),
        ("/api/v1/tiers", "'self'"),
        ("/api/docs/", "eval"),
    ],
)
def test_each_part_of_the_site_has_its_policy(client: Client, path: str, refused: str) -> None:
    policy = client.get(path)["Content-Security-Policy"]
    assert refused not in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy  # no other host


@pytest.mark.parametrize("path", ["/", "/sign-in", "/status", "/api/docs/"])
def test_no_page_has_a_script_or_a_style_of_its_own(client: Client, path: str) -> None:
    page = text_of(client, path)
    assert "<script>" not in page
    assert path == "/api/docs/" or ("<style" not in page and 'style="' not in page)
    assert "onclick" not in page


def count_reports() -> float:
    found = REGISTRY.get_sample_value("aiw3_csp_reports_total", {"directive": "script-src"})
    return found or 0.0


def test_a_breach_is_counted_and_logged_without_secrets(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    before = count_reports()
    report = {
        "effective-directive": "script-src-elem",
        "document-uri": "https://a.example/live?ticket=secret",
        "blocked-uri": "https://evil.example/x.js\nforged line",
    }
    sent = client.post(
        "/csp-report", json.dumps({"csp-report": report}), content_type="application/csp-report"
    )
    assert sent.status_code == 204
    assert count_reports() == before + 1
    assert "evil.example/x.js" in caplog.text
    assert "secret" not in caplog.text
    assert "\nforged" not in caplog.text


@pytest.mark.parametrize("body", ["", "[]", "{", '{"csp-report": 3}', "x" * 9000])
def test_what_is_no_report_is_refused(client: Client, body: str) -> None:
    answer = client.post("/csp-report", body, content_type="application/csp-report")
    assert answer.status_code == 400


@override_settings(RATE_LIMITS=settings.RATE_LIMITS | {"csp_report": "2/min"})
def test_nobody_fills_the_log_with_reports(client: Client) -> None:
    """What is no report counts as well; another address has turns of its own."""

    def send(address: str) -> Any:
        return client.post("/csp-report", "x", content_type="text/plain", REMOTE_ADDR=address)

    answers = [send("198.51.100.6") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert send("198.51.100.7").status_code == 400


def test_an_unknown_address_is_a_page_for_people_and_an_error_for_programs(client: Client) -> None:
    page = client.get("/nowhere", headers=HTML)
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert client.get("/api/nowhere", headers=HTML).json()["error_code"] == "NOT_FOUND"
    assert client.get("/nowhere").json()["error_code"] == "NOT_FOUND"


@pytest.mark.parametrize(("fault", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_a_fault_of_ours_is_a_page_for_people_that_asks_nothing_of_the_database(
    client: Client, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], status: int
) -> None:
    monkeypatch.setattr(public, "service_state", Mock(side_effect=fault))
    client.raise_request_exception = False
    answer = client.get("/status", headers=HTML | {"Accept-Language": "de"})
    assert (answer.status_code, "Retry-After" in answer) == (status, status == 503)
    assert "Nichts ist verloren" in answer.content.decode()
    assert client.get("/status").json()["code"] == status


def test_a_form_of_an_old_page_says_that_nothing_was_changed() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/language", {"language": "de"}, headers=HTML)
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
    assert "Nothing was changed" not in strict.post("/language").content.decode()


def test_nobody_plays_outside_the_demo(member: User, client: Client) -> None:
    assert client.post("/playground", {"volume": "100000"}, headers=HTML).status_code == 404
    assert "demo-dialog" not in text_of(client, "/collection")


@override_settings(DEMO_WALLET=True)
def test_in_the_demo_a_visitor_earns_in_the_playground(member: User, client: Client) -> None:
    for play in ({"volume": "100000"}, {"badge": "mentor"}, {"volume": "9"}, {"badge": "none"}):
        client.post("/playground", play | {"next": "/badges"})
    assert Trade.objects.filter(user=member).count() == 1
    assert "Mentor" in text_of(client, "/badges").split('id="open"')[0]


def test_the_activity_is_newest_first_by_kind_and_page_by_page(
    member: User, client: Client
) -> None:
    earned = [BadgeActivated(user_id=member.id, badge_id="mentor") for _ in range(31)]
    write(UpgradeInitiated(**started_by(member)), *earned)
    page = text_of(client, "/activity")
    assert page.count("You activated the badge “Mentor”.") == 30
    assert "You started the upgrade to level 2." not in page
    assert "?kind=&amp;before=3" in page
    assert "You started the upgrade to level 2." in text_of(client, "/activity?before=3")
    assert "Mentor" not in text_of(client, "/activity?kind=upgrades").split("<main")[1]
    news = text_of(client, "/activity/news?after=30")
    assert news.count("<li") == 2
    assert text_of(client, "/activity/news?after=x").count("<li") == 5


def started_by(member: User) -> dict[str, Any]:
    return {
        "user_id": member.id, "upgrade_request_id": uuid7(), "current_nft_id": uuid7(),
        "current_level": 1, "target_level": 2, "expires_at": timezone.now(),
    }  # fmt: skip


def test_the_demo_wallet_is_refused_on_a_real_cluster() -> None:
    with override_settings(DEMO_WALLET=True, SOLANA_CHAIN="mainnet", LOCALNET_ALLOWED=True):
        assert [error.id for error in run_checks() if error.id == "web.E001"] == ["web.E001"]
