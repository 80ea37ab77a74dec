"""The Flask app: one view per route of the contract, health, and the documentation."""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Flask, Request, Response, g, request
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from service.rest import caching, contract
from service.rest.binding import Binder
from service.rest.docs import OPENAPI_FILE, docs_blueprint, find_swagger_ui
from service.rest.metrics import RequestMetrics
from service.rest.problem import (
    Problem,
    Refused,
    Violation,
    internal_problem,
    problem_of_http,
    problem_of_refused,
    problem_of_status,
    problem_response,
)
from service.rest.request_id import request_id_of
from service.rest.routes import Route, routes_of
from service.rest.transcode import message_to_json
from service.rest.transport import FIELDS, Readiness, Reply, RpcFailed, Transport

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 64 * 1024
# Room for a batch read of 100 offers by name.
MAX_URI_BYTES: Final = 16 * 1024
DEFAULT_TIMEOUT_SECONDS: Final = 10.0
MAX_TIMEOUT_MS: Final = 30_000

_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_TRACESTATE: Final = re.compile(r"[ -~]{1,512}\Z")
_TIMEOUT_MS: Final = re.compile(r"[0-9]{1,9}\Z")


class _Segment(BaseConverter):
    """One id: neither slash nor colon, so `/v1/offers:batchGet` is not an offer."""

    regex = "[^/:]+"


