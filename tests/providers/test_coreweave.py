"""Facts of CoreWeave that its hand-written page shows."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
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

    assert offers.reasons()["CONTACT_SALES"] == 4
    assert offers.reasons()["NOT_OFFERED"] == 4
    assert "NVIDIA L40" in offers.texts("NOT_OFFERED")


def test_a_table_of_other_products_is_left_out() -> None:
    assert "amd-turin" not in pages_of("coreweave").skus()


def test_tables_without_a_gpu_count_are_a_page_that_changed() -> None:
    text = first_page("coreweave", "prices.prices.html").replace("GPU Count", "Count")

    with pytest.raises(PageChanged, match="GPU Count"):
        parsed("coreweave", text, kind="prices")


def test_a_row_with_fewer_cells_than_columns_is_refused_alone() -> None:
    text = first_page("coreweave", "prices.prices.html")
    cell = '<div class="table-v2-cell"><div>279</div></div>'
    rows = parsed("coreweave", text.replace(cell, ""), kind="prices")

    odd = [r.text for r in rows if isinstance(r, Reject) and r.reason == "ODD_ROW"]
    assert odd
    assert all("8 cells under 9 columns: NVIDIA GB300" in text for text in odd)
    assert any(isinstance(row, RawOffer) for row in rows)


def test_the_a100_nodes_are_hgx_machines() -> None:
    assert pages_of("coreweave").one("nvidia-a100").gpu_model == "a100-sxm-80gb"


def test_a_price_that_its_repetition_contradicts_is_refused() -> None:
    offers = pages_of("coreweave")

    assert offers.texts("PRICE_CONFLICT") == (
        "NVIDIA HGX H200 north-america: On-Demand Price '$50.44' or '$54.04'"
    )
    assert offers.one("hgx-h200 inference").price_per_gpu_hour == Decimal("6.31")


def test_a_price_per_gpu_is_not_divided_by_the_count() -> None:
    """Before 2025 the page listed prices of single GPUs; the inference price beside tells."""
    offers = pages_of("coreweave")

    assert "nvidia-l40s" not in offers.skus()
    assert offers.reasons()["COUNT_CONFLICT"] == 3


@pytest.mark.parametrize(("count", "lost"), [("4^1", "41"), ("<div>8<", "<div>1<")])
def test_a_count_that_no_such_node_has_is_refused(count: str, lost: str) -> None:
    text = first_page("coreweave", "prices.prices.html").replace(count, lost)

    rows = parsed("coreweave", text, kind="prices")

    products = {row.sku for row in rows if isinstance(row, RawOffer)}
    assert not products & {"nvidia-gb200-nvl72" if lost == "41" else "hgx-h100"}


@pytest.mark.parametrize("period", ["Month", "Minute"])
def test_the_period_of_the_column_agrees_with_that_of_the_repeated_price(period: str) -> None:
    text = first_page("coreweave", "prices.prices.html").replace("(Per Hour)", f"(Per {period})")

    units = {r.unit for r in parsed("coreweave", text, kind="prices") if isinstance(r, RawOffer)}

    assert f"On-Demand Price (Per {period}) / Hour" in units


def test_a_second_table_without_a_region_is_a_page_that_changed() -> None:
    text = first_page("coreweave", "prices.prices.html").replace("REGION: EUROPE", "Europe")

    with pytest.raises(PageChanged, match="without its region"):
        parsed("coreweave", text, kind="prices")
