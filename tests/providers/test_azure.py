"""Facts of Azure that its hand-written pages show."""

import re
from decimal import Decimal
from urllib.parse import unquote

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from service.domain.offer import PriceUnit, PurchaseModel
from tests.builders import NOW
from tests.providers.recorded import first_page, pages_of, parsed

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
        "EXPIRED",
        "GOVERNMENT_REGION",
        "NOT_YET_EFFECTIVE",
        "NO_REGION",
        "OTHER_PRICE_TYPE",
        "OTHER_TIER",
        "OTHER_UNIT",
        "PRICE_CONFLICT",
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


def test_low_priority_is_refused_however_it_is_written() -> None:
    assert "NC24rs v3/LowPriority" in pages_of("azure").texts("LOW_PRIORITY")


def test_a_term_stands_on_reservations_only_and_they_have_one() -> None:
    assert pages_of("azure").reasons()["OTHER_TERM"] == 2


def test_a_first_tier_is_the_price_beside_its_further_tiers_and_expired_prices() -> None:
    assert pages_of("azure").one("Standard_NC24rs_v3").price_per_gpu_hour == Decimal("3.25")


def test_a_row_in_another_currency_than_its_page_is_refused() -> None:
    text = first_page("azure", "page2.prices.json").replace(
        '"BillingCurrency": "USD"', '"BillingCurrency": "EUR"'
    )

    found = parsed("azure", text, kind="prices")

    assert not [row for row in found if isinstance(row, RawOffer)]
    assert "CURRENCY_CONFLICT" in {row.reason for row in found if isinstance(row, Reject)}


@pytest.mark.parametrize("link", ['"NextPage": null', '"NextPageLink": "later"'])
def test_pages_are_not_lost_unseen_when_the_link_to_them_changed(link: str) -> None:
    text = f'{{"Items": [], {link}}}'
    page = Page("prices", "prices", "https://example.test/", text, "application/json", NOW)

    with pytest.raises(PageChanged):
        list(load_providers()["azure"].followers["prices"](page))


@pytest.mark.parametrize(
    ("size", "reasons"),
    [("Standard_NX96_R100_v9", {"UNKNOWN_INSTANCE_TYPE"}), ("Standard_NP10s", set())],
)
def test_a_new_series_is_counted_and_fpgas_are_left_out(size: str, reasons: set[str]) -> None:
    text = first_page("azure", "page2.prices.json").replace("Standard_NC40ads_H100_v5", size)

    found = parsed("azure", text, kind="prices")

    assert {r.reason for r in found if isinstance(r, Reject) and size in r.text} == reasons


def test_a_unit_price_that_is_written_otherwise_is_the_price() -> None:
    text = first_page("azure", "page1.prices.json")
    price = re.search(r'"unitPrice": (\d+\.\d+)', text)
    assert price

    same = parsed("azure", text.replace(price[0], f"{price[0]}00"), kind="prices")
    other = parsed("azure", text.replace(price[0], f"{price[0]}01"), kind="prices")

    assert same == parsed("azure", text, kind="prices")
    assert "PRICE_CONFLICT" in {row.reason for row in other if isinstance(row, Reject)}
