from datetime import timedelta

import pytest

from service.domain.quote import REQUEST_IDS_KEPT_FOR
from service.store.memory_store import MemoryStore
from tests.service.store.contract import Clock
from tests.service.store.quote_contract import DIGEST, KEPT, QuoteContract, a_quote


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


class TestMemoryQuotes(QuoteContract):
    """The contract, on memory."""


def test_a_request_id_is_free_again_after_a_day(store: MemoryStore, clock: Clock) -> None:
    store.create_quote(a_quote(1), request_id="r1", digest=DIGEST)
    clock.advance(REQUEST_IDS_KEPT_FOR - timedelta(seconds=1))
    assert store.find_request("r1") is not None
    clock.advance(timedelta(seconds=1))
    assert store.find_request("r1") is None
    assert store.create_quote(a_quote(2), request_id="r1", digest=DIGEST) is None


def test_quotes_are_forgotten_after_their_time(store: MemoryStore, clock: Clock) -> None:
    store.create_quote(a_quote())
    clock.advance(KEPT - timedelta(seconds=1))
    assert store.quotes(before="", limit=9) != ()
    clock.advance(timedelta(seconds=1))
    assert store.quotes(before="", limit=9) == ()
    assert store.find_quote(a_quote().head.quote_id) is None