def create_app(
    transport: Transport,
    *,
    version: str,
    openapi_file: Path = OPENAPI_FILE,
    swagger_ui: Path | None = None,
    registry: CollectorRegistry | None = None,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> Flask:
    """Build the gateway. Cheap, thread-safe, and free of global state.

    `registry` takes the metrics and can serve one app only. Raises UnsupportedContract when an
    RPC has no route that can be served, and OSError when the OpenAPI document is missing.
    """
    app = Flask("gpuquote", static_folder=None)
    # One path is one resource: no redirects, and OPTIONS is a method like any other.
    app.url_map.merge_slashes = False
    app.url_map.converters["segment"] = _Segment
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # One byte more than allowed: a body without Content-Length is cut there, and seen as too large.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    metrics = RequestMetrics(registry or CollectorRegistry())
    app.extensions[caching.METRICS_EXTENSION] = metrics
    app.extensions[caching.CLOCK_EXTENSION] = monotonic
    app.before_request(_check_request)
    app.after_request(_finisher(metrics))
    app.register_error_handler(Exception, _answer_error)
    for route in routes_of(contract.services()):
        app.add_url_rule(
            route.pattern.replace("{", "<segment:").replace("}", ">"),
            endpoint=f"{route.rpc} {route.http_method} {route.pattern}",
            view_func=_view(route, transport, timeout_seconds, monotonic),
            methods=[route.http_method],
        )
    _add_health(app, transport, version)
    app.register_blueprint(
        docs_blueprint(
            openapi=openapi_file.read_bytes(), swagger_ui=swagger_ui or find_swagger_ui()
        )
    )
    return app


def _view(
    route: Route,
    transport: Transport,
    timeout_seconds: float,
    monotonic: Callable[[], float],
) -> Callable[..., Response]:
    binder = Binder(route)
    takes_body = bool(route.body)

    def view(**segments: str) -> Response:
        message = binder.bind(
            segments=segments,
            query=request.query_string,
            body=_json_body(request) if takes_body else b"",
        )
        reply = transport.call(
            route.rpc,
            message,
            timeout_seconds=_timeout_seconds(request, timeout_seconds),
            metadata=_metadata_of(request),
        )
        if route.http_method == "GET":
            return _read_response(route, message, reply, now=monotonic())
        return _response(message, reply)

    return view


def _read_response(route: Route, message: Message, reply: Reply, *, now: float) -> Response:
    """Answer a GET: with validators where the service gives a content revision."""
    key = caching.cache_key_of(request.environ)
    validators = caching.validators_of(reply.metadata, key, now=now)
    if validators is None:
        return _response(message, reply)
    caching.leave_word(request.environ, route=route.pattern, validators=validators)
    if caching.is_not_modified(request.headers.get("If-None-Match", ""), validators.etag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = _response(message, reply)
    response.headers["ETag"] = validators.etag
    response.headers["Cache-Control"] = caching.cache_control(validators.due, now=now)
    response.headers["Vary"] = "Authorization, Accept"
    if validators.last_modified is not None:
        response.headers["Last-Modified"] = validators.last_modified
    return response


def _response(message: Message, reply: Reply) -> Response:
    body = reply.json
    if reply.message is not None:
        body = message_to_json(reply.message, fields=_mask_of(message, reply))
    return Response(body, content_type="application/json")


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


def _add_health(app: Flask, transport: Transport, version: str) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok", "version": version})

    @app.get("/readyz")
    def readyz() -> Response:
        readiness: Readiness = transport.readiness()
        response = _json({"status": readiness.status, "reasons": list(readiness.reasons)})
        if readiness.status == "unavailable":
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            response.headers["Retry-After"] = "1"
        return response


def _json(value: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(value), content_type="application/json")


def _check_request() -> None:
    """Refuse what no route could read, before routing errors are told."""
    environ = request.environ
    g.started = time.perf_counter()
    g.request_id = request_id_of(environ)
    raw_path: str = environ.get("PATH_INFO", "")
    if len(raw_path) + len(environ.get("QUERY_STRING", "")) > MAX_URI_BYTES:
        raise Refused(
            "URI_TOO_LONG",
            f"Path and query may have {MAX_URI_BYTES} bytes.",
            metadata={"limitBytes": str(MAX_URI_BYTES)},
        )
    try:
        raw_path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise Refused("BAD_PATH", "The path is not percent-encoded UTF-8.") from None
    if _CONTROL.search(raw_path):
        raise Refused("BAD_PATH", "The path holds a control character.")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    if request.method in ("GET", "HEAD") and (
        request.content_length or "HTTP_TRANSFER_ENCODING" in environ
    ):
        raise Refused(
            "BODY_NOT_ALLOWED", "A read takes no body; conditions go into the query string."
        )


def _finisher(metrics: RequestMetrics) -> Callable[[Response], Response]:
    def finish(response: Response) -> Response:
        headers = response.headers
        headers["X-Request-Id"] = g.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Content-Security-Policy", _POLICY)
        headers.setdefault("Cache-Control", "no-store")
        rule = request.url_rule
        metrics.observe(
            route=_pattern(rule.rule) if rule else "unmatched",
            method=request.method,
            status=response.status_code,
            seconds=time.perf_counter() - g.started,
        )
        return response

    return finish


def _pattern(rule: str) -> str:
    return rule.replace("<segment:", "{").replace(">", "}")


def _answer_error(error: Exception) -> Response:
    response = problem_response(_problem_of(error), request_id=g.request_id)
    return Response(
        response.get_data(), status=response.status_code, headers=response.headers.to_wsgi_list()
    )


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Refused):
        return problem_of_refused(error)
    if isinstance(error, RpcFailed):
        problem = problem_of_status(error.status)
        if problem.http_status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error(
                "service failed",
                extra={"request_id": g.request_id, "cause": error.status.message},
            )
        return problem
    if isinstance(error, HTTPException):
        return problem_of_http(error)
    log.error("gateway failed", exc_info=error, extra={"request_id": g.request_id})
    return internal_problem()


def _json_body(incoming: Request) -> bytes:
    body = incoming.get_data(cache=False)
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    if body and (
        incoming.mimetype != "application/json"
        or incoming.mimetype_params.get("charset", "utf-8").lower() != "utf-8"
        or incoming.headers.get("Content-Encoding", "identity") != "identity"
    ):
        raise Refused(
            "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8, not compressed."
        )
    return body


def _timeout_seconds(incoming: Request, default: float) -> float:
    text = incoming.headers.get("X-Request-Timeout-Ms")
    if text is None:
        return default
    if not _TIMEOUT_MS.match(text) or int(text) == 0:
        raise Refused.of(
            (Violation(field="X-Request-Timeout-Ms", description="must be a whole number from 1"),)
        )
    return min(int(text), MAX_TIMEOUT_MS) / 1000


def _metadata_of(incoming: Request) -> dict[str, str]:
    """Choose the headers that the service may see; each is checked, for it becomes metadata."""
    metadata = {"x-request-id": g.request_id}
    traceparent = incoming.headers.get("traceparent", "")
    if _TRACEPARENT.match(traceparent):
        metadata["traceparent"] = traceparent
        tracestate = incoming.headers.get("tracestate", "")
        if _TRACESTATE.match(tracestate):
            metadata["tracestate"] = tracestate
    authorization = incoming.headers.get("Authorization", "")
    if authorization.isascii() and authorization.isprintable() and authorization:
        metadata["authorization"] = authorization
    return metadata
