import io
import logging
import time
from collections.abc import Mapping
from typing import Any

import pytest
from google.rpc import code_pb2, error_details_pb2
from prometheus_client import CollectorRegistry
from werkzeug.test import TestResponse

from service.rest.transport import Readiness, Reply
from tests.service.rest.fakes import (
    CACHEABLE,
    LIST_OFFERS,
    FakeTransport,
    a_run_reply,
    an_offer,
    client_of,
    failing,
    failure,
    offers_reply,
)

JSON = {"Content-Type": "application/json"}


def test_a_list_goes_out_as_canonical_json() -> None:
    transport = FakeTransport(answer=lambda _: offers_reply(an_offer(), token="next"))
    answer = client_of(transport).get("/v1/offers?gpuFamily=H100&pageSize=1")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.get_json()["offers"][0]["pricePerHour"] == {
        "currencyCode": "USD",
        "amount": "23.92",
    }
    assert answer.get_json()["nextPageToken"] == "next"
    (call,) = transport.calls
    assert call.method == LIST_OFFERS
    assert (list(call.request.gpu_family), call.request.page_size) == (["H100"], 1)


def test_finished_json_goes_out_as_it_is() -> None:
    client = client_of(FakeTransport(answer=lambda _: Reply(json=b'{"offers":[]}')))
    assert client.get("/v1/offers").data == b'{"offers":[]}'


def test_a_mask_of_the_service_narrows_the_offers() -> None:
    metadata = {"gpuquote-fields": "name,vramGb"}
    client = client_of(FakeTransport(answer=lambda _: offers_reply(an_offer(), metadata=metadata)))
    page = client.get("/v1/offers?fields=name,vramGb").get_json()
    assert page["offers"] == [{"name": "offers/nimbus-h100-8x", "vramGb": 80}]
    assert page["degraded"] is False


def test_parts_of_a_field_that_were_not_asked_for_are_not_written_as_empty() -> None:
    offer = an_offer()
    offer.price_per_hour.ClearField("currency_code")
    metadata = {"gpuquote-fields": "pricePerHour"}
    client = client_of(FakeTransport(answer=lambda _: offers_reply(offer, metadata=metadata)))
    page = client.get("/v1/offers?fields=pricePerHour.amount").get_json()
    assert page["offers"] == [{"pricePerHour": {"amount": "23.92"}}]


