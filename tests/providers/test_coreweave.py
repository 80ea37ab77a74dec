"""Facts of CoreWeave that its hand-written page shows."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from service.domain.offer import PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed


def test_a_price_is_for_the_node() -> None:
    offer = pages_of("coreweave").one("hgx-h100", region="north-america")

    assert offer.price_per_hour == Decimal("49.24")
    assert offer.price_per_gpu_hour == Decimal("6.155")
    assert (offer.gpu_count, offer.memory_gib) == (Decimal(8), Decimal(2048))


def test_a_footnote_is_no_part_of_the_count() -> None:
    offer = pages_of("coreweave").one("nvidia-gb200-nvl72")

    assert (offer.gpu_model, offer.gpu_count) == ("gb200-nvl72-186gb", Decimal(4))
    assert offer.price_per_gpu_hour == Decimal("10.5")


def test_both_regions_have_their_own_offers() -> None:
    offers = pages_of("coreweave")

    assert offers.one("hgx-h100", region="europe").price_per_hour == Decimal("50.44")
    spot = offers.one("hgx-h100", region="europe", purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_hour == Decimal("20.11")


def test_the_inference_price_is_for_one_gpu() -> None:
    offer = pages_of("coreweave").one("hgx-h100 inference", region="north-america")

    assert (offer.gpu_count, offer.price_per_gpu_hour) == (Decimal(1), Decimal("6.16"))


def test_a_spot_price_counts_where_the_usual_one_is_for_talks() -> None:
    offers = pages_of("coreweave")

    spot = offers.one("nvidia-b300", purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_gpu_hour == Decimal("4.48")
    assert "NVIDIA HGX B300" in offers.texts("CONTACT_SALES")


def test_empty_cells_and_na_are_no_prices() -> None:
    offers = pages_of("coreweave")

    assert offers.reasons() == {"CONTACT_SALES": 4, "NOT_OFFERED": 4}
    assert "NVIDIA L40" in offers.texts("NOT_OFFERED")


def test_a_table_of_other_products_is_left_out() -> None:
    assert "amd-turin" not in pages_of("coreweave").skus()


def test_tables_without_a_gpu_count_are_a_page_that_changed() -> None:
    text = first_page("coreweave", "prices.prices.html").replace("GPU Count", "Count")

    with pytest.raises(PageChanged, match="GPU Count"):
        parsed("coreweave", text, kind="prices")


def test_a_row_with_fewer_cells_than_columns_is_a_page_that_changed() -> None:
    text = first_page("coreweave", "prices.prices.html")
    cell = '<div class="table-v2-cell"><div>279</div></div>'

    with pytest.raises(PageChanged, match="8 cells under 9 columns"):
        parsed("coreweave", text.replace(cell, ""), kind="prices")
