"""What could go wrong: what was answered is lost; time goes back; a torn file blocks the start."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from solders.keypair import Keypair

from chain.localnet.process import LocalnetFailed, LocalnetProcess
from tests.localnet.wallets import SOL, balance, funded, latest, minted, payment, send, status
from tests.patience import PATIENCE


def test_the_ledger_survives_a_restart(tmp_path: Path):
    state = tmp_path / "ledger.sqlite"
    with LocalnetProcess(state=state) as first:
        owner = funded(first)
        mint, signature = minted(first, owner, owner.pubkey())
        first.finalize()
        slot = first.tick()
        before = first.call("getTransaction", signature, {"maxSupportedTransactionVersion": 0})
    with LocalnetProcess(state=state) as second:
        assert second.genesis_hash == first.genesis_hash
        assert second.call("getSlot", {"commitment": "processed"}) == slot + 1
        after = second.call("getTransaction", signature, {"maxSupportedTransactionVersion": 0})
        assert after == before
        assert second.call("getTokenSupply", mint)["value"]["amount"] == "1"
        held = second.call(
            "getTokenAccountsByOwner",
            str(owner.pubkey()),
            {"mint": mint},
            {"encoding": "jsonParsed"},
        )
        assert held["value"][0]["account"]["data"]["parsed"]["info"]["tokenAmount"]["amount"] == "1"
        send(second, payment(owner, Keypair().pubkey(), SOL, latest(second)))


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path):
    state = tmp_path / "ledger.sqlite"
    net = LocalnetProcess(state=state, slot_ms=5, finality=4)
    to, answered = Keypair().pubkey(), list[str]()
    for _ in range(3):
        answered += [net.airdrop(str(to), SOL) for _ in range(20)]
        seen = net.call("getSlot", {"commitment": "processed"})
        net.kill()
        net = LocalnetProcess(state=state, slot_ms=5, finality=4)
        assert net.call("getSlot", {"commitment": "processed"}) > seen
    with net:
        statuses = net.call("getSignatureStatuses", answered, {"searchTransactionHistory": True})[
            "value"
        ]
        assert all(each is not None for each in statuses)
        assert balance(net, to) == 60 * SOL


def test_what_is_not_final_can_still_be_abandoned_after_a_restart(tmp_path: Path):
    state = tmp_path / "ledger.sqlite"
    with LocalnetProcess(state=state) as first:
        payer, to = funded(first), Keypair().pubkey()
        transaction = payment(payer, to, SOL, latest(first))
        signature = send(first, transaction)
    with LocalnetProcess(state=state) as second:
        assert balance(second, to, "finalized") == 0
        second.rollback(2)
        assert (balance(second, to), status(second, signature)) == (0, None)
        assert send(second, transaction) == signature
        assert balance(second, to) == SOL


def test_a_transaction_is_not_taken_twice_across_a_restart(tmp_path: Path):
    state = tmp_path / "ledger.sqlite"
    with LocalnetProcess(state=state) as first:
        payer, to = funded(first), Keypair().pubkey()
        transaction = payment(payer, to, SOL, latest(first))
        send(first, transaction)
    with LocalnetProcess(state=state) as second:
        send(second, transaction, skipPreflight=True)
        assert balance(second, to) == SOL


def test_a_torn_last_write_does_not_prevent_a_start(tmp_path: Path):
    state = tmp_path / "ledger.sqlite"
    first = LocalnetProcess(state=state)
    to = Keypair().pubkey()
    first.airdrop(str(to), SOL)
    whole = log_of(state).stat().st_size
    first.airdrop(str(to), SOL)
    first.kill()
    with log_of(state).open("r+b") as log:
        log.truncate(whole + 100)  # the second airdrop's commit was cut off in the middle
    with LocalnetProcess(state=state) as second:
        assert second.genesis_hash == first.genesis_hash
        assert balance(second, to) == SOL
        second.airdrop(str(to), SOL)


def log_of(state: Path) -> Path:
    return state.with_name(state.name + "-wal")


def test_two_localnets_do_not_share_a_state(tmp_path: Path):
    state = tmp_path / "ledger.sqlite"
    with LocalnetProcess(state=state), pytest.raises(LocalnetFailed, match="exit code 1"):
        LocalnetProcess(state=state)


def test_a_file_that_is_not_a_ledger_is_left_alone(tmp_path: Path):
    state = tmp_path / "notes.txt"
    state.write_text("not a ledger " * 100)
    with pytest.raises(LocalnetFailed):
        LocalnetProcess(state=state)
    assert state.read_text().startswith("not a ledger")


def test_an_open_connection_does_not_keep_it_from_ending(tmp_path: Path):
    from websockets.sync.client import connect

    net = LocalnetProcess(state=tmp_path / "ledger.sqlite", slot_ms=10)
    with connect(net.ws_url, proxy=None):
        net.process.send_signal(signal.SIGTERM)
        assert net.process.wait(PATIENCE) == 0
    net.stop()


def test_it_ends_with_the_process_that_started_it():
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from chain.localnet.process import LocalnetProcess\n"
            "print(LocalnetProcess().pid, flush=True)\n"
            "time.sleep(60)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + PATIENCE
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
