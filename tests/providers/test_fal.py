"""Facts of fal that its golden file does not show."""

import re
from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from tests.providers.recorded import first_page, pages_of, parsed

PAGE = "prices.prices.html"


def test_the_list_price_counts_and_not_the_floor_of_a_contract() -> None:
    prices = {offer.price_per_gpu_hour for offer in pages_of("fal").reading.offers}

    assert Decimal("4.4") in prices
    assert Decimal("1.95") not in prices


@pytest.mark.parametrize("column", ["GPU", "VRAM", "List Price"])
def test_a_renamed_column_is_a_page_that_changed(column: str) -> None:
    text = first_page("fal", PAGE).replace(f"<th>{column}</th>", "<th>New</th>")

    with pytest.raises(PageChanged, match=column):
        parsed("fal", text, kind="prices")


def test_a_row_that_lost_a_cell_is_refused_alone() -> None:
    sound = parsed("fal", first_page("fal", PAGE), kind="prices")
    rows = parsed("fal", first_page("fal", PAGE).replace("<td>141GB</td>", ""), kind="prices")

    assert [r.text for r in rows if isinstance(r, Reject) and r.reason == "ODD_ROW"] == [
        "prices table tbody tr: 3 cells under 4 columns: H200 | $4.60/h | $2.20/h"
    ]
    assert [r for r in rows if isinstance(r, RawOffer)] == [
        r for r in sound if isinstance(r, RawOffer) and r.gpu != "H200"
    ]


def test_rows_that_all_lost_a_cell_are_a_page_that_changed() -> None:
    text = re.sub(r"<td>[0-9]+GB</td>", "", first_page("fal", PAGE))

    with pytest.raises(PageChanged, match="3 cells under 4 columns"):
        parsed("fal", text, kind="prices")
