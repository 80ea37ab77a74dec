"""The catalogue in memory."""

import threading
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from service.catalog.columns import micros_of
from service.catalog.lasting import Encoded, Sighting
from service.catalog.segment import NEVER, Segment, aged, segment_of
from service.catalog.snapshot import MAX_ORDERINGS, Snapshot
from service.domain.offer import Freshness, Offer, Standing
from service.domain.offer_fields import FIELDS
from service.domain.order import parse_order
from service.domain.provider import ProviderSnapshot, ProviderState
from tests.builders import NOW, a_snapshot, a_status, an_offer
from tests.service.catalog.samples import Readable, encode, snapshot_of

HOUR = timedelta(hours=1)


def segment(published: ProviderSnapshot, **arguments: Any) -> Segment:
    values: dict[str, Any] = {"encode": encode, "now": NOW}
    return segment_of(published, **(values | arguments))


def published(provider: str, *ids: str, **overrides: Any) -> ProviderSnapshot:
    rows = (an_offer(offer_id=one, provider=provider, **overrides) for one in ids)
    return a_snapshot(*rows, provider=provider)


def test_a_delisted_offer_is_still_found() -> None:
    gone = an_offer(offer_id="gone", delist_time=NOW)
    snapshot = snapshot_of(a_snapshot(an_offer(offer_id="here"), gone))
    row = snapshot.find("gone")
    assert row is not None
    assert row.offer == gone
    assert (row.proto, row.json) == (b"gone FRESH", b"")
    assert snapshot.find("nowhere") is None
    assert (snapshot.offer_count, snapshot.offer_count_of("nimbus")) == (1, 1)
    assert snapshot.offer_count_of("nobody") == 0


def test_an_empty_catalogue_answers() -> None:
    snapshot = Snapshot(now=NOW)
    assert snapshot.find("x") is None
    assert snapshot.as_of is None
    assert snapshot.last_modified(None) is None
    assert snapshot.degraded
    for name in FIELDS:
        if name != "geo":
            assert snapshot.column(name).values.size == 0


def test_ids_of_two_providers_may_interleave() -> None:
    snapshot = snapshot_of(
        published("a", "a-1", "a-z", price="1"),
        published("a-b", "a-b-1", "a-b-2", price="2"),
    )
    assert list(snapshot.names) == ["a-1", "a-b-1", "a-b-2", "a-z"]
    assert [row.offer.offer_id for row in snapshot.rows] == list(snapshot.names)
    column = snapshot.column("provider")
    assert [(column.words or ())[at] for at in column.values] == ["a", "a-b", "a-b", "a"]


def test_an_id_stands_for_one_offer() -> None:
    snapshot = snapshot_of(published("a", "same", "x"), published("b", "same", "y"))
    assert list(snapshot.names) == ["same", "x", "y"]
    row = snapshot.find("same")
    assert row is not None
    assert row.offer.provider == "a"
    assert snapshot.column("provider").values.size == 3


def test_partitions_are_sorted_by_price_and_name_the_providers() -> None:
    snapshot = snapshot_of(
        published("a", "a-2", "a-1", price="2"),
        published("b", "b-1", price="1"),
        published("c", "c-1", gpu_model="l4-24gb", gpu_family="L4"),
    )
    partition = snapshot.partition("gpu_model", "h100-sxm-80gb")
    assert [snapshot.names[at] for at in partition.rows] == ["b-1", "a-1", "a-2"]
    assert partition.providers == {"a", "b"}
    assert snapshot.partition("gpu_family", "L4").providers == {"c"}
    assert snapshot.partition("gpu_family", "B200").rows.size == 0


def test_only_the_last_few_orders_are_kept() -> None:
    snapshot = snapshot_of(published("a", "a-1", "a-2"))
    for name in [name for name in FIELDS if FIELDS[name].kind.is_sortable]:
        assert snapshot.ordering(parse_order(name)).tolist() == [0, 1]
    assert len(snapshot._orderings) <= MAX_ORDERINGS


