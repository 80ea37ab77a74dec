"""Errors to google.rpc.Status: code, details, and no leaks."""

import logging

import pytest
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from service.domain.errors import (
    Conflict,
    Exhausted,
    InvalidRequest,
    NotFound,
    Precondition,
    QuoteError,
    Reason,
    Unavailable,
    Violation,
)
from service.rpc.status import INTERNAL_TEXT, code_name, status_of
from service.store.ports import StoreUnreachable
from tests.fakes import detail

SAFE_TRAILER_BYTES = 8 * 1024


CASES = (
    (InvalidRequest(Reason.BAD_FILTER, "no"), Code.INVALID_ARGUMENT),
    (NotFound(Reason.OFFER_NOT_FOUND, "no"), Code.NOT_FOUND),
    (Conflict(Reason.RUN_IN_PROGRESS, "no"), Code.ABORTED),
    (Precondition(Reason.PRICES_TOO_OLD, "no"), Code.FAILED_PRECONDITION),
    (Exhausted(Reason.OVERLOADED, "no", retry_after_seconds=3), Code.RESOURCE_EXHAUSTED),
    (Unavailable(Reason.STORE_UNREACHABLE, "no", retry_after_seconds=3), Code.UNAVAILABLE),
    (QuoteError(Reason.DEADLINE_EXCEEDED, "no"), Code.DEADLINE_EXCEEDED),
    (QuoteError(Reason.UNIMPLEMENTED, "no"), Code.UNIMPLEMENTED),
)


@pytest.mark.parametrize(("error", "code"), CASES, ids=[error.reason for error, _ in CASES])
def test_each_kind_of_error_has_its_code_and_its_reason(error: QuoteError, code: int) -> None:
    status = status_of(error)
    assert status.code == code
    assert status.message == "no"
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.domain, info.reason) == ("gpuquote", error.reason.value)


def test_every_violation_is_a_field_violation_with_its_reason() -> None:
    status = status_of(
        InvalidRequest.of(
            (
                Violation("page_size", "-1 is negative", Reason.BAD_PAGE_SIZE),
                Violation("filter", "column 3: no", Reason.BAD_FILTER),
            )
        )
    )
    found = detail(status, error_details_pb2.BadRequest).field_violations
    assert [(v.field, v.reason) for v in found] == [
        ("page_size", "BAD_PAGE_SIZE"),
        ("filter", "BAD_FILTER"),
    ]
    assert detail(status, error_details_pb2.ErrorInfo).reason == "BAD_PAGE_SIZE"


def test_a_missing_resource_is_named_with_its_type() -> None:
    error = NotFound(Reason.OFFER_NOT_FOUND, "no", metadata={"name": "offers/x"})
    info = detail(status_of(error), error_details_pb2.ResourceInfo)
    assert (info.resource_type, info.resource_name) == ("gpuquote.v1.Offer", "offers/x")


def test_metadata_keys_are_lower_camel() -> None:
    error = NotFound(Reason.OFFER_NOT_FOUND, "no", metadata={"missing_count": "2", "max": "1"})
    info = detail(status_of(error), error_details_pb2.ErrorInfo)
    assert dict(info.metadata) == {"missingCount": "2", "max": "1"}


def test_a_precondition_says_which_and_of_what() -> None:
    error = Precondition(
        Reason.PROVIDER_NOT_ENABLED, "off", metadata={"provider": "providers/runpod"}
    )
    failure = detail(status_of(error), error_details_pb2.PreconditionFailure).violations[0]
    assert (failure.type, failure.subject) == ("PROVIDER_NOT_ENABLED", "providers/runpod")


def test_what_is_worth_a_retry_says_when() -> None:
    exhausted = status_of(Exhausted(Reason.OVERLOADED, "full", retry_after_seconds=7))
    assert detail(exhausted, error_details_pb2.RetryInfo).retry_delay.seconds == 7
    assert detail(exhausted, error_details_pb2.QuotaFailure).violations[0].description == "full"
    away = status_of(Unavailable(Reason.STORE_UNREACHABLE, "gone", retry_after_seconds=2))
    assert detail(away, error_details_pb2.RetryInfo).retry_delay.seconds == 2


def test_a_lost_store_is_unavailable_and_its_address_stays_here() -> None:
    status = status_of(StoreUnreachable("redis://:secret@10.0.0.1 refused"))
    assert status.code == Code.UNAVAILABLE
    assert detail(status, error_details_pb2.ErrorInfo).reason == "STORE_UNREACHABLE"
    assert detail(status, error_details_pb2.RetryInfo).retry_delay.seconds > 0
    assert b"secret" not in status.SerializeToString()


@pytest.mark.parametrize(
    "error", [ValueError("the secret"), QuoteError(Reason.INTERNAL, "the secret")], ids=repr
)
def test_an_unexpected_error_is_logged_with_its_traceback_and_answered_with_fixed_text(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(type(error)) as raised:
        raise error
    status = status_of(raised.value, request_id="abc-1")
    assert status.code == Code.INTERNAL
    assert status.message == INTERNAL_TEXT
    assert detail(status, error_details_pb2.ErrorInfo).reason == "INTERNAL"
    assert b"secret" not in status.SerializeToString()
    assert b"Traceback" not in status.SerializeToString()
    record = next(r for r in caplog.records if r.levelno == logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert record.__dict__["request_id"] == "abc-1"


def test_a_status_fits_a_trailer_whatever_a_caller_sent() -> None:
    long = "\N{SNOWMAN}" * 20_000
    violations = tuple(Violation("filter", long, Reason.BAD_FILTER) for _ in range(500))
    error = InvalidRequest(
        Reason.BAD_FILTER, long, violations=violations, metadata={"a": long, "b": long}
    )
    status = status_of(error)
    in_base64 = len(status.SerializeToString()) * 4 // 3
    in_percent = len(status.message.encode()) * 3
    assert in_base64 + in_percent < SAFE_TRAILER_BYTES
    found = detail(status, error_details_pb2.BadRequest).field_violations
    assert found[-1].description.endswith(f", and {500 - len(found)} more")


def test_a_fault_in_every_argument_is_told_at_once() -> None:
    violations = tuple(
        Violation(f"field_of_some_length_{at}", "is not a number such as 8", Reason.BAD_FIELD)
        for at in range(20)
    )
    status = status_of(InvalidRequest.of(violations))
    found = detail(status, error_details_pb2.BadRequest).field_violations
    assert [one.field for one in found] == [violation.field for violation in violations]
    assert "more" not in found[-1].description


def test_a_code_has_its_name() -> None:
    assert code_name(Status(code=Code.NOT_FOUND)) == "NOT_FOUND"
