"""The Flask app: one view per route of the contract, health, and the documentation."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Flask, Request, Response, g, request
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from service.rest import caching, contract, idempotency
from service.rest.binding import Binder, Violations
from service.rest.bodies import json_body, read_away
from service.rest.docs import OPENAPI_FILE, docs_blueprint, find_swagger_ui
from service.rest.events import CONTENT_TYPE, HEADERS, EventBody, EventFormat
from service.rest.metrics import RequestMetrics
from service.rest.problem import (
    MAX_BODY_BYTES,
    Problem,
    Refused,
    Violation,
    internal_problem,
    problem_of_http,
    problem_of_refused,
    problem_of_status,
    problem_response,
)
from service.rest.reads import (
    LONG_POLL_SECONDS,
    MAX_URI_BYTES,
    Reads,
    body_of,
    metadata_of,
    raise_if_failed,
    timeout_of,
)
from service.rest.request_id import request_id_of
from service.rest.routes import Route, routes_of
from service.rest.transport import Readiness, Reply, RpcFailed, Transport

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT_SECONDS: Final = 10.0
MAX_TIMEOUT_MS: Final = 30_000

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
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
    routes = routes_of(contract.services())
    app.extensions[caching.READS_EXTENSION] = Reads(
        routes, transport, timeout_seconds=timeout_seconds
    )
    for route in routes:
        app.add_url_rule(
            route.pattern.replace("{", "<segment:").replace("}", ">"),
            endpoint=f"{route.rpc} {route.http_method} {route.pattern}",
            view_func=_stream_view(route, transport)
            if route.is_stream
            else _view(route, transport, timeout_of(route, timeout_seconds), monotonic),
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
    takes_key = takes_body and idempotency.has_request_id(route.request)
    most_ms = int(LONG_POLL_SECONDS * 1000) if route.may_wait else MAX_TIMEOUT_MS

    def view(**segments: str) -> Response:
        raise_if_failed(request.environ)
        message, violations = binder.read(
            segments=segments,
            query=request.query_string,
            body=json_body(request) if takes_body else b"",
        )
        if takes_key:
            key = request.headers.get(idempotency.KEY_HEADER)
            idempotency.take_key(message, key, violations)
        call = partial(
            transport.call,
            route.rpc,
            message,
            timeout_seconds=_timeout_seconds(request, timeout_seconds, most_ms=most_ms),
            metadata=metadata_of(request.environ, request_id=g.request_id),
        )
        if violations and route.http_method == "GET":
            _hear_service(call, violations)
        violations.raise_if_any()
        reply = call()
        if route.http_method == "GET":
            return _read_response(route, message, reply, now=monotonic())
        response = _json_response(body_of(message, reply))
        response.headers.update(idempotency.headers_of(reply.metadata))
        return response

    return view


def _stream_view(route: Route, transport: Transport) -> Callable[..., Response]:
    binder = Binder(route)
    form = EventFormat(route.method)

    def view(**segments: str) -> Response:
        message: Any = binder.bind(segments=segments, query=request.query_string, body=b"")
        # A browser that comes back repeats its address: where it was stands in the header.
        message.cursor = request.headers.get("Last-Event-ID", "") or message.cursor
        metadata = metadata_of(request.environ, request_id=g.request_id)
        messages = transport.stream(route.rpc, message, metadata=metadata)
        try:
            first = next(messages)
        except StopIteration:  # the service is about to end
            messages.close()
            return Response(b"retry: 1000\n\n", content_type=CONTENT_TYPE, headers=HEADERS)
        if request.method == "HEAD":
            messages.close()
            return Response(content_type=CONTENT_TYPE, headers=HEADERS)
        return Response(
            EventBody(first, messages, form), content_type=CONTENT_TYPE, headers=HEADERS
        )

    return view


def _hear_service(call: Callable[[], Reply], violations: Violations) -> None:
    """Ask the service too about a read that is refused: all faults are told at once."""
    try:
        call()
    except RpcFailed as failed:
        problem = problem_of_status(failed.status)
        if problem.violations:
            violations.add_found(problem.violations, metadata=problem.metadata)


def _read_response(route: Route, message: Message, reply: Reply, *, now: float) -> Response:
    """Answer a GET: with validators where the service gives a content revision."""
    key = caching.cache_key_of(request.environ)
    validators = caching.validators_of(reply.metadata, key, now=now)
    if validators is None:
        return _json_response(body_of(message, reply))
    caching.leave_word(request.environ, route=route.pattern, validators=validators)
    if caching.is_not_modified(request.headers.get("If-None-Match", ""), validators.etag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = _json_response(body_of(message, reply))
    for name, value in caching.headers_of(validators):
        response.headers[name] = value
    response.headers["Cache-Control"] = caching.cache_control(validators.due, now=now)
    return response


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
    return _json_response(orjson.dumps(value))


def _json_response(body: bytes) -> Response:
    return Response(body, content_type="application/json")


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
            field="query",
            metadata={"limitBytes": str(MAX_URI_BYTES)},
        )
    try:
        raw_path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise Refused("BAD_PATH", "The path is not percent-encoded UTF-8.", field="path") from None
    if _CONTROL.search(raw_path):
        raise Refused("BAD_PATH", "The path holds a control character.", field="path")
    if raw_path.startswith("//"):
        raise NotFound  # Werkzeug would read it as the path with one slash
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    if request.method in ("GET", "HEAD") and (
        request.content_length or "HTTP_TRANSFER_ENCODING" in environ
    ):
        raise Refused(
            "BODY_NOT_ALLOWED",
            "A read takes no body; conditions go into the query string.",
            field="body",
        )


def _finisher(metrics: RequestMetrics) -> Callable[[Response], Response]:
    def finish(response: Response) -> Response:
        headers = response.headers
        headers["X-Request-Id"] = g.request_id
        for name, value in caching.GUARDS:
            headers.setdefault(name, value)
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
    read_away(request)
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


def _timeout_seconds(incoming: Request, default: float, *, most_ms: int) -> float:
    text = incoming.headers.get("X-Request-Timeout-Ms")
    if text is None:
        return default
    if not _TIMEOUT_MS.match(text) or int(text) == 0:
        raise Refused.of(
            (Violation(field="X-Request-Timeout-Ms", description="must be a whole number from 1"),)
        )
    return min(int(text), most_ms) / 1000
