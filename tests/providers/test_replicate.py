"""Facts of Replicate's price page that its golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from tests.providers.recorded import first_page, pages_of, parsed, read_altered

TEXT = first_page("replicate", "prices.html")


def test_a_row_of_two_gpus_costs_for_both() -> None:
    offer = pages_of("replicate").one("gpu-l40s-2x")

    assert (offer.gpu_count, offer.price_per_gpu_hour * 2) == (Decimal(2), offer.price_per_hour)


def test_hardware_for_contracts_is_no_offer() -> None:
    refused = pages_of("replicate").texts("COMMITTED_SPEND")

    for sku in ("gpu-h100-8x", "gpu-a100-large-4x", "gpu-l40s-8x-reserved"):
        assert sku in refused


def test_sizes_of_the_machine_around_a_gpu_are_offers_of_their_own() -> None:
    offers = pages_of("replicate")

    assert offers.one("gpu-a40-large").gpu_model == offers.one("gpu-a40-small").gpu_model


def test_processors_are_no_gpu_rows() -> None:
    offers = pages_of("replicate")

    assert not any("cpu" in text for text in (*offers.skus(), offers.texts("NO_GPU_NAMED")))


@pytest.mark.parametrize("column", ["Hardware", "Price", "GPU"])
def test_a_renamed_column_is_a_page_that_changed(column: str) -> None:
    with pytest.raises(PageChanged):
        parsed("replicate", TEXT.replace(f"<th>{column}<", "<th>New<"), kind="prices")


def test_a_row_that_lost_a_cell_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="5 cells under 6 columns"):
        parsed("replicate", TEXT.replace("<td>48GB</td>", ""), kind="prices")


@pytest.mark.parametrize("other", ["/min", "/month", "/GPU/sec", ""])
def test_a_price_for_another_time_is_refused(other: str) -> None:
    def other_unit(page: Page) -> str:
        return page.text.replace("/sec", other)

    assert read_altered("replicate", other_unit).offers == ()
