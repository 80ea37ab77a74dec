"""Facts of Crusoe that its golden file does not show."""

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from service.domain.offer import PurchaseModel
from tests.providers.recorded import first_page, parsed

PAGE = "prices.prices.html"
SPOT = ">Current spot<"


def test_columns_are_read_by_their_heads() -> None:
    text = first_page("crusoe", PAGE).replace(SPOT, ">3-month reserved<")

    rows = parsed("crusoe", text, kind="prices")

    assert {r.purchase_model for r in rows if isinstance(r, RawOffer)} == {PurchaseModel.ON_DEMAND}
    refused = [r.text for r in rows if isinstance(r, Reject) and r.reason.startswith("UNKNOWN")]
    assert "NVIDIA H100 80GB HGX: 3-month reserved '$1.65/GPU-hr'" in refused


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("GPU instances pricing", "Cloud pricing"),
        (">On-demand<", ">Reserved<"),
        (f'<div class="pricing-heading is-d"{SPOT}/div>', ""),
        ("pricing-tag", "tag"),
    ],
)
def test_a_changed_table_is_a_page_that_changed(text: str, other: str) -> None:
    page = first_page("crusoe", PAGE)
    assert text in page

    with pytest.raises(PageChanged):
        parsed("crusoe", page.replace(text, other), kind="prices")


def test_a_row_that_lost_a_price_is_refused_alone() -> None:
    page = first_page("crusoe", PAGE)
    lost = page.replace("<p>$1.65/GPU-hr</p>", "</div><div class='pricing-rich'>")
    rows = parsed("crusoe", lost, kind="prices")

    assert lost != page
    assert [r.reason for r in rows if isinstance(r, Reject)].count("ODD_ROW") == 1
    assert not [r for r in rows if isinstance(r, RawOffer) and "H100" in r.sku]


def test_equal_chips_under_another_heading_are_another_product() -> None:
    rows = parsed("crusoe", first_page("crusoe", PAGE), kind="prices")

    assert "$5.60/GPU-hr" not in {r.price for r in rows if isinstance(r, RawOffer)}
    others = [r.text for r in rows if isinstance(r, Reject) and r.reason == "OTHER_PRODUCT"]
    assert others == ["Self-Serve Deployments: NVIDIA H100 80GB $5.60/GPU-hr"]
