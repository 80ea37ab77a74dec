"""Facts of Together AI that its golden file does not show."""

from datetime import timedelta
from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from service.domain.offer import PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed, read_altered

PAGE = "prices.prices.html"


def test_rows_within_broken_tags_are_read_in_their_columns() -> None:
    offers = [o for o in pages_of("together").reading.offers if o.sku == "NVIDIA HGX B200"]

    assert {(o.max_term, o.price_per_gpu_hour) for o in offers} == {
        (None, Decimal("8.09")),  # On demand.
        (timedelta(days=30), Decimal("7.89")),
        (timedelta(days=90), Decimal("7.69")),
        (timedelta(days=180), Decimal("6.69")),
        (None, Decimal("6.09")),  # 181 days and more.
    }


def test_the_hidden_table_and_other_products_give_no_offer() -> None:
    prices = {offer.price_per_gpu_hour for offer in pages_of("together").reading.offers}

    assert not prices & {Decimal("7.77"), Decimal("8.85"), Decimal("5.35")}


def test_a_price_for_several_terms_is_refused() -> None:
    text = first_page("together", PAGE).replace('<a href="#">Contact us</a>', "$9.99")

    refused = [r for r in parsed("together", text, kind="prices") if isinstance(r, Reject)]

    assert [r.text for r in refused if r.reason == "UNKNOWN_TERM"] == [
        "NVIDIA GB300 NVL72, 7-30 days, 31-90 days, 91-180 days, 181+ days: $9.99"
    ]


def test_the_unit_may_stand_in_another_tag() -> None:
    text = first_page("together", PAGE)
    sentence = "All prices are per GPU per hour."
    assert f"<p>{sentence}</p>" in text
    text = text.replace(f"<p>{sentence}</p>", f"<div>{sentence}</div>")

    rows = parsed("together", text, kind="prices")

    assert {row.unit for row in rows if isinstance(row, RawOffer)} == {"per GPU per hour"}


@pytest.mark.parametrize("sentence", ["", "All prices are per node per hour"])
def test_the_unit_of_another_section_does_not_count(sentence: str) -> None:
    reading = read_altered(
        "together",
        lambda page: page.text.replace("All prices are per GPU per hour", sentence),
    )

    assert reading.offers == ()
    assert {r.reason for r in reading.rejects} >= {"UNIT_NOT_STATED"}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('id="gpu-clusters"', 'id="clusters"'),
        (">ON-Demand<", ">Spot<"),
        (">Pay as you go<", ">Per node<"),
        ('colspan="4" class="text-align-center"', 'colspan="3" class="text-align-center"'),
        ('colspan="4" class="text-align-center"', 'colspan="all" class="text-align-center"'),
        ("<th>31-90 days</th>", ""),
        ('<div class="hide">', "<div>"),
    ],
)
def test_a_changed_table_is_a_page_that_changed(text: str, other: str) -> None:
    page = first_page("together", PAGE)
    page = page.replace(
        '<th><div class="opacity-70"><p class="caption-m">31-90 days</p></div></th>',
        "<th>31-90 days</th>",
    )
    assert text in page

    with pytest.raises(PageChanged):
        parsed("together", page.replace(text, other), kind="prices")


def test_terms_are_read_from_the_head() -> None:
    text = first_page("together", PAGE).replace(">7-30 days<", ">14-30 days<")

    rows = parsed("together", text, kind="prices")

    reserved = [r for r in rows if isinstance(r, RawOffer) and r.term]
    assert {r.term for r in reserved} == {"14-30 days", "31-90 days", "91-180 days", "181 days+"}
    assert {r.purchase_model for r in reserved} == {PurchaseModel.RESERVED_OTHER}
