"""Facts of Voltage Park that its hand-written pages show."""

from decimal import Decimal

from scrapers.provider import Reject
from service.domain.offer import AvailabilityState, DeliveryModel, Fabric
from tests.providers.recorded import first_page, pages_of, parsed

EIGHT = "00000000-0000-4000-8000-000000000001"
ONE = "00000000-0000-4000-8000-000000000002"
PLACE = "00000000-0000-4000-8000-0000000000aa"
OTHER_PLACE = "00000000-0000-4000-8000-0000000000bb"


def test_a_preset_is_priced_as_a_whole_without_its_storage() -> None:
    offer = pages_of("voltagepark").one(EIGHT)

    assert (offer.gpu_model, offer.gpu_count) == ("h100-sxm-80gb", Decimal(8))
    assert offer.price_per_hour == Decimal("15.12")
    assert offer.price_per_gpu_hour == Decimal("1.89")


def test_a_preset_without_a_location_is_sold_out_and_keeps_its_price() -> None:
    offers = pages_of("voltagepark")

    gone = offers.one(EIGHT).availability
    assert (gone.state, gone.evidence) == (
        AvailabilityState.SOLD_OUT,
        "location_ids_with_availability",
    )
    assert offers.one(ONE).availability.state is AvailabilityState.AVAILABLE


def test_bare_metal_is_priced_per_gpu_and_by_fabric() -> None:
    offers = pages_of("voltagepark")

    fast = offers.one("h100-sxm5-80gb infiniband", region=PLACE)
    assert fast.price_per_gpu_hour == Decimal("2.49")
    assert fast.price_per_hour == Decimal("19.92")
    assert (fast.fabric, fast.delivery_model) == (Fabric.INFINIBAND, DeliveryModel.BARE_METAL)
    assert offers.one("h100-sxm5-80gb ethernet", region=PLACE).fabric is Fabric.ETHERNET


def test_the_count_of_free_gpus_is_the_stock() -> None:
    offers = pages_of("voltagepark")

    none = offers.one("h100-sxm5-80gb ethernet", region=PLACE)
    assert none.availability.state is AvailabilityState.SOLD_OUT
    some = offers.one("h100-sxm5-80gb ethernet", region=OTHER_PLACE)
    assert some.availability.state is AvailabilityState.AVAILABLE
    assert (some.availability.raw_value, some.available_gpu_count) == ("16", 16)


def test_a_fabric_without_a_price_and_mixed_gpus_are_refused() -> None:
    assert pages_of("voltagepark").reasons() == {
        "MIXED_GPUS": 1,
        "NOT_OFFERED": 1,
        "NO_PRICE": 1,
    }


def test_rows_behind_a_page_that_cannot_be_asked_for_are_not_forgotten() -> None:
    text = first_page("voltagepark", "bare_metal.json")
    more = text.replace('"has_next": false', '"has_next": true')

    assert parsed("voltagepark", more, kind="bare_metal")[-1] == Reject(
        reason="MORE_PAGES_NOT_READ", text="2"
    )
