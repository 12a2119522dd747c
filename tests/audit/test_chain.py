"""The log's root on the chain, and one upgrade from the click to its proof."""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.handlers import AUDIT
from audit.models import Anchor, ChainTransaction, Record
from audit.services.anchoring import anchor_checkpoints
from audit.services.appending import append_pending
from audit.services.chain_log import note_transactions
from audit.services.timeline import timeline
from chain.memos import build_memo
from core.correlation import set_correlation_id
from core.ids import uuid7
from events.consumer import Consumer
from events.models import Event
from events.replay import replay_in_place
from events.selection import Selection
from events.sequencer import number_pending
from events.services import publish_all
from nft.chain_access import on_chain, payer
from nft.events import NftTransferred
from nft.models import SponsorSpending
from nft.models.sponsoring import EVERYBODY
from nft.services.confirming import confirm_burn
from tests.analytics.facts import MINT, OTHER_WALLET
from tests.audit.bundles import bundle, is_rejected, last_note, record, verify
from tests.events.notebooks import settle
from tests.nft.conftest import make_user
from tests.nft.test_sponsoring import paid_burn
from tests.nft.world import FINALITY, World, reread
from tools.verify_audit import demand_on_chain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]


def anchor(world: World) -> int:
    """The looks of some seconds; how many became final."""
    finalized = 0
    for _ in range(3):
        finalized += anchor_checkpoints(now=world.now)
        world.chain.tick(FINALITY)
    return finalized


def sign(row: Anchor, *, claimed_until: datetime | None) -> str:
    """As who died between keeping the transaction and sending it left the row."""
    blockhash = on_chain(lambda chain: chain.latest_blockhash())
    signed = build_memo(payer=payer(), text=row.memo, blockhash=blockhash)
    Anchor.objects.filter(size=row.size).update(
        signed_transaction=signed.raw,
        signature=signed.signature,
        last_valid_block_height=signed.last_valid_block_height,
        claimed_until=claimed_until,
    )
    return signed.signature


def test_a_checkpoint_is_anchored_once_and_the_bundle_shows_it(
    world: World, tmp_path: Path
) -> None:
    record("a")
    bundle()
    assert anchor(world) == 1
    assert anchor(world) == 0

    row = Anchor.objects.get()
    found = on_chain(lambda chain: chain.transaction(row.signature))
    assert found is not None
    assert found.memos == (row.memo,)
    logged = ChainTransaction.objects.get()
    assert (logged.purpose, logged.signer, logged.fee_lamports) == (
        "anchor",
        str(payer().pubkey()),
        5000,
    )
    lines = bundle()
    (memo,) = verify(tmp_path, lines).anchors
    assert (memo.signature, memo.signer) == (row.signature, str(payer().pubkey()))
    demand_on_chain(memo, world.chain.rpc_url)
    # A byte of the transaction that the signature does not cover is the signature's own.
    (at,) = [n for n, line in enumerate(lines) if line.startswith('{"anchor"')]
    for place in range(11, len(lines[at]) - 12):
        letter = "A" if lines[at][place] != "A" else "B"
        wrong = lines[at][:place] + letter + lines[at][place + 1 :]
        assert is_rejected(tmp_path, [*lines[:at], wrong, *lines[at + 1 :]]), place


def test_an_anchor_that_can_land_no_more_is_signed_anew(world: World) -> None:
    record("a")
    bundle()
    lost = Anchor.objects.get()
    sign(lost, claimed_until=None)  # and never sent
    world.chain.tick(400)
    assert anchor_checkpoints(now=world.now) == 0
    assert Anchor.objects.get().signature == ""
    assert anchor(world) == 1


def test_an_anchor_killed_before_it_was_sent_is_sent_by_the_next(world: World) -> None:
    record("a")
    bundle()
    signature = sign(Anchor.objects.get(), claimed_until=world.now + timedelta(seconds=30))
    assert anchor_checkpoints(now=world.now) == 0  # the claim of who died
    world.pass_time(seconds=31)
    assert anchor(world) == 1
    assert Anchor.objects.get().signature == signature


