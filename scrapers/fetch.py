"""Fetching pages live: the only module that knows requests.

One request is: the host is the provider's, robots.txt allows it, the host's turn has come, its
name leads to public addresses only, and the answer arrives whole, within its size and its time.
Redirects are followed by hand so that each hop passes all of that again. Nothing is taken from
the environment, neither proxies nor .netrc nor certificates.
"""

import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, cast
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from scrapers.addresses import (
    PUBLIC_ONLY,
    AddressPolicy,
    Origin,
    Resolver,
    endpoints_of,
    system_resolver,
)
from scrapers.answer import (
    MAX_REDIRECTS,
    REDIRECTS,
    RETRIED,
    Body,
    error_of_status,
    max_bytes_of,
    text_of,
)
from scrapers.deadline import Deadline, Watchdog
from scrapers.dial import Dial, dialler
from scrapers.errors import CollectError, Unreachable, UnsafeResponse
from scrapers.kept import Kept, KeptAnswers, validators_of
from scrapers.page import Page
from scrapers.politeness import (
    DEFAULT_PATIENCE,
    PRODUCT,
    HostManners,
    Patience,
    RobotsCache,
    retry_after_seconds,
    user_agent_of,
)
from scrapers.provider import Provider, Request

_ATTEMPTS = 3
_FIRST_BACKOFF_SECONDS = 2.0
_STEP_BYTES = 64 * 1024
_ROBOTS_BYTES = 512 * 1024
_NOT_MODIFIED = 304
# The 4xx that are about us or the host's health, not about this one page.
_HOST_OBJECTS = frozenset({401, 403, 408, 429})


