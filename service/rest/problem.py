"""Errors as application/problem+json (RFC 9457); the only place that builds an error response.

Causes are a google.rpc.Status of the service, a fault that the gateway finds itself (Refused),
and what routing raises. Everything else is a bug: logged by the caller, answered INTERNAL.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeVar

import orjson
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.wrappers import Response

from service.rest.contract import camel

CONTENT_TYPE: Final = "application/problem+json"
MAX_BODY_BYTES: Final = 64 * 1024
_INTERNAL_DETAIL: Final = (
    "The service failed. The request id in `instance` finds the cause in its log."
)
_Detail = TypeVar("_Detail", bound=Message)
_NO_MAPPING: Final[Mapping[str, str]] = MappingProxyType({})

_HTTP_BY_CODE: Final[Mapping[int, int]] = MappingProxyType(
    {
        code_pb2.CANCELLED: 499,
        code_pb2.UNKNOWN: 500,
        code_pb2.INVALID_ARGUMENT: 400,
        code_pb2.DEADLINE_EXCEEDED: 504,
        code_pb2.NOT_FOUND: 404,
        code_pb2.ALREADY_EXISTS: 409,
        code_pb2.PERMISSION_DENIED: 403,
        code_pb2.RESOURCE_EXHAUSTED: 429,
        code_pb2.FAILED_PRECONDITION: 400,
        code_pb2.ABORTED: 409,
        code_pb2.OUT_OF_RANGE: 400,
        code_pb2.UNIMPLEMENTED: 501,
        code_pb2.INTERNAL: 500,
        code_pb2.UNAVAILABLE: 503,
        code_pb2.DATA_LOSS: 500,
        code_pb2.UNAUTHENTICATED: 401,
    }
)
# Reasons whose HTTP status says more than their code's.
_HTTP_BY_REASON: Final[Mapping[str, int]] = MappingProxyType(
    {
        "BODY_TOO_LARGE": 413,
        "CURSOR_EXPIRED": 410,
        "METHOD_NOT_ALLOWED": 405,
        "REQUEST_ID_REUSED": 422,
        "UNSUPPORTED_MEDIA_TYPE": 415,
        "URI_TOO_LONG": 414,
    }
)
_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ALREADY_REVIEWED": "A decision was made already",
        "BAD_CURSOR": "The cursor is not one of ours",
        "BAD_FIELD": "A field has a wrong value",
        "BAD_FIELD_MASK": "The field mask names a field that does not exist",
        "BAD_FILTER": "The filter cannot be read",
        "BAD_JSON": "The body is not acceptable JSON",
        "BAD_MESSAGE": "The message cannot be read",
        "BAD_MONEY": "An amount of money cannot be read",
        "BAD_NAME": "A resource name has the wrong form",
        "BAD_ORDER_BY": "The order cannot be read",
        "BAD_PAGE_SIZE": "The page size is wrong",
        "BAD_PAGE_TOKEN": "The page token is not one of ours",
        "BAD_PATH": "The path cannot be read",
        "BODY_NOT_ALLOWED": "This request takes no body",
        "BODY_TOO_LARGE": "The body is too large",
        "CURSOR_EXPIRED": "The cursor is older than what is kept",
        "DEADLINE_EXCEEDED": "The answer took too long",
        "DOES_NOT_FIT": "The workload does not fit",
        "FIELD_REQUIRED": "A required field is missing",
        "GPU_MODEL_NOT_FOUND": "No such GPU model",
        "INTERNAL": "Internal error",
        "METHOD_NOT_ALLOWED": "The path does not take this method",
        "MODEL_NOT_FOUND": "No such model",
        "NO_MATCHING_OFFERS": "No offer may be used",
        "OFFER_DELISTED": "The offer is no longer sold",
        "OFFER_NOT_FOUND": "No such offer",
        "OVERLOADED": "Too many calls at once",
        "PAGE_TOKEN_MISMATCH": "The page token belongs to another query",
        "PRICES_TOO_OLD": "No price is young enough",
        "PROVIDER_NOT_ENABLED": "The provider is not enabled",
        "PROVIDER_NOT_FOUND": "No such provider",
        "QUARANTINED_OFFER_NOT_FOUND": "No such quarantined offer",
        "QUOTE_NOT_FOUND": "No such quote",
        "QUOTE_STORE_FULL": "No room is left for quotes",
        "QUOTE_TOO_LARGE": "The answer is too large for a quote",
        "REQUEST_ID_REUSED": "The request id came with another request",
        "REVISION_NOT_KEPT": "The revision of the catalogue is not kept",
        "ROUTE_NOT_FOUND": "No such path",
        "RUN_IN_PROGRESS": "A run of this provider is in progress",
        "RUN_NOT_FOUND": "No such collection run",
        "SERVICE_UNREACHABLE": "The service is out of reach",
        "STORE_UNREACHABLE": "The store is out of reach",
        "TOO_MANY_STREAMS": "Too many callers wait or watch at once",
        "UNIMPLEMENTED": "Not implemented",
        "UNKNOWN_FIELD": "The request has an unknown field",
        "UNKNOWN_GPU_FAMILY": "No such GPU family",
        "UNKNOWN_GPU_MODEL": "No such GPU model",
        "UNKNOWN_MODEL": "No such model",
        "UNKNOWN_PROVIDER": "No such provider",
        "UNSUPPORTED_MEDIA_TYPE": "The body must be application/json",
        "URI_TOO_LONG": "The address is too long",
    }
)
_HIDDEN_CODES: Final = frozenset({code_pb2.INTERNAL, code_pb2.UNKNOWN, code_pb2.DATA_LOSS})
# What a status without ErrorInfo means: a server that is not ours, or one that is overrun.
_REASON_BY_CODE: Final[Mapping[int, str]] = MappingProxyType(
    {
        code_pb2.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
        code_pb2.RESOURCE_EXHAUSTED: "OVERLOADED",
        code_pb2.UNAVAILABLE: "SERVICE_UNREACHABLE",
        code_pb2.UNIMPLEMENTED: "UNIMPLEMENTED",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One fault of a request: the lowerCamel path of the field, and what is wrong with it."""

    field: str
    description: str
    reason: str = "BAD_FIELD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error as the caller sees it. `headers` accompany it, such as Retry-After."""

    http_status: int
    code: str
    reason: str
    detail: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    violations: tuple[Violation, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Refused(Exception):
    """The gateway refuses a request before it calls the service."""

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        field: str = "",
        violations: tuple[Violation, ...] = (),
        metadata: Mapping[str, str] = _NO_MAPPING,
    ) -> None:
        """Refuse for one `field` (or part of the request: "path", "body"), or for `violations`."""
        super().__init__(detail)
        if field:
            violations = (Violation(field=field, description=detail, reason=reason),)
        self.reason = reason
        self.detail = detail
        self.violations = violations
        self.metadata = metadata

    @classmethod
    def of(
        cls, violations: tuple[Violation, ...], *, metadata: Mapping[str, str] = _NO_MAPPING
    ) -> "Refused":
        """Build the error of one or more violations; the first one gives the reason."""
        return cls(
            violations[0].reason, detail_of(violations), violations=violations, metadata=metadata
        )


