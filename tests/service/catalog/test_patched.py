"""What is patched is what would have been made anew: every byte, column and order."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.catalog.columns import Column
from service.catalog.segment import Segment, segment_of
from service.catalog.snapshot import Partition, Snapshot
from service.domain.offer import ExchangeRate, Offer
from service.domain.order import DEFAULT_ORDER
from service.encoding import OfferEncoder
from service.store import offer_blocks
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.catalog.samples import AMOUNTS, PROVIDERS, offers

ENCODER = OfferEncoder(with_json=True)
RATES = tuple(
    ExchangeRate(currency_code=code, rate=Decimal(rate), source="ecb", date=date)
    for code, rate, date in (("EUR", 1, "2026-10-07"), ("GBP", 2, "2026-10-08"))
)


@pytest.fixture(autouse=True, scope="module")
def _many_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offer_blocks, "BLOCK_SIZE", 4)
        yield


@st.composite
def priced(draw: st.DrawFn) -> Offer:
    """Draw an offer, perhaps of a price in another currency, and with a word of its own."""
    return replace(
        draw(offers()),
        exchange_rate=draw(st.none() | st.sampled_from(RATES)),
        instance_type=draw(st.sampled_from(["", "a", "b", "c", "z"])),
    )


def listing(some: list[Offer], provider: str) -> list[Offer]:
    return [
        replace(one, provider=provider, offer_id=f"{provider}.{at}") for at, one in some_ids(some)
    ]


def some_ids(some: list[Offer]) -> list[tuple[str, Offer]]:
    return sorted({one.offer_id: one for one in some}.items())


def plain(column: Column) -> tuple[Any, ...]:
    words = None if column.words is None else tuple(column.words)
    return column.values.tolist(), column.values.dtype, column.missing, words


def shown(segment: Segment) -> dict[str, Any]:
    """Everything that a segment can tell."""
    return {
        "rows": [
            (row.offer, row.proto, row.json, row.freshness, row.observe_time, row.old_rate)
            for row in segment.rows
        ],
        "columns": {name: plain(column) for name, column in segment.columns.items()},
        "names": segment.names,
        "rates": (segment.lasting.rates, segment.lasting.rate_numbers.tolist()),
        "old_rates": segment.old_rates,
        "counts": (segment.listed_count, segment.usable_count),
        "times": (segment.youngest_time, segment.stale_after, segment.next_change),
        "revision": (segment.content_revision, segment.snapshot_id, segment.source),
    }


def listed(partition: Partition) -> tuple[list[int], frozenset[str]]:
    return partition.rows.tolist(), partition.providers


def told(snapshot: Snapshot) -> dict[str, Any]:
    """Everything that a snapshot can tell of its rows."""
    fields = {"name", *(name for one in snapshot.segments.values() for name in one.columns)}
    models = {one.offer.gpu_model for one in snapshot.rows}
    return {
        "names": list(snapshot.names),
        "rows": [(row.offer_id, row.proto, row.json) for row in snapshot.rows],
        "columns": {name: plain(snapshot.column(name)) for name in fields},
        "listed": listed(snapshot.listed),
        "partitions": {model: listed(snapshot.partition("gpu_model", model)) for model in models},
        "order": snapshot.ordering(DEFAULT_ORDER).tolist(),
        "revision": snapshot.revision,
    }


GENERATIONS = st.lists(st.lists(priced(), max_size=25), min_size=2, max_size=4)


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=60, deadline=None)
@given(GENERATIONS, st.data())
def test_a_patched_segment_is_one_made_anew(
    generations: list[list[Offer]], data: st.DataObject
) -> None:
    held: Segment | None = None
    kept: list[Offer] = []
    for number, added in enumerate(generations):
        # Most of what was there stays: that is what patching is for.
        dropped = data.draw(st.sets(st.sampled_from(range(10)), max_size=2))
        kept = [one for at, one in enumerate(kept) if at % 10 not in dropped] + added
        made = a_snapshot(*kept, snapshot_id=f"s{number}", content_revision=f"c{number}")
        held = segment_of(made, encode=ENCODER, now=NOW, previous=held)
        assert shown(held) == shown(segment_of(made, encode=ENCODER, now=NOW))


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=60, deadline=None)
@given(st.lists(priced(), min_size=1, max_size=40), st.data())
def test_a_snapshot_after_another_is_one_made_anew(some: list[Offer], data: st.DataObject) -> None:
    """Providers whose ids interleave, and some whose do not; offers come, go, change and stay."""
    is_apart = data.draw(st.booleans())
    segments: dict[str, Segment] = {}
    held: Snapshot | None = None
    current = {provider: [o for o in some if o.provider == provider] for provider in PROVIDERS}
    for number in range(4):
        provider = data.draw(st.sampled_from(PROVIDERS))
        if number:
            change = data.draw(st.sampled_from(["price", "seen", "gone", "new", "no provider"]))
            current[provider] = changed(current[provider], change, data)
            if change == "no provider":
                segments.pop(provider, None)
        for name in PROVIDERS if not number else (provider,):
            rows = listing(current[name], name) if is_apart else current[name]
            made = a_snapshot(*rows, provider=name, snapshot_id=f"s{number}")
            previous = segments.get(name)
            segments[name] = segment_of(made, encode=ENCODER, now=NOW, previous=previous)
        held = Snapshot(segments.values(), now=NOW, previous=held)
        assert told(held) == told(Snapshot(segments.values(), now=NOW))


def changed(rows: list[Offer], change: str, data: st.DataObject) -> list[Offer]:
    match change:
        case "price" if rows:
            at = data.draw(st.integers(0, len(rows) - 1))
            price = data.draw(st.sampled_from(AMOUNTS))
            dearer = replace(rows[at], price_per_gpu_hour=Decimal(price))
            return [*rows[:at], dearer, *rows[at + 1 :]]
        case "gone":
            return rows[1:]
        case "new":
            return [*rows, replace(data.draw(priced()), provider="a")]
        case _:
            return rows


def test_a_provider_that_was_merely_seen_again_leaves_the_orders_as_they_were() -> None:
    rows = [an_offer(offer_id=f"n{at}") for at in range(30)]
    first = segment_of(a_snapshot(*rows), encode=ENCODER, now=NOW)
    before = Snapshot([first], now=NOW)
    country = before.column("country_code")
    again = a_snapshot(*rows, snapshot_id="s2")
    seen = segment_of(again, encode=ENCODER, now=NOW, previous=first)
    after = Snapshot([seen], now=NOW, previous=before)
    assert after.listed is before.listed
    assert after.column("country_code") is country
    assert after.revision != before.revision


def test_one_price_of_many_is_merged_into_its_place() -> None:
    rows = [an_offer(offer_id=f"n{at:03}", price=f"{1 + at % 7}") for at in range(200)]
    apart = [replace(one, provider="z", offer_id=f"z{at:03}") for at, one in enumerate(rows[:20])]
    n, z = (
        segment_of(a_snapshot(*some, provider=name), encode=ENCODER, now=NOW)
        for name, some in (("nimbus", rows), ("z", apart))
    )
    before = Snapshot([n, z], now=NOW)
    apart[3] = replace(apart[3], price_per_gpu_hour=Decimal(7))
    moved = segment_of(
        a_snapshot(*apart, provider="z", snapshot_id="s2"), encode=ENCODER, now=NOW, previous=z
    )
    after = Snapshot([n, moved], now=NOW, previous=before)
    assert told(after) == told(Snapshot([n, moved], now=NOW))
    assert not np.array_equal(after.listed.rows, before.listed.rows)


def test_a_column_whose_last_gap_was_filled_has_none() -> None:
    rows = [an_offer(offer_id=f"n{at}", vcpu_count=at or None) for at in range(12)]
    first = segment_of(a_snapshot(*rows), encode=ENCODER, now=NOW)
    assert first.columns["vcpu_count"].missing is not None
    rows[0] = replace(rows[0], vcpu_count=8)
    filled = segment_of(a_snapshot(*rows), encode=ENCODER, now=NOW, previous=first)
    assert filled.columns["vcpu_count"].missing is None
