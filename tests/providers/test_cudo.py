"""Facts of CUDO's machine types that their golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from service.domain.offer import AvailabilityState
from tests.providers.recorded import first_page, pages_of, parsed

TEXT = first_page("cudo", "machine_types.json")


def test_the_smallest_machine_has_the_vcpus_of_a_gpu_and_the_memory_of_these() -> None:
    offer = pages_of("cudo").one("sapphire-rapids-h100 H100 SXM")

    # 12 vCPUs, and a GiB for every 0.8 of them.
    assert (offer.vcpu_count, offer.memory_gib) == (12, Decimal(15))
    assert offer.price_per_hour == Decimal("2.35") + 12 * Decimal("0.0025") + 15 * Decimal("0.0035")


def test_memory_is_rounded_up_to_whole_gib() -> None:
    assert pages_of("cudo").one("epyc-rome-rtx-a5000 RTX A5000").memory_gib == 1


def test_free_gpus_are_stock() -> None:
    offers = pages_of("cudo")

    some = offers.one("sapphire-rapids-h100 H100 SXM")
    none = offers.one("epyc-milan-rtx-a6000 RTX A6000")
    assert (some.availability.state, some.available_gpu_count) == (AvailabilityState.AVAILABLE, 16)
    assert none.availability.state is AvailabilityState.SOLD_OUT


@pytest.mark.parametrize("key", ["machineTypes", "gpuModel", "gpuPriceHr", "vcpuPriceHr", "value"])
def test_a_lost_key_is_a_page_that_changed(key: str) -> None:
    with pytest.raises(PageChanged):
        parsed("cudo", TEXT.replace(f'"{key}"', f'"{key}2"'), kind="machine_types")


def test_how_a_card_is_set_up_is_not_part_of_its_name() -> None:
    text = TEXT.replace('"gpuModel": "RTX A5000"', '"gpuModel": "A40 (compute mode)"')

    rows = parsed("cudo", text, kind="machine_types")

    assert [row.gpu for row in rows if isinstance(row, RawOffer) and "mode" in row.sku] == ["A40"]


def test_a_price_that_says_more_than_its_value_is_refused() -> None:
    text = TEXT.replace('"value": "2.35"', '"value": "2.35", "period": "month"')

    refused = [r for r in parsed("cudo", text, kind="machine_types") if isinstance(r, Reject)]

    assert [r.reason for r in refused if "h100" in r.text] == ["UNKNOWN_PRICE"]
