"""The sign-in text: builder and parser agree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair

from accounts.siws import MalformedMessage, SignInMessage

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
MESSAGE = SignInMessage(
    domain="nft.example",
    address=str(Keypair().pubkey()),
    statement="Sign in.",
    uri="https://nft.example",
    chain_id="solana:mainnet",
    nonce="0123456789abcdef",
    issued_at=MOMENT,
    expires_at=MOMENT + timedelta(minutes=5),
)
moments = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(moments, moments)
def test_parsing_what_was_built_gives_it_back(issued_at: datetime, expires_at: datetime) -> None:
    message = replace(MESSAGE, issued_at=issued_at, expires_at=expires_at)
    assert SignInMessage.parse(message.text()) == message


@given(st.integers(min_value=0, max_value=len(MESSAGE.text()) - 1), st.characters())
def test_a_text_that_parses_is_rebuilt_byte_for_byte(place: int, letter: str) -> None:
    text = MESSAGE.text()
    changed = text[:place] + letter + text[place + 1 :]
    try:
        rebuilt = SignInMessage.parse(changed).text()
    except MalformedMessage:
        return
    assert rebuilt == changed


def test_times_are_written_in_utc() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5)))
    assert "Issued At: 2026-01-02T03:04:05.678Z" in replace(MESSAGE, issued_at=elsewhere).text()


@pytest.mark.parametrize("time", ["2026-02-31T00:00:00.000Z", "2026-01-01T25:00:00.000Z"])
def test_an_impossible_time_is_malformed(time: str) -> None:
    text = MESSAGE.text().replace("2026-01-02T03:04:05.678Z", time)
    with pytest.raises(MalformedMessage):
        SignInMessage.parse(text)
