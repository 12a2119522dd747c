"""How often one address may open a stream."""

import pytest

from core.errors import LimitExceeded
from realtime.connect_rate import ConnectRate, address_of
from realtime.requests import read_request


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def allowed(rate: ConnectRate, address: str, times: int) -> int:
    """How many of so many calls get through."""
    let_in = 0
    for _ in range(times):
        try:
            rate.count(address)
        except LimitExceeded:
            continue
        let_in += 1
    return let_in


def test_an_address_may_open_so_many_at_once_and_then_slowly() -> None:
    clock = Clock()
    rate = ConnectRate(6, 60, clock=clock)
    assert allowed(rate, "192.0.2.1", 10) == 6
    clock.now = 25
    assert allowed(rate, "192.0.2.1", 10) == 2
    clock.now = 1000
    assert allowed(rate, "192.0.2.1", 10) == 6
    assert allowed(rate, "192.0.2.2", 10) == 6


def test_who_is_refused_hears_when_to_come_back() -> None:
    clock = Clock()
    rate = ConnectRate(6, 60, clock=clock)
    allowed(rate, "192.0.2.1", 6)
    clock.now = 2.5
    with pytest.raises(LimitExceeded) as refused:
        rate.count("192.0.2.1")
    assert refused.value.retry_after == 8
    clock.now += refused.value.retry_after
    assert allowed(rate, "192.0.2.1", 2) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::", "unknown"])
def test_this_machine_and_a_proxy_that_says_nothing_are_let_through(address: str) -> None:
    assert allowed(ConnectRate(1, 60), address, 5) == 5


def test_a_crowd_of_addresses_needs_bounded_memory() -> None:
    clock = Clock()
    rate = ConnectRate(2, 60, addresses=100, clock=clock)
    for number in range(1000):
        clock.now += 0.001
        rate.count(f"2001:db8:0:{number:x}::")
        assert len(rate) <= 100
    assert allowed(rate, "2001:db8:0:3e7::", 2) == 1  # the newest is remembered


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("192.0.2.1", None, 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", 0, "192.0.2.1"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.1", 1, "198.51.100.1"),
        ("2001:db8::1", None, 0, "2001:db8::"),
        ("::1", None, 0, "::"),
        (None, None, 0, "unknown"),
    ],
)
def test_the_address_is_what_the_trusted_proxies_say(
    monkeypatch: pytest.MonkeyPatch,
    peer: str | None,
    forwarded: str | None,
    proxies: int,
    address: str,
) -> None:
    monkeypatch.setattr("rest_framework.settings.api_settings.NUM_PROXIES", proxies)
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    client = (peer, 5000) if peer else None
    scope = {"method": "GET", "path": "/", "headers": headers, "client": client}
    assert address_of(read_request(scope)) == address
