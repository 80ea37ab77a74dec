"""Facts of Hyperstack that its golden file does not show: the page alone, and odd stock."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import RawOffer
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, PurchaseModel
from tests.providers.recorded import Offers, first_page, pages_of, parsed, read_altered

PAGE = "prices.html"
KEY = "HYPERSTACK_API_KEY"


def altered(kind: str, change: Callable[[Any], None]) -> Offers:
    """Read page and API with the answer of one endpoint changed."""

    def alter(page: Page) -> str:
        if page.kind != kind:
            return page.text
        answer = json.loads(page.text)
        change(answer)
        return json.dumps(answer)

    return Offers(read_altered("hyperstack", alter))


def test_the_page_alone_is_asked_without_a_key() -> None:
    provider = load_providers()["hyperstack"]

    assert [set(part.requests) for part in provider.all_parts(keys=())] == [{"prices"}]
    assert [set(part.requests) for part in provider.all_parts(keys={KEY})] == [
        {"prices", "stocks", "pricebook"}
    ]
    assert provider.key_variables == {KEY}


def test_the_page_alone_gives_prices_without_region_and_stock() -> None:
    rows = parsed("hyperstack", first_page("hyperstack", PAGE), kind="prices")

    offers = [row for row in rows if isinstance(row, RawOffer)]
    assert {(row.region, row.stock) for row in offers} == {("", None)}
    assert ("NVIDIA B200", "$6.10") in {(row.sku, row.price) for row in offers}


def test_stock_is_the_floor_and_not_the_sum_of_configurations() -> None:
    offer = pages_of("hyperstack").one("NVIDIA H100", region="CANADA-1")

    assert (offer.available_gpu_count, offer.availability.raw_value) == (7, "7")
    assert offer.availability.state is AvailabilityState.LIMITED


def test_spot_has_a_stock_of_its_own() -> None:
    offer = pages_of("hyperstack").one("NVIDIA H100 PCIe", purchase_model=PurchaseModel.SPOT)

    assert (offer.region_code, offer.available_gpu_count) == ("CANADA-1", 100)


def test_a_stock_that_is_not_understood_states_nothing() -> None:
    def change(answer: Any) -> None:
        answer["stocks"][2]["models"][0]["available"] = "plenty"

    offer = altered("stocks", change).one("NVIDIA A100 SXM")

    assert offer.availability.state is AvailabilityState.NOT_STATED
    assert (offer.price_per_gpu_hour, offer.available_gpu_count) == (Decimal("1.65"), None)


def test_the_discount_of_an_account_changes_no_price() -> None:
    offer = pages_of("hyperstack").one("NVIDIA H100", region="NORWAY-1")

    assert offer.price_per_gpu_hour == Decimal("2.45")


def test_a_price_book_that_contradicts_the_page_refuses_the_row() -> None:
    def change(answer: Any) -> None:
        answer[0]["original_value"] = "2.9500000000"

    offers = altered("pricebook", change)

    assert "NVIDIA H100" not in offers.skus()
    assert "NVIDIA H100: $2.45 or 2.9500000000" in offers.texts("PRICE_CONFLICT")


def test_stock_without_any_model_is_an_answer_that_changed() -> None:
    def change(answer: Any) -> None:
        answer["stocks"] = []

    (error,) = altered("stocks", change).reading.errors

    assert isinstance(error, PageChanged)


def test_the_spot_card_has_no_unit_but_that_of_the_page() -> None:
    page = first_page("hyperstack", PAGE).replace("Pricing Per Hour", "Pricing")

    rows = [r for r in parsed("hyperstack", page, kind="prices") if isinstance(r, RawOffer)]

    assert {row.unit for row in rows} == {""}


def test_a_card_that_is_not_known_is_refused() -> None:
    page = first_page("hyperstack", PAGE).replace("<span>Spot VM</span> Pricing", "Preview Pricing")

    rows = parsed("hyperstack", page, kind="prices")

    assert {r.purchase_model for r in rows if isinstance(r, RawOffer)} == {PurchaseModel.ON_DEMAND}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("<span>Pricing Per Hour</span>", "<span>Rate</span>"),
        ("<span>GPU Model</span>", "<span>Model</span>"),
        ("<span>Spot VM</span></div>", "<span>Price</span></div>"),
        ("page-price_card_row_item_col ", "x "),
        ("page-price_card ", "x "),
        ("<h3>", "<h4>"),
    ],
)
def test_a_changed_card_is_a_page_that_changed(text: str, other: str) -> None:
    page = first_page("hyperstack", PAGE)
    assert text in page

    with pytest.raises(PageChanged):
        parsed("hyperstack", page.replace(text, other), kind="prices")
