"""Facts of AWS's spot prices that their hand-written page shows."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer
from scrapers.registry import load_providers
from service.domain.offer import DeliveryModel, PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed

SPOT = PurchaseModel.SPOT


def test_a_spot_price_is_for_the_instance_in_its_region() -> None:
    offer = pages_of("aws-spot").one("p5.48xlarge", purchase_model=SPOT)

    assert (offer.region_code, offer.country_code) == ("us-east-1", "US")
    assert offer.price_per_hour == Decimal("24.1203")
    assert (offer.gpu_model, offer.gpu_count) == ("h100-sxm-80gb", Decimal(8))
    assert offer.unverified


def test_windows_local_zones_and_unknown_types_are_counted() -> None:
    offers = pages_of("aws-spot")

    assert "p4d.24xlarge in us-east-1, mswin: 18.6443" in offers.texts("NOT_LINUX")
    assert "us-west-2-lax-1" in offers.texts("UNKNOWN_REGION")
    assert "p9.48xlarge" in offers.texts("UNKNOWN_INSTANCE_TYPE")
    assert "N/A*" in offers.texts("NO_PRICE")
    assert "m5.large" not in str(offers.reading)


def test_a_metal_size_is_bare_metal_and_a_graviton_is_arm() -> None:
    offers = pages_of("aws-spot")

    metal = offers.one("g4dn.metal", purchase_model=SPOT)
    assert metal.delivery_model is DeliveryModel.BARE_METAL
    assert offers.one("g5g.xlarge", purchase_model=SPOT).cpu_arch == "arm64"


@pytest.mark.parametrize("old", ['"perhr"', '["USD"]'])
def test_a_page_that_prints_no_unit_or_currency_has_changed(old: str) -> None:
    text = first_page("aws-spot", "spot.json").replace(" ", "").replace("\n", "")
    text = text.replace(old, '"permonth"' if old == '"perhr"' else "[]")

    with pytest.raises(PageChanged):
        parsed("aws-spot", text, kind="spot")


def test_another_currency_is_listed_as_such() -> None:
    text = first_page("aws-spot", "spot.json").replace('"USD"', '"EUR"')

    rows = [row for row in parsed("aws-spot", text, kind="spot") if isinstance(row, RawOffer)]
    assert {row.currency for row in rows} == {"EUR"}


def test_it_is_off_unless_asked_for() -> None:
    assert load_providers()["aws-spot"].opt_in
