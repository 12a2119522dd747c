"""The account that pays: told once a crossing, not each look; and seen by Prometheus."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from prometheus_client import CollectorRegistry, generate_latest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from events.models import Event
from nft.chain_access import payer
from nft.metrics import NftCollector
from nft.models import AuthorityBalance
from nft.services.authority import record_balance, watch_authority_balance
from tests.nft.world import World

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESS = "authority"


def told() -> int:
    return Event.objects.filter(type="authority_balance_low").count()


def metrics() -> str:
    registry = CollectorRegistry()
    registry.register(NftCollector())
    return generate_latest(registry).decode()


def test_a_low_balance_is_told_once_a_crossing(settings: Settings) -> None:
    settings.AUTHORITY_BALANCE_LOW_LAMPORTS = 100
    looks = [(100, 0), (99, 1), (98, 1), (0, 1), (100, 1), (500, 1), (99, 2), (99, 2)]
    for minute, (lamports, expected) in enumerate(looks):
        record_balance(address=ADDRESS, lamports=lamports, now=NOW + timedelta(minutes=minute))
        assert told() == expected, (minute, lamports)
    data = Event.objects.filter(type="authority_balance_low").latest("id").data
    assert data == {"balanceLamports": 99, "thresholdLamports": 100}


def test_a_first_look_that_finds_it_low_tells(settings: Settings) -> None:
    settings.AUTHORITY_BALANCE_LOW_LAMPORTS = 100
    record_balance(address=ADDRESS, lamports=1, now=NOW)
    assert told() == 1


def test_an_older_look_that_comes_late_changes_nothing(settings: Settings) -> None:
    settings.AUTHORITY_BALANCE_LOW_LAMPORTS = 100
    record_balance(address=ADDRESS, lamports=500, now=NOW)
    record_balance(address=ADDRESS, lamports=1, now=NOW - timedelta(seconds=1))
    assert told() == 0
    assert AuthorityBalance.objects.get().lamports == 500


def test_the_balance_is_read_from_the_chain(world: World, settings: Settings) -> None:
    watch_authority_balance(now=world.now)
    seen = AuthorityBalance.objects.get()
    assert seen.address == str(payer().pubkey())
    assert seen.lamports >= 100 * 10**9
    assert not seen.is_low
    settings.AUTHORITY_BALANCE_LOW_LAMPORTS = seen.lamports + 1
    world.pass_time(minutes=1)
    watch_authority_balance(now=world.now)
    assert told() == 1
    text = metrics()
    assert f'aiw3_authority_low{{address="{seen.address}"}} 1.0' in text
    assert f'aiw3_authority_threshold_lamports{{address="{seen.address}"}}' in text


def test_a_node_that_is_away_changes_nothing(world: World, settings: Settings) -> None:
    watch_authority_balance(now=world.now)
    before = AuthorityBalance.objects.get()
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    world.pass_time(minutes=1)
    watch_authority_balance(now=world.now)
    assert AuthorityBalance.objects.get().looked_at == before.looked_at


def test_a_scrape_costs_few_questions(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(5, connection=connection):
        assert "aiw3_nft_up 1.0" in metrics()
