"""What is so on the chain, past every lie."""

from dataclasses import dataclass
from uuid import UUID

from solders.pubkey import Pubkey

from chain.localnet.ledger import Commitment
from chain.localnet.service import Localnet
from chain.records import TOKEN_2022, MintAccount
from chain.token2022 import parse_mint
from tests.faults.network.node import LyingNode


@dataclass(frozen=True)
class Landed:
    """A transaction that is on the chain now. Memos as the node lists them."""

    slot: int
    is_final: bool
    failed: bool
    memo: str


def mints(node: LyingNode, commitment: Commitment = "processed") -> dict[str, MintAccount]:
    """Every NFT's mint account, by address."""

    def look(net: Localnet) -> dict[str, MintAccount]:
        slot = net.ledger.slot_at(commitment)
        found = {}
        program = Pubkey.from_string(TOKEN_2022)
        for key, account in net.ledger.accounts_of_program(program, at_slot=slot):
            mint = parse_mint(account.data, address=str(key), lamports=account.lamports, slot=slot)
            if mint is not None:
                found[mint.address] = mint
        return found

    return node.ask(look)


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