def test_prices_older_than_their_limit_are_named() -> None:
    old = published("old", "old-1", observe_time=NOW - 2 * HOUR - timedelta(seconds=1))
    new = published("new", "new-1", observe_time=NOW - 2 * HOUR)
    snapshot = snapshot_of(old, new)
    assert snapshot.unreachable == ("old",)
    assert snapshot.as_of == NOW - 2 * HOUR
    assert not snapshot.degraded


def test_a_catalogue_of_baseline_rows_is_degraded() -> None:
    base = segment(published("a", "a-1", standing=Standing.BASELINE), is_baseline=True)
    alone = Snapshot([base], now=NOW)
    assert (alone.degraded, alone.baseline_providers) == (True, frozenset("a"))
    mixed = Snapshot([base, segment(published("b", "b-1"))], now=NOW)
    assert not mixed.degraded
    assert Snapshot(mixed.segments.values(), now=NOW, is_store_lost=True).degraded


def test_a_row_of_the_baseline_is_baseline_whatever_its_standing() -> None:
    base = segment(published("a", "a-1"), is_baseline=True, now=NOW + 1000 * HOUR)
    assert base.rows[0].freshness is Freshness.BASELINE
    assert base.usable_count == 1


@pytest.mark.parametrize(
    ("age", "expected", "usable"),
    [
        (2 * HOUR, Freshness.FRESH, 1),
        (3 * HOUR, Freshness.STALE, 1),
        (73 * HOUR, Freshness.EXPIRED, 0),
    ],
)
def test_a_segment_says_when_it_will_be_older(
    age: timedelta, expected: Freshness, usable: int
) -> None:
    made = segment(published("a", "a-1"), now=NOW + age)
    assert made.rows[0].freshness is expected
    assert made.usable_count == usable
    boundary = {Freshness.FRESH: NOW + 2 * HOUR, Freshness.STALE: NOW + 72 * HOUR}
    assert made.next_change == boundary.get(expected, NEVER)


