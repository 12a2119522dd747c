"""A localnet in a process of its own, with time that only the test moves."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import Transaction, VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import create_memo
from spl.memo.models import MemoParams
from spl.token import instructions as spl
from spl.token import models

from chain import nft
from chain.burns import judge_burn
from chain.client import SolanaClient, call_chain
from chain.localnet.process import LocalnetProcess
from chain.records import (
    Blockhash,
    BurnProof,
    ConfirmedTransaction,
    ForeignAccount,
    MintAccount,
)
from chain.signers import Signer
from chain.token2022 import PROGRAM
from tests.chain.svm import REQUEST, SOL, TEXTS, fields, sign
from tests.patience import PATIENCE

T = TypeVar("T")


class Net:
    def __init__(self, process: LocalnetProcess) -> None:
        self.process = process
        self.payer = Keypair()
        self.process.airdrop(str(self.payer.pubkey()), 1000 * SOL)
        self.process.finalize()

    def ask(self, work: Callable[[SolanaClient], Awaitable[T]]) -> T:
        return call_chain(work, rpc_url=self.process.rpc_url, timeout=PATIENCE, deadline=PATIENCE)

    @property
    def blockhash(self) -> Blockhash:
        return self.ask(lambda client: client.latest_blockhash())

    def funded(self, lamports: int = SOL) -> Keypair:
        keypair = Keypair()
        self.process.airdrop(str(keypair.pubkey()), lamports)
        self.process.tick()  # a preflight looks at the confirmed state
        return keypair

    def broadcast(self, raw: bytes, *, skip_preflight: bool = False) -> str:
        return self.ask(lambda client: client.broadcast(raw, skip_preflight=skip_preflight))

    def land(self, raw: bytes, *, skip_preflight: bool = False) -> str:
        """Send, and wait until it is final."""
        signature = self.broadcast(raw, skip_preflight=skip_preflight)
        self.process.finalize()
        return signature

    def run(
        self, steps: Sequence[Instruction], *signers: Keypair, skip_preflight: bool = False
    ) -> str:
        """The first signer pays."""
        recent = Hash.from_string(self.blockhash.value)
        payer = signers[0].pubkey()
        made = Transaction.new_signed_with_payer(list(steps), payer, list(signers), recent)
        return self.land(bytes(made), skip_preflight=skip_preflight)

    def run_v0(
        self, steps: Sequence[Instruction], table: AddressLookupTableAccount, signer: Keypair
    ) -> str:
        recent = Hash.from_string(self.blockhash.value)
        message = MessageV0.try_compile(signer.pubkey(), list(steps), [table], recent)
        return self.land(bytes(VersionedTransaction(message, [signer])))

    def build_mint(
        self, mint: Keypair, owner: Keypair, *, issue: UUID = REQUEST, funded_lamports: int = 0
    ) -> bytes:
        space = nft.mint_space(**TEXTS, fields=fields(issue))
        rent = self.ask(lambda client: client.minimum_rent(space))
        return nft.build_mint(
            payer=self.payer,
            mint=mint,
            owner=str(owner.pubkey()),
            **TEXTS,
            fields=fields(issue),
            rent_lamports=rent,
            blockhash=self.blockhash,
            funded_lamports=funded_lamports,
        ).raw

    def minted(self, owner: Keypair) -> Keypair:
        mint = Keypair()
        self.land(self.build_mint(mint, owner))
        return mint

    def burned(self, owner: Keypair, mint: Keypair, *, memo: str = "") -> str:
        built = nft.build_burn(
            wallet=str(owner.pubkey()),
            mint=str(mint.pubkey()),
            memo=memo or nft.burn_memo(REQUEST),
            blockhash=self.blockhash,
        )
        return self.land(sign(built.raw, owner))

    def transaction(self, signature: str) -> ConfirmedTransaction:
        found = self.ask(lambda client: client.transaction(signature))
        assert found is not None
        return found

    def account(self, address: Pubkey) -> MintAccount | ForeignAccount | None:
        return self.ask(lambda client: client.mint_account(str(address)))

    def mint_account(self, mint: Keypair) -> MintAccount:
        account = self.account(mint.pubkey())
        assert isinstance(account, MintAccount)
        return account

    def judge(
        self, signature: str, *, mint: Keypair, wallet: Keypair, not_before_slot: int = 0
    ) -> BurnProof:
        return judge_burn(
            self.transaction(signature),
            mint=str(mint.pubkey()),
            wallet=str(wallet.pubkey()),
            mint_account=self.mint_account(mint),
            not_before_slot=not_before_slot,
        )


def home(owner: Keypair, mint: Keypair) -> Pubkey:
    return spl.get_associated_token_address(owner.pubkey(), mint.pubkey(), PROGRAM)


def open_home(payer: Signer, owner: Keypair, mint: Keypair) -> Instruction:
    return spl.create_idempotent_associated_token_account(
        payer.pubkey(), owner.pubkey(), mint.pubkey(), PROGRAM
    )


def burn(authority: Keypair, mint: Keypair, *, account: Pubkey, amount: int = 1) -> Instruction:
    return spl.burn_checked(
        models.BurnCheckedParams(
            program_id=PROGRAM,
            mint=mint.pubkey(),
            account=account,
            owner=authority.pubkey(),
            amount=amount,
            decimals=0,
        )
    )


def plain_burn(authority: Keypair, mint: Keypair) -> Instruction:
    account, owner = home(authority, mint), authority.pubkey()
    fields: dict[str, Any] = {"mint": mint.pubkey(), "account": account, "owner": owner}
    return spl.burn(models.BurnParams(program_id=PROGRAM, amount=1, **fields))


def approve(owner: Keypair, delegate: Keypair, mint: Keypair) -> Instruction:
    return spl.approve(
        models.ApproveParams(
            program_id=PROGRAM,
            source=home(owner, mint),
            delegate=delegate.pubkey(),
            owner=owner.pubkey(),
            amount=1,
        )
    )


def move(owner: Keypair, mint: Keypair, *, to: Pubkey, source: Pubkey | None = None) -> Instruction:
    return spl.transfer_checked(
        models.TransferCheckedParams(
            program_id=PROGRAM,
            source=source or home(owner, mint),
            mint=mint.pubkey(),
            dest=to,
            owner=owner.pubkey(),
            amount=1,
            decimals=0,
        )
    )


def memo(signer: Keypair, text: str) -> Instruction:
    note = MemoParams(program_id=MEMO_PROGRAM_ID, signer=signer.pubkey(), message=text.encode())
    return create_memo(note)
