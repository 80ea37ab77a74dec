"""Facts of Modal's price page that its golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from service.domain.offer import PriceUnit
from tests.providers.recorded import first_page, pages_of, parsed, read_altered

TEXT = first_page("modal", "prices.html")


def test_the_printed_second_is_kept_beside_the_hour() -> None:
    offer = pages_of("modal").one("Nvidia H100 SXM5")

    assert (offer.listed.amount.amount, offer.listed.unit) == (
        Decimal("0.001108"),
        PriceUnit.GPU_SECOND,
    )
    assert offer.price_per_hour == Decimal("0.001108") * 3600


def test_the_switch_to_hours_would_be_read_as_hours() -> None:
    def by_hour(page: Page) -> str:
        return page.text.replace('$0.001108 <span class="text-sm">/ sec', "$3.99 <span>/ hr")

    offers = {o.sku: o for o in read_altered("modal", by_hour).offers}

    assert offers["Nvidia H100 SXM5"].price_per_hour == Decimal("3.99")


@pytest.mark.parametrize("unit", ["/ core / sec", "/ GiB / mo", "/ 1000 sec", "", "/ day"])
def test_a_price_for_anything_but_time_gives_no_offer(unit: str) -> None:
    def other_unit(page: Page) -> str:
        return page.text.replace("/ sec", unit)

    assert read_altered("modal", other_unit).offers == ()


@pytest.mark.parametrize(("there", "other"), [('class="price', 'class="cost'), ("Nvidia ", "N ")])
def test_a_page_without_its_lines_is_a_page_that_changed(there: str, other: str) -> None:
    with pytest.raises(PageChanged):
        parsed("modal", TEXT.replace("AMD ", "A ").replace(there, other), kind="prices")
