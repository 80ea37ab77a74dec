"""Facts of Nebius that its golden file does not show."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from tests.providers.recorded import first_page, pages_of, parsed

PAGE = "prices.prices.html"
ANNOUNCED = "GPU-hour (Effective October 1, 2026)"


def rows_on(day: datetime, *, text: str = "") -> dict[str, RawOffer]:
    page = Page(
        kind="prices",
        part="prices",
        url="https://example.test/",
        text=text or first_page("nebius", PAGE),
        content_type="text/html",
        observe_time=day,
    )
    rows = load_providers()["nebius"].parsers[("prices",)](page)
    return {f"{r.sku} {r.purchase_model}": r for r in rows if isinstance(r, RawOffer)}


@pytest.mark.parametrize(
    ("day", "price", "valid_until"),
    [
        (datetime(2026, 9, 30, 23, 59, tzinfo=UTC), "$3.75", "2026-10-01"),
        (datetime(2026, 10, 1, tzinfo=UTC), "$4.40", ""),
    ],
)
def test_an_announced_price_counts_from_its_day(
    day: datetime, price: str, valid_until: str
) -> None:
    row = rows_on(day)["NVIDIA HGX H100 ON_DEMAND"]

    assert (row.price, row.valid_until) == (price, valid_until)


def test_of_two_announced_prices_the_later_one_that_has_begun_counts() -> None:
    text = first_page("nebius", PAGE).replace(
        "On-demand, GPU-hour", "On-demand, GPU-hour (Effective October 3, 2026)"
    )

    row = rows_on(datetime(2026, 10, 8, tzinfo=UTC), text=text)["NVIDIA HGX H100 ON_DEMAND"]

    assert row.price == "$3.75"


def test_a_price_that_is_only_announced_is_no_offer() -> None:
    text = first_page("nebius", PAGE).replace(
        "On-demand, GPU-hour", "On-demand, GPU-hour (Effective December 24, 2026)"
    )

    rows = rows_on(datetime(2026, 9, 8, tzinfo=UTC), text=text)

    assert set(rows) == {"NVIDIA RTX PRO 6000 SPOT"}


def test_a_row_holds_one_gpu_with_its_vcpus_and_memory() -> None:
    offer = pages_of("nebius").one("NVIDIA HGX H200")

    assert (offer.gpu_count, offer.vcpu_count, offer.memory_gib) == (Decimal(1), 16, Decimal(200))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("On-demand, GPU-hour", "Reserved, GPU-hour"),
        (ANNOUNCED, "GPU-hour (from October 1, 2026)"),
        ("October 1,", "October 32,"),
        ("October 1,", "Octember 1,"),
        ("GPU-hour", "GPU-month"),
        ("NVIDIA GPU Instances", "Instances"),
        (">Item<", ">Product<"),
        ('<div class="pc-highlight-table-block__cell"><p>200</p></div>', ""),
        ("pc-highlight-table-block__cell", "cell"),
    ],
)
def test_a_changed_table_is_a_page_that_changed(text: str, other: str) -> None:
    page = first_page("nebius", PAGE)
    assert text in page

    with pytest.raises(PageChanged):
        parsed("nebius", page.replace(text, other), kind="prices")


def test_one_table_may_have_preemptible_and_on_demand_prices() -> None:
    text = first_page("nebius", PAGE).replace(ANNOUNCED, "Preemptible, GPU-hour")

    rows = rows_on(datetime(2026, 8, 22, tzinfo=UTC), text=text)

    assert rows["NVIDIA HGX H100 ON_DEMAND"].price == "$3.75"
    assert rows["NVIDIA HGX H100 SPOT"].price == "$4.40"
    assert replace(rows["NVIDIA HGX H100 SPOT"], price="") == replace(
        rows["NVIDIA HGX H100 ON_DEMAND"],
        price="",
        purchase_model=rows["NVIDIA HGX H100 SPOT"].purchase_model,
    )


def test_a_floor_is_no_price() -> None:
    rows = parsed("nebius", first_page("nebius", PAGE), kind="prices")

    floors = [row.text for row in rows if isinstance(row, Reject) and row.reason == "FLOOR_PRICE"]
    assert len(floors) == 3
