"""Facts of Paperspace's price page that its golden file does not show."""

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from tests.providers.recorded import first_page, pages_of, parsed, read_altered

TEXT = first_page("paperspace", "prices.html")


def test_eight_gpus_that_cost_as_much_as_four_are_refused() -> None:
    offers = pages_of("paperspace")

    assert "A6000" in offers.texts("COUNT_CONFLICT")
    assert offers.one("A100-80G x8").price_per_gpu_hour == offers.one("A100-80G").price_per_gpu_hour


@pytest.mark.parametrize("head", ["GPU Machine", "Multi-GPU Machine", "Hourly Price"])
def test_a_renamed_column_is_a_page_that_changed(head: str) -> None:
    with pytest.raises(PageChanged):
        parsed("paperspace", TEXT.replace(f"<th>{head}<", "<th>New<"), kind="prices")


def test_a_table_that_stands_twice_gives_its_machines_once() -> None:
    table = TEXT[TEXT.index('<h3 id="gpu-machines">') : TEXT.index('<h3 id="multi-gpu-machines">')]

    rows = parsed("paperspace", TEXT.replace(table, table + table), kind="prices")

    assert rows == parsed("paperspace", TEXT, kind="prices")


def test_a_row_that_lost_a_cell_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="does not fit"):
        parsed("paperspace", TEXT.replace("<td>$5.99/hr</td>", "", 1), kind="prices")


@pytest.mark.parametrize("other", ["/mo", "/day", "/vCPU/hr"])
def test_a_price_that_is_not_hourly_contradicts_its_column(other: str) -> None:
    def other_unit(page: Page) -> str:
        return page.text.replace("/hr", other)

    assert read_altered("paperspace", other_unit).offers == ()
