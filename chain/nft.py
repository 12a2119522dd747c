"""How an NFT is made and burned. This module is the Token-2022 standard; another standard
(Metaplex Core, compressed NFTs) is another module with the same functions.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import (
    AllocateParams,
    AssignParams,
    TransferParams,
    allocate,
    assign,
    transfer,
)
from solders.transaction import VersionedTransaction
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.memo.instructions import create_memo
from spl.memo.models import MemoParams
from spl.token import instructions as spl
from spl.token import models as spl_models

from chain import token2022
from chain.addresses import parse_address
from chain.errors import ChainRejected, panics_as_unavailable
from chain.fees import ComputeBudget
from chain.records import (
    Blockhash,
    SignedBurn,
    SignedTransaction,
    UnsignedTransaction,
    parse_uuid,
)
from chain.signers import Signer

MAX_TRANSACTION_BYTES = 1232  # an IPv6 packet's payload: the cluster's limit
_MEMO_PREFIX = "aiw3:upgrade:"


class NftStandard(Protocol):
    """What a standard must offer; this module itself satisfies it."""

    def mint_space(self, *, name: str, symbol: str, uri: str, fields: Mapping[str, str]) -> int: ...

    def build_mint(
        self,
        *,
        payer: Signer,
        mint: Signer,
        owner: str,
        name: str,
        symbol: str,
        uri: str,
        fields: Mapping[str, str],
        rent_lamports: int,
        blockhash: Blockhash,
        funded_lamports: int = 0,
        budget: ComputeBudget | None = None,
    ) -> SignedTransaction: ...

    def build_burn(
        self,
        *,
        wallet: str,
        mint: str,
        memo: str,
        blockhash: Blockhash,
        fee_payer: str | None = None,
        token_account: str | None = None,
        rent_to: str | None = None,
    ) -> UnsignedTransaction: ...


def mint_space(*, name: str, symbol: str, uri: str, fields: Mapping[str, str]) -> int:
    """Bytes of the finished mint account: what its rent is asked for."""
    metadata = token2022.metadata_space(name, symbol, uri, dict(fields))
    return token2022.POINTER_SPACE + metadata


def build_mint(
    *,
    payer: Signer,
    mint: Signer,
    owner: str,
    name: str,
    symbol: str,
    uri: str,
    fields: Mapping[str, str],
    rent_lamports: int,
    blockhash: Blockhash,
    funded_lamports: int = 0,
    budget: ComputeBudget | None = None,
) -> SignedTransaction:
    """One NFT for `owner`, complete and with every authority removed, in one transaction.

    `rent_lamports` is for `mint_space(...)` bytes; `funded_lamports` is what the mint's address
    holds already. Raises ChainRejected("MINT_TOO_LARGE") when the texts do not fit.
    """
    authority, address = payer.pubkey(), mint.pubkey()
    instructions = [
        *(budget.instructions() if budget else ()),
        *_open_account(authority, address, missing=rent_lamports - funded_lamports),
        *_describe(authority, address, name=name, symbol=symbol, uri=uri, fields=fields),
        *_issue_and_lock(authority, address, parse_address(owner)),
    ]
    message = Message.new_with_blockhash(instructions, authority, Hash.from_string(blockhash.value))
    content = to_bytes_versioned(message)
    signatures = [signer.sign_message(content) for signer in (payer, mint)]
    raw = bytes(VersionedTransaction.populate(message, signatures))
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise ChainRejected(
            "MINT_TOO_LARGE",
            f"The NFT's texts need {len(raw)} bytes of {MAX_TRANSACTION_BYTES}.",
        )
    return SignedTransaction(raw, str(signatures[0]), blockhash.last_valid_block_height)


def _open_account(payer: Pubkey, mint: Pubkey, *, missing: int) -> list[Instruction]:
    """CreateAccount refuses an address that holds lamports, so anybody could block it with a
    gift; these three do not."""
    steps = [
        allocate(AllocateParams(pubkey=mint, space=token2022.POINTER_SPACE)),
        assign(AssignParams(pubkey=mint, owner=token2022.PROGRAM)),
    ]
    if missing > 0:
        gift = TransferParams(from_pubkey=payer, to_pubkey=mint, lamports=missing)
        steps.insert(0, transfer(gift))
    return steps


def _describe(
    authority: Pubkey, mint: Pubkey, *, name: str, symbol: str, uri: str, fields: Mapping[str, str]
) -> list[Instruction]:
    initialize = spl_models.InitializeMint2Params(
        program_id=token2022.PROGRAM,
        mint=mint,
        decimals=0,
        mint_authority=authority,
        freeze_authority=None,
    )
    return [
        token2022.initialize_metadata_pointer(mint),
        spl.initialize_mint2(initialize),
        token2022.initialize_metadata(
            mint=mint, authority=authority, name=name, symbol=symbol, uri=uri
        ),
        *(
            token2022.update_field(mint=mint, authority=authority, key=key, value=value)
            for key, value in fields.items()
        ),
        token2022.remove_update_authority(mint=mint, authority=authority),
    ]


def _issue_and_lock(authority: Pubkey, mint: Pubkey, owner: Pubkey) -> list[Instruction]:
    program = token2022.PROGRAM
    account = spl.get_associated_token_address(owner, mint, program)
    issue = spl_models.MintToCheckedParams(
        program_id=program,
        mint=mint,
        dest=account,
        mint_authority=authority,
        amount=1,
        decimals=0,
    )
    lock = spl_models.SetAuthorityParams(
        program_id=program,
        account=mint,
        authority=spl_models.AuthorityType.MINT_TOKENS,
        current_authority=authority,
        new_authority=None,
    )
    return [
        spl.create_idempotent_associated_token_account(authority, owner, mint, program),
        spl.mint_to_checked(issue),
        spl.set_authority(lock),
    ]


def build_burn(
    *,
    wallet: str,
    mint: str,
    memo: str,
    blockhash: Blockhash,
    fee_payer: str | None = None,
    token_account: str | None = None,
    rent_to: str | None = None,
) -> UnsignedTransaction:
    """Memo, burn and close, for `wallet` to sign. The signatures are still empty.

    A `fee_payer` of ours pays the fee and nothing else. `token_account` is where the NFT lies,
    by default the wallet's associated account. Its rent goes to `rent_to`, else the wallet.
    """
    owner, payer = parse_address(wallet), parse_address(fee_payer or wallet)
    rent_owner = parse_address(rent_to or wallet)
    instructions = _burn_and_close(owner, parse_address(mint), token_account, rent_owner)
    note = MemoParams(program_id=MEMO_PROGRAM_ID, signer=owner, message=memo.encode())
    instructions.insert(0, create_memo(note))
    message = Message.new_with_blockhash(instructions, payer, Hash.from_string(blockhash.value))
    empty = [Signature.default()] * message.header.num_required_signatures
    raw = bytes(VersionedTransaction.populate(message, empty))
    return UnsignedTransaction(raw, _hash(message), blockhash.last_valid_block_height)


def _burn_and_close(
    owner: Pubkey, mint: Pubkey, token_account: str | None, rent_to: Pubkey
) -> list[Instruction]:
    program = token2022.PROGRAM
    account = (
        parse_address(token_account)
        if token_account
        else spl.get_associated_token_address(owner, mint, program)
    )
    burn = spl_models.BurnCheckedParams(
        program_id=program, mint=mint, account=account, owner=owner, amount=1, decimals=0
    )
    close = spl_models.CloseAccountParams(
        program_id=program, account=account, dest=rent_to, owner=owner
    )
    return [spl.burn_checked(burn), spl.close_account(close)]


def home_of(wallet: str, mint: str) -> str:
    """Where our mints are put: the wallet's associated token account."""
    owner, address = parse_address(wallet), parse_address(mint)
    return str(spl.get_associated_token_address(owner, address, token2022.PROGRAM))


