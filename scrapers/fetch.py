"""Fetching pages live: the only module that knows requests.

One request is: the host is the provider's, robots.txt allows it, the host's turn has come, its
name leads to public addresses only, and the answer arrives whole, within its size and its time.
Redirects are followed by hand so that each hop passes all of that again. Nothing is taken from
the environment, neither proxies nor .netrc nor certificates.
"""

import random
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

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
    line_filter_of,
    max_bytes_of,
    text_of,
)
from scrapers.deadline import Deadline, Watchdog
from scrapers.dial import Dial, dialler
from scrapers.errors import CollectError, SignedOut, Unreachable, UnsafeResponse
from scrapers.faults import fault_of
from scrapers.kept import Kept, KeptAnswers, validators_of
from scrapers.keys import Keys, Secret, hidden
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
from scrapers.redirects import redirected
from scrapers.tokens import Tokens

_ATTEMPTS = 3
_FIRST_BACKOFF_SECONDS = 2.0
_STEP_BYTES = 64 * 1024
_ROBOTS_BYTES = 512 * 1024
_NOT_MODIFIED = 304
# The 4xx that are about us or the host's health, not about this one page.
_HOST_OBJECTS = frozenset({401, 403, 408, 429})
# The kind of a page that is a token, which is nothing to be kept.
_SIGN_IN = "sign-in"
_NO_KEYS: Mapping[str, Secret] = MappingProxyType({})


