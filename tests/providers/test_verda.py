"""Facts of Verda that its hand-written page shows."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from service.domain.offer import DeliveryModel, PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed


def test_a_price_is_for_the_whole_configuration() -> None:
    offer = pages_of("verda").one("VIRTUAL_MACHINE 8x H100 SXM5 80GB")

    assert (offer.gpu_model, offer.gpu_count) == ("h100-sxm-80gb", Decimal(8))
    assert offer.price_per_gpu_hour == Decimal("3.99")


def test_spot_and_on_demand_are_two_offers() -> None:
    offers = pages_of("verda")
    sku = "VIRTUAL_MACHINE 1x GB300 SXM6 288GB"

    assert offers.one(sku).price_per_hour == Decimal("8.62")
    spot = offers.one(sku, purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_hour == Decimal("4.31")
    assert spot.gpu_model == "gb300-nvl72-288gb"


def test_equal_names_of_two_families_stay_apart() -> None:
    offers = pages_of("verda")

    container = offers.one("SERVERLESS 1x H100 SXM5 80GB")
    assert (container.price_per_hour, container.delivery_model) == (
        Decimal("4.39"),
        DeliveryModel.SERVERLESS,
    )
    assert offers.one("VIRTUAL_MACHINE 1x H100 SXM5 80GB").price_per_hour == Decimal("3.99")
    cluster = offers.one("CLUSTER 16x H200 SXM5 141GB")
    assert (cluster.gpu_count, cluster.delivery_model) == (Decimal(16), DeliveryModel.CLUSTER)


def test_a_confidential_variant_is_an_offer_of_its_own() -> None:
    offer = pages_of("verda").one("VIRTUAL_MACHINE 1x H100 SXM5 80GB CC")

    assert (offer.gpu_model, offer.price_per_hour) == ("h100-sxm-80gb", Decimal("4.19"))


def test_a_monthly_price_is_divided_by_730() -> None:
    offer = pages_of("verda").one("VIRTUAL_MACHINE 1x B200 SXM6 180GB")

    assert offer.price_per_hour.quantize(Decimal("0.0001")) == Decimal("4.9863")


def test_each_trap_row_is_refused_with_its_reason() -> None:
    assert pages_of("verda").reasons() == {
        "BAD_UNIT": 1,
        "BLANK_NAME": 1,
        "CURRENCY_CONFLICT": 1,
        "NO_GPU_NAMED": 1,
        "NO_PRICE": 1,
        "PRICE_CONFLICT": 1,
        "UNKNOWN_PRODUCT": 1,
        "UNKNOWN_PURCHASE_MODEL": 2,
    }


def test_storage_is_left_out_without_a_word() -> None:
    texts = "".join(reject.text for reject in pages_of("verda").reading.rejects)

    assert "NVMe" not in texts


def test_json_ld_without_an_offer_is_a_page_that_changed() -> None:
    text = first_page("verda", "prices.prices.html").replace('"Offer"', '"Demand"')

    with pytest.raises(PageChanged, match="no Offer"):
        parsed("verda", text, kind="prices")


def test_a_unit_that_the_description_contradicts_is_refused() -> None:
    offers = pages_of("verda")

    assert "'month hourly' names two units" in offers.texts("BAD_UNIT")
    assert "VIRTUAL_MACHINE 2x B200 SXM6 180GB" not in offers.skus()


def test_a_dynamic_price_does_not_hide_the_fixed_one() -> None:
    assert pages_of("verda").one("VIRTUAL_MACHINE 1x L40S 48GB").price_per_hour == Decimal("0.91")
