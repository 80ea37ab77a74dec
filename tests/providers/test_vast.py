"""Facts of Vast.ai that its golden file does not show."""

import json
from decimal import Decimal

import pytest

from scrapers.page import Page
from scrapers.provider import RawOffer, Reject
from scrapers.providers.vast import GROUPS
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, PurchaseModel, Trust
from tests.builders import NOW
from tests.providers.recorded import pages_of
from tests.providers.test_captures import CAPTURES, recorded

ASK: dict[str, object] = {
    "id": 7,
    "machine_id": 300,
    "gpu_name": "H100 SXM",
    "gpu_ram": 81559,
    "num_gpus": 2,
    "dph_total": 4.5,
    "geolocation": "Norway, NO",
}
EXCERPT: dict[str, object] = {
    key: ASK[key] for key in ("gpu_name", "gpu_ram", "num_gpus", "dph_total")
}


def asked(*asks: dict[str, object]) -> list[RawOffer | Reject]:
    page = Page(
        kind="asks",
        part="h100",
        url="https://example.test/",
        text=json.dumps({"offers": asks}),
        content_type="application/json",
        observe_time=NOW,
    )
    return list(load_providers()["vast"].parsers[("asks",)](page))


def offers(*asks: dict[str, object]) -> list[RawOffer]:
    return [row for row in asked(*asks) if isinstance(row, RawOffer)]


def reasons(*asks: dict[str, object]) -> list[str]:
    return [row.reason for row in asked(*asks) if isinstance(row, Reject)]


def test_asks_of_one_machine_size_and_price_are_its_depth() -> None:
    offer = pages_of("vast").one("machine 31840 1x RTX 4090")

    assert offer.available_gpu_count == 2
    assert pages_of("vast").one("machine 31840 4x RTX 4090").available_gpu_count == 4


def test_of_asks_at_two_prices_the_lower_is_the_offer_and_the_other_is_named() -> None:
    free: dict[str, object] = {"rentable": True, "rented": False}
    dear, cheap = ASK | free | {"dph_total": 5.0}, ASK | free

    assert [(o.price, o.available_gpu_count) for o in offers(dear, cheap)] == [("4.5", "2")]
    assert reasons(dear, cheap) == ["DEARER_ASKS"]


@pytest.mark.parametrize(
    ("fields", "trust"),
    [
        ({"verification": "verified"}, Trust.VERIFIED_HOST),
        ({"verified": True}, Trust.VERIFIED_HOST),
        ({"verification": "deverified"}, Trust.HOST),
        ({}, Trust.HOST),
    ],
)
def test_only_a_host_that_is_said_to_be_verified_is(
    fields: dict[str, object], trust: Trust
) -> None:
    assert [o.trust for o in offers(ASK | fields)] == [trust]


@pytest.mark.parametrize("bid", [None, 0, 0.0])
def test_no_bid_is_no_spot_price(bid: float | None) -> None:
    assert [o.purchase_model for o in offers(ASK | {"min_bid": bid})] == [PurchaseModel.ON_DEMAND]


def test_a_bid_is_a_spot_price() -> None:
    _, spot = offers(ASK | {"min_bid": 2.25})

    assert (spot.purchase_model, spot.price) == (PurchaseModel.SPOT, "2.25")


def test_a_row_that_is_a_bid_itself_is_refused() -> None:
    assert reasons(ASK | {"is_bid": True}) == ["IS_BID"]
    assert not offers(ASK | {"is_bid": True})


def test_the_memory_of_a_machine_is_not_that_of_a_part_of_it() -> None:
    machine = ASK | {"cpu_ram": 515686}

    assert [o.memory for o in offers(machine | {"gpu_frac": 0.25})] == [""]
    assert [o.memory for o in offers(machine | {"gpu_frac": 1.0})] == ["515686 MiB"]


def test_an_excerpt_is_read_by_its_shape_and_states_no_stock() -> None:
    (offer,) = offers(EXCERPT)

    assert (offer.sku, offer.stock, offer.available_gpu_count) == (
        "2x H100 SXM 81559 MiB",
        None,
        "",
    )


@pytest.mark.parametrize("machine", [None, "none", 0])
def test_an_ask_with_a_place_but_no_machine_is_refused(machine: object) -> None:
    assert reasons(ASK | {"machine_id": machine}) == ["MACHINE_NOT_STATED"]


def test_an_ask_of_an_excerpt_is_known_by_its_id() -> None:
    assert [o.sku for o in offers(EXCERPT | {"id": 7})] == ["ask 7 2x H100 SXM"]


def test_of_asks_of_one_shape_the_lowest_is_the_offer() -> None:
    dear, none = EXCERPT | {"dph_total": 5.0}, EXCERPT | {"dph_total": 0}

    assert [o.price for o in offers(dear, none, EXCERPT)] == ["4.5"]
    assert reasons(dear, none, EXCERPT) == ["DEARER_ASKS"]


def test_an_odd_ask_does_not_lose_the_others() -> None:
    odd = {key: value for key, value in ASK.items() if key != "dph_total"}

    assert [o.price for o in offers(odd, ASK)] == ["4.5"]
    assert reasons(odd, ASK) == ["ODD_ROW"]


def test_a_gpu_counts_in_its_own_group_only() -> None:
    rows = offers(ASK, ASK | {"machine_id": 301, "gpu_name": "B200"})

    assert [row.gpu for row in rows] == ["H100 SXM"]


def test_every_gpu_is_asked_for_once() -> None:
    asked_for = [name for names in GROUPS.values() for name in names]

    assert len(asked_for) == len(set(asked_for))
    assert set(load_providers()["vast"].parts) == {*GROUPS, "others"}


def test_an_answer_as_long_as_the_limit_says_that_there_may_be_more() -> None:
    asks = [ASK | {"machine_id": number} for number in range(1, 65)]

    assert reasons(*asks) == ["MORE_ASKS_NOT_READ"]


@pytest.mark.skipif(not (CAPTURES / "manifest.json").is_file(), reason="no recordings")
def test_the_recording_of_four_fields_gives_prices_by_shape() -> None:
    found = recorded("vast")

    assert found.reading.errors == ()
    assert found.reading.rejects == ()
    assert found.one("1x A100 SXM4 39936 MiB").gpu_model == "a100-sxm-40gb"
    assert found.one("7x L40S 46068 MiB").gpu_count == Decimal(7)
    states = {offer.availability.state for offer in found.reading.offers}
    assert states == {AvailabilityState.NOT_STATED}
