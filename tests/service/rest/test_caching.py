from dataclasses import dataclass, field
from typing import Any

import pytest
from google.rpc import code_pb2
from prometheus_client import CollectorRegistry
from werkzeug.test import Client, TestResponse

from service.rest import caching
from service.rest.app import create_app
from service.rest.caching import CacheKey, is_not_modified, validators_of
from service.rest.transport import Reply
from tests.service.rest.fakes import (
    CACHEABLE,
    Call,
    FakeTransport,
    an_offer,
    failure,
    offers_reply,
)


@dataclass
class Gateway:
    """The gateway behind its cache, with a clock and revisions to turn."""

    revision: str | None = "rev-1"
    content: str = "content-1"
    seconds: float = 1000.0
    options: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.transport = FakeTransport(answer=self._answer, current_revision=self.revision)
        self.registry = CollectorRegistry()
        app = create_app(
            self.transport, version="1", registry=self.registry, monotonic=lambda: self.seconds
        )
        self.client = Client(caching.middleware(app, self.transport, **self.options))

    def _answer(self, _: Call) -> Reply:
        served = CACHEABLE | {
            "gpuquote-revision": self.transport.current_revision or "hop",
            "gpuquote-content-revision": self.content,
        }
        return offers_reply(
            an_offer(name=f"offers/call-{len(self.transport.calls)}"),
            metadata=served | self.metadata,
        )

    def publish(self, revision: str, content: str) -> None:
        self.transport.current_revision = revision
        self.content = content

    def get(self, path: str = "/v1/offers", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    @property
    def calls(self) -> int:
        return len(self.transport.calls)


def test_a_repeated_get_does_not_reach_the_service() -> None:
    gateway = Gateway()
    first, second = gateway.get(), gateway.get()
    assert gateway.calls == 1
    assert second.data == first.data
    fresh = {"X-Request-Id", "Cache-Control"}
    assert {k: v for k, v in second.headers if k not in fresh} == {
        k: v for k, v in first.headers if k not in fresh
    }


def test_a_cached_answer_has_a_request_id_of_its_own() -> None:
    gateway = Gateway()
    ids = {gateway.get().headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert gateway.get(X_Request_Id="mine").headers["X-Request-Id"] == "mine"
    assert gateway.get(X_Request_Id="not mine").headers["X-Request-Id"] != "not mine"


def test_max_age_counts_down_to_the_next_collection_but_not_below_5() -> None:
    gateway = Gateway()
    ages = []
    for _ in range(3):
        ages.append(gateway.get().headers["Cache-Control"].split(", ")[1])
        gateway.seconds += 58
    assert ages == ["max-age=120", "max-age=62", "max-age=5"]


def test_an_answer_is_not_kept_beyond_its_max_age_even_when_nothing_is_published() -> None:
    gateway = Gateway()
    gateway.get()
    gateway.seconds += 120
    assert b"call-2" in gateway.get().data


@pytest.mark.parametrize("age", ["0", "-5", "99999", "soon", "nan", "inf"])
def test_max_age_is_between_5_and_300_seconds(age: str) -> None:
    gateway = Gateway(metadata={"gpuquote-max-age": age})
    seconds = int(gateway.get().headers["Cache-Control"].split("max-age=")[1].split(",")[0])
    assert 5 <= seconds <= 300


def test_a_publication_makes_the_query_run_again() -> None:
    gateway = Gateway()
    gateway.get()
    gateway.publish("rev-2", "content-2")
    assert b"call-2" in gateway.get().data
    assert b"call-2" in gateway.get().data
    assert gateway.calls == 2


def test_a_conditional_get_is_answered_before_any_query() -> None:
    gateway = Gateway()
    etag = gateway.get().headers["ETag"]
    answer = gateway.get(If_None_Match=etag)
    assert (answer.status_code, answer.data, gateway.calls) == (304, b"", 1)
    assert answer.headers["ETag"] == etag
    assert answer.headers["Cache-Control"] == "private, max-age=120, stale-if-error=300"
    assert "Content-Type" not in answer.headers


def test_a_copy_stays_good_when_pages_were_merely_seen_again() -> None:
    gateway = Gateway()
    etag = gateway.get().headers["ETag"]
    gateway.publish("rev-2", "content-1")
    assert gateway.get(If_None_Match=etag).status_code == 304
    assert gateway.get(If_None_Match=etag).status_code == 304
    assert gateway.calls == 2


def test_after_a_304_a_full_answer_is_of_the_new_revision() -> None:
    gateway = Gateway()
    etag = gateway.get().headers["ETag"]
    gateway.publish("rev-2", "content-1")
    gateway.get(If_None_Match=etag)
    assert b"call-2" in gateway.get().data


def test_a_copy_is_stale_when_the_content_moved() -> None:
    gateway = Gateway()
    etag = gateway.get().headers["ETag"]
    gateway.publish("rev-2", "content-2")
    answer = gateway.get(If_None_Match=etag)
    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag


def test_queries_do_not_share_answers_but_orders_of_parameters_do() -> None:
    gateway = Gateway()
    one = gateway.get("/v1/offers?pageSize=1&gpuFamily=H100&gpuFamily=A100")
    assert gateway.get("/v1/offers?gpuFamily=H100&pageSize=1&gpuFamily=A100").data == one.data
    for other in (
        "/v1/offers?pageSize=1&gpuFamily=A100&gpuFamily=H100",
        "/v1/offers?pageSize=1",
        "/v1/offers/one",
        "/v1/offers:batchGet?names=a&names=b",
        "/v1/offers:batchGet?names=b&name%73=a",
        "/v1/offers:batchGet?name%73=a&names=b",
    ):
        assert gateway.get(other).data != one.data
    assert gateway.calls == 7


def test_nobody_gets_the_answer_of_another_key() -> None:
    gateway = Gateway()
    answers = {
        gateway.get(Authorization="Bearer a").data,
        gateway.get(Authorization="Bearer b").data,
        gateway.get().data,
    }
    assert len(answers) == 3
    assert gateway.get(Authorization="Bearer a").data in answers
    assert gateway.calls == 3


def test_head_is_answered_from_a_kept_get() -> None:
    gateway = Gateway()
    full = gateway.get()
    head = gateway.client.head("/v1/offers")
    assert (head.data, gateway.calls) == (b"", 1)
    assert head.headers["Content-Length"] == full.headers["Content-Length"]


def test_a_head_is_not_kept_as_an_empty_answer() -> None:
    gateway = Gateway()
    gateway.client.head("/v1/offers")
    assert b"call-2" in gateway.get().data


def test_errors_and_posts_and_other_paths_are_not_kept() -> None:
    gateway = Gateway()
    gateway.get("/v1/offers?pageSize=x")
    assert gateway.get("/v1/offers?pageSize=x").status_code == 400
    refused = gateway.calls
    for _ in range(2):
        gateway.client.post("/v1/collectionRuns", json={})
    assert (refused, gateway.calls) == (2, 4)
    failed = failure(code_pb2.UNAVAILABLE, "STORE_UNREACHABLE")

    def fail(_: Call) -> Reply:
        raise failed

    gateway.transport.answer = fail
    assert gateway.get().status_code == 503
    gateway.transport.answer = gateway._answer
    assert gateway.get().status_code == 200


def test_a_get_with_a_body_is_refused_even_when_its_answer_is_kept() -> None:
    gateway = Gateway()
    gateway.get()
    assert gateway.client.get("/v1/offers", json={"gpuModel": "x"}).status_code == 400


def test_what_the_service_does_not_call_cacheable_is_not_kept() -> None:
    gateway = Gateway(metadata={"gpuquote-content-revision": ""})
    gateway.get()
    gateway.get()
    assert gateway.calls == 2


def test_over_the_hop_nothing_is_kept_but_304_works() -> None:
    gateway = Gateway(revision=None)
    etag = gateway.get().headers["ETag"]
    assert gateway.get(If_None_Match=etag).status_code == 304
    assert gateway.calls == 2


def test_a_transport_that_cannot_tell_its_revision_does_not_stop_reads(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway = Gateway()

    def broken() -> str:
        raise RuntimeError("no revision")

    gateway.transport.revision = broken  # type: ignore[method-assign]
    assert gateway.get().status_code == 200
    assert "no revision" in caplog.text


def test_the_cache_is_bounded_in_number_and_forgets_the_least_used() -> None:
    gateway = Gateway(options={"max_entries": 2})
    for path in ("/v1/offers/a", "/v1/offers/b", "/v1/offers/a", "/v1/offers/c"):
        gateway.get(path)
    assert gateway.calls == 3
    gateway.get("/v1/offers/a")
    assert gateway.calls == 3
    gateway.get("/v1/offers/b")
    assert gateway.calls == 4


def test_the_cache_is_bounded_in_bytes() -> None:
    gateway = Gateway(options={"max_bytes": 20_000})
    for index in range(30):
        gateway.get(f"/v1/offers/{index}")
    gateway.get("/v1/offers/0")
    assert gateway.calls == 31
    gateway.get("/v1/offers/29")
    assert gateway.calls == 31


def test_one_large_answer_does_not_push_out_the_others() -> None:
    gateway = Gateway(options={"max_bytes": 4000})
    gateway.get()
    gateway.get()
    assert gateway.calls == 2


def test_cached_answers_are_measured_too() -> None:
    gateway = Gateway()
    etag = gateway.get("/v1/offers/a").headers["ETag"]
    gateway.get("/v1/offers/a")
    gateway.get("/v1/offers/a", If_None_Match=etag)

    def count(status: str) -> float | None:
        labels = {"route": "/v1/offers/{offer}", "method": "GET", "status": status}
        name = "http_server_request_duration_seconds_count"
        return gateway.registry.get_sample_value(name, labels)

    assert (count("200"), count("304")) == (2, 1)


@pytest.mark.parametrize(
    ("if_none_match", "matches"),
    [
        ('W/"a-1"', True),
        ('"a-1"', True),
        ('"x", W/"a-1" , "y"', True),
        ("*", True),
        (" * ", True),
        ("", False),
        ('W/"a-2"', False),
        ("a-1", False),
        ('"a-1', False),
        ('"x*"', False),
    ],
)
def test_if_none_match_is_compared_weakly(if_none_match: str, matches: bool) -> None:  # noqa: FBT001 - a table
    assert is_not_modified(if_none_match, 'W/"a-1"') is matches


def test_an_odd_content_revision_cannot_break_the_header() -> None:
    metadata = {"gpuquote-content-revision": 'a"\r\nSet-Cookie: b'}
    validators = validators_of(metadata, CacheKey("/v1/offers", "", ""), now=0)
    assert validators is not None
    assert validators.etag.count('"') == 2
    assert validators.etag.isprintable()


def test_the_etag_depends_on_path_query_and_scope() -> None:
    keys = [
        CacheKey("/a", "", ""),
        CacheKey("/b", "", ""),
        CacheKey("/a", "x", ""),
        CacheKey("/a", "", "k"),
    ]
    etags = {
        found.etag
        for key in keys
        if (found := validators_of({"gpuquote-content-revision": "c"}, key, now=0))
    }
    assert len(etags) == 4
