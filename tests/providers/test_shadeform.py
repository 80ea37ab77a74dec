"""Facts of Shadeform that its golden file does not show."""

from decimal import Decimal

import pytest

from service.domain.offer import AvailabilityState, GpuLink
from tests.providers.recorded import pages_of, read_altered
from tests.providers.test_captures import CAPTURES, recorded


def test_cents_are_divided_and_listed_as_printed() -> None:
    offer = pages_of("shadeform").one("imwt H100_sxm5x8")

    assert (offer.listed.text, offer.listed.amount.amount) == ("2184", Decimal("21.84"))
    assert offer.price_per_gpu_hour == Decimal("2.73")


def test_a_price_in_dollars_is_not_taken_for_cents() -> None:
    reading = read_altered(
        "shadeform", lambda p: p.text.replace('"hourly_price": 2184', '"hourly_price": "$21.84"')
    )

    assert "CURRENCY_CONFLICT" in {reject.reason for reject in reading.rejects}
    assert "imwt H100_sxm5x8" not in {offer.sku for offer in reading.offers}


def test_each_region_has_its_own_stock() -> None:
    offers = pages_of("shadeform")

    for region, state in (
        ("montreal-canada-2", AvailabilityState.AVAILABLE),
        ("CANADA-1", AvailabilityState.SOLD_OUT),
    ):
        assert offers.one("hyperstack A6000x2", region=region).availability.state is state


def test_no_nvlink_says_nothing() -> None:
    offers = pages_of("shadeform")

    assert offers.one("imwt H100_sxm5x8").gpu_link is GpuLink.NOT_STATED
    assert offers.one("denvr A100_sxm4x8").gpu_link is GpuLink.NVLINK


@pytest.mark.skipif(not (CAPTURES / "manifest.json").is_file(), reason="no recordings")
def test_the_recording_gives_every_region_of_every_type() -> None:
    found = recorded("shadeform")

    assert (found.reading.errors, found.reading.rejects) == ((), ())
    assert len(found.reading.offers) == 10
    offer = found.one("hyperstack H100_sxm5x8", region="montreal-canada-2")
    assert (offer.price_per_hour, offer.country_code) == (Decimal("25.6"), "CA")
