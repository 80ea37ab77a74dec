"""Following the log of changes."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from service.catalog import feed as feed_module
from service.catalog.cursors import WHOLE, CursorCodec, Mark
from service.catalog.feed import ChangeFeed, Logged, Wake
from service.domain.change import changes_between
from service.domain.errors import OutOfRange, Reason, Unavailable
from service.domain.offer import Offer
from service.store.memory_store import MemoryStore
from service.store.ports import CHANGES_KEPT, LogBounds, LogEntry, LogPosition, StoreUnreachable
from tests.builders import NOW, a_snapshot, an_offer

SECONDS = 10.0


class Publisher:
    """Publishes one provider's offers, one set after the other; waits for the feed, if given."""

    def __init__(self, store: MemoryStore, feed: ChangeFeed | None = None) -> None:
        self.store = store
        self.feed = feed
        self._before = a_snapshot(snapshot_id="")
        self._number = 0

    def publish(self, *offers: Offer) -> None:
        """Make these offers the current ones."""
        self._number += 1
        after = a_snapshot(*offers, snapshot_id=f"s{self._number}")
        changes = changes_between(self._before.offers, offers, now=NOW)
        self.store.publish(after, previous_id=self._before.snapshot_id, changes=changes, fence=1)
        self._before = after
        feed = self.feed
        if feed is not None:
            until(lambda: feed.end()[:2] == self.store.log_bounds().end)

    def price(self, price: int) -> None:
        """Publish the one offer at a price."""
        self.publish(an_offer(price=str(price)))