def problem_of_refused(refused: Refused) -> Problem:
    """Translate a fault that the gateway found."""
    return Problem(
        http_status=_HTTP_BY_REASON.get(refused.reason, HTTPStatus.BAD_REQUEST),
        code="INVALID_ARGUMENT",
        reason=refused.reason,
        detail=refused.detail,
        metadata=refused.metadata,
        violations=refused.violations,
    )


def problem_of_status(status: status_pb2.Status) -> Problem:
    """Translate what the service answered. The text of internal errors is never passed on."""
    code = status.code if status.code in _HTTP_BY_CODE else code_pb2.UNKNOWN
    if code in _HIDDEN_CODES:
        return internal_problem()
    info = _detail(status, error_details_pb2.ErrorInfo)
    reason = info.reason or _REASON_BY_CODE.get(code) or code_pb2.Code.Name(code)
    retry = _detail(status, error_details_pb2.RetryInfo)
    headers: dict[str, str] = {}
    if retry.HasField("retry_delay"):
        seconds = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    if code == code_pb2.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    violations = violations_of(status)
    metadata = dict(info.metadata)
    if violations:
        metadata.setdefault("field", violations[0].field)
    return Problem(
        http_status=_HTTP_BY_REASON.get(reason, _HTTP_BY_CODE[code]),
        code=code_pb2.Code.Name(code),
        reason=reason,
        detail=detail_of(violations) if violations else status.message,
        metadata=metadata,
        violations=violations,
        headers=headers,
    )