class Fetcher(Protocol):
    """Gets pages, live or from a recording."""

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Return the answer to a request. Raises CollectError."""

    def records(self, request: Request) -> bool:
        """Tell whether the request can be answered at all: a recording lacks what it lacks."""


def _full_jitter(longest_seconds: float) -> float:
    return random.SystemRandom().uniform(0, longest_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpFetcher:
    """Fetches over HTTP; safe to share between threads, and only polite when shared.

    `contact` is a mail or web address for those whose pages are read.
    `address_policy` exists for tests, which need servers on loopback; `ca_file` replaces the
    bundled certificate authorities. `jitter` gets the longest pause before a repetition.
    """

    def __init__(
        self,
        *,
        contact: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        resolver: Resolver = system_resolver,
        address_policy: AddressPolicy = PUBLIC_ONLY,
        jitter: Callable[[float], float] = _full_jitter,
        ca_file: str | None = None,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        self._user_agent = user_agent_of(contact)
        self._now = now
        self._monotonic = monotonic
        self._resolver = resolver
        self._policy = address_policy
        self._jitter = jitter
        self._verify: bool | str = ca_file or True
        self._patience = patience
        self._manners = HostManners(monotonic=monotonic, sleep=sleep, pause_seconds=patience.pause)
        self._robots = RobotsCache(monotonic=monotonic)
        self._kept = KeptAnswers()

    def records(self, request: Request) -> bool:  # noqa: ARG002 - live, anything may be asked
        """Tell that any request can be made."""
        return True

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Ask for a page within 30 seconds, 120 for a `large` provider.

        That time includes redirects and repetitions, not the wait for the host's turn nor
        robots.txt. Raises Unreachable, Blocked, UnsafeResponse and PageChanged (404 and the
        like); no exception of the HTTP client.
        """
        seconds = self._patience.large_request if provider.large else self._patience.request
        deadline = Deadline(seconds, monotonic=self._monotonic)
        endpoints = endpoints_of(provider)
        for _ in range(MAX_REDIRECTS + 1):
            origin = self._policy.admit(request.url, endpoints=endpoints)
            self._obey_robots(origin, request.url, endpoints=endpoints, deadline=deadline)
            kept = self._kept.find(request)
            answer = self._ask_politely(request, origin=origin, kept=kept, deadline=deadline)
            if answer.status in REDIRECTS and "location" in answer.headers:
                request = _redirected(request, answer=answer)
                continue
            return self._page(request, answer=answer, kept=kept, kind=kind, part=part)
        raise UnsafeResponse(f"{request.url}: more than {MAX_REDIRECTS} redirects")

    def _page(
        self, request: Request, *, answer: _Answer, kept: Kept | None, kind: str, part: str
    ) -> Page:
        if answer.status != _NOT_MODIFIED or kept is None:
            error = error_of_status(answer.status, url=request.url)
            if error is not None:
                raise error
            content_type = answer.headers.get("content-type", "")
            kept = Kept(
                validators=validators_of(answer.headers),
                text=text_of(answer.body, content_type=content_type),
                content_type=content_type,
                byte_count=len(answer.body),
            )
            self._kept.keep(request, kept)
        return Page(
            kind=kind,
            part=part,
            url=request.url,
            text=kept.text,
            content_type=kept.content_type,
            observe_time=self._now(),
            byte_count=kept.byte_count,
        )

    def _obey_robots(
        self,
        origin: Origin,
        url: str,
        *,
        endpoints: frozenset[tuple[str, int]],
        deadline: Deadline,
    ) -> None:
        def read() -> tuple[int, str]:
            seconds = self._patience.robots
            if deadline.has_started:
                seconds = min(seconds, deadline.remaining_seconds)
            return self._read_robots(origin, endpoints=endpoints, seconds=seconds)

        robots = self._robots.robots_of(str(origin), read=read)
        robots.check(url, product=PRODUCT)
        delay = robots.crawl_delay_seconds(PRODUCT)
        self._manners.slow_down(origin.host, pause_seconds=delay)

    def _read_robots(
        self, origin: Origin, *, endpoints: frozenset[tuple[str, int]], seconds: float
    ) -> tuple[int, str]:
        request = Request(url=f"{origin}/robots.txt")
        deadline = Deadline(seconds, monotonic=self._monotonic)
        for _ in range(MAX_REDIRECTS + 1):
            at = self._policy.admit(request.url, endpoints=endpoints)
            answer = self._ask_politely(
                request, origin=at, kept=None, deadline=deadline, max_bytes=_ROBOTS_BYTES
            )
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer.status, answer.body.decode("utf-8", errors="replace")
            request = _redirected(request, answer=answer)
        raise UnsafeResponse(f"{origin}/robots.txt: more than {MAX_REDIRECTS} redirects")

    def _ask_politely(
        self,
        request: Request,
        *,
        origin: Origin,
        kept: Kept | None,
        deadline: Deadline,
        max_bytes: int | None = None,
    ) -> _Answer:
        """Ask up to three times, each in the host's turn, as long as the deadline allows."""
        answer = None
        for attempt in range(_ATTEMPTS):
            patience = deadline.remaining_seconds
            if not deadline.has_started:
                patience = self._patience.queue
            elif answer is not None and self._manners.wait_seconds(origin.host) >= patience:
                break
            with self._manners.turn(origin.host, patience_seconds=patience):
                deadline.start()
                answer = self._noting_health(
                    request, origin=origin, kept=kept, deadline=deadline, max_bytes=max_bytes
                )
            self._hold_off(origin, answer=answer, attempt=attempt)
            if answer.status not in RETRIED:
                break
        if answer is None:  # pragma: no cover - the first attempt answers or raises
            raise Unreachable(f"{request.url} was not asked")
        return answer

    def _hold_off(self, origin: Origin, *, answer: _Answer, attempt: int) -> None:
        if answer.status in RETRIED:
            seconds = self._jitter(_FIRST_BACKOFF_SECONDS * 2**attempt)
            self._manners.hold_off(origin.host, seconds=seconds)
        asked = retry_after_seconds(answer.headers.get("retry-after", ""), now=self._now())
        if asked is not None and answer.status not in REDIRECTS:
            self._manners.hold_off(origin.host, seconds=asked)

    def _noting_health(
        self,
        request: Request,
        *,
        origin: Origin,
        kept: Kept | None,
        deadline: Deadline,
        max_bytes: int | None,
    ) -> _Answer:
        try:
            answer = self._ask(
                request, origin=origin, kept=kept, deadline=deadline, max_bytes=max_bytes
            )
        except CollectError:
            self._manners.failed(origin.host)
            raise
        if answer.status in _HOST_OBJECTS or answer.status in RETRIED:
            self._manners.failed(origin.host)
        else:
            self._manners.succeeded(origin.host)
        return answer

    def _ask(
        self,
        request: Request,
        *,
        origin: Origin,
        kept: Kept | None,
        deadline: Deadline,
        max_bytes: int | None,
    ) -> _Answer:
        addresses = self._policy.resolve(
            origin, resolver=self._resolver, timeout_seconds=deadline.remaining_seconds
        )
        seconds = max(deadline.remaining_seconds, 0.001)
        headers = {
            "Accept": "*/*",
            **request.headers,
            **(kept.validators if kept else {}),
            "User-Agent": self._user_agent,
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }
        with Watchdog(seconds) as watchdog:
            dial = dialler(origin, addresses, watchdog=watchdog, deadline=deadline)
            try:
                answer = self._send(
                    request, headers=headers, dial=dial, seconds=seconds, max_bytes=max_bytes
                )
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                # The client's own timeout may be a moment faster than a watchdog on a busy machine.
                if watchdog.has_bitten or not deadline.remaining_seconds:
                    raise _late(request, deadline) from error
                raise _translated(error, url=request.url) from error
        # A body without an end of its own looks whole when the watchdog cuts it off.
        if watchdog.has_bitten:
            raise _late(request, deadline)
        return answer

    def _send(
        self,
        request: Request,
        *,
        headers: Mapping[str, str],
        dial: Dial,
        seconds: float,
        max_bytes: int | None,
    ) -> _Answer:
        # Without a session: it would add proxies, .netrc and cookies of its own, and reads the
        # body of every redirect, unpacked and without a limit.
        prepared = requests.Request(
            request.method, request.url, headers=dict(headers), json=request.json_body
        ).prepare()
        with (
            closing(_PinnedAdapter(dial)) as adapter,
            adapter.send(prepared, stream=True, timeout=seconds, verify=self._verify) as response,
        ):
            return _Answer(
                status=response.status_code,
                headers={name.lower(): text for name, text in response.headers.items()},
                body=_body_of(response, max_bytes=max_bytes),
            )


