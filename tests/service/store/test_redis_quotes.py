import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.domain.quote import REQUEST_IDS_KEPT_FOR, KeptRequest, Quote
from service.store import codec, keys
from service.store.embedded import EmbeddedServer, open_embedded
from service.store.ports import (
    NewerSchema,
    PublishOutcome,
    StoreFull,
    StoreUnreachable,
    UnreadableQuote,
)
from service.store.redis_store import RedisStore
from tests.builders import a_snapshot, a_status, an_offer
from tests.service.store.contract import publish
from tests.service.store.quote_contract import DIGEST, KEPT, OTHER_DIGEST, QuoteContract, a_quote
from tests.service.store.servers import a_silent_server

pytestmark = pytest.mark.redis

QUOTE = a_quote()
KEY, HEAD_KEY = keys.quote(QUOTE.head.quote_id), keys.quote_head(QUOTE.head.quote_id)


@pytest.fixture
def store(valkey: EmbeddedServer, raw: Any) -> Iterator[RedisStore]:
    assert raw.dbsize() == 0
    with RedisStore.connect(valkey.url, op_timeout_seconds=5) as connected:
        yield connected


class TestRedisQuotes(QuoteContract):
    """The contract, on a real server."""


def milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def test_a_quote_lives_until_its_purge_time(store: RedisStore, raw: Any) -> None:
    store.create_quote(QUOTE, request_id="r1", digest=DIGEST)
    for key, span in (
        (KEY, KEPT),
        (HEAD_KEY, KEPT),
        (keys.quote_request("r1"), REQUEST_IDS_KEPT_FOR),
    ):
        assert 0 <= milliseconds(span) - raw.pttl(key) < 60_000
    assert raw.pttl(keys.QUOTE_INDEX) == -1


def test_a_store_without_room_refuses_quotes_and_goes_on_publishing(tmp_path: Path) -> None:
    with (
        open_embedded(tmp_path, max_memory_mb=8) as server,
        RedisStore.connect(server.url, op_timeout_seconds=5) as store,
    ):
        noise = random.Random(1)  # noqa: S311 - bytes that do not compress
        quotes = [replace(a_quote(n), document=noise.randbytes(200_000)) for n in range(50)]
        kept: list[Quote] = []

        def fill() -> None:
            for number, quote in enumerate(quotes):
                store.create_quote(quote, request_id=f"r{number}", digest=DIGEST)
                kept.append(quote)

        with pytest.raises(StoreFull, match=r"of 8388608 bytes"):
            fill()
        assert 5 < len(kept) < 31  # at most three quarters
        refused = f"r{len(kept)}"
        assert store.find_request(refused) is None
        assert len(store.quotes(before="", limit=100)) == len(kept)
        # What was acknowledged is there, and a request that is repeated is told so.
        for number, quote in enumerate(kept):
            assert store.find_quote(quote.head.quote_id) == quote.document
            again = store.create_quote(a_quote(200), request_id=f"r{number}", digest=DIGEST)
            assert again == KeptRequest(digest=DIGEST, quote_id=quote.head.quote_id)
        store.register((a_status(),))
        assert publish(store, a_snapshot(an_offer())) is PublishOutcome.PUBLISHED


def test_ids_of_forgotten_quotes_leave_the_index(store: RedisStore, raw: Any) -> None:
    quotes = [a_quote(number) for number in range(15)]
    for quote in quotes[:13]:
        store.create_quote(quote)
    for quote in quotes[:12]:
        raw.delete(keys.quote(quote.head.quote_id), keys.quote_head(quote.head.quote_id))
    assert store.quotes(before="", limit=9) == (quotes[12].head,)
    store.create_quote(quotes[13])
    assert raw.zcard(keys.QUOTE_INDEX) == 4
    store.create_quote(quotes[14])
    assert raw.zcard(keys.QUOTE_INDEX) == 3


def test_a_request_id_of_a_quote_that_is_gone_may_make_another(store: RedisStore, raw: Any) -> None:
    store.create_quote(QUOTE, request_id="r1", digest=DIGEST)
    raw.delete(KEY)
    assert store.create_quote(a_quote(2), request_id="r1", digest=OTHER_DIGEST) is None
    found = store.find_request("r1")
    assert found is not None
    assert (found.digest, found.quote_id) == (OTHER_DIGEST, a_quote(2).head.quote_id)


@pytest.mark.parametrize("wrong", [b"", b"nonsense", b"GD", b"\xff\xfe q"])
def test_a_request_id_that_holds_nonsense_stands_for_nothing(
    store: RedisStore, raw: Any, wrong: bytes
) -> None:
    raw.set(keys.quote_request("r1"), wrong)
    assert store.create_quote(QUOTE, request_id="r1", digest=DIGEST) is None
    assert store.find_request("r1") is not None


def test_a_damaged_quote_is_never_shown_as_if_it_were_none(store: RedisStore, raw: Any) -> None:
    store.create_quote(QUOTE)
    whole: bytes = raw.get(KEY)
    for damaged in (b"", whole[:-1], whole[:-1] + b"!", b"XX" + whole[2:]):
        raw.set(KEY, damaged)
        with pytest.raises(UnreadableQuote, match=QUOTE.head.quote_id):
            store.find_quote(QUOTE.head.quote_id)


def test_a_damaged_head_is_passed_over_and_logged(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store.create_quote(QUOTE)
    store.create_quote(a_quote(1))
    raw.set(HEAD_KEY, b"nonsense")
    with caplog.at_level(logging.ERROR):
        assert store.quotes(before="", limit=9) == (a_quote(1).head,)
    assert "quote unreadable" in caplog.text


def test_keys_of_another_type_are_set_aside(store: RedisStore, raw: Any) -> None:
    for key in (KEY, HEAD_KEY, keys.QUOTE_INDEX, keys.quote_request("r1")):
        raw.lpush(key, "foreign")
    assert store.find_quote(QUOTE.head.quote_id) is None
    assert store.find_request("r1") is None
    assert store.quotes(before="", limit=9) == ()
    assert store.create_quote(QUOTE, request_id="r1", digest=DIGEST) is None
    assert store.find_quote(QUOTE.head.quote_id) == QUOTE.document
    assert store.quotes(before="", limit=9) == (QUOTE.head,)
    assert raw.lrange(keys.SET_ASIDE + KEY, 0, -1) == [b"foreign"]


def test_a_newer_version_is_not_written_over(store: RedisStore, raw: Any) -> None:
    raw.set(keys.SCHEMA, codec.SCHEMA + 1)
    with pytest.raises(NewerSchema):
        store.create_quote(QUOTE, request_id="r1", digest=DIGEST)
    assert raw.dbsize() == 1


def test_without_a_server_every_operation_says_so(tmp_path: Path) -> None:
    with RedisStore.connect(f"unix://{tmp_path}/nothing") as store:
        for operation in (
            lambda: store.create_quote(QUOTE),
            lambda: store.find_quote("q1"),
            lambda: store.find_request("r1"),
            lambda: store.quotes(before="", limit=1),
        ):
            with pytest.raises(StoreUnreachable, match="nothing"):
                operation()


def test_a_silent_server_is_noticed_before_a_quote_is_sent() -> None:
    with (
        a_silent_server() as url,
        RedisStore.connect(url, op_timeout_seconds=0.05) as store,
        pytest.raises(StoreUnreachable),
    ):
        store.create_quote(QUOTE)
