"""Facts of RunPod that its hand-written page shows."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer
from service.domain.offer import AvailabilityState, PriceUnit, PurchaseModel, Trust
from tests.providers.recorded import first_page, pages_of, parsed

SLICE = "NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb secure"


def test_secure_and_community_are_two_offers_of_different_trust() -> None:
    offers = pages_of("runpod")
    secure = offers.one("NVIDIA H100 80GB HBM3 secure")
    community = offers.one("NVIDIA H100 80GB HBM3 community")

    assert (secure.price_per_gpu_hour, secure.trust) == (Decimal("3.29"), Trust.VERIFIED_HOST)
    assert (community.price_per_gpu_hour, community.trust) == (Decimal("2.69"), Trust.HOST)


def test_zero_and_the_placeholder_are_absent() -> None:
    offers = pages_of("runpod")

    assert not {o.listed.amount.amount for o in offers.reading.offers} & {0, Decimal("0.5")}
    assert offers.reasons()["PLACEHOLDER_PRICE"] == 4
    assert "NVIDIA A100-SXM4-40GB secure" not in offers.skus()
    assert "AMD Instinct MI300X OAM community" not in offers.skus()


def test_a_mig_slice_is_not_a_whole_gpu() -> None:
    offer = pages_of("runpod").one(SLICE)

    assert (offer.gpu_model, offer.gpu_count) == ("rtx-pro-6000-96gb", Decimal("0.25"))
    assert offer.price_per_gpu_hour == Decimal("2.20")
    assert offer.listed.unit is PriceUnit.INSTANCE_HOUR


def test_a_whole_gpu_is_listed_per_gpu() -> None:
    offer = pages_of("runpod").one("NVIDIA H100 80GB HBM3 secure")

    assert (offer.listed.unit, offer.price_per_hour) == (PriceUnit.GPU_HOUR, Decimal("3.29"))


def test_a_slice_with_the_memory_of_the_whole_gpu_is_refused() -> None:
    offers = pages_of("runpod")

    assert "NVIDIA H200 MIG 1g.18gb" in offers.texts("SLICE_SIZE_CONFLICT")
    assert offers.one("NVIDIA B300 SXM6 AC MIG 1g.34gb secure").gpu_count == Decimal("0.125")


def test_a_spot_price_beside_no_price_is_none() -> None:
    assert "NVIDIA L40S community" not in pages_of("runpod").skus()


def test_the_lowest_price_tells_the_stock_of_the_cloud_that_has_it() -> None:
    offers = pages_of("runpod")

    lowest = offers.one("NVIDIA A40 community").availability
    assert (lowest.state, lowest.raw_value) == (AvailabilityState.AVAILABLE, "Medium")
    other = offers.one("NVIDIA A40 secure").availability
    assert other.state is AvailabilityState.NOT_STATED


def test_a_spot_price_counts_only_where_it_differs() -> None:
    offers = pages_of("runpod")
    spot = [o for o in offers.reading.offers if o.purchase_model is PurchaseModel.SPOT]

    assert [(o.sku, o.price_per_gpu_hour) for o in spot] == [
        ("NVIDIA H100 NVL secure", Decimal("1.75"))
    ]


def test_stock_is_what_the_answer_says_and_null_says_nothing() -> None:
    offers = pages_of("runpod")

    high = offers.one("NVIDIA H100 80GB HBM3 secure").availability
    assert (high.state, high.evidence, high.raw_value) == (
        AvailabilityState.AVAILABLE,
        "stockStatus",
        "High",
    )
    low = offers.one("NVIDIA H100 80GB HBM3 community").availability
    assert low.state is AvailabilityState.LIMITED
    none = offers.one("AMD Instinct MI300X OAM secure").availability
    assert none.state is AvailabilityState.SOLD_OUT
    null = offers.one("NVIDIA H100 NVL community").availability
    assert null.state is AvailabilityState.NOT_STATED


def test_the_row_with_the_id_unknown_is_refused() -> None:
    assert pages_of("runpod").reasons()["PLACEHOLDER_ROW"] == 1


def test_a_price_that_is_no_number_is_left_to_the_common_reader() -> None:
    text = first_page("runpod", "gpus.gpus.json").replace("3.29", '"call us"')

    (row,) = [
        row
        for row in parsed("runpod", text, kind="gpus")
        if isinstance(row, RawOffer) and row.sku == "NVIDIA H100 80GB HBM3 secure"
    ]

    assert row.price == "call us"


def test_an_answer_without_the_price_key_is_a_page_that_changed() -> None:
    text = first_page("runpod", "gpus.gpus.json").replace("communityPrice", "hostPrice")

    with pytest.raises(PageChanged, match="communityPrice"):
        parsed("runpod", text, kind="gpus")
