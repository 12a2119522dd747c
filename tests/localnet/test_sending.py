"""What could go wrong: money moves without a signature, twice, too late, or for free."""

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chain.localnet.encoding import to_base58
from chain.localnet.process import LocalnetProcess
from chain.records import Blockhash
from tests.localnet.wallets import (
    SOL,
    ask,
    balance,
    funded,
    latest,
    payment,
    refused,
    send,
    signed,
    status,
    wire,
)

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


@pytest.mark.parametrize("skip", [False, True])
def test_a_forged_signature_moves_nothing(net: LocalnetProcess, skip: bool):
    victim, to = funded(net), Keypair()
    honest = payment(victim, to.pubkey(), SOL, latest(net))
    forged = VersionedTransaction.populate(honest.message, [to.sign_message(b"other")])
    if skip:
        send(net, forged, skipPreflight=True)  # dropped in silence, as on a cluster
    else:
        assert refused(net, forged)["code"] == -32003
    assert (balance(net, victim.pubkey()), balance(net, to.pubkey())) == (10 * SOL, 0)


def test_an_unsigned_transaction_is_refused(net: LocalnetProcess):
    victim = funded(net)
    message = payment(victim, Keypair().pubkey(), SOL, latest(net)).message
    unsigned = VersionedTransaction.populate(message, [Signature.default()])
    assert refused(net, unsigned)["code"] == -32003


def test_an_unknown_blockhash_is_refused_with_the_data_of_a_validator(net: LocalnetProcess):
    unknown = Blockhash(str(Keypair().pubkey()), 0)
    error = refused(net, payment(funded(net), Keypair().pubkey(), 1, unknown))
    assert error["code"] == -32002
    assert error["message"] == "Transaction simulation failed: Blockhash not found"
    assert error["data"]["err"] == "BlockhashNotFound"
    assert error["data"]["logs"] == []


