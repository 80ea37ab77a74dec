"""Facts of AWS's Capacity Blocks that their hand-written page shows."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer
from service.domain.offer import PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed

BLOCK = PurchaseModel.CAPACITY_BLOCK
PAGE = "prices.html"


def _offers(old: str, new: str) -> list[RawOffer]:
    text = first_page("aws-capacity-blocks", PAGE)
    assert old in text
    rows = parsed("aws-capacity-blocks", text.replace(old, new), kind="prices")
    return [row for row in rows if isinstance(row, RawOffer)]


def test_a_rate_is_for_the_instance_and_has_no_term() -> None:
    offer = pages_of("aws-capacity-blocks").one(
        "p5.48xlarge", region="eu-west-1", purchase_model=BLOCK
    )

    assert (offer.price_per_hour, offer.price_per_gpu_hour) == (Decimal("38.96"), Decimal("4.87"))
    assert (offer.gpu_model, offer.country_code) == ("h100-sxm-80gb", "IE")
    assert (offer.commitment_term, offer.start_time) == (None, None)
    assert offer.listed.text == "$38.96 USD"


def test_an_ultra_server_is_a_domain_of_gb200_in_a_local_zone() -> None:
    offer = pages_of("aws-capacity-blocks").one("u-p6e-gb200x72", purchase_model=BLOCK)

    assert (offer.gpu_model, offer.gpu_count) == ("gb200-nvl72-186gb", Decimal(72))
    assert (offer.region_code, offer.country_code) == ("us-east-1-dfw-2", "US")
    assert (offer.price_per_gpu_hour, offer.cpu_arch) == (Decimal("10.57"), "arm64")


def test_two_rates_that_do_not_agree_are_refused() -> None:
    assert "p4de.24xlarge" in pages_of("aws-capacity-blocks").texts("RATE_CONFLICT")
    assert not [row for row in _offers("8 x B200", "4 x B200") if row.sku == "p6-b200.48xlarge"]
    assert not [row for row in _offers("($9.36 USD)", "($9.46 USD)") if "b200.48" in row.sku]
    assert [row for row in _offers("($9.36 USD)", "($9.40 USD)") if "b200.48" in row.sku]


def test_rates_in_two_cells_are_read_too() -> None:
    old, new = "$74.88 USD ($9.36 USD)</p>", '$74.88 USD</p>\\\\", \\\\"x\\\\": \\\\"$9.36 USD'
    text = first_page("aws-capacity-blocks", PAGE)
    quote = '\\"'
    new = new.replace('\\\\"', quote)
    assert old in text

    prices = [row.price for row in _offers(old, new) if row.sku == "p6-b200.48xlarge"]
    assert prices == ["$74.88 USD"]


def test_rows_of_one_group_are_the_same_instance() -> None:
    offers = pages_of("aws-capacity-blocks").reading.offers

    regions = {offer.region_code for offer in offers if offer.sku == "p5.48xlarge"}
    assert regions == {"us-east-1", "eu-west-1"}


def test_the_first_rate_may_leave_out_its_currency() -> None:
    offer = pages_of("aws-capacity-blocks").one("u-p6e-gb200x72", purchase_model=BLOCK)

    assert (offer.listed.text, offer.price_per_hour) == ("$761.04", Decimal("761.04"))


def test_a_table_of_operating_systems_is_no_table_of_rates() -> None:
    assert "OS pricing" in pages_of("aws-capacity-blocks").texts("OTHER_TABLE")


def test_government_regions_and_what_we_do_not_know_are_refused() -> None:
    reasons = pages_of("aws-capacity-blocks").reasons()

    for reason in ("GOVERNMENT_REGION", "UNKNOWN_REGION", "UNKNOWN_INSTANCE_TYPE", "NO_PRICE"):
        assert reasons[reason] == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("itemTableData", "tableData"),
        ("Effective hourly rate", "Rate"),
        ("Effective hourly rate", "Effective monthly rate"),
        ('\\"id\\": \\"row0\\"', '\\"id\\": \\"row99\\"'),
        ('\\"idProperty\\": \\"row4\\"', '\\"idProperty\\": \\"row99\\"'),
        ('\\"label\\"', '\\"name\\"'),
    ],
)
def test_a_page_without_its_tables_or_their_heading_has_changed(old: str, new: str) -> None:
    with pytest.raises(PageChanged):
        _offers(old, new)


def test_another_currency_gives_no_offer() -> None:
    assert _offers("USD", "EUR") == []