def test_a_post_calls_the_service_and_is_never_stored() -> None:
    transport = FakeTransport(answer=lambda _: a_run_reply())
    answer = client_of(transport).post("/v1/collectionRuns", json={"provider": "nimbus"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert transport.calls[0].request.collection_run.provider == "nimbus"


def test_custom_verbs_are_not_resources() -> None:
    transport = FakeTransport()
    client = client_of(transport)
    client.get("/v1/offers:batchGet?names=offers/a")
    client.get("/v1/offers/batchGet")
    assert [call.method.rsplit("/", 1)[1] for call in transport.calls] == [
        "BatchGetOffers",
        "GetOffer",
    ]


BAD_REQUESTS: list[tuple[str, str, Mapping[str, Any], int, str, str]] = [
    ("GET", "/v1/offers?gpuFamly=H100", {}, 400, "UNKNOWN_FIELD", "gpuFamly"),
    ("GET", "/v1/offers?pageSize=ten", {}, 400, "BAD_FIELD", "pageSize"),
    ("GET", "/v1/offers?gpuModel=%00", {}, 400, "BAD_FIELD", "gpuModel"),
    ("GET", "/v1/offers?gpuModel=%ff", {}, 400, "BAD_FIELD", "query"),
    ("GET", "/v1/offers/a%00b", {}, 400, "BAD_PATH", "path"),
    ("GET", "/v1/offers/a%0d%0ab", {}, 400, "BAD_PATH", "path"),
    ("GET", "/v1/offers/..%2f..%2fetc", {}, 404, "ROUTE_NOT_FOUND", ""),
    ("GET", "/v1/offers/", {}, 404, "ROUTE_NOT_FOUND", ""),
    ("GET", "//v1/offers", {}, 404, "ROUTE_NOT_FOUND", ""),
    ("GET", "/v1/nothing", {}, 404, "ROUTE_NOT_FOUND", ""),
    ("GET", "/docs/../app.py", {}, 404, "ROUTE_NOT_FOUND", ""),
    ("GET", "/v1/offers?filter=" + "x" * 17_000, {}, 414, "URI_TOO_LONG", "query"),
    ("POST", "/v1/offers", {}, 405, "METHOD_NOT_ALLOWED", "method"),
    ("OPTIONS", "/v1/offers", {}, 405, "METHOD_NOT_ALLOWED", "method"),
    ("BREW", "/v1/offers", {}, 405, "METHOD_NOT_ALLOWED", "method"),
    ("GET", "/v1/offers", {"json": {"gpuModel": "x"}}, 400, "BODY_NOT_ALLOWED", "body"),
    ("POST", "/v1/collectionRuns", {"data": b"a" * 2_000_000}, 413, "BODY_TOO_LARGE", "body"),
    (
        "POST", "/v1/collectionRuns", {"data": b"{}"},
        415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type",
    ),
    (
        "POST", "/v1/collectionRuns", {"data": {"a": "b"}},
        415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type",
    ),
    ("POST", "/v1/collectionRuns", {"data": b"{", "headers": JSON}, 400, "BAD_JSON", "body"),
    ("POST", "/v1/collectionRuns", {"data": b"", "headers": JSON}, 400, "BAD_JSON", "body"),
    (
        "POST", "/v1/collectionRuns", {"data": b"[" * 60_000, "headers": JSON},
        400, "BAD_JSON", "body",
    ),
    (
        "POST", "/v1/collectionRuns", {"data": b'{"a":1,"a":2}', "headers": JSON},
        400, "BAD_JSON", "body",
    ),
    (
        "POST", "/v1/collectionRuns", {"data": b'{"a":NaN}', "headers": JSON},
        400, "BAD_JSON", "body",
    ),
    (
        "POST", "/v1/collectionRuns", {"data": b'"\xff"', "headers": JSON},
        400, "BAD_JSON", "body",
    ),
    (
        "POST", "/v1/collectionRuns", {"json": {"state": "PENDING"}},
        400, "BAD_FIELD", "collectionRun.state",
    ),
    (
        "POST", "/v1/collectionRuns?dryRun=1", {"json": {}},
        400, "UNKNOWN_FIELD", "dryRun",
    ),
    (
        "GET", "/v1/offers", {"headers": {"X-Request-Timeout-Ms": "soon"}},
        400, "BAD_FIELD", "X-Request-Timeout-Ms",
    ),
    (
        "GET", "/v1/offers", {"headers": {"X-Request-Timeout-Ms": "0"}},
        400, "BAD_FIELD", "X-Request-Timeout-Ms",
    ),
]  # fmt: skip


PARAMETERS = {"gpuFamly", "pageSize", "gpuModel"}


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=lambda case: f"{case[0]} {case[4]}")
def test_bad_input_is_a_problem_within_100_ms(
    case: tuple[str, str, Mapping[str, Any], int, str, str],
) -> None:
    method, path, options, status, reason, field = case
    transport = FakeTransport()
    client = client_of(transport)
    started = time.thread_time()
    answer = client.open(path, method=method, **options)
    assert time.thread_time() - started < 0.1
    problem = _problem(answer, status=status, reason=reason)
    assert [each["field"] for each in problem["violations"]] == ([field] if field else [])
    # A read that is refused is shown to the service too, for what that finds wrong with it.
    assert [call.method for call in transport.calls] == [LIST_OFFERS] * (
        method == "GET" and reason in {"UNKNOWN_FIELD", "BAD_FIELD"} and field in PARAMETERS
    )


def _problem(answer: TestResponse, *, status: int, reason: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.get_json(force=True)
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["reason"]) == (status, status, reason)
    assert problem["type"] == "/problems/" + reason.lower().replace("_", "-")
    assert problem["instance"] == "urn:gpuquote:request:" + answer.headers["X-Request-Id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return problem


def test_a_path_that_is_not_utf_8_is_refused() -> None:
    client = client_of(FakeTransport())
    answer = client.get("/", environ_overrides={"PATH_INFO": "/v1/offers/\xff"})
    _problem(answer, status=400, reason="BAD_PATH")


def test_a_large_body_without_a_length_is_refused_too() -> None:
    body = io.BytesIO(b'{"provider":"' + b"a" * 65_536 + b'"}')
    answer = client_of(FakeTransport()).post(
        "/v1/collectionRuns",
        input_stream=body,
        headers=JSON,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    _problem(answer, status=413, reason="BODY_TOO_LARGE")


def test_the_faults_that_the_service_finds_are_told_with_ours() -> None:
    found = [
        error_details_pb2.BadRequest.FieldViolation(field=name, description=text, reason=reason)
        for name, text, reason in (
            ("order_by", "no field 'x'", "BAD_ORDER_BY"),
            ("page_size", "is negative", "BAD_PAGE_SIZE"),
            ("page_token", "of another list", "PAGE_TOKEN_MISMATCH"),
        )
    ]
    error = failure(
        code_pb2.INVALID_ARGUMENT,
        "BAD_ORDER_BY",
        info={"name": "x"},
        details=(error_details_pb2.BadRequest(field_violations=found),),
    )
    answer = client_of(failing(error)).get("/v1/offers?foo=1&pageSize=ten&orderBy=x&pageToken=t")
    problem = _problem(answer, status=400, reason="UNKNOWN_FIELD")
    assert problem["violations"] == [
        {"field": "foo", "description": "unknown"},
        {"field": "pageSize", "description": "must be a whole number"},
        {"field": "orderBy", "description": "no field 'x'"},
    ]
    assert problem["metadata"] == {"field": "foo", "name": "x"}


def test_a_service_that_finds_nothing_or_is_away_changes_nothing_of_a_refusal() -> None:
    for transport in (FakeTransport(), failing(failure(code_pb2.UNAVAILABLE))):
        answer = client_of(transport).get("/v1/offers?foo=1")
        assert _problem(answer, status=400, reason="UNKNOWN_FIELD")["detail"] == "foo: unknown"


def test_a_write_that_is_refused_never_reaches_the_service() -> None:
    transport = FakeTransport()
    body = {"provider": "providers/nimbus", "foo": 1}
    answer = client_of(transport).post("/v1/collectionRuns", json=body)
    _problem(answer, status=400, reason="UNKNOWN_FIELD")
    assert transport.calls == []


@pytest.mark.parametrize("path", ["/v1/collectionRuns", "/v1/offers", "/nothing"])
def test_the_body_of_a_refused_request_is_read_away(path: str) -> None:
    sent = io.BytesIO(b"a" * 2_000_000)
    answer = client_of(FakeTransport()).post(
        path, input_stream=sent, headers=JSON, environ_overrides={"CONTENT_LENGTH": "2000000"}
    )
    assert answer.status_code in {404, 405, 413}
    assert sent.read() == b""


def test_no_more_than_4_mib_of_a_refused_body_is_read() -> None:
    sent = io.BytesIO(b"a" * 5_000_000)
    client_of(FakeTransport()).post(
        "/v1/collectionRuns",
        input_stream=sent,
        headers=JSON,
        environ_overrides={"CONTENT_LENGTH": "5000000"},
    )
    assert len(sent.read()) == 5_000_000 - 4 * 1024 * 1024


def test_two_slashes_are_not_the_path_with_one() -> None:
    client = client_of(FakeTransport())
    answer = client.get("/", environ_overrides={"PATH_INFO": "//v1/offers"})
    _problem(answer, status=404, reason="ROUTE_NOT_FOUND")


def test_a_wrong_method_names_the_right_ones() -> None:
    answer = client_of(FakeTransport()).delete("/v1/collectionRuns")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_an_error_of_the_service_is_passed_on() -> None:
    error = failure(code_pb2.NOT_FOUND, "OFFER_NOT_FOUND", text="No such offer.")
    answer = client_of(failing(error)).get("/v1/offers/gone")
    assert _problem(answer, status=404, reason="OFFER_NOT_FOUND")["detail"] == "No such offer."
    assert "ETag" not in answer.headers


def test_a_bug_is_logged_and_answered_with_a_fixed_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client_of(failing(ZeroDivisionError("secret"))).get("/v1/offers")
    problem = _problem(answer, status=500, reason="INTERNAL")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert problem["detail"]
    assert "ZeroDivisionError: secret" in caplog.text
    assert caplog.records[-1].__dict__["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("given", ["a", "A-1_b.c", "x" * 64])
def test_a_harmless_request_id_is_echoed_and_passed_on(given: str) -> None:
    transport = FakeTransport()
    answer = client_of(transport).get("/v1/offers", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given
    assert transport.calls[0].metadata["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "ü", "a\x0bSet-Cookie: b", "a\n"])
def test_any_other_request_id_is_replaced(given: str) -> None:
    answer = client_of(FakeTransport()).get(
        "/v1/offers", environ_overrides={"HTTP_X_REQUEST_ID": given}
    )
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 20


def test_only_checked_headers_become_metadata() -> None:
    transport = FakeTransport()
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    client_of(transport).get(
        "/v1/offers",
        headers={
            "traceparent": trace,
            "tracestate": "a=1",
            "Authorization": "Bearer k",
            "X-Own": "1",
        },
    )
    client_of(transport).get("/v1/offers", headers={"traceparent": "nonsense", "tracestate": "a=1"})
    assert transport.calls[0].metadata.keys() == {
        "x-request-id", "traceparent", "tracestate", "authorization",
    }  # fmt: skip
    assert transport.calls[1].metadata.keys() == {"x-request-id"}


@pytest.mark.parametrize(("given", "seconds"), [(None, 10.0), ("250", 0.25), ("999999", 30.0)])
def test_the_deadline_comes_from_the_header(given: str | None, seconds: float) -> None:
    transport = FakeTransport()
    client_of(transport).get("/v1/offers", headers={"X-Request-Timeout-Ms": given} if given else {})
    assert transport.calls[0].timeout_seconds == seconds


def test_health_depends_on_nothing() -> None:
    transport = FakeTransport(ready=Readiness(status="unavailable", reasons=("no_data",)))
    answer = client_of(transport).get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok", "version": "1.2.3"})


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("degraded", 200), ("unavailable", 503)])
def test_readiness_follows_the_service(status: Any, code: int) -> None:
    reasons = () if status == "ok" else ("store_unavailable",)
    ready = Readiness(status=status, reasons=reasons)
    answer = client_of(FakeTransport(ready=ready)).get("/readyz")
    assert answer.status_code == code
    assert answer.get_json() == {"status": status, "reasons": list(reasons)}
    assert answer.headers["Cache-Control"] == "no-store"


def test_answers_carry_security_headers_and_no_cors() -> None:
    for path in ("/v1/offers", "/healthz", "/openapi.json", "/nothing"):
        headers = client_of(FakeTransport()).get(path, headers={"Origin": "https://x"}).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert not [name for name, _ in headers if name.startswith("Access-Control")]
        assert "Server" not in headers


def test_a_read_carries_validators_only_when_the_service_gives_them() -> None:
    with_them = client_of(FakeTransport(answer=lambda _: offers_reply(metadata=CACHEABLE))).get(
        "/v1/offers"
    )
    assert with_them.headers["ETag"].startswith('W/"content-1-')
    assert with_them.headers["Cache-Control"] == "private, max-age=120, stale-if-error=300"
    assert with_them.headers["Vary"] == "Authorization, Accept"
    assert with_them.headers["Last-Modified"] == "Thu, 09 Oct 2025 08:53:20 GMT"
    without = client_of(FakeTransport()).get("/v1/offers")
    assert "ETag" not in without.headers
    assert without.headers["Cache-Control"] == "no-store"


def test_a_conditional_get_is_answered_304_without_the_cache_too() -> None:
    client = client_of(FakeTransport(answer=lambda _: offers_reply(metadata=CACHEABLE)))
    etag = client.get("/v1/offers").headers["ETag"]
    answer = client.get("/v1/offers", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert "Content-Type" not in answer.headers
    other = client.get("/v1/offers?pageSize=1", headers={"If-None-Match": etag})
    assert other.status_code == 200


def test_head_is_get_without_the_body() -> None:
    client = client_of(FakeTransport(answer=lambda _: offers_reply(metadata=CACHEABLE)))
    head, get = client.head("/v1/offers"), client.get("/v1/offers")
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.headers["ETag"] == get.headers["ETag"]


def test_requests_are_measured_by_pattern_and_not_by_path() -> None:
    registry = CollectorRegistry()
    client = client_of(FakeTransport(), registry=registry)
    client.get("/v1/offers/one")
    client.get("/v1/offers/two")
    client.open("/secret", method="BREW")

    def count(route: str, method: str, status: str) -> float | None:
        return registry.get_sample_value(
            "http_server_request_duration_seconds_count",
            {"route": route, "method": method, "status": status},
        )

    assert count("/v1/offers/{offer}", "GET", "200") == 2
    assert count("unmatched", "OTHER", "404") == 1
