"""Facts of Linode's list of types that its golden file does not show."""

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from tests.providers.recorded import first_page, pages_of, parsed

TEXT = first_page("linode", "types.json")


def test_a_region_with_a_price_of_its_own_is_an_offer_beside_the_general_one() -> None:
    offers = pages_of("linode")

    prices = {
        o.region_code: str(o.price_per_hour)
        for o in offers.reading.offers
        if o.sku == "g2-gpu-rtx4000a1-s"
    }
    assert prices == {"": "0.54", "id-cgk": "0.62", "br-gru": "0.73"}


def test_an_hourly_price_that_is_not_a_share_of_the_monthly_one_is_refused() -> None:
    assert "g2-gpu-rtx4000a2-s" in pages_of("linode").texts("PRICE_CONFLICT")


def test_a_plan_without_a_monthly_cap_has_its_hourly_price() -> None:
    rows = parsed("linode", TEXT.replace('"monthly": 1015.0', '"monthly": null'), kind="types")

    assert [row.price for row in rows if isinstance(row, RawOffer) and "rtx6000-1" in row.sku] == [
        "1.52"
    ]


@pytest.mark.parametrize("key", ["price", "region_prices", "hourly", "monthly", "gpus", "class"])
def test_a_lost_key_is_a_page_that_changed(key: str) -> None:
    with pytest.raises(PageChanged):
        parsed("linode", TEXT.replace(f'"{key}"', f'"{key}s2"'), kind="types")


def test_a_list_without_gpu_plans_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="class 'gpu'"):
        parsed("linode", TEXT.replace('"class": "gpu"', '"class": "dedicated"'), kind="types")


def test_plans_behind_the_first_page_are_not_forgotten() -> None:
    rows = parsed("linode", TEXT.replace('"pages": 1', '"pages": 2'), kind="types")

    assert rows[-1] == Reject(reason="MORE_PAGES_NOT_READ", text="2 pages")
