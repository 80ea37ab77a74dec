"""Facts of OVHcloud's catalogues that their golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import Reject
from service.domain.offer import PriceUnit, PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed

TEXT = first_page("ovhcloud", "fr.json")


def test_a_price_of_eight_decimals_becomes_euros_and_then_dollars() -> None:
    offer = pages_of("ovhcloud").one("FR h200-1920.consumption")

    assert (offer.listed.amount.amount, offer.listed.amount.currency_code) == (
        Decimal("43.2"),
        "EUR",
    )
    assert offer.price_per_gpu_hour == Decimal("43.2") * Decimal("1.10") / 8


def test_monthly_billing_is_a_commitment_of_a_month() -> None:
    offer = pages_of("ovhcloud").one(
        "US l40s-90.monthly.postpaid", purchase_model=PurchaseModel.RESERVED_OTHER
    )

    assert offer.listed.unit is PriceUnit.INSTANCE_MONTH
    assert offer.price_per_hour == round(Decimal(1278) / 730, 12)


def test_a_rounded_price_in_words_does_not_contradict_the_exact_one() -> None:
    assert pages_of("ovhcloud").one("US t2-45.consumption").price_per_hour == Decimal("1.56317")


def test_the_catalogue_of_another_subsidiary_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="the catalogue of FR"):
        parsed("ovhcloud", TEXT, kind="us")


@pytest.mark.parametrize("key", ["addons", "brick", "planCode", "pricings", "price", "number"])
def test_a_lost_key_is_a_page_that_changed(key: str) -> None:
    with pytest.raises(PageChanged):
        parsed("ovhcloud", TEXT.replace(f'"{key}"', f'"{key}2"'), kind="fr")


def test_a_scale_of_a_thousandth_is_refused() -> None:
    rows = parsed("ovhcloud", TEXT.replace("290000000", "290000"), kind="fr")

    assert Reject(reason="PRICE_CONFLICT", text="h100-380.consumption: 2.90 € or 290000") in rows
