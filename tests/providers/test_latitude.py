"""Facts of Latitude.sh that its golden file does not show."""

import json

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import RawOffer
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState
from tests.providers.recorded import first_page, pages_of, parsed, read_altered

PAGE = first_page("latitude", "prices.html")


def pushed(text: str) -> str:
    chunk = json.dumps(text)
    return f"<html><body><script>self.__next_f.push([1,{chunk}])</script></body></html>"


def test_the_page_alone_gives_prices_and_stock() -> None:
    rows = [row for row in parsed("latitude", PAGE, kind="prices") if isinstance(row, RawOffer)]

    assert {(row.region, row.price, row.stock) for row in rows if row.sku == "g3-l40s-medium"} == {
        ("CHI", "2.66", "high"),
        ("NYC", "2.66", "not in_stock"),
    }


def test_the_page_alone_is_asked_for_without_a_key() -> None:
    (part,) = load_providers()["latitude"].all_parts(keys=())
    (joined,) = load_providers()["latitude"].all_parts(keys={"LATITUDESH_API_KEY"})

    assert set(part.requests) == {"prices"}
    assert set(joined.requests) == {"prices", "plans"}
    assert part.name == joined.name


def test_with_a_key_the_stock_is_that_of_the_api() -> None:
    offer = pages_of("latitude").one("g3-l40s-medium", region="NYC")

    assert offer.availability.state is AvailabilityState.AVAILABLE
    assert offer.source_uri == "https://www.latitude.sh/pricing"


def test_a_server_that_only_the_api_lists_stands_on_its_page() -> None:
    offer = pages_of("latitude").one("g3-h100-sxm-large")

    assert offer.source_uri.startswith("https://api.latitude.sh/plans")


def test_a_price_of_the_account_is_refused_where_the_page_has_another() -> None:
    def cheaper(page: Page) -> str:
        return page.text.replace('"hour": 2.66', '"hour": 2.39')

    reading = read_altered("latitude", cheaper)

    assert [r.text for r in reading.rejects if r.reason == "PRICE_CONFLICT"] == [
        "g3-l40s-medium in CHI: 2.66 or 2.39",
        "g3-l40s-medium in NYC: 2.66 or 2.39",
    ]
    assert "g3-l40s-medium" not in {offer.sku for offer in reading.offers}


@pytest.mark.parametrize(
    "text",
    [
        '6:{"plans":{"servers":[]}}',
        '6:{"plansData":"$1f"}',
        '6:{"plansData":{"rows":[]}}',
        '6:{"plansData":{"servers":[{"attributes":{"slug":"x"',
        '6:{"plansData":{"servers":"$1f"}}',
    ],
)
def test_a_page_that_pushes_no_servers_has_changed(text: str) -> None:
    with pytest.raises(PageChanged):
        parsed("latitude", pushed(text), kind="prices")


def test_a_page_without_its_currency_gives_no_price() -> None:
    rows = parsed("latitude", PAGE.replace("USD", "EUR"), kind="prices")

    assert not [row for row in rows if isinstance(row, RawOffer)]
