"""What is so on the chain, past every lie."""

from dataclasses import dataclass
from uuid import UUID

from solders.pubkey import Pubkey

from chain.localnet.ledger import Commitment
from chain.localnet.service import Localnet
from chain.records import MintAccount
from chain.token2022 import PROGRAM, parse_mint
from tests.faults.network.node import LyingNode


@dataclass(frozen=True)
class Landed:
    """A transaction that is on the chain now. Memos as the node lists them."""

    slot: int
    is_final: bool
    failed: bool
    memo: str


def mints(node: LyingNode) -> tuple[dict[str, MintAccount], dict[str, MintAccount]]:
    """Every NFT's mint account by address, as of the newest slot and as finalized."""
    return node.ask(lambda net: (_mints_at(net, "processed"), _mints_at(net, "finalized")))


def _mints_at(net: Localnet, commitment: Commitment) -> dict[str, MintAccount]:
    slot, found = net.ledger.slot_at(commitment), {}
    for key, account in net.ledger.accounts_of_program(PROGRAM, at_slot=slot):
        mint = parse_mint(account.data, address=str(key), lamports=account.lamports, slot=slot)
        if mint is not None:
            found[mint.address] = mint
    return found


def transaction(node: LyingNode, signature: str) -> Landed | None:
    def look(net: Localnet) -> Landed | None:
        stored = net.ledger.storage.transaction(signature)
        if stored is None:
            return None
        final = net.ledger.slot_at("finalized")
        failed = stored.error is not None
        return Landed(stored.slot, stored.slot <= final, failed, stored.memo or "")

    return node.ask(look)


def mentions(node: LyingNode, signature: str, address: str) -> bool:
    def look(net: Localnet) -> bool:
        found = net.ledger.storage.mentioning(
            Pubkey.from_string(address),
            up_to_slot=net.ledger.slot,
            before=None,
            until=None,
            limit=50,
        )
        return signature in {each.signature for each in found}

    return node.ask(look)


def of_issue(found: dict[str, MintAccount], issue: UUID) -> list[MintAccount]:
    return [mint for mint in found.values() if mint.issue == issue]
