"""How hosts are treated: one request at a time, with pauses, and not at all when they object.

All of this is per host, whatever the provider, and lives in the process: two collectors are kept
apart by the lease, not by this module. Times here are seconds of a monotonic clock.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from protego import Protego

from scrapers.errors import Blocked, CollectError, Unreachable
from service.config import DEFAULT_CONTACT, VERSION

PRODUCT = "gpuquote"

PAUSE_SECONDS = 2.0
ROBOTS_KEPT_SECONDS = 24 * 3600.0
# A robots.txt that could not be read forbids everything, but one bad minute of the network
# must not switch a provider off for a day.
ROBOTS_FAILURE_KEPT_SECONDS = 15 * 60.0
MAX_RETRY_AFTER_SECONDS = 6 * 3600.0
BREAKER_FAILURES = 5
BREAKER_FIRST_SECONDS = 15 * 60.0
BREAKER_LONGEST_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things may take, in seconds; a request of a `large` provider has its own limit.

    `queue` is how long a request waits for its turn at a host before it gives up; it does not
    count against the request's own time.
    """

    request: float = 30.0
    large_request: float = 120.0
    robots: float = 10.0
    queue: float = 150.0
    pause: float = PAUSE_SECONDS


DEFAULT_PATIENCE = Patience()


def user_agent_of(contact: str) -> str:
    """Name the product, where it is described, and whom to write to. Raises ValueError."""
    if not contact.isascii() or not contact.isprintable() or not contact.strip():
        raise ValueError("the contact of the User-Agent must be printable ASCII")
    also = "" if contact == DEFAULT_CONTACT else f"; {contact}"
    return f"{PRODUCT}/{VERSION} (+{DEFAULT_CONTACT}{also})"


@dataclass(slots=True)
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    pause: float = PAUSE_SECONDS
    last_end: float = float("-inf")
    held_until: float = float("-inf")
    failure_count: int = 0
    closed_until: float = float("-inf")
    closed_for: float = 0.0

    @property
    def not_before(self) -> float:
        return max(self.held_until, self.last_end + self.pause)


