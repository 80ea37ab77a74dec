"""Errors carry their reason and what a caller needs to act."""

import pytest

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


def test_a_request_lists_all_its_faults_and_takes_the_first_reason() -> None:
    size = Violation("pageSize", "must not be negative", Reason.BAD_PAGE_SIZE)
    order = Violation("orderBy", "no such field", Reason.BAD_ORDER_BY)
    error = InvalidRequest.of((size, order))
    assert error.reason is Reason.BAD_PAGE_SIZE
    assert error.violations == (size, order)
    assert error.detail == "pageSize: must not be negative; orderBy: no such field"


@pytest.mark.parametrize("kind", [NotFound, Conflict, Precondition])
def test_an_error_keeps_reason_detail_and_metadata(kind: type[QuoteError]) -> None:
    error = kind(Reason.OFFER_NOT_FOUND, "no offer a", metadata={"name": "offers/a"})
    assert (error.reason, error.detail, str(error)) == (
        Reason.OFFER_NOT_FOUND,
        "no offer a",
        "no offer a",
    )
    assert error.metadata == {"name": "offers/a"}


@pytest.mark.parametrize("kind", [Exhausted, Unavailable])
def test_what_may_be_tried_again_says_when(kind: type[Exhausted | Unavailable]) -> None:
    error = kind(Reason.STORE_UNREACHABLE, "store away", retry_after_seconds=5)
    assert error.retry_after_seconds == 5
    assert error.metadata == {}


def test_every_reason_is_spelled_as_its_name() -> None:
    assert all(reason.name == reason.value for reason in Reason)
