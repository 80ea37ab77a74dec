"""What can go wrong, as exceptions that carry a stable reason.

    QuoteError(reason, detail, metadata)
    ├─ InvalidRequest   INVALID_ARGUMENT, with violations
    ├─ NotFound
    ├─ OutOfRange
    ├─ Conflict         ABORTED
    ├─ Precondition     FAILED_PRECONDITION
    ├─ Exhausted        RESOURCE_EXHAUSTED, with retry_after_seconds
    └─ Unavailable      UNAVAILABLE, with retry_after_seconds

Raised where the cause is known and translated once, in `service.rpc.status`. Nothing between
catches them except to add context.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Stable reasons; a reason is never reused for another cause."""

    ALREADY_REVIEWED = "ALREADY_REVIEWED"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_FIELD = "BAD_FIELD"
    BAD_FIELD_MASK = "BAD_FIELD_MASK"
    BAD_FILTER = "BAD_FILTER"
    BAD_JSON = "BAD_JSON"
    BAD_MESSAGE = "BAD_MESSAGE"
    BAD_MONEY = "BAD_MONEY"
    BAD_NAME = "BAD_NAME"
    BAD_ORDER_BY = "BAD_ORDER_BY"
    BAD_PAGE_SIZE = "BAD_PAGE_SIZE"
    BAD_PAGE_TOKEN = "BAD_PAGE_TOKEN"  # noqa: S105 - a reason, not a secret
    BAD_PATH = "BAD_PATH"
    BODY_NOT_ALLOWED = "BODY_NOT_ALLOWED"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    DOES_NOT_FIT = "DOES_NOT_FIT"
    FIELD_REQUIRED = "FIELD_REQUIRED"
    GPU_MODEL_NOT_FOUND = "GPU_MODEL_NOT_FOUND"
    INTERNAL = "INTERNAL"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    NO_MATCHING_OFFERS = "NO_MATCHING_OFFERS"
    OFFER_DELISTED = "OFFER_DELISTED"
    OFFER_NOT_FOUND = "OFFER_NOT_FOUND"
    OVERLOADED = "OVERLOADED"
    PAGE_TOKEN_MISMATCH = "PAGE_TOKEN_MISMATCH"  # noqa: S105 - a reason, not a secret
    PRICES_TOO_OLD = "PRICES_TOO_OLD"
    PROVIDER_NOT_ENABLED = "PROVIDER_NOT_ENABLED"
    PROVIDER_NOT_FOUND = "PROVIDER_NOT_FOUND"
    QUARANTINED_OFFER_NOT_FOUND = "QUARANTINED_OFFER_NOT_FOUND"
    QUOTE_NOT_FOUND = "QUOTE_NOT_FOUND"
    QUOTE_STORE_FULL = "QUOTE_STORE_FULL"
    QUOTE_TOO_LARGE = "QUOTE_TOO_LARGE"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    REVISION_NOT_KEPT = "REVISION_NOT_KEPT"
    ROUTE_NOT_FOUND = "ROUTE_NOT_FOUND"
    RUN_IN_PROGRESS = "RUN_IN_PROGRESS"
    RUN_NOT_FOUND = "RUN_NOT_FOUND"
    SERVICE_UNREACHABLE = "SERVICE_UNREACHABLE"
    STORE_UNREACHABLE = "STORE_UNREACHABLE"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    UNKNOWN_GPU_FAMILY = "UNKNOWN_GPU_FAMILY"
    UNKNOWN_GPU_MODEL = "UNKNOWN_GPU_MODEL"
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    UNKNOWN_PROVIDER = "UNKNOWN_PROVIDER"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    URI_TOO_LONG = "URI_TOO_LONG"


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault of a request: the field as the caller wrote it, and what is wrong with it.

    `metadata` are the variable parts of the description, for programs.
    """

    field: str
    description: str
    reason: Reason
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str], compare=False)


class QuoteError(Exception):
    """Root of all errors that a caller may see.

    `detail` is English for people; every variable part of it is also in `metadata`.
    """

    def __init__(
        self, reason: Reason, detail: str, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.metadata = dict(metadata or {})


class InvalidRequest(QuoteError):
    """The request is wrong whatever the state of the system; lists every violation at once."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        violations: tuple[Violation, ...] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason, detail, metadata=metadata)
        self.violations = violations

    @classmethod
    def of(cls, violations: tuple[Violation, ...]) -> "InvalidRequest":
        """Build the error of one or more violations; the first one gives the reason.

        Where several have the same key of metadata, the first one's stands.
        """
        detail = "; ".join(f"{v.field}: {v.description}" for v in violations)
        metadata: dict[str, str] = {}
        for violation in reversed(violations):
            metadata |= violation.metadata
        return cls(violations[0].reason, detail, violations=violations, metadata=metadata)


class NotFound(QuoteError):
    """The named resource does not exist."""


class OutOfRange(QuoteError):
    """The place that is asked for is not there any more."""


class Conflict(QuoteError):
    """Another operation is in the way."""


class Precondition(QuoteError):
    """The request is right, the state of the system does not allow it."""


class Exhausted(QuoteError):
    """Too much at once; try again after `retry_after_seconds`."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        retry_after_seconds: int,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason, detail, metadata=metadata)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(QuoteError):
    """A part is out of reach; try again after `retry_after_seconds`."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        retry_after_seconds: int,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason, detail, metadata=metadata)
        self.retry_after_seconds = retry_after_seconds