def _redirected(request: Request, *, answer: _Answer) -> Request:
    """Return the request of the next hop. Raises UnsafeResponse where a body would be lost."""
    url = urljoin(request.url, answer.headers["location"])
    if request.method != "GET" and answer.status not in {307, 308}:
        raise UnsafeResponse(f"{request.url} redirects a {request.method} with {answer.status}")
    if urlsplit(url).netloc != urlsplit(request.url).netloc:
        # A key for one host is no key for another.
        return replace(request, url=url, headers={})
    return replace(request, url=url)


def _body_of(response: requests.Response, *, max_bytes: int | None) -> bytes:
    """Read the body of a 200 within its limits; that of another status does not matter."""
    if response.status_code != requests.codes.ok:
        return b""
    limit = max_bytes or max_bytes_of(response.headers.get("Content-Type", ""))
    body = Body(content_encoding=response.headers.get("Content-Encoding", ""), max_bytes=limit)
    has_end = "Content-Length" in response.headers or response.raw.chunked
    if not has_end and not body.is_compressed:
        raise UnsafeResponse("the answer has no length, so that it cannot be known to be whole")
    # Undecoded: the client's own decompression has no limit.
    for piece in response.raw.stream(_STEP_BYTES, decode_content=False):
        body.feed(piece)
    return body.finish()


def _late(request: Request, deadline: Deadline) -> Unreachable:
    return Unreachable(f"{request.url} did not answer whole within {deadline.seconds:g} s")


def _translated(error: Exception, *, url: str) -> CollectError:
    """Turn an exception of the HTTP client into ours."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, CollectError):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnsafeResponse(f"{url}: its certificate is not valid ({cause.verify_message})")
        cause = _inner(cause)
    return Unreachable(f"{url} did not answer ({type(error).__name__}: {error})")


def _inner(error: BaseException) -> BaseException | None:
    wrapped = [getattr(error, "reason", None), *error.args]
    inner = (e for e in wrapped if isinstance(e, BaseException))
    return error.__cause__ or error.__context__ or next(inner, None)


class _PinnedAdapter(HTTPAdapter):
    """Connects through `dial` instead of by name; name in Host, SNI and certificate stay."""

    def __init__(self, dial: Dial) -> None:
        super().__init__(max_retries=0)
        self._dial = dial

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = cast("HTTPConnectionPool", super().get_connection_with_tls_context(*args, **kwargs))
        dial = self._dial

        class PinnedHttp(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return dial()

        class PinnedHttps(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return dial()

        connection_class: Any = PinnedHttps if pool.scheme == "https" else PinnedHttp
        pool.ConnectionCls = connection_class
        return pool
