import orjson
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2

from service.domain.errors import Reason
from service.rest.problem import (
    _HTTP_BY_REASON,
    _TITLES,
    Problem,
    problem_of_status,
    problem_response,
)
from tests.service.rest.fakes import failure


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        ("INVALID_ARGUMENT", "BAD_FILTER", 400),
        ("UNAUTHENTICATED", "KEY_MISSING", 401),
        ("PERMISSION_DENIED", "SCOPE_MISSING", 403),
        ("NOT_FOUND", "OFFER_NOT_FOUND", 404),
        ("ALREADY_EXISTS", "ALERT_EXISTS", 409),
        ("ABORTED", "RUN_IN_PROGRESS", 409),
        ("OUT_OF_RANGE", "SOMETHING", 400),
        ("OUT_OF_RANGE", "CURSOR_EXPIRED", 410),
        ("FAILED_PRECONDITION", "PRICES_TOO_OLD", 400),
        ("FAILED_PRECONDITION", "REQUEST_ID_REUSED", 422),
        ("RESOURCE_EXHAUSTED", "RATE_LIMITED", 429),
        ("UNAVAILABLE", "STORE_UNREACHABLE", 503),
        ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", 504),
        ("UNIMPLEMENTED", "UNIMPLEMENTED", 501),
    ],
)
def test_codes_have_their_http_status(code: str, reason: str, status: int) -> None:
    problem = problem_of_status(failure(code_pb2.Code.Value(code), reason).status)
    assert (problem.http_status, problem.code, problem.reason) == (status, code, reason)
    assert problem.detail == "told to people"


@pytest.mark.parametrize("code", ["INTERNAL", "UNKNOWN", "DATA_LOSS"])
def test_the_text_of_internal_errors_stays_inside(code: str) -> None:
    failed = failure(code_pb2.Code.Value(code), "SECRET_REASON", text="Traceback: /srv/secret.py")
    problem = problem_of_status(failed.status)
    assert (problem.http_status, problem.code, problem.reason) == (500, "INTERNAL", "INTERNAL")
    assert "secret" not in problem.detail


def test_details_become_members() -> None:
    failed = failure(
        code_pb2.INVALID_ARGUMENT,
        "UNKNOWN_GPU_MODEL",
        info={"gpuModel": "h100x", "nearest": "h100-sxm-80gb"},
        details=(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field="workload.gpu_model[0]", description="unknown"
                    )
                ]
            ),
        ),
    )
    response = problem_response(problem_of_status(failed.status), request_id="id-1")
    assert response.content_type == "application/problem+json"
    assert orjson.loads(response.get_data()) == {
        "type": "/problems/unknown-gpu-model",
        "title": "No such GPU model",
        "status": 400,
        "detail": "workload.gpuModel[0]: unknown",
        "instance": "urn:gpuquote:request:id-1",
        "code": "INVALID_ARGUMENT",
        "reason": "UNKNOWN_GPU_MODEL",
        "metadata": {
            "gpuModel": "h100x",
            "nearest": "h100-sxm-80gb",
            "field": "workload.gpuModel[0]",
        },
        "violations": [{"field": "workload.gpuModel[0]", "description": "unknown"}],
    }


@pytest.mark.parametrize(("seconds", "nanos", "header"), [(7, 0, "7"), (0, 1, "1"), (2, 5, "3")])
def test_retry_info_becomes_retry_after_in_whole_seconds(
    seconds: int, nanos: int, header: str
) -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=seconds, nanos=nanos))
    failed = failure(code_pb2.UNAVAILABLE, "STORE_UNREACHABLE", details=(retry,))
    response = problem_response(problem_of_status(failed.status), request_id="x")
    assert response.headers["Retry-After"] == header
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (code_pb2.UNAVAILABLE, "SERVICE_UNREACHABLE"),
        (code_pb2.RESOURCE_EXHAUSTED, "OVERLOADED"),
        (code_pb2.NOT_FOUND, "NOT_FOUND"),
    ],
)
def test_a_status_without_details_still_has_a_reason(code: int, reason: str) -> None:
    assert problem_of_status(failure(code).status).reason == reason


def test_a_code_that_does_not_exist_is_an_internal_error() -> None:
    assert problem_of_status(failure(99, "X").status).http_status == 500


def test_a_detail_that_cannot_be_read_is_left_out() -> None:
    failed = failure(code_pb2.NOT_FOUND, "OFFER_NOT_FOUND")
    failed.status.details[0].value = b"\xff\xff"
    assert problem_of_status(failed.status).reason == "NOT_FOUND"


def test_unauthenticated_says_how_to_authenticate() -> None:
    problem = problem_of_status(failure(code_pb2.UNAUTHENTICATED, "KEY_MISSING").status)
    assert problem.headers["WWW-Authenticate"] == "Bearer"


def test_a_reason_without_a_title_gets_one_from_its_name() -> None:
    problem = Problem(http_status=409, code="ABORTED", reason="ETAG_MISMATCH", detail="x")
    assert orjson.loads(problem_response(problem, request_id="x").get_data())["title"] == (
        "Etag mismatch"
    )


def test_every_reason_of_the_service_is_known_here() -> None:
    reasons = {reason.value for reason in Reason}
    assert reasons - set(_TITLES) == set()
    later = {"CURSOR_EXPIRED", "REQUEST_ID_REUSED"}
    assert (set(_TITLES) | set(_HTTP_BY_REASON)) - later <= reasons