def test_a_blockhash_is_accepted_for_150_blocks_and_not_one_more(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    blockhash = latest(net, "processed")
    in_time = payment(payer, to, SOL, blockhash)
    late = payment(payer, to, 2 * SOL, blockhash)
    net.tick(150)
    height = net.call("getBlockHeight", {"commitment": "processed"})
    assert height == blockhash.last_valid_block_height
    send(net, in_time, skipPreflight=True)
    net.tick()
    send(net, late, skipPreflight=True)
    assert balance(net, to) == SOL
    assert refused(net, late, preflightCommitment="processed")["data"]["err"] == "BlockhashNotFound"
    valid = net.call("isBlockhashValid", blockhash.value, {"commitment": "processed"})
    assert valid["value"] is False


def test_preflight_does_not_know_a_blockhash_newer_than_its_commitment(net: LocalnetProcess):
    payer = funded(net)
    net.tick()
    transaction = payment(payer, Keypair().pubkey(), SOL, latest(net, "processed"))
    assert refused(net, transaction)["data"]["err"] == "BlockhashNotFound"
    assert send(net, transaction, preflightCommitment="processed")


def test_preflight_does_not_see_money_newer_than_its_commitment(net: LocalnetProcess):
    net.finalize()
    payer = Keypair()
    net.airdrop(str(payer.pubkey()), SOL)
    transaction = payment(payer, Keypair().pubkey(), SOL // 2, latest(net))
    assert refused(net, transaction)["data"]["err"] == "AccountNotFound"
    assert balance(net, payer.pubkey()) == SOL  # the older view was for the simulation only
    assert send(net, transaction, preflightCommitment="processed")


def test_the_same_transaction_counts_once(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    transaction = payment(payer, to, SOL, latest(net))
    first = send(net, transaction)
    assert send(net, transaction, skipPreflight=True) == first
    error = refused(net, transaction, preflightCommitment="processed")
    assert error["data"]["err"] == "AlreadyProcessed"
    net.tick(5)
    send(net, transaction, skipPreflight=True)
    assert balance(net, to) == SOL


def test_a_failing_transaction_is_refused_by_preflight_with_its_logs(net: LocalnetProcess):
    error = refused(net, payment(funded(net), Keypair().pubkey(), 99 * SOL, latest(net)))
    assert error["message"] == (
        "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1"
    )
    assert error["data"]["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert any("insufficient lamports" in line for line in error["data"]["logs"])


def test_a_failing_transaction_without_preflight_lands_and_costs_its_fee(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    signature = send(net, payment(payer, to, 99 * SOL, latest(net)), skipPreflight=True)
    failure = {"InstructionError": [0, {"Custom": 1}]}
    assert status(net, signature)["err"] == failure
    assert status(net, signature)["status"] == {"Err": failure}
    assert (balance(net, payer.pubkey()), balance(net, to)) == (10 * SOL - 5000, 0)


def test_who_cannot_pay_the_fee_is_in_no_block(net: LocalnetProcess):
    pauper = Keypair()
    signature = send(net, payment(pauper, Keypair().pubkey(), 1, latest(net)), skipPreflight=True)
    net.tick()
    assert status(net, signature) is None


def test_a_transaction_may_come_in_base58(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    net.call("sendTransaction", to_base58(bytes(payment(payer, to, SOL, latest(net)))))
    assert balance(net, to) == SOL


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("!!!", "base64"),
        ("0OIl", "base58"),
        ("AAAA", "base64"),
        ("", "base64"),
        ("A" * 1648, "base64"),
        ("AAAA", "rot13"),
        ("/" * 800, "base64"),
    ],
)
def test_bytes_that_are_no_transaction_are_invalid_params(
    net: LocalnetProcess, text: str, encoding: str
):
    reply = ask(net, "sendTransaction", text, {"encoding": encoding})
    assert reply["error"]["code"] == -32602


def test_two_airdrops_of_one_amount_in_one_slot_both_arrive(net: LocalnetProcess):
    to = Keypair().pubkey()
    assert net.airdrop(str(to), SOL) != net.airdrop(str(to), SOL)
    assert balance(net, to) == 2 * SOL


@pytest.mark.parametrize("lamports", [0, -1, 1.5, True, "1", 2**64, 1_000 * SOL + 1])
def test_an_airdrop_has_a_cap_and_a_sane_amount(net: LocalnetProcess, lamports: object):
    to = Keypair().pubkey()
    assert ask(net, "requestAirdrop", str(to), lamports)["error"]["code"] in (-32602, -32603)
    assert balance(net, to) == 0


def test_a_simulation_changes_nothing(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    transaction = wire(payment(payer, to, SOL, latest(net)))
    value = net.call(
        "simulateTransaction",
        transaction,
        {
            "encoding": "base64",
            "sigVerify": True,
            "innerInstructions": True,
            "accounts": {"addresses": [str(to)], "encoding": "base64"},
        },
    )["value"]
    assert (value["err"], value["unitsConsumed"]) == (None, 150)
    assert value["accounts"][0]["lamports"] == SOL
    assert balance(net, to) == 0


def test_a_simulation_needs_no_signature_unless_asked(net: LocalnetProcess):
    payer = funded(net)
    old = Blockhash(str(Keypair().pubkey()), 0)
    message = payment(payer, Keypair().pubkey(), SOL, old).message
    unsigned = wire(VersionedTransaction.populate(message, [Signature.default()]))
    options = {"encoding": "base64", "replaceRecentBlockhash": True}
    value = net.call("simulateTransaction", unsigned, options)["value"]
    assert value["err"] is None
    assert value["replacementBlockhash"]["blockhash"] == latest(net).value
    verify = {"encoding": "base64", "sigVerify": True}
    assert ask(net, "simulateTransaction", unsigned, verify)["error"]["code"] == -32003
    both = ask(net, "simulateTransaction", unsigned, {**options, **verify})
    assert both["error"]["code"] == -32602
    plain = net.call("simulateTransaction", unsigned, {"encoding": "base64"})["value"]
    assert plain["err"] == "BlockhashNotFound"


def test_memos_are_listed_with_the_signatures(net: LocalnetProcess):
    payer = funded(net)
    signer = [AccountMeta(payer.pubkey(), is_signer=True, is_writable=False)]
    memos = [Instruction(MEMO, text, signer) for text in (b"hello", "žluť".encode())]
    send(net, signed(memos, [payer], latest(net)))
    net.tick()
    newest = net.call(
        "getSignaturesForAddress", str(payer.pubkey()), {"commitment": "confirmed", "limit": 1}
    )
    assert newest[0]["memo"] == "[5] hello; [6] žluť"


def test_signatures_are_paged_from_newest_to_oldest(net: LocalnetProcess):
    wallet = Keypair().pubkey()
    sent = [net.airdrop(str(wallet), SOL + number) for number in range(5)][::-1]
    net.finalize()

    def page(**options: object) -> list[str]:
        found = net.call("getSignaturesForAddress", str(wallet), options)
        return [each["signature"] for each in found]

    assert page() == sent
    assert page(limit=2) == sent[:2]
    assert page(before=sent[1], limit=2) == sent[2:4]
    assert page(until=sent[3]) == sent[:3]
    assert page(before=sent[0], until=sent[2]) == sent[1:2]
    unknown = str(Keypair().sign_message(b"never sent"))
    assert page(before=unknown) == []
    assert page(until=unknown) == sent
    for limit in (0, 1001):
        reply = ask(net, "getSignaturesForAddress", str(wallet), {"limit": limit})
        assert reply["error"]["code"] == -32602