class HostManners:
    """Takes turns at hosts: serial, with pauses, and with a breaker for those that fail.

    A success closes the breaker; five failures in a row open it for 15 minutes, and each failure
    after that for twice as long, up to 6 hours. `sleep` and `monotonic` belong together.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._pause = pause_seconds
        self._hosts: dict[str, _Host] = {}
        self._guard = threading.Lock()

    @contextmanager
    def turn(self, host: str, *, patience_seconds: float) -> Generator[None]:
        """Hold a host alone, from when it may be asked again.

        Raises Unreachable when its breaker is open, and Blocked when it asked to be left alone
        (Retry-After, Crawl-delay) for longer than `patience_seconds`.
        """
        state = self._state(host)
        if not state.lock.acquire(timeout=max(patience_seconds, 0)):
            raise Unreachable(f"{host} is still busy with another request of ours")
        try:
            self._wait_for(host, state, patience_seconds=patience_seconds)
            try:
                yield
            finally:
                state.last_end = self._monotonic()
        finally:
            state.lock.release()

    def wait_seconds(self, host: str) -> float:
        """Return how long the host wants to be left alone."""
        return max(self._state(host).not_before - self._monotonic(), 0.0)

    def hold_off(self, host: str, *, seconds: float) -> None:
        """Leave a host alone for so long, at most 6 hours."""
        state = self._state(host)
        until = self._monotonic() + min(seconds, MAX_RETRY_AFTER_SECONDS)
        state.held_until = max(state.held_until, until)

    def slow_down(self, host: str, *, pause_seconds: float) -> None:
        """Set the pause between requests to a host, never below our own."""
        self._state(host).pause = max(self._pause, pause_seconds)

    def succeeded(self, host: str) -> None:
        """Note that a host answered."""
        state = self._state(host)
        state.failure_count, state.closed_for = 0, 0.0

    def failed(self, host: str) -> None:
        """Note that a host did not answer, or not safely; opens the breaker from the fifth on."""
        state = self._state(host)
        state.failure_count += 1
        if state.failure_count >= BREAKER_FAILURES:
            longer = max(2 * state.closed_for, BREAKER_FIRST_SECONDS)
            state.closed_for = min(longer, BREAKER_LONGEST_SECONDS)
            state.closed_until = self._monotonic() + state.closed_for

    def _wait_for(self, host: str, state: _Host, *, patience_seconds: float) -> None:
        now = self._monotonic()
        if now < state.closed_until:
            minutes = (state.closed_until - now) / 60
            raise Unreachable(
                f"{host} failed {state.failure_count} times in a row;"
                f" it is asked again in {minutes:.0f} min"
            )
        wait = state.not_before - now
        if wait > patience_seconds:
            raise Blocked(f"{host} asks to be left alone for another {wait:.0f} s")
        if wait > 0:
            self._sleep(wait)

    def _state(self, host: str) -> _Host:
        with self._guard:
            return self._hosts.setdefault(host, _Host(pause=self._pause))


class Robots:
    """What one robots.txt says to us. Kept until `kept_until` (monotonic seconds)."""

    def __init__(self, *, rules: Protego | None, failure: str, kept_until: float) -> None:
        self._rules = rules
        self._failure = failure
        self.kept_until = kept_until

    @classmethod
    def of_answer(cls, *, status: int, text: str, now: float) -> "Robots":
        """Read an answer as RFC 9309 says: 2xx are rules, 4xx allow all, the rest forbids all."""
        if 200 <= status < 300:  # noqa: PLR2004 - the range of HTTP's successes
            kept_until = now + ROBOTS_KEPT_SECONDS
            return cls(rules=Protego.parse(text), failure="", kept_until=kept_until)
        if 400 <= status < 500:  # noqa: PLR2004 - the range of HTTP's client errors
            return cls(rules=None, failure="", kept_until=now + ROBOTS_KEPT_SECONDS)
        return cls.unread(failure=f"it answered {status}", now=now)

    @classmethod
    def unread(cls, *, failure: str, now: float) -> "Robots":
        """Stand for a robots.txt that could not be read: everything is forbidden for a while."""
        return cls(rules=None, failure=failure, kept_until=now + ROBOTS_FAILURE_KEPT_SECONDS)

    def check(self, url: str, *, product: str) -> None:
        """Raise Blocked when `product` may not ask for `url`, Unreachable when none can know."""
        if self._failure:
            raise Unreachable(f"robots.txt was not read, so nothing is asked: {self._failure}")
        if self._rules is not None and not self._rules.can_fetch(url, product):
            raise Blocked(f"robots.txt does not allow {url}")

    def crawl_delay_seconds(self, product: str) -> float:
        """Return the pause that the host asks for, 0 when it asks for none."""
        delay = self._rules.crawl_delay(product) if self._rules is not None else None
        return delay or 0.0


class RobotsCache:
    """The robots.txt of each origin, read when first needed and again a day later."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[str, Robots] = {}
        self._guard = threading.Lock()

    def robots_of(self, origin: str, *, read: Callable[[], tuple[int, str]]) -> Robots:
        """Return what is known of an origin; `read` gives status and text of its robots.txt."""
        with self._guard:
            known = self._known.get(origin)
        if known is not None and self._monotonic() < known.kept_until:
            return known
        try:
            status, text = read()
            robots = Robots.of_answer(status=status, text=text, now=self._monotonic())
        except CollectError as error:
            robots = Robots.unread(failure=str(error), now=self._monotonic())
        with self._guard:
            self._known[origin] = robots
        return robots


def retry_after_seconds(text: str, *, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date; None when it says nothing readable."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_RETRY_AFTER_SECONDS)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max((when - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)
