"""A watcher's way through the log."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog import watch as watch_module
from service.catalog.cursors import WHOLE, Mark
from service.catalog.feed import ChangeFeed, Logged
from service.catalog.watch import Passes, Seen, Watch, conflated
from service.domain.change import Change, ChangeKind
from tests.builders import NOW, an_offer
from tests.service.catalog.test_feed import SECONDS, Fragile, Publisher, following, until

FOREVER = 1e12


@pytest.fixture
def store() -> Fragile:
    return Fragile()


@pytest.fixture
def feed(store: Fragile) -> Iterator[ChangeFeed]:
    with following(store) as one:
        one.end()
        yield one


def everything(_: Change) -> bool:
    return True


def a_watch(
    feed: ChangeFeed,
    begin: Mark | None = None,
    *,
    passes: Passes = everything,
    ends_in: float = FOREVER,
    heartbeat: float = SECONDS,
) -> Watch:
    return Watch(
        feed,
        begin=feed.end() if begin is None else begin,
        passes=passes,
        ends_at=time.monotonic() + ends_in,
        heartbeat_seconds=heartbeat,
    )


def prices_of(seen: Iterable[Seen]) -> list[str]:
    changes = [one.change for one in seen if one.change is not None]
    return [str(change.after.price_per_hour) if change.after else "gone" for change in changes]


def test_the_first_word_confirms_the_place(feed: ChangeFeed) -> None:
    assert next(a_watch(feed)) == Seen(mark=feed.end())


def test_changes_come_one_by_one_with_their_places(feed: ChangeFeed, store: Fragile) -> None:
    publisher, watch = Publisher(store), a_watch(feed)
    next(watch)
    publisher.price(1)
    publisher.price(2)
    first, second = next(watch), next(watch)
    assert prices_of((first, second)) == ["1", "2"]
    assert first.mark < second.mark == feed.end()
    assert first.logged
    assert first.conflated_count == 0
    again = a_watch(feed, first.mark)
    next(again)
    assert next(again) == second


def test_what_does_not_pass_moves_the_place_and_no_more(feed: ChangeFeed, store: Fragile) -> None:
    publisher = Publisher(store)
    watch = a_watch(feed, passes=lambda change: change.kind is ChangeKind.DELISTED, heartbeat=0.1)
    next(watch)
    publisher.price(1)
    until(lambda: feed.end()[0] == 1)
    assert next(watch) == Seen(mark=feed.end())
    publisher.publish()
    assert prices_of((next(watch),)) == ["gone"]


def test_silence_is_broken_by_heartbeats(feed: ChangeFeed) -> None:
    watch = a_watch(feed, heartbeat=0.02)
    next(watch)
    started = time.monotonic()
    assert [next(watch), next(watch)] == [Seen(mark=feed.end())] * 2
    assert time.monotonic() - started >= 0.04


def test_a_watch_ends_at_its_time_and_when_it_is_closed(feed: ChangeFeed) -> None:
    assert len(list(a_watch(feed, ends_in=0.05))) == 1
    watch = a_watch(feed)
    next(watch)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, watch)
        time.sleep(0.02)
        watch.close()
        assert rest.result(timeout=SECONDS / 2) == []


def test_a_feed_that_stops_ends_its_watchers(store: Fragile) -> None:
    with ThreadPoolExecutor(1) as pool:
        with following(store) as feed:
            watch = a_watch(feed)
            next(watch)
            rest = pool.submit(list, watch)
            time.sleep(0.02)
        assert rest.result(timeout=SECONDS / 2) == []


def a_slow_watch(feed: ChangeFeed, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return a watch that counts as slow as soon as it is two changes behind."""
    monkeypatch.setattr(watch_module, "SLOW_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(watch_module, "SLOW_BEHIND", 1)
    monkeypatch.setattr(watch_module, "READ_AT_ONCE", 1)
    watch = a_watch(feed)
    next(watch)
    return watch


def test_a_slow_watcher_gets_the_sum(
    feed: ChangeFeed, store: Fragile, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, watch = Publisher(store), a_slow_watch(feed, monkeypatch)
    for price in range(1, 7):
        publisher.price(price)
    until(lambda: feed.end()[0] == 6)
    first, rest = next(watch), next(watch)
    assert prices_of((first, rest)) == ["1", "6"]
    assert rest.change is not None
    assert rest.change.kind is ChangeKind.PRICE_CHANGED
    assert rest.change.before == an_offer(price="1")
    assert rest.conflated_count == 4
    assert rest.mark == feed.end()


def test_what_was_there_when_the_watch_began_is_not_summed(
    feed: ChangeFeed, store: Fragile, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, begin = Publisher(store), feed.end()
    for price in range(1, 7):
        publisher.price(price)
    until(lambda: feed.end()[0] == 6)
    a_slow_watch(feed, monkeypatch)
    watch = a_watch(feed, begin)
    assert prices_of(next(watch) for _ in range(7)) == ["1", "2", "3", "4", "5", "6"]


# Conflation by itself

_STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from((None, 1, 2, 3))), max_size=30)


def a_log(steps: list[tuple[str, int | None]]) -> list[Logged]:
    """Make the log of offers that come, change and go; a price of None is a delisting."""
    prices: dict[str, int] = {}
    found: list[Logged] = []
    for offer_id, price in steps:
        before = prices.get(offer_id)
        if price == before:
            continue
        if price is None:
            prices.pop(offer_id, None)
        else:
            prices[offer_id] = price
        kind = (
            ChangeKind.LISTED
            if before is None
            else ChangeKind.DELISTED
            if price is None
            else ChangeKind.PRICE_CHANGED
        )
        was, now = (
            None if one is None else an_offer(offer_id=offer_id, price=str(one))
            for one in (before, price)
        )
        change = Change(kind=kind, offer_id=offer_id, change_time=NOW, before=was, after=now)
        found.append(Logged(mark=(len(found) + 1, 0, WHOLE), change=change))
    return found


def state_after(seen: Iterable[Seen | Logged]) -> dict[str, Decimal]:
    """Replay changes as a reader would."""
    state: dict[str, Decimal] = {}
    for one in seen:
        change = one.change
        if change is None:
            continue
        if change.after is None:
            state.pop(change.offer_id, None)
        else:
            state[change.offer_id] = change.after.price_per_hour
    return state


@given(_STEPS, st.data())
def test_the_sum_leads_to_the_same_state_and_loses_nothing_wherever_it_is_cut(
    steps: list[tuple[str, int | None]], data: st.DataObject
) -> None:
    log = a_log(steps)
    begin, end = (0, 0, WHOLE), (len(log) + 1, 0, WHOLE)
    seen = conflated(log, begin=begin, end=end, passes=everything)
    assert state_after(seen) == state_after(log)
    assert len(seen) == len({one.change.offer_id for one in log})
    assert sum(one.conflated_count + 1 for one in seen) == len(log)
    marks = [one.mark for one in seen]
    assert marks == sorted(marks)
    assert not marks or marks[-1] == end
    cut = data.draw(st.integers(0, len(seen)))
    resume = marks[cut - 1] if cut else begin
    rest = [one for one in log if one.mark > resume]
    assert state_after([*seen[:cut], *rest]) == state_after(log)


@given(_STEPS)
def test_the_first_before_and_the_last_after_stay(steps: list[tuple[str, int | None]]) -> None:
    log = a_log(steps)
    seen = conflated(log, begin=(0, 0, WHOLE), end=(99, 0, WHOLE), passes=everything)
    for one in seen:
        own = [
            each.change
            for each in log
            if one.change and each.change.offer_id == one.change.offer_id
        ]
        assert one.change is not None
        assert one.change.after == own[-1].after
        if one.change.kind is not ChangeKind.DELISTED:
            assert one.change.before == own[0].before
        assert (one.change.before is None) == (one.change.kind is ChangeKind.LISTED)
        assert (one.change.after is None) == (one.change.kind is ChangeKind.DELISTED)
