import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from service.domain.history import Point
from service.domain.offer import AvailabilityState, Standing
from service.store import keys
from service.store.embedded import EmbeddedServer
from service.store.points import HEAD_SIZE
from service.store.redis_store import RedisStore
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.store.contract import Clock, publish
from tests.service.store.history_contract import (
    AVAILABLE,
    HOUR,
    KEPT,
    SOLD_OUT,
    HistoryContract,
    Publisher,
    a_report,
    stocked,
)

pytestmark = pytest.mark.redis

KEY = keys.points(an_offer().offer_id)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(valkey: EmbeddedServer, raw: Any, clock: Clock) -> Iterator[RedisStore]:
    assert raw.dbsize() == 0
    with RedisStore.connect(
        valkey.url, op_timeout_seconds=5, clock=clock, history_kept_for=KEPT
    ) as connected:
        yield connected


class TestRedisHistory(HistoryContract):
    """The contract, on a real server."""


def an_old_record(hours: int, nanos: int, code: int) -> bytes:
    micros = (NOW - timedelta(days=1) + hours * HOUR).timestamp() * 10**6
    return struct.pack(">qqB", int(micros), nanos, code)


def as_the_first_version_left_it(raw: Any, store: RedisStore) -> Publisher:
    """Publish, then put what an older version would have written in its place."""
    publisher = Publisher(store)
    publisher.at(0, an_offer(), an_offer(offer_id="quiet"))
    old = an_old_record(0, 2_000_000_000, 1) + an_old_record(5, 2_490_000_000, 0)
    for offer_id in (an_offer().offer_id, "quiet"):
        raw.set(keys.points(offer_id), old)
    raw.delete(keys.watched("nimbus"), keys.series("h100-sxm-80gb"))
    return publisher


def test_an_older_store_is_read_as_it_is_and_written_anew_with_the_next_point(
    store: RedisStore, raw: Any
) -> None:
    publisher = as_the_first_version_left_it(raw, store)
    day = timedelta(days=1)
    before = (
        Point(NOW - day, 2_000_000_000, AVAILABLE),
        Point(NOW - day + 5 * HOUR, 2_490_000_000, AvailabilityState.NOT_STATED),
    )
    assert store.price_points("quiet") == before
    publisher.at(1, an_offer(price="3"), an_offer(offer_id="quiet"))
    changed = store.price_points(an_offer().offer_id)
    assert changed[:2] == before
    assert (changed[2].price_nanos, changed[2].change_time) == (3 * 10**9, NOW + HOUR)
    assert raw.get(KEY)[0] == 1
    history = store.model_history("h100-sxm-80gb")
    # What did not change is known as well, and was watched as long as its points reach back.
    assert {one.offer_id for one in history.series} == {"quiet", an_offer().offer_id}
    assert history.watched["nimbus"][0].start < NOW - day


def test_a_history_that_lost_its_end_goes_on(store: RedisStore, raw: Any) -> None:
    publisher = Publisher(store)
    publisher.at(0, an_offer())
    publisher.at(1, an_offer(price="3"))
    raw.set(KEY, raw.get(KEY)[:-1])
    assert len(store.price_points(an_offer().offer_id)) == 1
    publisher.at(2, an_offer(price="4"))
    prices = [point.price_nanos for point in store.price_points(an_offer().offer_id)]
    assert prices == [2_490_000_000, 4 * 10**9]


def test_a_change_adds_a_few_bytes_and_does_not_rewrite(store: RedisStore, raw: Any) -> None:
    publisher = Publisher(store)
    for hour in range(50):
        publisher.at(hour, stocked(SOLD_OUT if hour % 2 else AVAILABLE))
    before = raw.get(KEY)
    publisher.at(50, stocked(AVAILABLE))
    after = raw.get(KEY)
    assert after[HEAD_SIZE : len(before)] == before[HEAD_SIZE:]
    assert len(after) - len(before) == 2


def test_what_expired_leaves_the_series(store: RedisStore, raw: Any) -> None:
    publisher = Publisher(store)
    gone = [an_offer(offer_id=f"gone{at}") for at in range(20)]
    publisher.at(0, an_offer(), *gone)
    publisher.at(1, an_offer())
    assert 0 < raw.ttl(keys.points("gone0")) <= KEPT.total_seconds()
    raw.delete(*(keys.points(offer.offer_id) for offer in gone))  # as if expired
    assert len(store.model_history("h100-sxm-80gb").series) == 1
    for hour in range(2, 60):
        publisher.at(hour, an_offer(price=f"{hour}"))
    left = raw.hkeys(keys.series("h100-sxm-80gb"))
    assert an_offer().offer_id.encode() in left
    assert len(left) < 10


def test_facts_that_cannot_be_read_cost_that_series_only(store: RedisStore, raw: Any) -> None:
    Publisher(store).at(0, an_offer(), an_offer(offer_id="b"))
    raw.hset(keys.series("h100-sxm-80gb"), "b", b"[1")
    raw.set(keys.watched("nimbus"), b"nonsense")
    history = store.model_history("h100-sxm-80gb")
    assert [one.offer_id for one in history.series] == [an_offer().offer_id]
    assert history.watched == {}


def test_a_report_that_cannot_be_read_is_passed_over(store: RedisStore, raw: Any) -> None:
    store.save_report(a_report())
    raw.zadd(keys.reports("h100-sxm-80gb"), {b"nimbus\n123456{": NOW.timestamp()})
    assert store.reports("h100-sxm-80gb", since=NOW) == (a_report(),)
    assert 0 < raw.ttl(keys.reports("h100-sxm-80gb")) <= KEPT.total_seconds()


def test_keys_of_another_type_stop_nobody(store: RedisStore, raw: Any) -> None:
    ours = [
        *(keys.watched("nimbus"), keys.provisional("nimbus"), keys.series("h100-sxm-80gb")),
        *(KEY, keys.reports("h100-sxm-80gb")),
    ]
    for key in ours:
        raw.rpush(key, "foreign")
    assert store.model_history("h100-sxm-80gb").series == ()
    assert store.reports("h100-sxm-80gb", since=NOW) == ()
    offer = an_offer(standing=Standing.PROVISIONAL)
    publish(store, a_snapshot(offer))
    store.save_report(a_report())
    assert len(store.model_history("h100-sxm-80gb").series) == 1
    assert store.reports("h100-sxm-80gb", since=NOW) == (a_report(),)
    for key in ours:
        assert raw.lrange(keys.SET_ASIDE + key, 0, -1) == [b"foreign"]


def test_a_thousand_series_are_read_together(store: RedisStore) -> None:
    offers = [an_offer(offer_id=f"o{at}", price=f"{at + 1}") for at in range(1000)]
    Publisher(store).at(0, *offers)
    history = store.model_history("h100-sxm-80gb")
    assert {one.offer_id for one in history.series} == {offer.offer_id for offer in offers}
