"""Exchange rates in Redis that are not what was written."""

from collections.abc import Iterator
from typing import Any

import pytest

from service.store import keys
from service.store.embedded import EmbeddedServer
from service.store.ports import PublishOutcome
from service.store.redis_store import RedisStore
from tests.service.store.contract import Clock, some_rates

pytestmark = pytest.mark.redis


@pytest.fixture
def store(valkey: EmbeddedServer, raw: Any) -> Iterator[RedisStore]:
    assert raw.dbsize() == 0
    with RedisStore.connect(valkey.url, op_timeout_seconds=5, clock=Clock()) as connected:
        yield connected


@pytest.mark.parametrize("stored", [b"\x00", b"{}", b'{"schema": 99, "value": {}}'])
def test_unreadable_rates_are_no_rates_and_are_replaced(
    store: RedisStore, raw: Any, stored: bytes
) -> None:
    raw.set(keys.RATES, stored)

    assert store.rates() is None
    assert store.save_rates(some_rates("1.1"), fence=1) is PublishOutcome.PUBLISHED
    assert store.rates() == some_rates("1.1")


def test_a_key_of_another_type_is_passed_over_and_set_aside(store: RedisStore, raw: Any) -> None:
    raw.rpush(keys.RATES, "x")

    assert store.rates() is None
    assert store.save_rates(some_rates("1.1"), fence=1) is PublishOutcome.PUBLISHED
    assert store.rates() == some_rates("1.1")
