import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis

from service.domain.quarantine import QuarantineState, Review
from service.domain.run import RUNS_KEPT_FOR, RunState
from service.store import codec, keys, redis_catalog, redis_link
from service.store.embedded import EmbeddedServer
from service.store.ports import (
    NewerSchema,
    PublishOutcome,
    StoreUnreachable,
    UnreadableSnapshot,
)
from service.store.redis_link import BadStoreUrl, UnsuitableStore
from service.store.redis_store import RedisStore
from tests.builders import NOW, a_quarantined, a_snapshot, a_status, an_offer
from tests.service.store.contract import TERM, Clock, StoreContract, a_run, publish
from tests.service.store.servers import a_configurable_server, a_silent_server

pytestmark = pytest.mark.redis

SECRET = "hunter2-hunter2"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(valkey: EmbeddedServer, raw: Any, clock: Clock) -> Iterator[RedisStore]:
    assert raw.dbsize() == 0
    # Patient: other tests may keep both cores busy.
    with RedisStore.connect(valkey.url, op_timeout_seconds=5, clock=clock) as connected:
        yield connected


@pytest.fixture(scope="module")
def other_server() -> Iterator[str]:
    """Run a server with a password whose settings can be changed; give its URL."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_configurable_server(Path(folder), password=SECRET) as url,
    ):
        yield url


class TestRedisStore(StoreContract):
    """The contract, on a real server."""


# Addresses


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"redis+sentinel://:{SECRET}@h:26379/mymaster", "Sentinel and Cluster are not supported"),
        (f"redis+cluster://:{SECRET}@h:7000", "Sentinel and Cluster are not supported"),
        (f"redis://:{SECRET}@h1:6379,h2:6379", "Sentinel and Cluster are not supported"),
        (f"http://:{SECRET}@h", "starts with redis://, rediss:// or unix://"),
        ("localhost:6379", "starts with redis://, rediss:// or unix://"),
        ("", "starts with redis://, rediss:// or unix://"),
        (f"redis://:{SECRET}@", "the host is missing"),
        (f"redis://:{SECRET}@h:70000", "the port is not a number"),
        (f"redis://:{SECRET}@h:none", "the port is not a number"),
        ("unix://", "the path of the socket is missing"),
        (f"redis://:{SECRET}@h?socket_timeout=60", "unknown option 'socket_timeout'"),
        (f"redis://:{SECRET}@h?db=x", "db"),
    ],
)
def test_an_address_that_cannot_work_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(BadStoreUrl) as refused:
        RedisStore.connect(url)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


def test_an_address_is_shown_without_its_credentials() -> None:
    for url, shown in [
        (f"rediss://me:{SECRET}@cache.example:6380/3", "rediss://cache.example:6380/3"),
        (f"unix:///run/valkey.sock?password={SECRET}&db=0", "unix:///run/valkey.sock"),
    ]:
        with RedisStore.connect(url) as store:
            assert store.address == shown


# Servers that are not there


def operations(store: RedisStore) -> list[Callable[[], object]]:
    return [
        store.pointers,
        store.statuses,
        store.position,
        store.page_token_key,
        store.check_policy,
        lambda: store.snapshot("nimbus"),
        lambda: store.price_points("x"),
        lambda: store.register((a_status(),)),
        lambda: publish(store, a_snapshot(an_offer())),
        lambda: store.wait_for_event(after="0-0", timeout_seconds=30),
        lambda: store.take_request(timeout_seconds=30),
        lambda: store.save_run(a_run()),
        lambda: store.find_run("r1"),
        lambda: store.acquire(holder="a", length=TERM),
    ]


def test_without_a_server_every_operation_says_so_at_once(tmp_path: Path) -> None:
    with RedisStore.connect(f"unix://:{SECRET}@{tmp_path}/nothing") as store:
        for operation in operations(store):
            with pytest.raises(StoreUnreachable, match="nothing") as told:
                operation()
            assert SECRET not in str(told.value)


def test_a_silent_server_costs_less_than_a_second() -> None:
    with a_silent_server() as url, RedisStore.connect(url, op_timeout_seconds=0.05) as store:
        for operation in operations(store):
            began = time.monotonic()
            with pytest.raises(StoreUnreachable):
                operation()
            assert time.monotonic() - began < 1


def test_by_default_a_silent_server_costs_less_than_half_a_second() -> None:
    spent = []
    with a_silent_server() as url, RedisStore.connect(url) as store:
        for _ in range(2):  # a busy machine may spoil one
            began = time.monotonic()
            with pytest.raises(StoreUnreachable, match=r"redis://127\.0\.0\.1:\d+/0: "):
                store.pointers()
            spent.append(time.monotonic() - began)
    assert 0.2 < min(spent) < 0.5


def test_a_quiet_server_is_not_taken_for_a_silent_one(
    store: RedisStore, valkey: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.register((a_status(),))
    end = store.position()
    monkeypatch.setattr(redis_link, "BLOCK_SLICE_SECONDS", 0.05)
    with RedisStore.connect(valkey.url, op_timeout_seconds=0.1) as waiting:
        assert waiting.wait_for_event(after=end, timeout_seconds=0.3) == end
        assert waiting.take_request(timeout_seconds=0.2) is None


def test_a_wrong_password_is_unreachable_and_not_repeated(other_server: str) -> None:
    wrong = other_server.replace(SECRET, "wrong-pass-word")
    with RedisStore.connect(wrong) as store, pytest.raises(StoreUnreachable) as told:
        store.pointers()
    assert "wrong-pass-word" not in str(told.value)


# Servers that would lose data


def test_a_server_that_evicts_prices_is_refused(
    other_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    with redis.Redis.from_url(other_server) as admin, RedisStore.connect(other_server) as store:
        store.check_policy()
        assert not caplog.records
        admin.config_set("maxmemory-policy", "volatile-lru")
        store.check_policy()
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        admin.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(UnsuitableStore, match=r"allkeys-lru.*noeviction"):
            store.check_policy()
        admin.config_set("maxmemory-policy", "noeviction")


def test_a_full_memory_refuses_writes_and_serves_reads(other_server: str) -> None:
    with redis.Redis.from_url(other_server) as admin, RedisStore.connect(other_server) as store:
        first = a_snapshot(an_offer())
        assert publish(store, first) is PublishOutcome.PUBLISHED
        admin.config_set("maxmemory", "1")
        second = a_snapshot(an_offer(price="3"), snapshot_id="s2")
        with pytest.raises(StoreUnreachable, match="maxmemory"):
            publish(store, second, previous=first)
        assert store.snapshot("nimbus") == first
        assert len(store.price_points(an_offer().offer_id)) == 1
        admin.config_set("maxmemory", "0")
        assert publish(store, second, previous=first) is PublishOutcome.PUBLISHED


# Damage


def test_a_broken_body_concerns_one_provider(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    whole = a_snapshot(an_offer(provider="cirrus"), provider="cirrus")
    publish(store, a_snapshot(an_offer()))
    publish(store, whole)
    stored = bytearray(raw.get(keys.body("nimbus", "s1")))
    stored[-1] ^= 1
    raw.set(keys.body("nimbus", "s1"), bytes(stored))
    with pytest.raises(UnreadableSnapshot, match="nimbus: snapshot s1: the checksum"):
        store.snapshot("nimbus")
    assert caplog.records[0].message == "snapshot unreadable"
    assert store.snapshot("cirrus") == whole


@pytest.mark.parametrize("damage", ["gone", "other type", "another's", "newer"])
def test_an_unreadable_snapshot_can_be_replaced(store: RedisStore, raw: Any, damage: str) -> None:
    publish(store, a_snapshot(an_offer()))
    body = keys.body("nimbus", "s1")
    stored = raw.get(body)
    raw.delete(body)
    if damage == "other type":
        raw.lpush(body, "x")
    elif damage == "another's":
        raw.set(body, codec.encode_snapshot(a_snapshot(snapshot_id="s0")))
    elif damage == "newer":
        raw.set(body, stored[:3] + b"\x09" + stored[4:])
    with pytest.raises(UnreadableSnapshot):
        store.snapshot("nimbus")
    second = a_snapshot(an_offer(), snapshot_id="s2")
    current = store.pointers()["nimbus"]
    outcome = store.publish(second, previous_id=current, changes=(), fence=1)
    assert outcome is PublishOutcome.PUBLISHED
    assert store.snapshot("nimbus") == second


def test_unreadable_changes_are_no_changes(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    publish(store, a_snapshot(an_offer()))
    damaged = raw.xadd(keys.CHANGE_LOG, {"count": 1, "body": b"x"}).decode()
    _, entry = store.log_entries(since=(0, 0), limit=9)
    assert (f"{entry.position[0]}-{entry.position[1]}", entry.changes) == (damaged, ())
    assert [record.message for record in caplog.records] == ["changes unreadable"]


def test_keys_of_another_type_are_passed_over_by_readers(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for key in (keys.STATUSES, keys.POINTERS, keys.EVENTS, keys.points("x"), keys.run("r1")):
        raw.rpush(key, "foreign")
    raw.set(keys.RUN_REQUESTS, "foreign")
    raw.set(keys.RUN_INDEX, "foreign")
    assert store.statuses() == {}
    assert store.pointers() == {}
    assert store.snapshot("nimbus") is None
    assert store.position() == "0-0"
    assert store.wait_for_event(after="0-0", timeout_seconds=0.01) == "0-0"
    assert store.price_points("x") == ()
    assert store.find_run("r1") is None
    assert store.runs(provider="", before="", limit=9) == ()
    assert store.take_request(timeout_seconds=0.01) is None
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_keys_of_another_type_are_set_aside_by_writers(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    offer = an_offer()
    ours = [
        *(keys.SCHEMA, keys.FENCE, keys.LEASE, keys.STATUSES, keys.POINTERS, keys.EVENTS),
        *(keys.generations("nimbus"), keys.points(offer.offer_id), keys.OPEN_RUNS),
        *(keys.RUN_REQUESTS, keys.RUN_INDEX, keys.run_index("nimbus")),
    ]
    for key in ours:
        raw.sadd(key, "foreign")
    lease = store.acquire(holder="a", length=TERM)
    assert lease is not None
    assert publish(store, a_snapshot(offer), fence=lease.fence) is PublishOutcome.PUBLISHED
    store.register((a_status(),))
    assert store.request_run(a_run()) is None
    assert store.take_request(timeout_seconds=1) == a_run()

    assert store.snapshot("nimbus") == a_snapshot(offer)
    assert store.statuses() == {"nimbus": a_status()}
    assert len(store.price_points(offer.offer_id)) == 1
    assert store.runs(provider="nimbus", before="", limit=9) == (a_run(),)
    for key in ours:
        assert raw.smembers(keys.SET_ASIDE + key) == {b"foreign"}
        assert 0 < raw.ttl(keys.SET_ASIDE + key) <= 7 * 24 * 3600
    assert len([record for record in caplog.records if "set aside" in record.message]) == len(ours)


def test_an_unreadable_status_or_run_is_left_out(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store.register((a_status(), a_status("cirrus")))
    raw.hset(keys.STATUSES, "cirrus", b'{"schema":7}')
    assert list(store.statuses()) == ["nimbus"]
    store.save_run(a_run("r1"))
    store.save_run(a_run("r2"))
    raw.set(keys.run("r2"), b"\xff")
    assert store.runs(provider="", before="", limit=9) == (a_run("r1"),)
    assert store.find_run("r2") is None
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_an_open_run_that_nobody_can_read_does_not_block_a_request(
    store: RedisStore, raw: Any
) -> None:
    store.save_run(a_run("r1", state=RunState.RUNNING))
    raw.set(keys.run("r1"), b"\xff")
    assert store.request_run(a_run("r2")) is None
    assert store.take_request(timeout_seconds=1) == a_run("r2")


def test_a_lost_event_stream_is_an_event(store: RedisStore, raw: Any) -> None:
    publish(store, a_snapshot())
    end = store.position()
    raw.delete(keys.EVENTS)
    assert store.wait_for_event(after=end, timeout_seconds=0.01) == "0-0"


# Versions


def test_newer_data_are_read_but_not_written(store: RedisStore, raw: Any) -> None:
    first = a_snapshot(an_offer())
    publish(store, first)
    raw.set(keys.SCHEMA, codec.SCHEMA + 1)
    writes: list[Callable[[], object]] = [
        lambda: publish(store, a_snapshot(snapshot_id="s2"), previous=first),
        lambda: store.register((a_status(),)),
        lambda: store.save_run(a_run()),
        lambda: store.request_run(a_run()),
        lambda: store.acquire(holder="a", length=TERM),
    ]
    for write in writes:
        with pytest.raises(NewerSchema, match="holds schema 2, this version writes 1"):
            write()
    assert store.snapshot("nimbus") == first
    assert store.statuses() == {}
    assert store.find_run("r1") is None


def test_the_schema_is_written_once(store: RedisStore, raw: Any) -> None:
    store.register((a_status(),))
    assert raw.get(keys.SCHEMA) == b"1"


def test_scripts_come_back_after_the_server_forgot_them(store: RedisStore, raw: Any) -> None:
    publish(store, a_snapshot())
    raw.script_flush()
    assert publish(store, a_snapshot(snapshot_id="s2"), previous=a_snapshot()) is (
        PublishOutcome.PUBLISHED
    )


# What is kept, and for how long


def test_old_bodies_stay_for_three_generations_and_an_hour(store: RedisStore, raw: Any) -> None:
    generations = [a_snapshot(snapshot_id=f"s{i}") for i in range(6)]
    for previous, snapshot in pairwise([None, *generations]):
        assert snapshot is not None
        publish(store, snapshot, previous=previous)
    lifetimes = [raw.ttl(keys.body("nimbus", f"s{i}")) for i in range(6)]
    assert lifetimes[3:] == [-1, -1, -1]
    assert all(3590 < left <= 3600 for left in lifetimes[:3])


def publish_prices(store: RedisStore, count: int) -> None:
    """Publish one provider `count` times, each time at another price."""
    snapshots = [
        a_snapshot(an_offer(price=str(1 + at)), snapshot_id=f"s{at}") for at in range(count)
    ]
    for before, snapshot in pairwise([None, *snapshots]):
        assert snapshot is not None
        publish(store, snapshot, previous=before)


@pytest.mark.parametrize("bounds", ["999999999 3 999999999", "999999999 999999999 {three}"])
def test_the_log_is_cut_at_a_number_of_changes_and_of_bytes(
    store: RedisStore, raw: Any, bounds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_prices(store, 1)
    publish(store, a_snapshot(snapshot_id="x"), previous=a_snapshot(an_offer(), snapshot_id="s0"))
    largest = max(len(fields[b"body"]) for _, fields in raw.xrange(keys.CHANGE_LOG))
    raw.delete(*raw.scan_iter())
    # Every price change is as long as the next, but for the digits of the price.
    monkeypatch.setattr(redis_catalog, "LOG_BOUNDS", bounds.format(three=3 * (largest + 200)))
    publish_prices(store, 9)
    entries = store.log_entries(since=(0, 0), limit=99)
    assert 1 <= len(entries) <= 4
    assert entries[-1].changes[0].after == an_offer(price="9")
    bounds_now = store.log_bounds()
    assert (0, 0) < bounds_now.dropped < entries[0].position
    assert bounds_now.end == entries[-1].position
    held = raw.hgetall(keys.CHANGE_LOG_STATE)
    assert int(held[b"changes"]) == len(entries)
    assert int(held[b"bytes"]) == sum(
        len(fields[b"body"]) for _, fields in raw.xrange(keys.CHANGE_LOG)
    )


def test_changes_older_than_the_log_keeps_are_dropped(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_prices(store, 1)
    old = store.log_bounds().end
    time.sleep(0.03)
    monkeypatch.setattr(redis_catalog, "LOG_BOUNDS", "20 999999999 999999999")
    first = a_snapshot(an_offer(price="1"), snapshot_id="s0")
    publish(store, a_snapshot(an_offer(price="2"), snapshot_id="s1"), previous=first)
    assert store.log_bounds().dropped == old
    assert len(store.log_entries(since=(0, 0), limit=9)) == 1


def test_the_newest_change_is_kept_whatever_the_bounds(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_catalog, "LOG_BOUNDS", "0 0 0")
    publish_prices(store, 2)
    (entry,) = store.log_entries(since=(0, 0), limit=9)
    assert entry.position == store.log_bounds().end


def test_a_log_that_somebody_removed_begins_anew_and_says_that_changes_are_gone(
    store: RedisStore, raw: Any
) -> None:
    publish_prices(store, 1)
    read_up_to = store.log_bounds().end
    raw.delete(keys.CHANGE_LOG)
    time.sleep(0.01)
    first = a_snapshot(an_offer(price="1"), snapshot_id="s0")
    publish(store, a_snapshot(an_offer(price="2"), snapshot_id="s1"), previous=first)
    bounds = store.log_bounds()
    assert read_up_to < bounds.dropped < bounds.end
    assert raw.hget(keys.CHANGE_LOG_STATE, "changes") == b"1"


def test_prices_never_expire(store: RedisStore, raw: Any) -> None:
    publish(store, a_snapshot(an_offer()))
    for key in (keys.POINTERS, keys.body("nimbus", "s1"), keys.points(an_offer().offer_id)):
        assert raw.ttl(key) == -1


def test_the_history_of_a_delisted_offer_expires_unless_it_returns(
    store: RedisStore, raw: Any
) -> None:
    listed = a_snapshot(an_offer())
    gone = a_snapshot(snapshot_id="s2")
    publish(store, listed)
    publish(store, gone, previous=listed)
    history = keys.points(an_offer().offer_id)
    assert 399 * 86_400 < raw.ttl(history) <= 400 * 86_400
    publish(store, a_snapshot(an_offer(), snapshot_id="s3"), previous=gone)
    assert raw.ttl(history) == -1


def test_events_are_forgotten_after_a_month(store: RedisStore, raw: Any) -> None:
    for i in range(300):
        raw.xadd(keys.EVENTS, {"kind": "status"}, id=f"{i + 1}-0")  # January 1970
    publish(store, a_snapshot())
    assert raw.xlen(keys.EVENTS) < 150  # whole nodes of a hundred go at a time


def test_runs_expire_and_leave_the_index(store: RedisStore, raw: Any) -> None:
    for i in range(4):
        store.save_run(a_run(f"r{i}", state=RunState.SUCCEEDED))
    assert RUNS_KEPT_FOR.total_seconds() - 10 < raw.ttl(keys.run("r0"))
    raw.delete(keys.run("r0"), keys.run("r2"))  # as if expired
    assert [run.run_id for run in store.runs(provider="", before="", limit=2)] == ["r3", "r1"]
    store.save_run(a_run("r4", state=RunState.SUCCEEDED))
    assert raw.zrange(keys.RUN_INDEX, 0, -1) == [b"r1", b"r3", b"r4"]
    assert raw.zrange(keys.run_index("nimbus"), 0, -1) == [b"r1", b"r3", b"r4"]


def test_a_lease_ends_by_itself(store: RedisStore) -> None:
    first = store.acquire(holder="a", length=timedelta(milliseconds=50))
    assert first is not None
    time.sleep(0.1)
    assert not store.renew(first, length=TERM)
    second = store.acquire(holder="b", length=TERM)
    assert second is not None
    assert second.fence > first.fence


def test_a_renewed_lease_lives_on(store: RedisStore) -> None:
    lease = store.acquire(holder="a", length=timedelta(milliseconds=400))
    assert lease is not None
    assert store.renew(lease, length=TERM)
    time.sleep(0.45)
    assert store.acquire(holder="b", length=TERM) is None


def test_two_replicas_sign_with_one_key(store: RedisStore, valkey: EmbeddedServer) -> None:
    with RedisStore.connect(valkey.url, op_timeout_seconds=5) as other:
        assert other.page_token_key() == store.page_token_key()


def test_a_thousand_offers_are_published_and_read_back(store: RedisStore) -> None:
    offers = tuple(an_offer(offer_id=f"o{i}", price=f"{i + 1}") for i in range(1000))
    snapshot = a_snapshot(*offers)
    assert publish(store, snapshot, now=NOW) is PublishOutcome.PUBLISHED
    assert store.snapshot("nimbus") == snapshot
    assert store.price_points("o999")[0][1] == 1000 * 10**9


def test_a_damaged_quarantine_or_review_is_left_out(
    store: RedisStore, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    held = a_quarantined()
    store.save_quarantine("nimbus", (held,), fence=1)
    store.save_quarantine("cirrus", (a_quarantined("0002-a", provider="cirrus"),), fence=1)
    raw.hset(keys.QUARANTINE, "cirrus", b"x")
    raw.hset(keys.REVIEWS, held.quarantine_id, b"\xff")

    assert store.quarantine(provider="") == (held,)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


def test_a_quarantine_under_keys_of_another_type_begins_anew(store: RedisStore, raw: Any) -> None:
    held = a_quarantined()
    review = Review(
        state=QuarantineState.ACCEPTED, reviewer="dana", note="checked", review_time=NOW
    )
    raw.rpush(keys.QUARANTINE, "foreign")
    raw.set(keys.REVIEWS, "foreign")
    assert store.quarantine(provider="nimbus") == ()
    store.save_quarantine("nimbus", (held,), fence=1)
    assert store.review(held.quarantine_id, review)

    assert store.quarantine(provider="nimbus") == (held.reviewed(review),)
