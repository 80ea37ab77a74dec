import pytest

from service.store.memory_store import MemoryStore
from tests.service.store.contract import Clock
from tests.service.store.history_contract import KEPT, HistoryContract


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock, history_kept_for=KEPT)


class TestMemoryHistory(HistoryContract):
    """The contract, on memory."""
