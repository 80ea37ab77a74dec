"""Conditional and repeated GETs: validators for Flask's answers, and a cache ahead of Flask.

Two revisions decide. The revision changes at every publication: while it stands, a repeated GET
is answered from memory. The content revision changes only when a price, an availability or the
set of offers of the providers in question changes: it makes the ETag, so a page that was merely
seen again does not spoil anybody's copy.

An entry lives no longer than its max-age even when the revision stands: freshness is a matter of
the clock, and a catalogue that nobody collects any more must be seen to grow old.
"""

import hashlib
import logging
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flask import Flask

from service.rest.metrics import RequestMetrics
from service.rest.reads import Reading, Reads
from service.rest.request_id import request_id_of
from service.rest.transport import (
    CONTENT_REVISION,
    LAST_MODIFIED,
    MAX_AGE,
    REVISION,
    Transport,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

# A WSGI application, in types that exist at run time too.
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Where `create_app` leaves what the cache shares with it.
METRICS_EXTENSION: Final = "gpuquote.metrics"
CLOCK_EXTENSION: Final = "gpuquote.monotonic"
READS_EXTENSION: Final = "gpuquote.reads"
# What every answer says to a browser.
GUARDS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_SLOT: Final = "gpuquote.cache_slot"
_KEY: Final = "gpuquote.cache_key"
_MIN_AGE_SECONDS: Final = 5
_MAX_AGE_SECONDS: Final = 300
_PLAIN_REVISION: Final = re.compile(r"[A-Za-z0-9._:-]{1,80}\Z")
_ENTITY_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')
# What the cache never repeats: these differ from answer to answer.
_FRESH_HEADERS: Final = frozenset({"x-request-id", "cache-control"})
_STATUS_LINES: Final = {HTTPStatus.OK: "200 OK", HTTPStatus.NOT_MODIFIED: "304 NOT MODIFIED"}
# What a 304 leaves out, as werkzeug does.
_BODY_HEADERS: Final = frozenset({"content-type", "content-length", "last-modified"})
# Headers and keys of an entry, roughly.
_ENTRY_OVERHEAD_BYTES: Final = 1024


class CacheKey(NamedTuple):
    """What an answer depends on besides the data. `scope` stands for the caller's key."""

    path: str
    query: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What lets a client ask "still the same?". `due` is when the next collection is planned."""

    etag: str
    last_modified: str | None
    due: float
    revision: str | None


class CacheSlot:
    """Where the Flask app leaves word that its answer may be repeated."""

    __slots__ = ("route", "validators")

    def __init__(self) -> None:
        self.route = ""
        self.validators: Validators | None = None


def cache_key_of(environ: "WSGIEnvironment") -> CacheKey:
    """Return the key of a request; computed once per request."""
    key: CacheKey | None = environ.get(_KEY)
    if key is None:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        key = CacheKey(
            environ.get("PATH_INFO", ""),
            _normalised_query(environ.get("QUERY_STRING", "")),
            hashlib.sha256(authorization.encode()).hexdigest()[:16] if authorization else "",
        )
        environ[_KEY] = key
    return key


def validators_of(metadata: Mapping[str, str], key: CacheKey, *, now: float) -> Validators | None:
    """Read the reply's metadata; None when the answer may not be kept.

    `now` and `Validators.due` are seconds on a monotonic clock.
    """
    content_revision = metadata.get(CONTENT_REVISION)
    if not content_revision:
        return None
    if not _PLAIN_REVISION.match(content_revision):
        content_revision = hashlib.sha256(content_revision.encode()).hexdigest()[:16]
    digest = hashlib.blake2b("\n".join(key).encode(), digest_size=8).hexdigest()
    modified = _seconds(metadata.get(LAST_MODIFIED))
    return Validators(
        etag=f'W/"{content_revision}-{digest}"',
        last_modified=None if modified is None else _http_date(modified),
        due=now + _bounded_age(_seconds(metadata.get(MAX_AGE)) or 0),
        revision=metadata.get(REVISION),
    )


def is_not_modified(if_none_match: str, etag: str) -> bool:
    """Compare weakly, as RFC 9110 asks for If-None-Match; "*" matches whatever there is."""
    if not if_none_match or if_none_match == etag:
        return bool(if_none_match)
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in _ENTITY_TAG.findall(if_none_match)


def cache_control(due: float, *, now: float) -> str:
    """Return Cache-Control: fresh until the next planned collection, 5 to 300 seconds."""
    return f"private, max-age={_bounded_age(due - now)}, stale-if-error=300"


def headers_of(validators: Validators) -> list[tuple[str, str]]:
    """Return the headers that a copy of an answer is kept and compared by."""
    headers = [("ETag", validators.etag), ("Vary", "Authorization, Accept")]
    if validators.last_modified is not None:
        headers.append(("Last-Modified", validators.last_modified))
    return headers


def leave_word(environ: "WSGIEnvironment", *, route: str, validators: Validators) -> None:
    """Tell the cache ahead, if there is one, that the answer may be repeated."""
    slot: CacheSlot | None = environ.get(_SLOT)
    if slot is not None:
        slot.route = route
        slot.validators = validators


def middleware(
    app: Flask,
    transport: Transport,
    *,
    max_entries: int = 4096,
    max_bytes: int = 8 * 1024 * 1024,
) -> Wsgi:
    """Put a bounded cache ahead of `app`, which `create_app` has built."""
    store = _AnswerStore(max_entries=max_entries, max_bytes=max_bytes)
    return _CachingMiddleware(
        app,
        transport,
        store=store,
        reads=app.extensions[READS_EXTENSION],
        metrics=app.extensions[METRICS_EXTENSION],
        now=app.extensions[CLOCK_EXTENSION],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A kept answer. Without `body` (it was a 304) only conditional requests are served.

    `bare_headers` are those of a 304.
    """

    revision: str | None
    etag: str
    due: float
    route: str
    headers: tuple[tuple[str, str], ...]
    bare_headers: tuple[tuple[str, str], ...]
    body: bytes | None

    @classmethod
    def of(
        cls,
        validators: Validators,
        *,
        route: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | None,
    ) -> "_Answer":
        lasting = tuple(each for each in headers if each[0].lower() not in _FRESH_HEADERS)
        return cls(
            revision=validators.revision,
            etag=validators.etag,
            due=validators.due,
            route=route,
            headers=lasting,
            bare_headers=tuple(each for each in lasting if each[0].lower() not in _BODY_HEADERS),
            body=body,
        )

    @property
    def size(self) -> int:
        return _ENTRY_OVERHEAD_BYTES + len(self.body or b"")


class _AnswerStore:
    """Least recently used answers, bounded in number and bytes."""

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._answers: OrderedDict[CacheKey, _Answer] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def find(self, key: CacheKey, *, revision: str, now: float) -> _Answer | None:
        with self._lock:
            answer = self._answers.get(key)
            if answer is None or answer.revision != revision or answer.due <= now:
                return None
            self._answers.move_to_end(key)
            return answer

    def keep(self, key: CacheKey, answer: _Answer) -> None:
        # One answer may not push out a large part of the others.
        if answer.size > self._max_bytes // 8:
            return
        with self._lock:
            old = self._answers.pop(key, None)
            if old is not None:
                self._bytes -= old.size
            self._answers[key] = answer
            self._bytes += answer.size
            while len(self._answers) > self._max_entries or self._bytes > self._max_bytes:
                _, dropped = self._answers.popitem(last=False)
                self._bytes -= dropped.size


class _CachingMiddleware:
    """Answers repeated GETs from the store, new ones without Flask where that can be."""

    def __init__(
        self,
        app: Flask,
        transport: Transport,
        *,
        store: _AnswerStore,
        reads: Reads,
        metrics: RequestMetrics,
        now: Callable[[], float],
    ) -> None:
        self._app = app
        self._transport = transport
        self._store = store
        self._reads = reads
        self._metrics = metrics
        self._now = now

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if not _is_repeatable(environ):
            return self._app(environ, start_response)
        started = time.perf_counter()
        request_id = environ["HTTP_X_REQUEST_ID"] = request_id_of(environ)
        revision, key, now = self._current_revision(), cache_key_of(environ), self._now()
        answer = None if revision is None else self._store.find(key, revision=revision, now=now)
        if answer is None:
            reading = self._reads.find(environ, request_id=request_id)
            if reading is None:
                return self._ask_flask(environ, start_response, key)
            answer = _answer_of(reading, key, now=self._now())
            if revision is not None and answer.revision is not None:
                self._store.keep(key, answer)
        if answer.etag and is_not_modified(environ.get("HTTP_IF_NONE_MATCH", ""), answer.etag):
            status, headers, body = HTTPStatus.NOT_MODIFIED, [*answer.bare_headers], b""
        elif answer.body is not None:
            status, headers, body = HTTPStatus.OK, [*answer.headers], answer.body
        else:
            return self._ask_flask(environ, start_response, key)
        control = cache_control(answer.due, now=now) if answer.etag else "no-store"
        headers += (("Cache-Control", control), ("X-Request-Id", request_id))
        start_response(_STATUS_LINES[status], headers)
        method = environ["REQUEST_METHOD"]
        self._metrics.observe(
            route=answer.route,
            method=method,
            status=status,
            seconds=time.perf_counter() - started,
        )
        return [b""] if method == "HEAD" else [body]

    def _current_revision(self) -> str | None:
        try:
            return self._transport.revision()
        except Exception:  # the cache is a convenience: without it Flask answers, or explains
            log.exception("revision not known")
            return None

    def _ask_flask(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", key: CacheKey
    ) -> Iterable[bytes]:
        slot = environ[_SLOT] = CacheSlot()
        sent: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            sent.append((status, headers))
            return start_response(status, headers, exc_info)

        chunks = self._app(environ, start)
        validators = slot.validators
        if validators is None or validators.revision is None:
            return chunks
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, headers = sent[-1]
        has_body = status.startswith("200") and environ["REQUEST_METHOD"] == "GET"
        if has_body or status.startswith("304"):
            kept = body if has_body else None
            answer = _Answer.of(validators, route=slot.route, headers=headers, body=kept)
            self._store.keep(key, answer)
        return [body]


def _answer_of(reading: Reading, key: CacheKey, *, now: float) -> _Answer:
    """Make the answer to a read; without a content revision it has no ETag, and is not kept."""
    validators = validators_of(reading.metadata, key, now=now)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(reading.body)))]
    return _Answer.of(
        validators or Validators(etag="", last_modified=None, due=now, revision=None),
        route=reading.route.pattern,
        headers=(*headers, *GUARDS, *(headers_of(validators) if validators else ())),
        body=reading.body,
    )


def _is_repeatable(environ: "WSGIEnvironment") -> bool:
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and environ.get("PATH_INFO", "").startswith("/v1/")
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def _normalised_query(query: str) -> str:
    """Sort parameters by name, keeping the order of the values of one name: it may matter."""
    if "&" not in query:
        return query
    pairs = [pair.partition("=") for pair in query.split("&")]
    if any("%" in name or "+" in name for name, _, _ in pairs):
        return query  # one name in two spellings could change places with itself
    pairs.sort(key=lambda pair: pair[0])
    return "&".join("".join(pair) for pair in pairs)


@lru_cache(maxsize=1024)
def _http_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def _bounded_age(seconds: float) -> int:
    return int(min(max(seconds, _MIN_AGE_SECONDS), _MAX_AGE_SECONDS))


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
