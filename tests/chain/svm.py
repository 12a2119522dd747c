"""A real SVM with the real Token-2022 program, in process."""

import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypedDict, cast
from uuid import UUID

from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from chain import nft
from chain.records import Blockhash, ForeignAccount, MintAccount, SignedTransaction
from chain.replies import read_account

REQUEST = UUID("0198c0de-0000-7000-8000-000000000001")
SOL = 1_000_000_000


class Texts(TypedDict):
    name: str
    symbol: str
    uri: str


TEXTS: Texts = {
    "name": "AIW3 Quant Ape",
    "symbol": "AIW3",
    "uri": "https://nft.example.org/api/v1/nfts/metadata.json",
}


def fields(issue: UUID = REQUEST, tier: int = 2) -> dict[str, str]:
    return {"tier": str(tier), "issue": str(issue)}


class InItsThread:
    """LiteSVM where it harms nobody else.

    Programs leave the x87 registers of the thread that ran them full (MMX, and no EMMS after it),
    and the next long double that is loaded there is NaN: measured, Pillow drew a ring without
    its gaps.
    """

    def __init__(self) -> None:
        self._own = threading.local()  # dropped by its own thread, as LiteSVM demands
        self._thread = ThreadPoolExecutor(1, initializer=self._make)

    def _make(self) -> None:
        self._own.vm = LiteSVM()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: self._thread.submit(self._call, name, arguments).result()

    def _call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        return getattr(self._own.vm, name)(*arguments)


class Svm:
    def __init__(self) -> None:
        self.vm = cast(LiteSVM, InItsThread())
        self.payer = self.funded()
        self.owner = self.funded()

    def funded(self, lamports: int = 10 * SOL) -> Keypair:
        keypair = Keypair()
        self.vm.airdrop(keypair.pubkey(), lamports)
        return keypair

    @property
    def blockhash(self) -> Blockhash:
        return Blockhash(str(self.vm.latest_blockhash()), 150)

    def send(self, raw: bytes) -> TransactionMetadata:
        """Raises AssertionError with the chain's error when it failed."""
        result = self.try_send(raw)
        assert not isinstance(result, FailedTransactionMetadata), result
        return result

    def try_send(self, raw: bytes) -> TransactionMetadata | FailedTransactionMetadata:
        return self.vm.send_transaction(VersionedTransaction.from_bytes(raw))

    def lamports(self, address: Pubkey) -> int:
        return self.vm.get_balance(address) or 0

    def account(self, address: Pubkey) -> MintAccount | ForeignAccount | None:
        found = self.vm.get_account(address)
        if found is None or not found.lamports:
            return None
        value = {
            "data": [b64encode(bytes(found.data)).decode(), "base64"],
            "lamports": found.lamports,
            "owner": str(found.owner),
        }
        return read_account(value, address=str(address), slot=1)

    def mint_account(self, address: Pubkey) -> MintAccount:
        account = self.account(address)
        assert isinstance(account, MintAccount)
        return account

    def rent(self, texts: Texts = TEXTS, issue: UUID = REQUEST) -> int:
        space = nft.mint_space(**texts, fields=fields(issue))
        return self.vm.minimum_balance_for_rent_exemption(space)

    def build_mint(
        self,
        mint: Keypair,
        *,
        owner: Keypair | None = None,
        issue: UUID = REQUEST,
        texts: Texts = TEXTS,
        funded_lamports: int = 0,
    ) -> SignedTransaction:
        return nft.build_mint(
            payer=self.payer,
            mint=mint,
            owner=str((owner or self.owner).pubkey()),
            **texts,
            fields=fields(issue),
            rent_lamports=self.rent(texts, issue),
            blockhash=self.blockhash,
            funded_lamports=funded_lamports,
        )

    def minted(self) -> Keypair:
        mint = Keypair()
        self.send(self.build_mint(mint).raw)
        return mint


def sign(raw: bytes, *signers: Keypair) -> bytes:
    """Add signatures to an unsigned transaction, as a wallet does."""
    transaction = VersionedTransaction.from_bytes(raw)
    signatures = list(transaction.signatures)
    keys = transaction.message.account_keys
    for signer in signers:
        content = to_bytes_versioned(transaction.message)
        signatures[keys.index(signer.pubkey())] = signer.sign_message(content)
    return bytes(VersionedTransaction.populate(transaction.message, signatures))
