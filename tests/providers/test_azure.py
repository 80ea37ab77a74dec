"""Facts of Azure that its hand-written pages show."""

from decimal import Decimal
from urllib.parse import unquote

import pytest

from scrapers.registry import load_providers
from service.domain.offer import PriceUnit, PurchaseModel
from tests.providers.recorded import pages_of

H100 = "Standard_ND96isr_H100_v5"


def test_a_reservation_of_three_years_is_divided_by_its_hours() -> None:
    offer = pages_of("azure").one(H100, purchase_model=PurchaseModel.RESERVED_3Y)

    assert offer.listed.text == "1134310.0"
    assert offer.listed.unit is PriceUnit.TERM
    assert offer.price_per_hour.quantize(Decimal("0.01")) == Decimal("43.16")
    assert offer.commitment_term is not None
    assert offer.commitment_term.total_seconds() == 26_280 * 3600


def test_a_reservation_of_one_year_is_divided_by_its_hours() -> None:
    offer = pages_of("azure").one(H100, purchase_model=PurchaseModel.RESERVED_1Y)

    assert offer.price_per_hour.quantize(Decimal("0.01")) == Decimal("62.92")


def test_the_linux_row_is_the_on_demand_price_not_the_windows_row() -> None:
    offers = pages_of("azure")

    assert offers.one(H100, region="eastus").price_per_hour == Decimal("98.32")
    assert offers.reasons()["WINDOWS"] == 1
    assert Decimal("102.736") not in {offer.price_per_hour for offer in offers.reading.offers}


def test_a_spot_row_is_spot_also_where_it_equals_the_usual_price() -> None:
    offers = pages_of("azure")

    spot = offers.one(H100, purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_hour == Decimal("23.594")
    dear = offers.one("Standard_ND96isr_H200_v5", purchase_model=PurchaseModel.SPOT)
    assert dear.price_per_hour == Decimal("106.0")


def test_a_spot_price_of_zero_is_no_offer() -> None:
    offers = pages_of("azure")

    assert offers.reasons()["NO_PRICE"] == 1
    assert "swedencentral" not in {offer.region_code for offer in offers.reading.offers}


@pytest.mark.parametrize(
    "reason",
    [
        "CLOUD_SERVICES",
        "DEDICATED_HOST",
        "DUPLICATE",
        "GOVERNMENT_REGION",
        "LOW_PRIORITY",
        "NOT_YET_EFFECTIVE",
        "OTHER_PRICE_TYPE",
        "OTHER_TERM",
        "OTHER_UNIT",
        "UNKNOWN_INSTANCE_TYPE",
        "WINDOWS",
    ],
)
def test_each_trap_row_is_refused_with_its_reason(reason: str) -> None:
    assert pages_of("azure").reasons()[reason] == 1


def test_the_nc_h100_is_the_nvl_card_with_94_gb() -> None:
    assert pages_of("azure").one("Standard_NC40ads_H100_v5").gpu_model == "h100-nvl-94gb"


def test_a_part_of_an_a10_is_a_fraction() -> None:
    offers = pages_of("azure")

    assert offers.one("Standard_NV18ads_A10_v5").gpu_count == Decimal("0.5")
    sixth = offers.one("Standard_NV6ads_A10_v5")
    assert sixth.gpu_count.quantize(Decimal("0.0001")) == Decimal("0.1667")
    assert sixth.price_per_gpu_hour == Decimal("0.454") * 6


def test_a_region_is_written_in_lower_case_whatever_the_row_says() -> None:
    assert pages_of("azure").one(H100, region="westus3").country_code == "US"


def test_the_second_page_is_read() -> None:
    assert "Standard_NC96ads_A100_v4" in pages_of("azure").skus()


def test_one_walk_asks_for_gpu_sizes_only() -> None:
    (part,) = load_providers()["azure"].all_parts()

    assert "contains(armSkuName, 'Standard_N')" in unquote(part.requests["prices"].url)
