"""What could go wrong: a fee without a bound, a budget too small to run, a price that stays at
zero for ever; a mint that no longer fits for the sake of its fee."""

from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.message import Message
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chain import nft
from chain.fees import MOST_UNITS, ComputeBudget, choose_budget
from tests.chain.net import Net, burn, home
from tests.chain.svm import REQUEST, TEXTS, Svm, fields

prices = st.lists(st.integers(0, 10**12), max_size=150)


def choose(used_units: int = 50_000, recent: tuple[int, ...] = (), **change: int) -> ComputeBudget:
    asked = {"percentile": 75, "cap_lamports": 100_000, "attempt": 0, **change}
    return choose_budget(used_units=used_units, recent_prices=recent, **asked)


@given(
    used=st.integers(1, MOST_UNITS), recent=prices, cap=st.integers(0, 10**9),
    percentile=st.integers(0, 100), attempt=st.integers(0, 10_000),
)  # fmt: skip
def test_the_fee_never_passes_the_cap_and_the_units_always_suffice(
    used: int, recent: list[int], cap: int, percentile: int, attempt: int
):
    budget = choose_budget(
        used_units=used, recent_prices=recent, percentile=percentile, cap_lamports=cap,
        attempt=attempt,
    )  # fmt: skip
    assert budget.lamports <= cap
    assert used <= budget.units <= MOST_UNITS


def test_the_price_is_what_most_others_paid():
    assert choose(recent=tuple(range(100))).price == 75
    assert choose(recent=()).price == 0
    assert choose(recent=tuple(range(100)), percentile=100).price == 99


def test_every_further_attempt_offers_more_up_to_the_cap():
    offers = [choose(attempt=attempt).price for attempt in range(12)]
    assert offers[:4] == [0, 1_000, 4_000, 16_000]
    assert offers == sorted(offers)
    assert choose(attempt=11).lamports == 100_000


def test_a_free_budget_names_no_price():
    assert len(ComputeBudget(5, 0).instructions()) == 1
    assert len(ComputeBudget(5, 1).instructions()) == 2


def test_a_mint_runs_with_the_units_of_its_simulation(net: Net):
    owner, mint = net.funded(), Keypair()
    raw = net.build_mint(mint, owner)
    simulation = net.ask(lambda client: client.simulate(raw))
    assert simulation.error is None
    assert 0 < simulation.units < MOST_UNITS
    assert net.ask(lambda client: client.recent_priority_fees([str(owner.pubkey())])) == (0,)


def test_a_simulation_needs_no_signature_and_sends_nothing(net: Net):
    owner, stranger = net.funded(), net.funded()
    mint = net.minted(owner)

    def simulated(authority: Keypair) -> str | None:
        step = burn(authority, mint, account=home(owner, mint))
        message = Message([step], authority.pubkey())
        raw = bytes(VersionedTransaction.populate(message, [Signature.default()]))
        return net.ask(lambda client: client.simulate(raw)).error

    assert simulated(owner) is None
    assert simulated(stranger) == "InstructionError"
    assert simulated(Keypair()) == "AccountNotFound"
    assert net.mint_account(mint).supply == 1


def test_a_mint_with_a_budget_is_as_complete_as_without(svm: Svm):
    mint = Keypair()
    signed = nft.build_mint(
        payer=svm.payer, mint=mint, owner=str(svm.owner.pubkey()), **TEXTS,
        fields=fields(REQUEST), rent_lamports=svm.rent(), blockhash=svm.blockhash,
        budget=ComputeBudget(200_000, 1_000),
    )  # fmt: skip
    assert svm.send(signed.raw).fee() == 10_000 + 200
    assert svm.mint_account(mint.pubkey()).issue == REQUEST
