import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from scrapers.errors import Blocked, Unreachable
from scrapers.politeness import (
    MAX_RETRY_AFTER_SECONDS,
    HostManners,
    Robots,
    RobotsCache,
    retry_after_seconds,
)

HOST = "nimbus.example"
NOW = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)
MINUTE = 60.0
HOUR = 3600.0


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manners(clock: Clock) -> HostManners:
    return HostManners(monotonic=clock.monotonic, sleep=clock.sleep)


def ask(manners: HostManners, host: str = HOST, *, patience: float = 100.0) -> None:
    with manners.turn(host, patience_seconds=patience):
        pass


def test_requests_to_a_host_are_two_seconds_apart(manners: HostManners, clock: Clock) -> None:
    for _ in range(3):
        ask(manners)

    assert clock.slept == [2.0, 2.0]


def test_the_pause_counts_from_the_end_of_the_last_request(
    manners: HostManners, clock: Clock
) -> None:
    with manners.turn(HOST, patience_seconds=100):
        clock.now += 30
    clock.now += 0.5
    ask(manners)

    assert clock.slept == [1.5]


def test_a_request_that_fails_is_followed_by_a_pause_too(
    manners: HostManners, clock: Clock
) -> None:
    with pytest.raises(ValueError, match="bad"), manners.turn(HOST, patience_seconds=1):
        raise ValueError("bad")
    ask(manners)

    assert clock.slept == [2.0]


def test_hosts_do_not_wait_for_each_other(manners: HostManners, clock: Clock) -> None:
    ask(manners)
    ask(manners, "other.example")

    assert clock.slept == []


def test_a_longer_pause_is_kept_and_a_shorter_one_is_not(
    manners: HostManners, clock: Clock
) -> None:
    ask(manners)
    manners.slow_down(HOST, pause_seconds=10)
    ask(manners)
    manners.slow_down(HOST, pause_seconds=0.1)
    ask(manners)

    assert clock.slept == [10.0, 2.0]


def test_a_host_that_asks_for_more_time_than_there_is_is_left_alone(
    manners: HostManners, clock: Clock
) -> None:
    manners.hold_off(HOST, seconds=101)

    with pytest.raises(Blocked, match="101 s"):
        ask(manners)
    assert clock.slept == []
    ask(manners, patience=101)
    assert clock.slept == [101]


def test_a_host_is_held_off_for_six_hours_at_most(manners: HostManners) -> None:
    manners.hold_off(HOST, seconds=9e9)

    assert manners.wait_seconds(HOST) == 6 * HOUR


def test_a_host_has_one_request_at_a_time() -> None:
    manners = HostManners(monotonic=lambda: 0.0, sleep=lambda _: None, pause_seconds=0)
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        with manners.turn(HOST, patience_seconds=1):
            entered.set()
            release.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert entered.wait(5)
        with pytest.raises(Unreachable, match="busy"):
            ask(manners, patience=0.05)
    finally:
        release.set()
        holder.join(5)
    ask(manners, patience=0.05)


def fail(manners: HostManners, times: int) -> None:
    for _ in range(times):
        manners.failed(HOST)


def closed_seconds(manners: HostManners, clock: Clock) -> float:
    """Fail once more after the breaker has run out and tell how long it is open then."""
    start = clock.now
    while True:
        try:
            ask(manners)
        except Unreachable:
            clock.now += MINUTE
        else:
            return clock.now - start


def test_the_fifth_failure_in_a_row_opens_the_breaker(manners: HostManners) -> None:
    fail(manners, 4)
    ask(manners)
    fail(manners, 1)

    with pytest.raises(Unreachable, match=r"failed 5 times in a row.* 15 min"):
        ask(manners)
    ask(manners, "other.example")


def test_the_breaker_stays_open_twice_as_long_each_time_up_to_six_hours(
    manners: HostManners, clock: Clock
) -> None:
    fail(manners, 4)
    minutes = []
    for _ in range(7):
        fail(manners, 1)
        minutes.append(round(closed_seconds(manners, clock) / MINUTE))

    assert minutes == [15, 30, 60, 120, 240, 360, 360]