class Fragile(MemoryStore):
    """A store that can go away; it counts how often callers read its log."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.read_count = 0

    def log_entries(
        self, *, since: LogPosition, limit: int, enough: int = CHANGES_KEPT
    ) -> tuple[LogEntry, ...]:
        self.read_count += threading.current_thread().name != "changes"
        return super().log_entries(since=since, limit=limit, enough=enough)

    def wait_for_log_entries(
        self, *, after: LogPosition, limit: int, timeout_seconds: float
    ) -> tuple[LogEntry, ...]:
        if self.is_away:
            raise StoreUnreachable("away")
        return super().wait_for_log_entries(
            after=after, limit=limit, timeout_seconds=min(timeout_seconds, 0.02)
        )


@contextmanager
def following(store: MemoryStore) -> Iterator[ChangeFeed]:
    feed = ChangeFeed(store, store.page_token_key)
    feed.start()
    try:
        yield feed
    finally:
        feed.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def prices_of(logged: Sequence[Logged]) -> list[str]:
    return [str(one.change.after.price_per_hour) if one.change.after else "" for one in logged]


def read_all(feed: ChangeFeed, mark: Mark, *, limit: int = 100) -> list[Logged]:
    found: list[Logged] = []
    while True:
        more, behind = feed.read(mark, limit=limit)
        if behind == mark:
            return found
        found.extend(more)
        mark = behind


@pytest.fixture
def store() -> Fragile:
    return Fragile()


def test_what_is_published_is_read_in_order_without_asking_the_store(store: Fragile) -> None:
    publisher = Publisher(store)
    with following(store) as feed:
        begin = feed.end()
        for price in range(1, 6):
            publisher.price(price)
        until(lambda: len(read_all(feed, begin)) == 5)
        assert prices_of(read_all(feed, begin, limit=2)) == ["1", "2", "3", "4", "5"]
    assert store.read_count == 0


def test_who_is_behind_reads_the_same_from_the_store(store: Fragile) -> None:
    publisher = Publisher(store)
    for price in range(1, 6):
        publisher.price(price)
    with following(store) as feed:
        assert prices_of(read_all(feed, feed.oldest(), limit=2)) == ["1", "2", "3", "4", "5"]
        assert store.read_count > 0
        publisher.price(6)
        until(lambda: feed.end()[0] == 6)
        assert prices_of(read_all(feed, feed.oldest()))[-2:] == ["5", "6"]


def test_memory_holds_a_bounded_end_of_the_log(
    store: Fragile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "CHANGES_IN_MEMORY", 3)
    publisher = Publisher(store)
    with following(store) as feed:
        begin = feed.end()
        for price in range(1, 9):
            publisher.price(price)
        until(lambda: feed.end()[0] == 8)
        assert feed.lag(begin) == 3
        assert prices_of(read_all(feed, begin)) == [str(price) for price in range(1, 9)]


@pytest.mark.parametrize("where", ["memory", "store"])
def test_a_place_inside_a_publication_is_resumed_there(store: Fragile, where: str) -> None:
    publisher = Publisher(store)
    offers = [an_offer(offer_id=f"o{at}") for at in range(5)]
    if where == "store":
        publisher.publish(*offers)
    with following(store) as feed:
        if where == "memory":
            feed.end()
            publisher.publish(*offers)
            until(lambda: feed.end()[0] == 1)
        mark = read_all(feed, (0, 0, WHOLE))[1].mark
        assert mark == (1, 0, 2)
        assert [one.change.offer_id for one in read_all(feed, mark)] == ["o2", "o3", "o4"]
        assert read_all(feed, mark)[-1].mark == (1, 0, WHOLE) == feed.end()


def test_a_place_whose_next_change_was_dropped_names_the_oldest_cursor(store: Fragile) -> None:
    publisher = Publisher(store)
    for price in range(1, 5):
        publisher.price(price)
    store._log = store._log[2:]  # as a month would
    store._log_bounds = LogBounds(dropped=(2, 0), end=(4, 0))
    with following(store) as feed:
        with pytest.raises(OutOfRange) as expired:
            feed.read((1, 0, WHOLE), limit=9)
        assert expired.value.reason is Reason.CURSOR_EXPIRED
        oldest = feed.codec.mark(expired.value.metadata["oldest_cursor"])
        assert prices_of(read_all(feed, oldest)) == ["3", "4"]
        assert oldest == feed.oldest()


def test_waiting_ends_with_news_and_not_before(store: Fragile) -> None:
    publisher = Publisher(store)
    with following(store) as feed, ThreadPoolExecutor(1) as pool:
        begin = feed.end()
        started = time.monotonic()
        feed.wait(begin, Wake(), seconds=0.02)
        assert time.monotonic() - started >= 0.02
        waiting = pool.submit(feed.wait, begin, Wake(), seconds=SECONDS)
        publisher.price(1)
        waiting.result(timeout=SECONDS / 2)
        assert feed.end() > begin
        feed.wait(begin, Wake(), seconds=SECONDS)  # what is there already is not waited for


def test_everybody_who_waits_is_woken(store: Fragile) -> None:
    publisher = Publisher(store)
    with following(store) as feed, ThreadPoolExecutor(30) as pool:
        begin = feed.end()
        waiting = [pool.submit(feed.wait, begin, Wake(), seconds=SECONDS) for _ in range(30)]
        publisher.price(1)
        for one in waiting:
            one.result(timeout=SECONDS / 2)


def test_stopping_ends_every_wait(store: Fragile) -> None:
    with ThreadPoolExecutor(1) as pool:
        with following(store) as feed:
            waiting = pool.submit(feed.wait, feed.end(), Wake(), seconds=SECONDS)
            time.sleep(0.02)
        waiting.result(timeout=SECONDS / 2)
        feed.wait(feed.end(), Wake(), seconds=SECONDS)


def test_a_store_that_was_away_has_lost_nothing(store: Fragile) -> None:
    publisher = Publisher(store)
    with following(store) as feed:
        begin = feed.end()
        publisher.price(1)
        until(lambda: feed.end() > begin)
        store.is_away = True
        time.sleep(0.05)
        publisher.price(2)
        assert prices_of(read_all(feed, begin)) == ["1"]
        store.is_away = False
        until(lambda: len(read_all(feed, begin)) == 2)
        assert prices_of(read_all(feed, begin)) == ["1", "2"]


def test_a_store_that_was_never_reached_is_an_error_of_the_store(
    store: Fragile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "FIRST_CONTACT_SECONDS", 0.01)
    with pytest.raises(Unavailable) as away:
        ChangeFeed(store, store.page_token_key).end()
    assert away.value.reason is Reason.STORE_UNREACHABLE


def test_cursors_are_those_of_the_store(store: Fragile) -> None:
    with following(store) as feed:
        text = CursorCodec(store.page_token_key()).text((1, 2, 3))
        assert feed.codec.mark(text) == (1, 2, 3)


def test_one_thread_follows_however_many_wait(store: Fragile) -> None:
    with following(store), following(Fragile()):
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("changes") == 2
