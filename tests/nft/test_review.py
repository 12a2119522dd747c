"""An operator decides about a burn that nothing proves. What could go wrong: the burn never was,
another NFT's is named, the decision is made twice, by somebody who may not, or lost in a crash."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from core.errors import Conflict, InvalidInput
from events.models import Event
from nft.models import NftStatus, Outcome, ReviewDecision, UpgradeRequest, UpgradeStatus, Verdict
from nft.services.reviewing import decide_review
from tests.nft.conftest import new_signature
from tests.nft.test_burn_rejection import burn_as_delegate
from tests.nft.world import Member, World, event_types, reread

pytestmark = pytest.mark.django_db

PAGE = "/admin/nft/stuckupgrade/"
REASON = "The delegate is the member's own bot"


@pytest.fixture
def case(world: World) -> tuple[Member, UpgradeRequest, str]:
    """An upgrade in review, because a delegate burned its NFT; and the delegate's transaction."""
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    signature = burn_as_delegate(world, member, nft.mint_address)
    world.work(rounds=3)
    world.pass_time(minutes=6)
    world.work(rounds=3)
    return member, reread(request), signature


Case = tuple[Member, UpgradeRequest, str]


def decide(world: World, case: Case, verdict: Verdict, signature: str = "") -> ReviewDecision:
    return decide_review(
        request_id=case[1].id, verdict=verdict, signature=signature or case[2],
        reason=REASON, by="chief", now=world.now,
    )  # fmt: skip


def test_an_accepted_burn_becomes_the_new_nft(world: World, case: Case) -> None:
    member, request, signature = case
    decision = decide(world, case, Verdict.ACCEPT)
    world.work(rounds=24)
    request, decision = reread(request), ReviewDecision.objects.get(id=decision.id)
    assert (request.status, request.burn_signature) == (UpgradeStatus.COMPLETED, signature)
    assert request.new_nft is not None
    assert world.holds(member, request.new_nft.mint_address)
    assert decision.outcome == Outcome.DONE
    assert f"accepted in review: {REASON}" in request.history.values_list("reason", flat=True)
    assert event_types(request.id)[-1] == "upgrade_completed"


def test_a_refused_burn_closes_the_upgrade_and_frees_its_badges(world: World, case: Case) -> None:
    _, request, signature = case
    decide(world, case, Verdict.REFUSE)
    world.work(rounds=3)
    request = reread(request)
    assert (request.status, request.closing_reason) == (
        UpgradeStatus.CANCELLED,
        f"refused in review: {REASON}",
    )
    nft = request.current_nft
    assert (nft.status, nft.burn_signature) == (NftStatus.BURNED, signature)
    held = EarnedBadge.objects.of_user(request.user_id).with_slugs(request.terms["badges"])
    assert {badge.status for badge in held} == {BadgeStatus.ACTIVATED}
    assert event_types(request.id)[-1] == "upgrade_cancelled"
    burned = Event.objects.get(type="nft_burned", data__nftId=str(nft.id))
    assert burned.data["upgradeRequestId"] is None


@pytest.mark.parametrize("verdict", Verdict)
def test_nobody_can_decide_about_a_burn_that_is_not_on_chain(
    world: World, case: Case, verdict: Verdict
) -> None:
    _, others = world.unlocked_member()
    own_mint = case[1].current_nft.transaction_signature or ""
    for signature in (new_signature(), own_mint, others.transaction_signature or ""):
        decision = decide(world, case, verdict, signature)
        world.work(rounds=1)
        decision.refresh_from_db()
        assert decision.outcome == Outcome.FAILED
        assert "BURN_NOT_FOUND" in decision.problem
    assert reread(case[1]).status == UpgradeStatus.NEEDS_REVIEW


def test_one_decision_at_a_time_and_only_in_review(world: World, case: Case) -> None:
    with pytest.raises(InvalidInput):
        decide(world, case, Verdict.ACCEPT, "nonsense")
    decide(world, case, Verdict.ACCEPT)
    with pytest.raises(Conflict, match="being carried out"):
        decide(world, case, Verdict.REFUSE)
    world.work(rounds=24)
    with pytest.raises(Conflict, match="not in review"):
        decide(world, case, Verdict.REFUSE)


def test_a_decision_waits_while_the_chain_is_away(world: World, case: Case, settings) -> None:
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    decision = decide(world, case, Verdict.ACCEPT)
    world.work(rounds=3, slots=0)
    decision.refresh_from_db()
    assert decision.outcome == Outcome.PENDING
    settings.SOLANA_RPC_URL = world.chain.rpc_url
    world.work(rounds=24)
    assert reread(case[1]).status == UpgradeStatus.COMPLETED


def staff(*permissions: str) -> Client:
    user = User.objects.create_superuser("helper", "a long enough password")
    user.is_superuser = False
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, request: UpgradeRequest, action: str, **fields: str) -> str:
    data = {"action": action, "_selected_action": [str(request.id)], **fields}
    return client.post(PAGE, data, follow=True).content.decode()


def test_the_page_lists_what_is_stuck_and_what_helps(case: Case) -> None:
    page = staff("view_stuckupgrade").get(PAGE).content.decode()
    assert str(case[1].id) in page
    assert "no transaction proves by whom" in page
    assert "decide whether it counts" in page
    assert "Decide about a burn" not in page  # this one may only look


def test_deciding_takes_the_permission_a_reason_and_is_written_down(
    world: World, case: Case
) -> None:
    answer = {"verdict": "accept", "signature": case[2], "reason": REASON, "confirmed": "1"}
    act(staff("view_stuckupgrade", "change_upgraderequest"), case[1], "decide", **answer)
    assert not ReviewDecision.objects.exists()
    User.objects.all().filter(username="helper").update(username="other")
    operator = staff("view_stuckupgrade", "review_upgraderequest")
    assert "Decide about this burn" in act(operator, case[1], "decide")
    assert "This field is required" in act(operator, case[1], "decide", confirmed="1")
    assert not ReviewDecision.objects.exists()
    assert "see Review decisions" in act(operator, case[1], "decide", **answer)
    assert ReviewDecision.objects.get().decided_by == "helper"
    assert REASON in LogEntry.objects.get().change_message
    world.work(rounds=24)
    assert reread(case[1]).status == UpgradeStatus.COMPLETED


def test_an_operator_can_have_it_looked_at_now(world: World, case: Case) -> None:
    assert (reread(case[1]).next_run_at or world.now) > world.now
    operator = staff("view_stuckupgrade", "change_upgraderequest")
    act(operator, case[1], "look_again", confirmed="1")  # without a reason
    assert (reread(case[1]).next_run_at or world.now) > world.now
    act(operator, case[1], "look_again", confirmed="1", reason="the node is back")
    assert reread(case[1]).next_run_at is None
    assert LogEntry.objects.get().change_message == "Looked again: the node is back"
