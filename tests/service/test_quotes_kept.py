"""What was acknowledged is not lost: quotes through the chain, on a real server."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from gpuquote.v1 import quote_service_pb2 as pb

from service.rpc.call import Answer, Call
from service.rpc.dispatch import Dispatcher, RpcError
from service.rpc.servicers.quotes import IDEMPOTENCY_REPLAYED
from service.store.embedded import EmbeddedServer, open_embedded
from service.store.redis_store import RedisStore
from tests.fakes import a_dispatcher, detail
from tests.service.quoting import a_market, calculators, quoted, request_of

pytestmark = pytest.mark.redis


@pytest.fixture
def url(valkey: EmbeddedServer) -> Iterator[str]:
    """Give the address of an empty server."""
    with redis.Redis.from_url(valkey.url) as raw:
        for key in raw.scan_iter(count=1000):
            raw.delete(key)
        yield valkey.url


def answered(chain: Dispatcher, request: Message) -> Answer:
    rpc = request.DESCRIPTOR.name.removesuffix("Request")
    return chain.call(f"/gpuquote.v1.QuoteService/{rpc}", request, Call())


def refused(chain: Dispatcher, request: Message) -> str:
    with pytest.raises(RpcError) as raised:
        answered(chain, request)
    return str(detail(raised.value.status, error_details_pb2.ErrorInfo).reason)


def quote_in(answer: Answer) -> pb.Quote:
    message: Any = answer.message
    quote: pb.Quote = message.quote
    return quote


def test_of_one_key_in_many_threads_of_two_services_one_quote_is_made(url: str) -> None:
    request = request_of("estimateTraining", request_id="r1")
    with ExitStack() as closing:
        stores = [
            closing.enter_context(RedisStore.connect(url, op_timeout_seconds=5)) for _ in range(2)
        ]
        chains = [a_dispatcher(a_market(), runs=store) for store in stores]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda at: answered(chains[at % 2], request), range(48)))
        (head,) = stores[0].quotes(before="", limit=99)
    assert len({answer.to_proto_bytes() for answer in answers}) == 1
    assert [IDEMPOTENCY_REPLAYED in answer.metadata for answer in answers].count(False) == 1
    assert quote_in(answers[0]).name == f"quotes/{head.quote_id}"


def test_of_one_key_with_many_requests_one_is_answered_and_the_others_conflict(url: str) -> None:
    with RedisStore.connect(url, op_timeout_seconds=5) as store:
        chain = a_dispatcher(a_market(), runs=store)

        def asked(number: int) -> str:
            request = request_of("estimateTraining", request_id="r1", title=f"number {number}")
            try:
                return quote_in(answered(chain, request)).title
            except RpcError as error:
                return str(detail(error.status, error_details_pb2.ErrorInfo).reason)

        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(asked, range(8)))
        (head,) = store.quotes(before="", limit=99)
    assert sorted(told) == sorted([*["REQUEST_ID_REUSED"] * 7, head.title])


@pytest.mark.parametrize("kind", ["estimateTraining", "compareProviders", "analyzeBuildVsBuy"])
def test_a_quote_outlives_its_service_and_a_server_that_was_killed(
    tmp_path: Path, kind: str
) -> None:
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        made = quoted(calculators(a_market(), store=store), kind, request_id="r1", title="kept")
        os.kill(server.pid, signal.SIGKILL)
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        chain = calculators(a_market(), store=store)
        found = answered(chain, pb.GetQuoteRequest(name=made.name))
        assert made.SerializeToString(deterministic=True) in found.to_proto_bytes()
        message: Any = found.message
        assert len(message.moves) == len(made.offers)
        listed: Any = answered(chain, pb.ListQuotesRequest(query="kept")).message
        assert [quote.name for quote in listed.quotes] == [made.name]
        again = answered(chain, request_of(kind, request_id="r1", title="kept"))
        assert quote_in(again) == made


def test_without_its_store_a_service_says_so_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with open_embedded(tmp_path) as server, RedisStore.connect(server.url) as store:
        chain = a_dispatcher(a_market(), runs=store)
        request = request_of("estimateTraining", request_id="r1")
        made = quote_in(answered(chain, request))
        os.kill(server.pid, signal.SIGKILL)
        with open_embedded(tmp_path) as successor:
            assert not successor.is_shared
            assert quote_in(answered(chain, request)) == made
        for one in (request, pb.GetQuoteRequest(name=made.name), pb.ListQuotesRequest()):
            assert refused(chain, one) == "STORE_UNREACHABLE"
