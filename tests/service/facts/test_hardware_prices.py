"""What a server costs: which listings serve, and how wide they are."""

from datetime import date

import pytest

from service.facts.hardware_prices import (
    HardwareKind,
    HardwarePrice,
    load_hardware_prices,
    server_price,
)
from service.facts.tables import load_gpu_registry

TODAY = date(2026, 11, 20)
H100 = "h100-sxm-80gb"


def a_listing(
    price_usd: float,
    *,
    listed_from: date = date(2026, 1, 1),
    gpu_count: int = 8,
    kind: HardwareKind = HardwareKind.SERVER,
    left_out: str = "",
    model: str = H100,
) -> HardwarePrice:
    return HardwarePrice(
        item="a server",
        gpu_model_ids=(model,),
        gpu_count=gpu_count,
        kind=kind,
        price_usd=price_usd,
        period=listed_from.isoformat(),
        listed_from=listed_from,
        source=f"list of {listed_from}",
        left_out=left_out,
    )


def test_eight_h100_cost_250_000_to_375_000() -> None:
    found = server_price(load_hardware_prices(), H100, today=TODAY)

    assert found is not None
    assert found.gpu_count == 8
    # Viperatech's DGX of 2025-03 at the top, an all-in quote of 2026-01 below.
    assert (found.price.low, found.price.base, found.price.high) == (250_000, 310_000, 375_000)
    assert (found.price.unit, found.price.date) == ("USD/server", "2026-02-04")
    assert [one.price_usd for one in found.listings] == [
        329_736,
        296_644,
        310_000,
        375_000,
        335_000,
        250_000,
        250_141.8,
    ]


def test_listings_that_are_not_believed_are_shown_apart_with_the_reason() -> None:
    nvl = server_price(load_hardware_prices(), "h100-nvl-94gb", today=TODAY)
    sxm = server_price(load_hardware_prices(), H100, today=TODAY)

    assert nvl is not None
    assert sxm is not None
    assert [(one.price_usd, one.left_out[:7]) for one in nvl.left_out] == [(833_806, "outlier")]
    assert 199_000 in [one.price_usd for one in sxm.left_out]
    assert all(one.left_out for one in sxm.left_out)
    assert nvl.price.high < 833_806


def test_cards_and_baseboards_are_no_servers() -> None:
    prices = load_hardware_prices()

    # 8 H200: only a bare baseboard (270,565) and a listing that may be one (312,667).
    assert server_price(prices, "h200-sxm-141gb", today=TODAY) is None
    assert server_price(prices, "mi300x-192gb", today=TODAY) is None
    assert server_price(prices, "rtx-4090-24gb", today=TODAY) is None
    kinds = {one.kind for one in prices if "mi300x-192gb" in one.gpu_model_ids}
    assert kinds == {HardwareKind.BASEBOARD}


def test_a_rack_is_as_large_as_it_is_sold() -> None:
    found = server_price(load_hardware_prices(), "gb200-nvl72-186gb", today=TODAY)

    assert found is not None
    assert (found.gpu_count, found.price.base) == (72, 3_100_000)


def test_a_listing_counts_from_its_date_on() -> None:
    prices = load_hardware_prices()

    before = server_price(prices, H100, today=date(2023, 5, 28))
    after = server_price(prices, H100, today=date(2023, 5, 29))

    assert before is not None
    assert after is not None
    assert [one.price_usd for one in before.listings] == [355_919.04]
    assert [one.price_usd for one in after.listings] == [355_919.04, 270_000]
    assert server_price(prices, H100, today=date(2022, 9, 28)) is None


def test_listings_two_years_before_the_newest_do_not_count() -> None:
    old, recent = date(2023, 12, 31), date(2024, 1, 1)
    prices = [a_listing(900, listed_from=old), a_listing(100, listed_from=recent), a_listing(110)]

    found = server_price(prices, H100, today=TODAY)

    assert found is not None
    assert found.price.high == 110


def test_a_price_of_more_than_three_years_ago_is_none() -> None:
    prices = [a_listing(100, listed_from=date(2023, 10, 20))]

    assert server_price(prices, H100, today=date(2026, 10, 20)) is not None
    assert server_price(prices, H100, today=date(2026, 10, 21)) is None


def test_few_listings_are_as_wide_as_those_of_the_model_with_most() -> None:
    known = [a_listing(price, model="known") for price in (80, 100, 150)]
    found = server_price([*known, a_listing(1000)], H100, today=TODAY)

    assert found is not None
    assert (found.price.low, found.price.base, found.price.high) == (800, 1000, 1500)
    assert "range as that of known, 3 listings" in found.price.source


def test_without_any_known_range_a_single_listing_has_none() -> None:
    found = server_price([a_listing(1000)], H100, today=TODAY)

    assert found is not None
    assert (found.price.low, found.price.high) == (1000, 1000)


@pytest.mark.parametrize("kind", [HardwareKind.BASEBOARD, HardwareKind.SERVER_OR_BASEBOARD])
def test_what_may_be_a_baseboard_prices_nothing(kind: HardwareKind) -> None:
    assert server_price([a_listing(1000, kind=kind)], H100, today=TODAY) is None


def test_another_size_of_server_is_kept_apart() -> None:
    prices = [a_listing(50, gpu_count=4, listed_from=date(2025, 6, 1)), a_listing(100)]

    found = server_price(prices, H100, today=TODAY)

    assert found is not None
    assert (found.gpu_count, found.price.low) == (8, 100)


def test_every_named_model_is_known() -> None:
    registry = load_gpu_registry()
    names = {name for one in load_hardware_prices() for name in one.gpu_model_ids}

    assert not [name for name in names if registry.find(name) is None]
    assert len(load_hardware_prices()) == 96
