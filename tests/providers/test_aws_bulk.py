"""Facts of AWS's reserved instances that their hand-written price lists show."""

from datetime import timedelta
from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.lines import LineFilter
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from service.domain.offer import Offer, PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed

ONE_YEAR, THREE_YEARS = PurchaseModel.RESERVED_1Y, PurchaseModel.RESERVED_3Y
LIST = "us-east-1.list.csv"


def _p4d(payment: str, model: PurchaseModel = ONE_YEAR, *, kind: str = "standard") -> Offer:
    return pages_of("aws-bulk").one(f"p4d.24xlarge {kind} {payment}", purchase_model=model)


def test_without_an_upfront_payment_the_hour_is_the_price() -> None:
    offer = _p4d("No Upfront")

    assert (offer.price_per_hour, offer.upfront) == (Decimal("14.24"), None)
    assert offer.commitment_term == timedelta(hours=8760)
    assert (offer.gpu_model, offer.gpu_count) == ("a100-sxm-40gb", Decimal(8))
    assert (offer.vcpu_count, offer.memory_gib) == (96, Decimal(1152))


def test_what_is_paid_upfront_is_spread_over_the_term() -> None:
    partial, whole = _p4d("Partial Upfront"), _p4d("All Upfront")

    expected = Decimal("6.78") + Decimal(59400) / 8760
    assert abs(partial.price_per_hour - expected) < Decimal("1e-9")
    assert partial.upfront is not None
    assert partial.upfront.amount == 59400
    assert abs(whole.price_per_hour - Decimal(116400) / 8760) < Decimal("1e-9")
    three = _p4d("All Upfront", THREE_YEARS, kind="convertible")
    assert abs(three.price_per_hour - Decimal(231000) / 26280) < Decimal("1e-9")


def test_on_demand_prices_are_left_to_the_other_provider() -> None:
    models = {offer.purchase_model for offer in pages_of("aws-bulk").reading.offers}

    assert models == {ONE_YEAR, THREE_YEARS}


def test_other_systems_tenancies_and_types_are_left_out() -> None:
    prices = {offer.listed.amount.amount for offer in pages_of("aws-bulk").reading.offers}

    assert not prices & {Decimal("22.4"), Decimal("14.9"), Decimal("0.061")}


def test_an_offer_that_contradicts_itself_is_refused() -> None:
    offers = pages_of("aws-bulk")

    assert "p5.48xlarge in us-east-1, 1yr All Upfront" in offers.texts("PAYMENT_CONFLICT")
    assert "p5.48xlarge in us-east-1, 1yr No Upfront" in offers.texts("RATE_CONFLICT")
    assert "g5.xlarge in us-east-1" in offers.texts("COUNT_CONFLICT")
    assert "p3.2xlarge in us-east-1, 5yr" in offers.texts("UNKNOWN_PURCHASE_MODEL")


def test_an_upfront_payment_that_was_lost_is_no_cheap_hour() -> None:
    text = first_page("aws-bulk", LIST)
    lines = [line for line in text.splitlines(keepends=True) if '"Quantity"' not in line]

    rows = parsed("aws-bulk", "".join(lines), kind="list")
    assert {r.sku.rpartition(" ")[0] for r in rows if isinstance(r, RawOffer)} <= {
        f"{name} standard No" for name in ("p4d.24xlarge", "g6.xlarge", "g6f.large", "g3.4xlarge")
    }
    refused = [r.text for r in rows if isinstance(r, Reject) and r.reason == "PAYMENT_CONFLICT"]
    assert len(refused) == 4


def test_half_a_board_is_one_device_of_the_list() -> None:
    offer = pages_of("aws-bulk").one("g3.4xlarge standard No Upfront", purchase_model=ONE_YEAR)

    assert offer.gpu_count == Decimal("0.5")


def test_the_lines_that_are_kept_give_what_the_whole_list_gives() -> None:
    text = first_page("aws-bulk", LIST)
    request = load_providers()["aws-bulk"].parts["us-east-1"]["list"]
    assert not isinstance(request, str)
    lines = LineFilter(wanted=request.only_lines, header_lines=request.header_lines)
    lines.feed(text.encode())
    kept = lines.finish().decode()

    assert parsed("aws-bulk", kept, kind="list") == parsed("aws-bulk", text, kind="list")
    assert '"SKUWIN"' not in kept
    assert '"m5.large"' not in kept
    assert kept.startswith('"FormatVersion"')


@pytest.mark.parametrize("column", ["PricePerUnit", "TermType", "MarketOption", "PurchaseOption"])
def test_a_list_without_a_column_has_changed(column: str) -> None:
    text = first_page("aws-bulk", LIST).replace(f'"{column}"', '"Other"')

    with pytest.raises(PageChanged):
        parsed("aws-bulk", text, kind="list")


def test_it_is_off_unless_asked_for() -> None:
    provider = load_providers()["aws-bulk"]

    assert (provider.opt_in, provider.every) == (True, timedelta(hours=24))