def test_one_success_closes_the_breaker_for_good(manners: HostManners, clock: Clock) -> None:
    fail(manners, 6)
    closed_seconds(manners, clock)
    manners.succeeded(HOST)
    fail(manners, 4)
    ask(manners)
    fail(manners, 1)

    assert round(closed_seconds(manners, clock) / MINUTE) == 15


RULES = """
User-agent: *
Disallow: /private
Crawl-delay: 3

User-agent: gpuquote
Disallow: /secret
Crawl-delay: 7.5
"""


def robots(text: str = RULES, *, status: int = 200) -> Robots:
    return Robots.of_answer(status=status, text=text, now=0.0)


def allows(known: Robots, path: str) -> bool:
    try:
        known.check(f"https://nimbus.example{path}", product="gpuquote")
    except (Blocked, Unreachable):
        return False
    return True


def test_the_rules_for_our_product_count() -> None:
    assert allows(robots(), "/prices")
    assert allows(robots(), "/private")
    assert not allows(robots(), "/secret/x")
    assert robots().crawl_delay_seconds("gpuquote") == 7.5


def test_the_rules_for_all_count_where_we_are_not_named() -> None:
    known = robots("User-agent: *\nDisallow: /private\nUser-agent: other\nDisallow: /")

    assert allows(known, "/prices")
    assert not allows(known, "/private")
    assert known.crawl_delay_seconds("gpuquote") == 0


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429])
def test_a_missing_robots_txt_allows_everything(status: int) -> None:
    assert allows(robots("Disallow: /", status=status), "/prices")


@pytest.mark.parametrize("status", [500, 503, 301])
def test_a_robots_txt_that_cannot_be_read_forbids_everything(status: int) -> None:
    with pytest.raises(Unreachable, match=str(status)):
        robots(status=status).check("https://nimbus.example/", product="gpuquote")


def test_a_disallow_is_named_as_one() -> None:
    with pytest.raises(Blocked, match=r"robots\.txt does not allow"):
        robots().check("https://nimbus.example/secret", product="gpuquote")


def test_rubbish_forbids_nothing() -> None:
    assert allows(robots("<html>\0\x1b what?\nDisallow /\n" * 100), "/prices")


def test_robots_are_read_once_a_day(clock: Clock) -> None:
    cache = RobotsCache(monotonic=clock.monotonic)
    reads = []

    def read() -> tuple[int, str]:
        reads.append(clock.now)
        return 200, RULES

    for hours in (0, 23, 2):
        clock.now += hours * HOUR
        cache.robots_of("https://nimbus.example", read=read)
    cache.robots_of("https://other.example", read=read)

    assert len(reads) == 3


@pytest.mark.parametrize("failure", [Unreachable("down"), Blocked("busy")])
def test_a_failure_to_read_robots_is_forgotten_after_minutes(
    clock: Clock, failure: Exception
) -> None:
    cache = RobotsCache(monotonic=clock.monotonic)

    def fail_to_read() -> tuple[int, str]:
        raise failure

    def read(where: object = None) -> tuple[int, str]:
        del where
        return 404, ""

    assert not allows(cache.robots_of("https://nimbus.example", read=fail_to_read), "/")
    clock.now += 14 * MINUTE
    assert not allows(cache.robots_of("https://nimbus.example", read=read), "/")
    clock.now += 2 * MINUTE
    assert allows(cache.robots_of("https://nimbus.example", read=read), "/")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999999999999", MAX_RETRY_AFTER_SECONDS),
        ("Thu, 08 Oct 2026 12:01:30 GMT", 90.0),
        ("Thu, 08 Oct 2026 12:01:30 -0000", 90.0),
        ("Thu, 08 Oct 2026 11:00:00 GMT", 0.0),
        ("Fri, 08 Oct 2027 12:00:00 GMT", MAX_RETRY_AFTER_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(text: str, seconds: float | None) -> None:
    assert retry_after_seconds(text, now=NOW) == seconds