def _full_jitter(longest_seconds: float) -> float:
    return random.SystemRandom().uniform(0, longest_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One request to one host, its keys still by name; `kept` makes it conditional."""

    request: Request
    origin: Origin
    kept: Kept | None = None
    token: Secret | None = None
    max_bytes: int | None = None


class HttpFetcher:
    """Fetches over HTTP; safe to share between threads, and only polite when shared.

    `contact` is a mail or web address for those whose pages are read. `keys` are put in their
    places in a request that is about to be sent, and nowhere else.
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
        keys: Mapping[str, Secret] = _NO_KEYS,
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
        self._keys = Keys(keys)
        self._tokens = Tokens(monotonic=monotonic)

    def records(self, request: Request) -> bool:  # noqa: ARG002 - live, anything may be asked
        """Tell that any request can be made."""
        return True

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        """Ask for a page within 30 seconds, 120 for a `large` provider or a filtered list.

        That time includes redirects and repetitions, not the wait for the host's turn, nor
        robots.txt, nor signing in. Raises Unreachable, Blocked, UnsafeResponse and PageChanged
        (404 and the like); no exception of the HTTP client.
        """
        if provider.sign_in is None or not request.needs_token:
            return self._fetch(request, provider=provider, kind=kind, part=part)
        token = self._token_of(provider)
        try:
            return self._fetch(request, provider=provider, kind=kind, part=part, token=token)
        except SignedOut:
            self._tokens.forget(provider.id, token)
        token = self._token_of(provider)
        return self._fetch(request, provider=provider, kind=kind, part=part, token=token)

    def _token_of(self, provider: Provider) -> Secret:
        def sign_in() -> Page:
            if provider.sign_in is None:  # pragma: no cover - asked of others only
                raise ValueError(f"{provider.id} has no sign_in")
            return self._fetch(provider.sign_in, provider=provider, kind=_SIGN_IN, part="")

        return self._tokens.token_of(provider.id, sign_in=sign_in)

    def _fetch(
        self,
        request: Request,
        *,
        provider: Provider,
        kind: str,
        part: str,
        token: Secret | None = None,
    ) -> Page:
        is_large = provider.large or request.only_lines
        seconds = self._patience.large_request if is_large else self._patience.request
        deadline = Deadline(seconds, monotonic=self._monotonic)
        endpoints = endpoints_of(provider)
        for _ in range(MAX_REDIRECTS + 1):
            origin = self._policy.admit(request.url, endpoints=endpoints)
            self._obey_robots(origin, request.url, endpoints=endpoints, deadline=deadline)
            kept = self._kept.find(request)
            question = _Question(request=request, origin=origin, kept=kept, token=token)
            answer = self._ask_politely(question, deadline=deadline)
            if answer.status in REDIRECTS and "location" in answer.headers:
                request = redirected(
                    request, status=answer.status, location=answer.headers["location"]
                )
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
            if kind != _SIGN_IN:
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
            question = _Question(request=request, origin=at, max_bytes=_ROBOTS_BYTES)
            answer = self._ask_politely(question, deadline=deadline)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer.status, answer.body.decode("utf-8", errors="replace")
            request = redirected(request, status=answer.status, location=answer.headers["location"])
        raise UnsafeResponse(f"{origin}/robots.txt: more than {MAX_REDIRECTS} redirects")

    def _ask_politely(self, question: _Question, *, deadline: Deadline) -> _Answer:
        """Ask up to three times, each in the host's turn, as long as the deadline allows."""
        host = question.origin.host
        answer = None
        for attempt in range(_ATTEMPTS):
            patience = deadline.remaining_seconds
            if not deadline.has_started:
                patience = self._patience.queue
            elif answer is not None and self._manners.wait_seconds(host) >= patience:
                break
            with self._manners.turn(host, patience_seconds=patience):
                deadline.start()
                answer = self._noting_health(question, deadline=deadline)
            self._hold_off(question.origin, answer=answer, attempt=attempt)
            if answer.status not in RETRIED:
                break
        if answer is None:  # pragma: no cover - the first attempt answers or raises
            raise Unreachable(f"{question.request.url} was not asked")
        return answer

    def _hold_off(self, origin: Origin, *, answer: _Answer, attempt: int) -> None:
        if answer.status in RETRIED:
            seconds = self._jitter(_FIRST_BACKOFF_SECONDS * 2**attempt)
            self._manners.hold_off(origin.host, seconds=seconds)
        asked = retry_after_seconds(answer.headers.get("retry-after", ""), now=self._now())
        if asked is not None and answer.status not in REDIRECTS:
            self._manners.hold_off(origin.host, seconds=asked)

    def _noting_health(self, question: _Question, *, deadline: Deadline) -> _Answer:
        host = question.origin.host
        try:
            answer = self._ask(question, deadline=deadline)
        except CollectError:
            self._manners.failed(host)
            raise
        if answer.status in _HOST_OBJECTS or answer.status in RETRIED:
            self._manners.failed(host)
        else:
            self._manners.succeeded(host)
        return answer

    def _ask(self, question: _Question, *, deadline: Deadline) -> _Answer:
        request, origin = question.request, question.origin
        addresses = self._policy.resolve(
            origin, resolver=self._resolver, timeout_seconds=deadline.remaining_seconds
        )
        seconds = max(deadline.remaining_seconds, 0.001)
        with Watchdog(seconds) as watchdog:
            dial = dialler(origin, addresses, watchdog=watchdog, deadline=deadline)
            try:
                answer = self._send(question, dial=dial, seconds=seconds)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                # The client's own timeout may be a moment faster than a watchdog on a busy machine.
                if watchdog.has_bitten or not deadline.remaining_seconds:
                    raise _late(request, deadline) from error
                raise fault_of(error, url=request.url) from error
        # A body without an end of its own looks whole when the watchdog cuts it off.
        if watchdog.has_bitten:
            raise _late(request, deadline)
        return answer

    def _send(self, question: _Question, *, dial: Dial, seconds: float) -> _Answer:
        request = self._keys.filled(question.request, token=question.token)
        headers = {
            "Accept": "*/*",
            **request.headers,
            **(question.kept.validators if question.kept else {}),
            "User-Agent": self._user_agent,
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }
        # Without a session: it would add proxies, .netrc and cookies of its own, and reads the
        # body of every redirect, unpacked and without a limit.
        prepared = requests.Request(
            request.method, request.url, headers=headers, json=request.json_body
        ).prepare()
        with (
            closing(_PinnedAdapter(dial)) as adapter,
            adapter.send(prepared, stream=True, timeout=seconds, verify=self._verify) as response,
        ):
            body = _body_of(response, request=request, max_bytes=question.max_bytes)
            # A server may repeat what it was sent, in a redirect or a message of error.
            sent = self._keys.used_by(question.request, token=question.token)
            return _Answer(
                status=response.status_code,
                headers={
                    name.lower(): hidden(text.encode(), sent).decode()
                    for name, text in response.headers.items()
                },
                body=hidden(body, sent),
            )


def _body_of(response: requests.Response, *, request: Request, max_bytes: int | None) -> bytes:
    """Read the body of a 200 within its limits; that of another status does not matter."""
    if response.status_code != requests.codes.ok:
        return b""
    limit = max_bytes or max_bytes_of(response.headers.get("Content-Type", ""))
    body = Body(
        content_encoding=response.headers.get("Content-Encoding", ""),
        max_bytes=limit,
        lines=line_filter_of(request),
    )
    has_end = "Content-Length" in response.headers or response.raw.chunked
    if not has_end and not body.is_compressed:
        raise UnsafeResponse("the answer has no length, so that it cannot be known to be whole")
    # Undecoded: the client's own decompression has no limit.
    for piece in response.raw.stream(_STEP_BYTES, decode_content=False):
        body.feed(piece)
    return body.finish()


def _late(request: Request, deadline: Deadline) -> Unreachable:
    return Unreachable(f"{request.url} did not answer whole within {deadline.seconds:g} s")


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
