"""Packed offers are the offers that were packed, and what did not change is the same bytes."""

from dataclasses import fields, replace
from datetime import timedelta

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.offer import Availability, AvailabilityState, Offer, Standing
from service.store import offer_blocks
from service.store.offer_blocks import NAMES, OfferBlocks, pack_snapshot, unpack_snapshot
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.catalog.samples import offers


def many(count: int) -> list[Offer]:
    return [an_offer(offer_id=f"nimbus-{at:04}", sku=f"k{at}") for at in range(count)]


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=60)
@given(st.lists(offers(), max_size=30))
def test_a_packed_snapshot_is_the_snapshot_in_its_own_order(some: list[Offer]) -> None:
    snapshot = a_snapshot(*some)
    assert unpack_snapshot(pack_snapshot(snapshot)) == snapshot


def test_offers_that_were_merely_seen_again_are_the_same_blocks() -> None:
    before = pack_snapshot(a_snapshot(*many(300)))
    stock = Availability(state=AvailabilityState.LIMITED, observe_time=NOW)
    later = NOW + timedelta(hours=1)
    seen = [
        replace(offer, observe_time=later, availability=stock, standing=Standing.UNCONFIRMED)
        for offer in many(300)
    ]
    after = pack_snapshot(a_snapshot(*seen))
    assert after.offers == before.offers
    assert after.sightings == ((Standing.UNCONFIRMED, later, stock),)


@pytest.mark.parametrize("at", [0, 150, 299])
def test_an_offer_that_comes_or_changes_touches_one_block(at: int) -> None:
    some = many(300)
    before = pack_snapshot(a_snapshot(*some)).offers.blocks
    assert len(before) > 2
    dearer = [*some[:at], replace(some[at], vcpu_count=1), *some[at + 1 :]]
    added = [*some, an_offer(offer_id=f"nimbus-{at:04}-x")]
    for changed in (dearer, added):
        after = pack_snapshot(a_snapshot(*changed)).offers.blocks
        assert len(set(after) - set(before)) <= 2


def test_a_record_is_found_without_its_block_being_made_offers() -> None:
    some = many(130)
    packed = pack_snapshot(a_snapshot(*some)).offers
    found = [
        (name, packed.offer(record, offer_blocks.sighting_of(some[0])))
        for number in range(len(packed.blocks))
        for name, record in zip(packed.ids(number), packed.records(number), strict=True)
    ]
    assert found == [(offer.offer_id, offer) for offer in some]


def test_records_of_another_version_are_read_by_their_names() -> None:
    offer = an_offer(vcpu_count=26)
    required = {field.name for field in fields(Offer)} & {
        *("offer_id", "provider", "sku", "part", "gpu_model", "gpu_family", "gpu_count"),
        *("vram_gb", "purchase_model", "price_per_hour", "price_per_gpu_hour", "listed"),
        *("price_change_time", "first_seen_time", "source_uri", "vcpu_count"),
    }
    names = tuple(name for name in NAMES if name in required)
    values = [*(getattr(offer, name) for name in names), "sunny"]
    block = zstandard.compress(msgspec.msgpack.encode([values]))
    packed = OfferBlocks(names=(*names, "mood"), blocks=(block,), sizes=(1,))
    assert list(packed.offers([offer_blocks.sighting_of(offer)])) == [offer]


def test_a_block_that_is_none_cannot_be_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = OfferBlocks(names=NAMES, blocks=(b"x",), sizes=(1,))
    with pytest.raises(ValueError, match="content size"):
        foreign.ids(0)
    large = pack_snapshot(a_snapshot(*many(3))).offers
    monkeypatch.setattr(offer_blocks, "MAX_BLOCK_BYTES", 10)
    with pytest.raises(ValueError, match="decoded size"):
        large.ids(0)
