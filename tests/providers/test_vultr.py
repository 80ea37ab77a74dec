"""Facts of Vultr that its hand-written pages show."""

from decimal import Decimal

from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel
from tests.providers.recorded import pages_of


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

    assert offers.texts("UNKNOWN_INSTANCE_TYPE") == "vbm-gpu"
    assert not {"vbm-24c-256gb-amd", "vc2-4c-8gb", "vc2-1c-0.5gb-free"} & offers.skus()


def test_the_page_after_the_cursor_is_read() -> None:
    assert "vcg-a16-2c-8g-2vram" in pages_of("vultr").skus()