class Counting(Readable):
    """Notes what it is asked to encode."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def lasting(self, offer: Offer) -> Encoded:
        self.asked.append(offer.offer_id)
        return super().lasting(offer)

    def passing(self, sighting: Sighting, freshness: Freshness) -> Encoded:
        self.asked.append(freshness)
        return super().passing(sighting, freshness)


def test_what_grows_older_is_not_encoded_again() -> None:
    counting = Counting()
    source = a_snapshot(
        an_offer(offer_id="old", observe_time=NOW - 2 * HOUR), an_offer(offer_id="young")
    )
    first = segment(source, encode=counting)
    assert counting.asked == ["old", "young", "FRESH", "FRESH"]
    later = aged(first, encode=counting, now=NOW + HOUR)
    assert counting.asked[4:] == ["STALE", "FRESH"]
    assert [row.proto for row in later.rows] == [b"old STALE", b"young FRESH"]
    assert later.content_revision != first.content_revision
    snapshot = Snapshot([later], now=NOW + HOUR)
    codes = snapshot.column("freshness").values.tolist()
    assert [FIELDS["freshness"].members[code] for code in codes] == ["STALE", "FRESH"]


def test_offers_that_were_merely_seen_again_are_not_encoded_again() -> None:
    counting = Counting()
    first = segment(published("a", "a-1", "a-2"), encode=counting)
    again = published("a", "a-1", "a-2", observe_time=NOW + HOUR)
    seen = segment(again, previous=first, encode=counting, now=NOW + HOUR)
    assert counting.asked == ["a-1", "a-2", "FRESH", "FRESH"]
    assert [row.offer for row in seen.rows] == list(again.offers)
    assert seen.columns["observe_time"].values.tolist() == [micros_of(NOW + HOUR)] * 2


def test_of_changed_offers_only_those_are_encoded_again() -> None:
    counting = Counting()
    first = segment(published("a", "a-1", "a-2", "a-3"), encode=counting)
    dearer = an_offer(offer_id="a-2", provider="a", price="9.99")
    before = published("a", "a-0", "a-1", "a-3").offers
    second = segment(a_snapshot(*before, dearer, provider="a"), previous=first, encode=counting)
    assert counting.asked[4:] == ["a-0", "a-2", "FRESH"]
    assert [row.offer for row in second.rows] == [before[0], before[1], dearer, before[2]]
    assert [row.proto for row in second.rows] == [
        b"a-0 FRESH", b"a-1 FRESH", b"a-2 FRESH", b"a-3 FRESH"
    ]  # fmt: skip


def test_the_content_revision_follows_the_providers_that_are_asked_for() -> None:
    a, b = published("a", "a-1"), published("b", "b-1")
    before = snapshot_of(a, b)
    moved = ProviderSnapshot(
        provider="b",
        snapshot_id="s2",
        content_revision="c2",
        publish_time=NOW,
        interval=HOUR,
        offers=b.offers,
    )
    after = snapshot_of(a, moved)
    assert before.content_revision({"a"}) == after.content_revision({"a", "nobody"})
    assert before.content_revision({"b"}) != after.content_revision({"b"})
    assert before.content_revision(None) != after.content_revision(None)
    assert before.content_revision(None) == before.content_revision({"b", "a"})
    assert before.revision != after.revision
    assert before.revision == snapshot_of(a, b).revision


def test_a_page_that_was_seen_again_keeps_its_content_revision_and_change_time() -> None:
    page = published("a", "a-1", price_change_time=NOW - HOUR, first_seen_time=NOW - HOUR)
    first = segment(page)
    again = a_snapshot(*page.offers, provider="a", snapshot_id="s2")
    seen = segment(again, previous=first)
    assert (seen.content_revision, seen.changed_time) == (first.content_revision, NOW - HOUR)
    changed = a_snapshot(*page.offers, provider="a", content_revision="c2")
    assert segment(changed, previous=first).changed_time == NOW
    snapshot = Snapshot([seen], now=NOW)
    assert snapshot.last_modified({"a"}) == snapshot.last_modified(None) == NOW - HOUR
    assert Snapshot([seen], now=NOW).revision != Snapshot([first], now=NOW).revision


def test_the_next_collection_is_that_of_the_providers_that_are_collected() -> None:
    statuses = {
        "a": a_status("a", next_attempt_time=NOW + HOUR),
        "b": a_status("b", next_attempt_time=NOW + 2 * HOUR),
        "off": a_status("off", next_attempt_time=NOW, state=ProviderState.DISABLED),
        "new": a_status("new"),
    }
    snapshot = Snapshot(statuses=statuses, now=NOW)
    assert snapshot.next_collection(None) == NOW + HOUR
    assert snapshot.next_collection({"b", "nobody"}) == NOW + 2 * HOUR
    assert snapshot.next_collection({"off", "new"}) is None


def test_a_new_state_gives_a_new_revision_of_the_same_rows() -> None:
    before = snapshot_of(published("a", "a-1"))
    after = before.renewed(statuses={"a": a_status("a")}, now=NOW, is_store_lost=True)
    assert after.revision != before.revision
    assert (before.degraded, after.degraded) == (False, True)
    assert (dict(before.statuses), list(after.statuses)) == ({}, ["a"])
    assert after.rows is before.rows
    same = after.renewed(statuses={}, now=NOW, is_store_lost=False)
    assert same.revision == before.revision


def test_threads_may_race_for_a_column_and_an_order() -> None:
    names = [f"o{at:04}" for at in range(500)]
    snapshot = snapshot_of(published("a", *names))
    order = parse_order("region_code desc")
    found: list[Any] = []

    def read() -> None:
        found.append((snapshot.column("vram_gb").values.sum(), snapshot.ordering(order)))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(total == 500 * 80 * 10**9 for total, _ in found)
    assert all(np.array_equal(rows, np.arange(500)) for _, rows in found)
