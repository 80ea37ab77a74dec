import json
import typing
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.change import Change, changes_between
from service.domain.exchange import KeptRates
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.domain.quote import QuoteHead
from service.domain.run import CollectionRun
from service.store import codec
from service.store.codec import Unreadable
from service.store.offer_blocks import pack_snapshot
from service.store.ports import NewerSchema
from tests.builders import NOW, a_snapshot, a_status, an_offer
from tests.service.store.contract import a_run

LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    bytes: st.binary(max_size=40),
    str: st.text(st.characters(codec="utf-8"), max_size=12),
    int: st.integers(min_value=0, max_value=2**53),
    bool: st.booleans(),
    Decimal: st.decimals(min_value="0.000000000001", max_value="1e15", allow_nan=False),
    datetime: st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0)),
    timedelta: st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)),
}


def any_value(kind: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Draw a value of a type, every field of a dataclass too, so that none can be forgotten."""
    if name == "currency_code":
        return st.sampled_from(["USD", "EUR", "XAU"])
    if kind in LEAVES:
        return LEAVES[kind]
    if isinstance(kind, type) and is_dataclass(kind):
        types = typing.get_type_hints(kind)
        drawn = {field.name: any_value(types[field.name], field.name) for field in fields(kind)}
        return st.builds(kind, **drawn)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return st.lists(any_value(inner[0]), max_size=3).map(tuple)
    assert isinstance(kind, UnionType)
    return st.one_of(st.none(), *(any_value(each) for each in inner if each is not type(None)))


ROUND_TRIPS = settings(max_examples=60)


@pytest.mark.no_cover  # Making such values takes long, twice as long when traced.
@ROUND_TRIPS
@given(any_value(ProviderSnapshot))
def test_a_snapshot_survives_the_round_trip(snapshot: ProviderSnapshot) -> None:
    again = codec.decode_snapshot(codec.encode_snapshot(snapshot))
    assert again == snapshot
    # Equal decimals may print differently; what is shown must not change either.
    assert repr(again) == repr(snapshot)


@ROUND_TRIPS
@given(any_value(KeptRates))
def test_exchange_rates_survive_the_round_trip(rates: KeptRates) -> None:
    assert codec.decode_rates(codec.encode_rates(rates)) == rates


@ROUND_TRIPS
@given(any_value(ProviderStatus))
def test_a_status_survives_the_round_trip(status: ProviderStatus) -> None:
    assert codec.decode_status(codec.encode_status(status)) == status


@ROUND_TRIPS
@given(any_value(CollectionRun))
def test_a_run_survives_the_round_trip(run: CollectionRun) -> None:
    assert codec.decode_run(codec.encode_run(run)) == run


@pytest.mark.no_cover  # As above.
@ROUND_TRIPS
@given(any_value(tuple[Change, ...]))
def test_changes_survive_the_round_trip(changes: tuple[Change, ...]) -> None:
    assert codec.decode_changes(codec.encode_changes(changes)) == changes


@given(st.data())
def test_a_damaged_snapshot_never_reads_as_another(data: st.DataObject) -> None:
    stored = bytearray(codec.encode_snapshot(a_snapshot(an_offer())))
    at = data.draw(st.integers(min_value=0, max_value=len(stored) - 1))
    stored[at] ^= data.draw(st.integers(min_value=1, max_value=255))
    with pytest.raises((Unreadable, NewerSchema)):
        codec.decode_snapshot(bytes(stored))


@given(st.data())
def test_a_snapshot_cut_short_is_unreadable(data: st.DataObject) -> None:
    stored = codec.encode_snapshot(a_snapshot(an_offer()))
    length = data.draw(st.integers(min_value=0, max_value=len(stored) - 1))
    with pytest.raises(Unreadable):
        codec.decode_snapshot(stored[:length])


@given(st.binary(max_size=200))
def test_foreign_bytes_are_unreadable(stored: bytes) -> None:
    for decode in (codec.decode_snapshot, codec.decode_status, codec.decode_run):
        with pytest.raises(Unreadable):
            decode(stored)


def test_a_whole_body_that_is_no_snapshot_is_unreadable() -> None:
    # The checksum is right; the content is not.
    with pytest.raises(Unreadable):
        codec.decode_snapshot(codec.encode_changes(()))


def test_a_stored_price_that_must_never_be_served_is_unreadable() -> None:
    run_of_zero = codec._pack({"offers": [{"price_per_hour": "0"}]})
    with pytest.raises(Unreadable):
        codec.decode_snapshot(run_of_zero)


def test_a_packed_price_that_must_never_be_served_is_unreadable() -> None:
    offer = an_offer()
    object.__setattr__(offer, "price_per_hour", Decimal(0))
    with pytest.raises(Unreadable, match="above zero"):
        codec.decode_snapshot(codec.encode_snapshot(a_snapshot(offer)))


@pytest.mark.parametrize("numbers", [(), (0, 0), (7,)])
def test_a_snapshot_whose_counts_disagree_is_unreadable(
    numbers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = replace(pack_snapshot(a_snapshot(an_offer())), sighting_numbers=numbers)
    with monkeypatch.context() as odd:
        odd.setattr(codec, "pack_snapshot", lambda _: packed)
        stored = codec.encode_snapshot(a_snapshot())
    with pytest.raises(Unreadable):
        codec.decode_packed_snapshot(stored)


def test_an_offer_without_the_optional_fields_is_read_with_their_defaults() -> None:
    required = (
        *("offer_id", "provider", "sku", "part", "gpu_model", "gpu_family", "gpu_count"),
        *("vram_gb", "purchase_model", "price_per_hour", "price_per_gpu_hour", "listed"),
        *("observe_time", "price_change_time", "first_seen_time", "source_uri"),
    )
    offer = an_offer()
    old = {name: getattr(offer, name) for name in required}
    snapshot = a_snapshot()
    body = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    stored = codec._pack(body | {"offers": [old]})
    assert codec.decode_snapshot(stored) == a_snapshot(offer)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    stored = json.loads(codec.encode_status(a_status()))
    stored["value"]["mood"] = "sunny"
    assert codec.decode_status(json.dumps(stored).encode()) == a_status()


@pytest.mark.parametrize("kind", ["snapshot", "status"])
def test_a_newer_schema_is_told_apart_from_damage(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(codec, "SCHEMA", 2)
        snapshot, status = codec.encode_snapshot(a_snapshot()), codec.encode_status(a_status())
    with pytest.raises(NewerSchema, match="schema 2, this version knows 1"):
        codec.decode_snapshot(snapshot) if kind == "snapshot" else codec.decode_status(status)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = codec.encode_snapshot(a_snapshot(an_offer()))
    monkeypatch.setattr(codec, "MAX_DECODED_BYTES", 100)
    with pytest.raises(Unreadable, match="decoded size"):
        codec.decode_snapshot(stored)


def test_a_run_says_its_schema() -> None:
    assert json.loads(codec.encode_run(a_run()))["schema"] == codec.SCHEMA


def test_a_thousand_offers_compress_below_a_hundred_bytes_each() -> None:
    offers = [
        an_offer(
            price=f"{1 + i * 7 % 900}.{i % 90 + 10}", offer_id=f"o-{i * 7919:08x}", sku=f"k{i}"
        )
        for i in range(1000)
    ]
    assert changes_between((), offers, now=NOW)
    assert len(codec.encode_snapshot(a_snapshot(*offers))) < 100_000


@ROUND_TRIPS
@given(any_value(QuoteHead))
def test_the_head_of_a_quote_survives_the_round_trip(head: QuoteHead) -> None:
    assert codec.decode_quote_head(codec.encode_quote_head(head)) == head


@ROUND_TRIPS
@given(st.binary(max_size=400))
def test_a_document_comes_back_as_it_was(document: bytes) -> None:
    assert codec.decode_document(codec.encode_document(document)) == document


def test_a_document_that_does_not_decompress_is_unreadable() -> None:
    sealed = codec._sealed(codec._DOCUMENT_MAGIC, b"no frame")
    with pytest.raises(Unreadable):
        codec.decode_document(sealed)
