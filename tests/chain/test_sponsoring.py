"""Our signature under a member's burn: on the one message that we built, or on nothing."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from chain.errors import ChainRejected
from chain.nft import build_burn, burn_memo, check_signed_burn
from chain.quotes import COMPUTE_BUDGET, fee_of
from chain.records import Blockhash, UnsignedTransaction
from tests.chain.svm import REQUEST, Svm, sign

OURS, WALLET, MINT, THIEF = (Keypair.from_seed(bytes([n]) * 32) for n in range(1, 5))
ROOM = Blockhash(str(Hash.default()), 150)


class Pen:
    """Our key, which remembers what it signed."""

    def __init__(self) -> None:
        self.signed: list[bytes] = []

    def pubkey(self) -> Pubkey:
        return OURS.pubkey()

    def sign_message(self, content: bytes) -> Signature:
        self.signed.append(content)
        return OURS.sign_message(content)


def built() -> UnsignedTransaction:
    return build_burn(
        wallet=str(WALLET.pubkey()),
        mint=str(MINT.pubkey()),
        memo=burn_memo(REQUEST),
        blockhash=ROOM,
        fee_payer=str(OURS.pubkey()),
        rent_to=str(OURS.pubkey()),
    )


BUILT = built()
MESSAGE = VersionedTransaction.from_bytes(BUILT.raw).message
CONTENT = to_bytes_versioned(MESSAGE)


def signed_by_wallet(message: Message | MessageV0) -> bytes:
    """As a thief would who holds the wallet: validly signed, whatever the message says."""
    keys = message.account_keys[: message.header.num_required_signatures]
    content = to_bytes_versioned(message)
    known = {key.pubkey(): key for key in (WALLET, THIEF)}
    signatures = [
        known[key].sign_message(content) if key in known else Signature.default() for key in keys
    ]
    return bytes(VersionedTransaction.populate(message, signatures))


def present(raw: bytes) -> tuple[Pen, bytes | None]:
    pen = Pen()
    try:
        signed = check_signed_burn(
            raw,
            expected_message_hashes={BUILT.message_hash},
            wallet=str(WALLET.pubkey()),
            fee_payer=pen,
        )
    except ChainRejected:
        return pen, None
    return pen, signed.raw


def assert_only_ours(pen: Pen, accepted: bytes | None) -> None:
    assert set(pen.signed) <= {CONTENT}
    if accepted is None:
        assert pen.signed == []
    else:
        message = VersionedTransaction.from_bytes(accepted).message
        assert to_bytes_versioned(message) == CONTENT
        assert fee_of(accepted) == fee_of(BUILT.raw)


def test_the_untouched_message_is_signed() -> None:
    assert isinstance(MESSAGE, Message)
    pen, accepted = present(signed_by_wallet(MESSAGE))
    assert pen.signed == [CONTENT]
    assert accepted is not None
    assert all(VersionedTransaction.from_bytes(accepted).verify_with_results())


@given(at=st.integers(0, 2000), bits=st.integers(1, 255))
def test_a_changed_byte_anywhere_gets_no_signature_for_it(at: int, bits: int) -> None:
    raw = bytearray(sign(BUILT.raw, WALLET))
    raw[at % len(raw)] ^= bits
    assert_only_ours(*present(bytes(raw)))


@given(cut=st.integers(0, 2000), tail=st.binary(max_size=40))
def test_cut_or_longer_bytes_get_no_signature(cut: int, tail: bytes) -> None:
    raw = sign(BUILT.raw, WALLET)
    changed = raw[: cut % (len(raw) + 1)] + tail
    assert_only_ours(*present(changed))


def steps_of(message: Message) -> list[Instruction]:
    """The instructions as they were before they were compiled."""
    keys, header = message.account_keys, message.header
    signers = header.num_required_signatures
    writable = {
        *keys[: signers - header.num_readonly_signed_accounts],
        *keys[signers : len(keys) - header.num_readonly_unsigned_accounts],
    }
    return [
        Instruction(
            keys[step.program_id_index],
            bytes(step.data),
            [
                AccountMeta(keys[at], keys[at] in keys[:signers], keys[at] in writable)
                for at in step.accounts
            ],
        )
        for step in message.instructions
    ]


def steal(lamports: int) -> Instruction:
    return transfer(
        TransferParams(from_pubkey=OURS.pubkey(), to_pubkey=THIEF.pubkey(), lamports=lamports)
    )


def dear(price: int) -> Instruction:
    data = bytes([3]) + price.to_bytes(8, "little")
    return Instruction(Pubkey.from_string(COMPUTE_BUDGET), data, [])


def room_for(units: int) -> Instruction:
    data = bytes([2]) + units.to_bytes(4, "little")
    return Instruction(Pubkey.from_string(COMPUTE_BUDGET), data, [])


def to_thief(step: Instruction) -> Instruction:
    accounts = [
        AccountMeta(THIEF.pubkey(), each.is_signer, each.is_writable)
        if each.pubkey == OURS.pubkey()
        else each
        for each in step.accounts
    ]
    return Instruction(step.program_id, bytes(step.data), accounts)


Steps = list[Instruction]
CHANGES: dict[str, st.SearchStrategy[Callable[[Steps], Steps]]] = {
    "steal": st.builds(
        lambda at, sum_: lambda steps: [*steps[:at], steal(sum_), *steps[at:]],
        st.integers(0, 3),
        st.integers(1, 10**10),
    ),
    "dear": st.integers(1, 2**60).map(lambda price: lambda steps: [dear(price), *steps]),
    "rent": st.just(lambda steps: [to_thief(step) for step in steps]),
    "fewer": st.integers(0, 2).map(lambda at: lambda steps: [*steps[:at], *steps[at + 1 :]]),
    "order": st.permutations(range(3)).map(
        lambda order: lambda steps: [steps[at] for at in order if at < len(steps)]
    ),
    "twice": st.integers(0, 2).map(lambda at: lambda steps: [*steps, *steps[at : at + 1]]),
    "more signers": st.just(
        lambda steps: [*steps, Instruction(steps[0].program_id, b"x", [AccountMeta(THIEF.pubkey(), True, False)])]
    ),
}  # fmt: skip


@settings(max_examples=200)
@given(
    changes=st.lists(st.sampled_from(sorted(CHANGES)).flatmap(CHANGES.__getitem__), max_size=3),
    blockhash=st.sampled_from([Hash.default(), Hash.new_unique()]),
    payer=st.sampled_from([OURS.pubkey(), WALLET.pubkey(), THIEF.pubkey()]),
    versioned=st.booleans(),
)
def test_no_other_message_is_signed_or_paid_whatever_its_wallet_signs(
    changes: list[Callable[[Steps], Steps]], blockhash: Hash, payer: Pubkey, versioned: bool
) -> None:
    assert isinstance(MESSAGE, Message)
    steps = steps_of(MESSAGE)
    for change in changes:
        steps = change(steps)
    message: Message | MessageV0
    if versioned:
        message = MessageV0.try_compile(payer, steps, [], blockhash)
    else:
        message = Message.new_with_blockhash(steps, payer, blockhash)
    assert_only_ours(*present(signed_by_wallet(message)))


def test_without_the_wallets_signature_our_pen_stays_down() -> None:
    pen, accepted = present(BUILT.raw)
    assert (pen.signed, accepted) == ([], None)


@pytest.mark.parametrize("price", [0, 1_000])
def test_the_quote_is_what_the_chain_takes(svm: Svm, price: int) -> None:
    """Of the payer, with and without a priority fee; the rent of the account comes back to it."""
    steps = [room_for(2_000), dear(price)] if price else []
    gift = TransferParams(from_pubkey=svm.owner.pubkey(), to_pubkey=svm.payer.pubkey(), lamports=1)
    steps.append(transfer(gift))
    message = Message.new_with_blockhash(steps, svm.payer.pubkey(), svm.vm.latest_blockhash())
    raw = bytes(VersionedTransaction(message, [svm.payer, svm.owner]))
    fee = fee_of(raw)
    before = svm.vm.get_balance(svm.payer.pubkey()) or 0
    svm.send(raw)
    assert fee.payer == str(svm.payer.pubkey())
    assert before + 1 - fee.lamports == svm.vm.get_balance(svm.payer.pubkey())
