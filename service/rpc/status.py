"""The one place where an error becomes a `google.rpc.Status`.

Errors that a caller may see are `QuoteError`s and `StoreUnreachable`; everything else is a fault
of ours: logged with its traceback, answered with a fixed text.
"""

import logging
from collections.abc import Iterable, Sequence

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from service.domain.errors import (
    Conflict,
    Exhausted,
    InvalidRequest,
    NotFound,
    OutOfRange,
    Precondition,
    QuoteError,
    Reason,
    Unavailable,
    Violation,
)
from service.store.ports import StoreUnreachable

ERROR_DOMAIN = "gpuquote"
INTERNAL_TEXT = "The service failed; the request id finds the cause in its log."
STORE_RETRY_SECONDS = 5

# A status travels in a trailer. Clients refuse trailers above 8 KiB by default, base64 adds a
# third, and the text is sent twice: what is variable gets these bounds, in bytes.
MAX_TEXT = 400
MAX_METADATA = 3_500
MAX_METADATA_BESIDE_VIOLATIONS = 1_500
MAX_VIOLATIONS = 2_200
MAX_DESCRIPTION = 160

_CODES: tuple[tuple[type[QuoteError], int], ...] = (
    (InvalidRequest, Code.INVALID_ARGUMENT),
    (NotFound, Code.NOT_FOUND),
    (OutOfRange, Code.OUT_OF_RANGE),
    (Conflict, Code.ABORTED),
    (Precondition, Code.FAILED_PRECONDITION),
    (Exhausted, Code.RESOURCE_EXHAUSTED),
    (Unavailable, Code.UNAVAILABLE),
)
_CODES_OF_REASONS: dict[Reason, int] = {
    Reason.DEADLINE_EXCEEDED: Code.DEADLINE_EXCEEDED,
    Reason.UNIMPLEMENTED: Code.UNIMPLEMENTED,
}
_RESOURCE_TYPES: dict[Reason, str] = {
    Reason.OFFER_NOT_FOUND: "gpuquote.v1.Offer",
    Reason.PROVIDER_NOT_FOUND: "gpuquote.v1.Provider",
    Reason.GPU_MODEL_NOT_FOUND: "gpuquote.v1.GpuModel",
    Reason.MODEL_NOT_FOUND: "gpuquote.v1.Model",
    Reason.RUN_NOT_FOUND: "gpuquote.v1.CollectionRun",
    Reason.QUARANTINED_OFFER_NOT_FOUND: "gpuquote.v1.QuarantinedOffer",
    Reason.QUOTE_NOT_FOUND: "gpuquote.v1.Quote",
}

log = logging.getLogger(__name__)


def status_of(error: BaseException, *, request_id: str = "") -> Status:
    """Translate any error; never raises and never leaks the text of an unexpected one.

    What the caller is not told is logged with the `request_id`, which the caller is told.
    """
    if isinstance(error, StoreUnreachable):
        log.warning("store_unreachable", extra={"cause": str(error), "request_id": request_id})
        return status_of(
            Unavailable(
                Reason.STORE_UNREACHABLE,
                "The store does not answer.",
                retry_after_seconds=STORE_RETRY_SECONDS,
            )
        )
    if isinstance(error, QuoteError):
        code = _code_of(error)
        if code != Code.INTERNAL:
            return _status(code, error.detail, _details_of(error))
    log.error("unexpected_error", exc_info=error, extra={"request_id": request_id})
    info = error_details_pb2.ErrorInfo(reason=Reason.INTERNAL, domain=ERROR_DOMAIN)
    return _status(Code.INTERNAL, INTERNAL_TEXT, (info,))


def code_name(status: Status) -> str:
    """Return the name of a status' code: "NOT_FOUND"."""
    return str(Code.Name(status.code))


def _code_of(error: QuoteError) -> int:
    by_reason = _CODES_OF_REASONS.get(error.reason)
    if by_reason is not None:
        return by_reason
    return next((code for kind, code in _CODES if isinstance(error, kind)), Code.INTERNAL)


def _status(code: int, text: str, details: Iterable[Message]) -> Status:
    status = Status(code=code, message=_shortened(text, MAX_TEXT))
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _details_of(error: QuoteError) -> list[Message]:
    details: list[Message] = [
        error_details_pb2.ErrorInfo(
            reason=error.reason.value,
            domain=ERROR_DOMAIN,
            metadata=_bounded(
                error.metadata,
                MAX_METADATA_BESIDE_VIOLATIONS
                if isinstance(error, InvalidRequest)
                else MAX_METADATA,
            ),
        )
    ]
    match error:
        case InvalidRequest():
            details.append(_bad_request(error.violations))
        case NotFound():
            details.append(_resource_info(error))
        case Precondition():
            details.append(_precondition_failure(error))
        case Exhausted():
            details.extend((_quota_failure(error), _retry_info(error.retry_after_seconds)))
        case Unavailable():
            details.append(_retry_info(error.retry_after_seconds))
        case _:
            pass  # the other kinds have no details of their own
    return details


def _bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    shown: list[error_details_pb2.BadRequest.FieldViolation] = []
    room = MAX_VIOLATIONS
    for violation in violations:
        one = error_details_pb2.BadRequest.FieldViolation(
            field=violation.field,
            description=_shortened(violation.description, MAX_DESCRIPTION),
            reason=violation.reason.value,
        )
        room -= one.ByteSize()
        if shown and room < 0:
            left_out = f"and {len(violations) - len(shown)} more"
            shown[-1].description = f"{_shortened(shown[-1].description, 100)}, {left_out}"
            break
        shown.append(one)
    return error_details_pb2.BadRequest(field_violations=shown)


def _resource_info(error: NotFound) -> error_details_pb2.ResourceInfo:
    name = error.metadata.get("name", "")
    return error_details_pb2.ResourceInfo(
        resource_type=_RESOURCE_TYPES.get(error.reason, ""),
        resource_name=name,
        description=_shortened(error.detail, MAX_DESCRIPTION),
    )


def _precondition_failure(error: Precondition) -> error_details_pb2.PreconditionFailure:
    violation = error_details_pb2.PreconditionFailure.Violation(
        type=error.reason.value,
        subject=next(iter(error.metadata.values()), ""),
        description=_shortened(error.detail, MAX_DESCRIPTION),
    )
    return error_details_pb2.PreconditionFailure(violations=(violation,))


def _quota_failure(error: Exhausted) -> error_details_pb2.QuotaFailure:
    violation = error_details_pb2.QuotaFailure.Violation(
        subject=next(iter(error.metadata.values()), "service"),
        description=_shortened(error.detail, MAX_DESCRIPTION),
    )
    return error_details_pb2.QuotaFailure(violations=(violation,))


def _retry_info(seconds: int) -> error_details_pb2.RetryInfo:
    return error_details_pb2.RetryInfo(retry_delay=Duration(seconds=max(1, seconds)))


def _bounded(metadata: dict[str, str], room: int) -> dict[str, str]:
    kept: dict[str, str] = {}
    for key, value in metadata.items():
        name = _lower_camel(key)
        kept[name] = _shortened(value, max(room, 3))
        room -= len(kept[name].encode())
    return kept


def _lower_camel(key: str) -> str:
    """Write keys as ErrorInfo wants them, and as REST shows them beside JSON."""
    head, *rest = key.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _shortened(text: str, length: int) -> str:
    """Bound a text in bytes, since that is what a trailer counts."""
    if len(text) <= length and text.isascii():
        return text
    raw = text.encode()
    if len(raw) <= length:
        return text
    return raw[: max(0, length - 3)].decode(errors="ignore") + "..."
