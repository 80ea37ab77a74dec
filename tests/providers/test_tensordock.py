"""Facts of TensorDock's locations that their golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.registry import load_providers
from service.domain.offer import Trust
from tests.providers.recorded import first_page, pages_of, parsed

TEXT = first_page("tensordock", "locations.json")
DALLAS = "1a52a621-0000-4000-8000-00000000000a"


def test_the_price_is_that_of_a_machine_not_of_its_gpu_alone() -> None:
    offer = pages_of("tensordock").one("h100-sxm5-80gb")

    parts = 2 * Decimal("0.003") + 4 * Decimal("0.002") + 100 * Decimal("0.00005")
    assert offer.price_per_hour == Decimal("2.31") + parts
    assert (offer.vcpu_count, offer.memory_gib, offer.trust) == (2, Decimal(4), Trust.HOST)


def test_a_small_price_may_be_printed_with_an_exponent() -> None:
    rows = parsed("tensordock", TEXT.replace("0.00005", "5e-05"), kind="locations")

    assert rows == parsed("tensordock", TEXT, kind="locations")


def test_each_location_has_its_own_price_and_country() -> None:
    offers = pages_of("tensordock")

    here = offers.one("geforcertx4090-pcie-24gb", region=DALLAS)
    there = offers.one("geforcertx4090-pcie-24gb", region=DALLAS[:-1] + "b")
    assert (here.country_code, there.country_code) == ("US", "IS")
    assert here.price_per_hour < there.price_per_hour


@pytest.mark.parametrize("part", ["per_vcpu_hr", "per_gb_ram_hr", "per_gb_storage_hr"])
def test_a_part_without_its_price_is_a_page_that_changed(part: str) -> None:
    with pytest.raises(PageChanged, match=part):
        parsed("tensordock", TEXT.replace(part, f"{part}2"), kind="locations")


def test_an_account_that_sees_nothing_is_a_page_that_changed() -> None:
    with pytest.raises(PageChanged, match="deposit"):
        parsed("tensordock", '{"data": {"locations": []}}', kind="locations")


def test_nothing_can_be_asked_without_the_key() -> None:
    provider = load_providers()["tensordock"]

    assert provider.key_variables == {"TENSORDOCK_API_KEY"}
    assert provider.all_parts(keys=()) == ()
