"""An answer is the same whoever gives it: the reads ahead of Flask, or Flask."""

from dataclasses import dataclass, field

import pytest
from google.rpc import code_pb2
from prometheus_client import CollectorRegistry
from werkzeug.test import Client, TestResponse

from service.rest import caching
from service.rest.app import create_app
from service.rest.transport import Reply
from tests.service.rest.fakes import (
    CACHEABLE,
    Call,
    FakeTransport,
    an_offer,
    failure,
    offers_reply,
)

_CHANGING = {"X-Request-Id", "Date"}


@dataclass
class Both:
    """Two gateways over one transport: behind the cache, and Flask alone."""

    transport: FakeTransport = field(default_factory=FakeTransport)

    def __post_init__(self) -> None:
        apps = [
            create_app(
                self.transport, version="1", registry=CollectorRegistry(), monotonic=lambda: 1.0
            )
            for _ in range(2)
        ]
        self.ahead = Client(caching.middleware(apps[0], self.transport))
        self.flask = Client(apps[1])

    def answers(self, path: str, **headers: str) -> tuple[TestResponse, TestResponse]:
        return self.ahead.get(path, headers=headers), self.flask.get(path, headers=headers)


def _told(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: text for name, text in answer.headers if name not in _CHANGING}
    return answer.status_code, answer.data, headers


def _listed(metadata: dict[str, str]) -> FakeTransport:
    return FakeTransport(answer=lambda _: offers_reply(an_offer(), metadata=metadata))


@pytest.mark.parametrize("path", ["/v1/offers?pageSize=5&gpuFamily=H100", "/v1/offers?geo=E%55"])
@pytest.mark.parametrize(
    "metadata",
    [CACHEABLE, {}, CACHEABLE | {"gpuquote-fields": "name"}],
    ids=["kept", "not", "mask"],
)
def test_a_list_is_the_same_either_way(path: str, metadata: dict[str, str]) -> None:
    both = Both(_listed(metadata))
    ahead, flask = both.answers(path)
    assert ahead.status_code == 200
    assert _told(ahead) == _told(flask)
    first, second = both.transport.calls
    assert first.request == second.request
    assert first.timeout_seconds == second.timeout_seconds


def test_a_conditional_get_is_the_same_either_way() -> None:
    both = Both(_listed(CACHEABLE))
    etag = both.flask.get("/v1/offers").headers["ETag"]
    ahead, flask = both.answers("/v1/offers", **{"If-None-Match": etag})
    assert ahead.status_code == 304
    assert _told(ahead) == _told(flask)


@pytest.mark.parametrize(
    "path", ["/v1/offers?pageSize=x", "/v1/offers?colour=red", "/v1/offers?geo=%ff", "/v1/nothing"]
)
def test_what_is_refused_is_refused_the_same_way(path: str) -> None:
    ahead, flask = Both().answers(path)
    assert ahead.status_code in {400, 404}
    assert ahead.get_json()["violations"] == flask.get_json()["violations"]
    assert ahead.headers["Content-Type"] == flask.headers["Content-Type"]


def test_a_failure_of_the_service_is_told_by_flask_without_asking_again() -> None:
    def fail(_: Call) -> Reply:
        raise failure(code_pb2.UNAVAILABLE, "STORE_UNREACHABLE")

    both = Both(FakeTransport(answer=fail))
    answer = both.ahead.get("/v1/offers")
    assert (answer.status_code, answer.get_json()["reason"]) == (503, "STORE_UNREACHABLE")
    assert len(both.transport.calls) == 1
    asked_as = both.transport.calls[0].metadata["x-request-id"]
    assert answer.headers["X-Request-Id"] == asked_as


def test_headers_reach_the_service_checked() -> None:
    both = Both(_listed(CACHEABLE))
    both.answers("/v1/offers", Authorization="Bearer k", Traceparent="nonsense")
    for call in both.transport.calls:
        assert call.metadata["authorization"] == "Bearer k"
        assert "traceparent" not in call.metadata


def test_a_deadline_of_the_caller_is_kept() -> None:
    both = Both(_listed(CACHEABLE))
    both.answers("/v1/offers", **{"X-Request-Timeout-Ms": "250"})
    assert [call.timeout_seconds for call in both.transport.calls] == [0.25, 0.25]
