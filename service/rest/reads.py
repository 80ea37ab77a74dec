"""Reads without Flask: a GET of a list that succeeds, which is what most requests are.

Flask's routing and its request and response objects cost more than the query itself. Only paths
without variables are read here, and whatever is refused or fails goes to Flask, which knows how
to tell it; so an answer is the same whoever gives it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from service.rest import contract
from service.rest.binding import Binder
from service.rest.problem import Refused
from service.rest.routes import Route
from service.rest.transcode import message_to_json
from service.rest.transport import FIELDS, Reply, Transport

# Room for a batch read of 100 offers by name.
MAX_URI_BYTES: Final = 16 * 1024
LONG_POLL_SECONDS: Final = 35.0

_FAILURE: Final = "gpuquote.failure"
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_TRACESTATE: Final = re.compile(r"[ -~]{1,512}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a read found: the route it took, the finished JSON, and the reply's metadata."""

    route: Route
    body: bytes
    metadata: Mapping[str, str]


class Reads:
    """Answers GETs of paths without variables."""

    def __init__(
        self, routes: Iterable[Route], transport: Transport, *, timeout_seconds: float
    ) -> None:
        self._binders = {
            route.pattern: (route, Binder(route))
            for route in routes
            if route.http_method == "GET" and not route.path_fields and not route.is_stream
        }
        self._transport = transport
        self._timeout_seconds = timeout_seconds

    def find(self, environ: dict[str, Any], *, request_id: str) -> Reading | None:
        """Return the answer to a GET without a body; None where Flask has to answer.

        A failure of the service is left in `environ`, so that Flask does not call it again.
        """
        found = self._binders.get(environ["PATH_INFO"])
        query: str = environ.get("QUERY_STRING", "")
        is_plain = (
            environ["REQUEST_METHOD"] == "GET"
            and len(environ["PATH_INFO"]) + len(query) <= MAX_URI_BYTES
            and "HTTP_X_REQUEST_TIMEOUT_MS" not in environ
        )
        if found is None or not is_plain:
            return None
        route, binder = found
        try:
            message = binder.bind(segments={}, query=query.encode("latin-1"), body=b"")
        except Refused:
            return None
        try:
            reply = self._transport.call(
                route.rpc,
                message,
                timeout_seconds=timeout_of(route, self._timeout_seconds),
                metadata=metadata_of(environ, request_id=request_id),
            )
            return Reading(route=route, body=body_of(message, reply), metadata=reply.metadata)
        except Exception as error:  # noqa: BLE001 - Flask tells it, whatever it is
            environ[_FAILURE] = error
            return None


def timeout_of(route: Route, seconds: float) -> float:
    """Return how long a call may take: as long as usual, and the wait that it may ask for."""
    return max(seconds, LONG_POLL_SECONDS) if route.may_wait else seconds


def raise_if_failed(environ: Mapping[str, Any]) -> None:
    """Raise what the service answered when it was asked ahead of Flask."""
    failure: Exception | None = environ.get(_FAILURE)
    if failure is not None:
        raise failure


def metadata_of(environ: Mapping[str, Any], *, request_id: str) -> dict[str, str]:
    """Choose the headers that the service may see; each is checked, for it becomes metadata."""
    metadata = {"x-request-id": request_id}
    traceparent = environ.get("HTTP_TRACEPARENT", "")
    if traceparent and _TRACEPARENT.match(traceparent):
        metadata["traceparent"] = traceparent
        tracestate = environ.get("HTTP_TRACESTATE", "")
        if _TRACESTATE.match(tracestate):
            metadata["tracestate"] = tracestate
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if authorization and authorization.isascii() and authorization.isprintable():
        metadata["authorization"] = authorization
    return metadata


def body_of(message: Message, reply: Reply) -> bytes:
    """Return the JSON of a reply to `message`."""
    if reply.message is not None:
        return message_to_json(reply.message, fields=_mask_of(message, reply))
    return reply.json or b""


def _mask_of(message: Message, reply: Reply) -> frozenset[str] | None:
    """Return the mask that the service says it applied, as exact as the request gave it.

    The service names the top-level fields; where the caller asked for parts of them, the other
    parts must not be written as if they were empty.
    """
    applied = reply.metadata.get(FIELDS)
    if not applied:
        return None
    names = frozenset(applied.split(","))
    asked: Any = getattr(message, "fields", None)
    asked_paths: Iterable[str] = names if asked is None else asked.paths
    paths = frozenset(contract.camel(path) for path in asked_paths)
    return paths if frozenset(path.partition(".")[0] for path in paths) == names else names
