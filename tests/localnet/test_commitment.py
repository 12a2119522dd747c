"""What could go wrong: a reader sees what is not final; an abandoned slot leaves a trace."""

import pytest
from solders.keypair import Keypair

from chain.localnet.process import LocalnetFailed, LocalnetProcess
from tests.localnet.wallets import (
    SOL,
    ask,
    balance,
    funded,
    latest,
    payment,
    refused,
    send,
    status,
)

LEVELS = ("processed", "confirmed", "finalized")


def test_a_payment_is_seen_first_at_processed_then_confirmed_then_finalized(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    signature = send(net, payment(payer, to, SOL, latest(net)))
    assert [balance(net, to, level) for level in LEVELS] == [SOL, 0, 0]
    assert status(net, signature)["confirmationStatus"] == "processed"
    net.tick()
    assert [balance(net, to, level) for level in LEVELS] == [SOL, SOL, 0]
    assert status(net, signature)["confirmations"] == 1
    net.tick(30)
    assert balance(net, to, "finalized") == 0
    net.tick()
    assert [balance(net, to, level) for level in LEVELS] == [SOL, SOL, SOL]
    assert status(net, signature)["confirmations"] is None


def test_a_transaction_is_found_only_at_its_commitment(net: LocalnetProcess):
    payer = funded(net)
    signature = send(net, payment(payer, Keypair().pubkey(), SOL, latest(net)))
    confirmed = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    final = {**confirmed, "commitment": "finalized"}
    assert net.call("getTransaction", signature, confirmed) is None
    net.tick()
    assert net.call("getTransaction", signature, confirmed)["meta"]["err"] is None
    assert net.call("getTransaction", signature, final) is None
    net.finalize()
    assert net.call("getTransaction", signature, final)["slot"] > 0


def test_blocks_cannot_be_read_at_processed(net: LocalnetProcess):
    for method, subject in (
        ("getTransaction", str(funded_signature(net))),
        ("getSignaturesForAddress", str(Keypair().pubkey())),
    ):
        error = ask(net, method, subject, {"commitment": "processed"})["error"]
        assert (error["code"], error["message"]) == (
            -32602,
            "Method does not support commitment below `confirmed`",
        )


def funded_signature(net: LocalnetProcess) -> str:
    return net.airdrop(str(Keypair().pubkey()), SOL)


def test_an_abandoned_slot_takes_back_the_money_and_the_signature(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    transaction = payment(payer, to, SOL, latest(net))
    signature = send(net, transaction)
    net.tick(3)
    net.rollback(4)
    assert balance(net, to) == 0
    assert balance(net, payer.pubkey()) == 10 * SOL
    assert status(net, signature) is None
    assert len(signatures_of(net, payer)) == 1  # the airdrop
    assert send(net, transaction) == signature  # it may land on the other fork
    net.finalize()
    assert balance(net, to, "finalized") == SOL
    assert len(signatures_of(net, payer)) == 2


def test_a_rollback_keeps_what_landed_before_it(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    send(net, payment(payer, to, SOL, latest(net)))
    net.tick()
    send(net, payment(payer, to, 2 * SOL, latest(net)))
    net.rollback(1)
    assert balance(net, to) == SOL


def test_a_blockhash_of_an_abandoned_slot_is_unknown(net: LocalnetProcess):
    payer = funded(net)
    net.tick()
    gone = latest(net, "processed")
    net.rollback(1)
    error = refused(
        net, payment(payer, Keypair().pubkey(), 1, gone), preflightCommitment="processed"
    )
    assert error["data"]["err"] == "BlockhashNotFound"


def test_finalized_slots_cannot_be_rolled_back(net: LocalnetProcess):
    net.finalize()
    with pytest.raises(LocalnetFailed, match="finalized"):
        net.rollback(33)


def test_slots_never_go_back(net: LocalnetProcess):
    before = net.tick(6)
    assert net.rollback(5) == before
    assert net.tick() == before + 1


def test_a_slot_that_is_not_reached_is_said_so(net: LocalnetProcess):
    slot = net.call("getSlot")
    error = ask(net, "getBalance", str(Keypair().pubkey()), {"minContextSlot": slot + 1})["error"]
    assert (error["code"], error["data"]) == (-32016, {"contextSlot": slot})
    assert ask(net, "getSlot", {"minContextSlot": slot})["result"] == slot


def test_old_statuses_need_a_search_of_the_history(net: LocalnetProcess):
    signature = funded_signature(net)
    net.tick(301)
    assert status(net, signature) is None
    found = net.call("getSignatureStatuses", [signature], {"searchTransactionHistory": True})
    assert found["value"][0]["confirmationStatus"] == "finalized"


def signatures_of(net: LocalnetProcess, wallet: Keypair) -> list[str]:
    found = net.call("getSignaturesForAddress", str(wallet.pubkey()), {"commitment": "confirmed"})
    return [each["signature"] for each in found]
