"""Facts of Vultr that its hand-written pages show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel
from tests.providers.recorded import first_page, pages_of, parsed


def test_total_vram_gives_the_fraction() -> None:
    offers = pages_of("vultr")

    half = offers.one("vcg-a100-6c-60g-40vram", region="ewr")
    assert (half.gpu_model, half.gpu_count) == ("a100-pcie-80gb", Decimal("0.5"))
    assert half.price_per_gpu_hour == Decimal("2.794")
    assert offers.one("vcg-a100-1c-6g-4vram").gpu_count == Decimal("0.05")


def test_384_gb_of_l40s_are_eight_gpus() -> None:
    offer = pages_of("vultr").one("vcg-l40s-128c-1500g-384vram")

    assert (offer.gpu_model, offer.gpu_count) == ("l40s-48gb", Decimal(8))
    assert offer.price_per_gpu_hour == Decimal("1.5596")


def test_each_location_is_an_offer_with_its_country() -> None:
    offers = pages_of("vultr")

    assert offers.one("vcg-a100-6c-60g-40vram", region="fra").country_code == "DE"
    assert offers.one("vcg-a100-12c-120g-80vram").region_code == "ewr"


def test_where_a_plan_is_sold_says_nothing_about_stock_but_nowhere_does() -> None:
    offers = pages_of("vultr")

    sold = offers.one("vcg-a100-12c-120g-80vram").availability
    assert sold.state is AvailabilityState.NOT_STATED
    nowhere = offers.one("vcg-l40s-16c-180g-48vram")
    assert nowhere.availability.state is AvailabilityState.NOT_OFFERED
    assert (nowhere.availability.evidence, nowhere.region_code) == ("locations", "")


def test_metal_is_read_from_its_id() -> None:
    offers = pages_of("vultr")

    metal = offers.one("vbm-256c-2048gb-8-mi300x-gpu")
    assert (metal.gpu_model, metal.gpu_count) == ("mi300x-192gb", Decimal(8))
    assert metal.price_per_gpu_hour == Decimal("2.19")
    assert metal.delivery_model is DeliveryModel.BARE_METAL
    assert offers.one("vbm-72c-480gb-gh200-gpu").gpu_count == 1


def test_the_preemptible_price_is_spot() -> None:
    offers = pages_of("vultr")

    spot = offers.one("vbm-112c-2048gb-8-h100-gpu", purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_hour == Decimal("18.4")
    only = offers.one("vcg-a40-12c-120g-24vram", purchase_model=PurchaseModel.SPOT)
    assert only.gpu_count == Decimal("0.5")
    assert "vcg-a40-12c-120g-24vram" in offers.texts("NOT_OFFERED")


def test_an_id_that_cannot_be_read_is_refused_and_plain_machines_are_left_out() -> None:
    offers = pages_of("vultr")

    assert offers.texts("UNKNOWN_INSTANCE_TYPE") == "vcg-next\nvbm-gpu"
    assert not {"vbm-24c-256gb-amd", "vc2-4c-8gb", "vc2-1c-0.5gb-free"} & offers.skus()


def test_the_page_after_the_cursor_is_read() -> None:
    assert "vcg-a16-2c-8g-2vram" in pages_of("vultr").skus()


def test_a_dedicated_plan_without_gpu_fields_is_read_from_its_id() -> None:
    offers = pages_of("vultr")

    whole = offers.one("vcg-a40-24c-120g-48vram")
    assert (whole.gpu_model, whole.gpu_count) == ("a40-48gb", Decimal(1))
    assert offers.one("vcg-b200-248c-2826g-1536vram").gpu_count == 8


def test_eight_mi325x_are_not_six_by_their_id() -> None:
    offer = pages_of("vultr").one(
        "vcg-mi325x-252c-2872g-1536vram", purchase_model=PurchaseModel.SPOT
    )

    assert (offer.gpu_model, offer.gpu_count) == ("mi325x-256gb", Decimal(8))


def test_a_plan_that_is_not_deployed_preemptible_has_no_spot_price() -> None:
    offers = pages_of("vultr").reading.offers

    assert [o.purchase_model for o in offers if o.sku == "vcg-a40-24c-120g-48vram"] == [
        PurchaseModel.ON_DEMAND
    ]


def test_forms_of_bare_metal_are_those_of_the_plan() -> None:
    offers = pages_of("vultr")

    assert offers.one("vbm-112c-2048gb-8-a100-gpu").gpu_model == "a100-sxm-80gb"
    assert offers.one("vbm-64c-2048gb-8-l40-gpu").gpu_model == "l40s-48gb"


def test_a_plan_that_contradicts_its_id_or_its_monthly_price_is_refused() -> None:
    offers = pages_of("vultr")

    assert "vcg-l40s-32c-360g-96vram: 48 GB" in offers.texts("VRAM_CONFLICT")
    assert "vbm-256c-3072gb-8-mi325x-gpu: 4 or 8" in offers.texts("COUNT_CONFLICT")
    assert "vcg-a16-6c-64g-16vram: 344.06" in offers.texts("PRICE_CONFLICT")


def test_a_cloud_gpu_plan_without_its_gpu_is_a_page_that_changed() -> None:
    text = first_page("vultr", "plans.1.json").replace("gpu_type", "gpu_kind")

    with pytest.raises(PageChanged, match="gpu_type"):
        parsed("vultr", text, kind="plans")