def violations_of(status: status_pb2.Status) -> tuple[Violation, ...]:
    """Return what the service found wrong with a request, in the names of REST."""
    return tuple(
        Violation(
            field=camel(each.field),
            description=each.description,
            reason=each.reason or "BAD_FIELD",
        )
        for each in _detail(status, error_details_pb2.BadRequest).field_violations
    )


def detail_of(violations: tuple[Violation, ...]) -> str:
    """Tell all violations in one text."""
    return "; ".join(f"{each.field}: {each.description}" for each in violations)


def problem_of_http(error: HTTPException) -> Problem:
    """Translate what routing and Werkzeug raise."""
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        detail = f"This path takes {allowed}."
        return Problem(
            http_status=HTTPStatus.METHOD_NOT_ALLOWED,
            code="UNIMPLEMENTED",
            reason="METHOD_NOT_ALLOWED",
            detail=detail,
            metadata={"allowed": allowed},
            violations=(Violation(field="method", description=detail),),
            headers={"Allow": allowed},
        )
    if isinstance(error, RequestEntityTooLarge):
        return problem_of_refused(
            Refused(
                "BODY_TOO_LARGE",
                f"The body may have {MAX_BODY_BYTES} bytes.",
                field="body",
                metadata={"limitBytes": str(MAX_BODY_BYTES)},
            )
        )
    if error.code == HTTPStatus.NOT_FOUND:
        return Problem(
            http_status=HTTPStatus.NOT_FOUND,
            code="NOT_FOUND",
            reason="ROUTE_NOT_FOUND",
            detail="There is no such path; /docs lists what there is.",
        )
    if error.code is not None and error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
        # A request that Werkzeug itself cannot read, such as a body that ends too early.
        return problem_of_refused(Refused("BAD_JSON", "The request cannot be read.", field="body"))
    return internal_problem()


def internal_problem() -> Problem:
    """Return the problem of a bug: a fixed text, whatever the cause."""
    return Problem(
        http_status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="INTERNAL",
        reason="INTERNAL",
        detail=_INTERNAL_DETAIL,
    )


def problem_response(problem: Problem, *, request_id: str) -> Response:
    """Build the response."""
    body = {
        "type": "/problems/" + problem.reason.lower().replace("_", "-"),
        "title": _TITLES.get(problem.reason) or problem.reason.replace("_", " ").capitalize(),
        "status": problem.http_status,
        "detail": problem.detail,
        "instance": f"urn:gpuquote:request:{request_id}",
        "code": problem.code,
        "reason": problem.reason,
        "metadata": dict(problem.metadata),
        "violations": [
            {"field": each.field, "description": each.description} for each in problem.violations
        ],
    }
    response = Response(orjson.dumps(body), status=problem.http_status, content_type=CONTENT_TYPE)
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _detail(status: status_pb2.Status, kind: type[_Detail]) -> _Detail:
    """Return the detail of that kind, or an empty one."""
    found = kind()
    for packed in status.details:
        try:
            if packed.Unpack(found):
                return found
        except DecodeError:
            return kind()
    return found
