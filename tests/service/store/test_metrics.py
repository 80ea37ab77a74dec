"""What is counted of the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from service.store.embedded import EmbeddedServer, open_embedded
from service.store.ports import StoreUnreachable
from service.store.redis_store import RedisStore


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def operations(operation: str) -> float:
    return value("gpuquote_store_op_duration_seconds_count", op=operation)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with open_embedded(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.mark.redis
def test_operations_are_measured_by_name_and_never_by_key(valkey: EmbeddedServer) -> None:
    with RedisStore.connect(valkey.url) as store:
        before, lease_before = operations("GET"), operations("acquire")
        store.find_run("nothing")
        assert operations("GET") == before + 1
        assert operations("acquire") == lease_before
    assert value("gpuquote_store_up") == 1


@pytest.mark.redis
def test_waiting_for_events_is_no_slow_operation(valkey: EmbeddedServer) -> None:
    with RedisStore.connect(valkey.url) as store:
        store.take_request(timeout_seconds=0.01)
    assert operations("BLPOP") == 0
    assert value("gpuquote_store_up") == 1


def test_a_store_out_of_reach_is_down_and_its_operation_measured(tmp_path: Path) -> None:
    before = operations("HGETALL")
    nowhere = f"unix://{tmp_path}/none.sock"
    with RedisStore.connect(nowhere) as store, pytest.raises(StoreUnreachable):
        store.pointers()
    assert operations("HGETALL") == before + 1
    assert value("gpuquote_store_up") == 0