def test_a_fee_that_we_paid_for_a_member_is_logged_beside_their_burn(
    world: World, settings: Settings
) -> None:
    settings.SPONSOR_BURN_FEES = True
    member, _, request = paid_burn(world)
    world.work(rounds=24)
    number_pending()
    settle(Consumer(AUDIT))
    replay_in_place(group=AUDIT, selection=Selection())
    append_pending()

    rows = ChainTransaction.objects.filter(signature=reread(request).burn_signature)
    ours = str(payer().pubkey())
    assert sorted(rows.values_list("purpose", "signer", "fee_lamports")) == [
        ("burn", ours, None),
        ("sponsored_fee", ours, 10_000),  # ours and the wallet's signature
    ]
    assert {(row.request_id, row.user_id) for row in rows} == {(request.id, member.user.id)}
    assert (
        sum(SponsorSpending.objects.filter(scope=EVERYBODY).values_list("lamports", flat=True))
        == 10_000
    )


def test_one_upgrade_is_followed_by_one_correlation_id(world: World, tmp_path: Path) -> None:
    member, old = world.unlocked_member()
    set_correlation_id("click-9")
    request, burn = world.start(member, old)
    set_correlation_id("another-request")
    signature = world.burn(member, burn)
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)
    set_correlation_id("")
    world.work()
    set_correlation_id("")
    request = reread(request)
    number_pending()
    settle(Consumer(AUDIT))
    append_pending()

    types = Event.objects.filter(data__upgradeRequestId=str(request.id))
    assert set(types.values_list("correlation_id", flat=True)) == {"click-9"}
    lines = bundle(Q(correlation="click-9"))
    verify(tmp_path, lines, part=True)
    anchor(world)

    story = timeline(kind="correlation", value="click-9")
    told = [entry.what for entry in story if entry.kind == "record"]
    for what in (
        "upgrade_initiated", "upgrade_requests.insert", "nft_mintorder.insert", "nft_burned",
        "burn_confirmed", "user_nfts.update", "nft_minted", "badge_consumed", "earned_badges.update",
        "user_nfts.insert", "upgrade_completed",
    ):  # fmt: skip
        assert what in told, what
    chain = {entry.what: entry.after for entry in story if entry.kind == "transaction"}
    assert chain == {"chain.burn": signature, "chain.mint": request.order.signature}
    steps = [entry.after for entry in story if entry.kind == "history"]
    assert steps == ["awaiting_burn", "verifying_burn", "minting", "completed"]
    proven = Anchor.objects.order_by("-size").values_list("signature", flat=True)[0]
    assert all(proven in entry.proof for entry in story if entry.kind == "record")

    of_nft = {entry.what for entry in timeline(kind="nft", value=str(old.id))}
    assert {"nft_burned", "chain.burn", "upgrade_status_history"} <= of_nft
    of_user = {entry.what for entry in timeline(kind="user", value=str(member.user.id))}
    assert {"accounts_user.insert", "nft_unlocked", "chain.mint", "chain.burn"} <= of_user

    out, today = io.StringIO(), timezone.now()
    period = [
        f"--since={today - timedelta(days=1):%Y-%m-%d}",
        f"--until={today + timedelta(days=2):%Y-%m-%d}",
    ]
    call_command("audit", "transactions", *period, stdout=out, stderr=io.StringIO())
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert sorted(row["purpose"] for row in rows) == ["anchor", "burn", "mint", "mint"]
    (mint,) = [row for row in rows if row["signature"] == request.order.signature]
    assert (mint["signer"], mint["request_id"]) == (str(payer().pubkey()), str(request.id))
    assert int(mint["fee_lamports"]) > 0
    assert Record.objects.count() > 0
    append_pending()
    assert Record.objects.filter(what="audit.transactions_exported").exists()
    assert last_note()


def test_a_transfer_is_its_giver_s_whoever_is_told_first(db: None) -> None:
    giver, taker = make_user(), make_user()
    for number, order in enumerate([(giver, taker), (taker, giver)]):
        told = NftTransferred(
            user_id=giver.id, nft_id=uuid7(), mint_address=MINT, to_wallet=OTHER_WALLET,
            from_wallet=giver.wallet_address or "", transaction_signature=f"{number + 5}" * 88,
        )  # fmt: skip
        with transaction.atomic():
            note_transactions(publish_all(replace(told, user_id=it.id) for it in order))
    assert [row.user_id for row in ChainTransaction.objects.all()] == [giver.id] * 2