def burn_memo(request_id: UUID) -> str:
    return f"{_MEMO_PREFIX}{request_id}"


def parse_burn_memo(text: str) -> UUID | None:
    """The request that a memo names, or None when it is not one of ours."""
    if not text.startswith(_MEMO_PREFIX):
        return None
    return parse_uuid(text.removeprefix(_MEMO_PREFIX))


def check_signed_burn(
    raw: bytes,
    *,
    expected_message_hashes: Collection[str],
    wallet: str,
    fee_payer: Signer | None = None,
) -> SignedBurn:
    """Accept a signed transaction only when its message is one that we built, untouched.

    Where the backend sponsors the fee, `fee_payer` adds its signature here, after the message
    and the wallet's signature proved right. Raises ChainRejected.
    """
    transaction = _parse(raw)
    message_hash = _hash(transaction.message)
    if message_hash not in expected_message_hashes:
        raise ChainRejected("BURN_NOT_OURS", "This is not a transaction that we prepared.")
    signatures = list(transaction.signatures)
    signers = transaction.message.account_keys[: len(signatures)]
    content = to_bytes_versioned(transaction.message)
    is_sponsored = fee_payer is not None and signers[0] == fee_payer.pubkey()
    valid = transaction.verify_with_results()[1 if is_sponsored else 0 :]
    if parse_address(wallet) not in signers or not all(valid):
        raise ChainRejected("INVALID_SIGNATURE", "The wallet's signature is not valid.")
    if is_sponsored and fee_payer is not None:
        signatures[0] = fee_payer.sign_message(content)
    signed = VersionedTransaction.populate(transaction.message, signatures)
    return SignedBurn(bytes(signed), str(signatures[0]), message_hash)


def _parse(raw: bytes) -> VersionedTransaction:
    malformed = ChainRejected("INVALID_TRANSACTION", "The transaction is malformed.")
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise malformed
    transaction = None
    try:
        with panics_as_unavailable():
            transaction = VersionedTransaction.from_bytes(raw)
            transaction.sanitize()
    except Exception:  # noqa: BLE001 - untrusted bytes: whatever the parser says, it is malformed
        transaction = None
    if transaction is None or bytes(transaction) != raw:  # trailing bytes are not ours either
        raise malformed
    return transaction


def _hash(message: object) -> str:
    return hashlib.sha256(to_bytes_versioned(message)).hexdigest()  # type: ignore[arg-type]
