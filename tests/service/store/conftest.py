"""What tests of the store in Redis share."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from service.store.embedded import EmbeddedServer


@pytest.fixture
def raw(valkey: EmbeddedServer) -> Iterator[Any]:
    """Give a bare client, on an empty server."""
    with redis.Redis.from_url(valkey.url) as client:
        for key in client.scan_iter(count=1000):
            client.delete(key)
        yield client
