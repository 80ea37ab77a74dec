"""Facts of Thunder's prices that their golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.page import Page
from tests.providers.recorded import pages_of, read_altered


def test_a_prototyping_machine_alone_is_offered_under_its_own_name() -> None:
    def without_bare_name(page: Page) -> str:
        return page.text.replace('"a6000_x1":', '"a6000_x9":')

    skus = {offer.sku for offer in read_altered("thunder", without_bare_name).offers}

    assert "a6000_x1_prototyping" in skus
    assert "a6000_x1_prototyping" not in pages_of("thunder").skus()


def test_the_fewest_vcpus_are_in_the_price_wherever_they_stand() -> None:
    offer = pages_of("thunder").one("l40_x1")

    assert (offer.vcpu_count, offer.memory_gib) == (6, Decimal(48))


def test_prices_of_parts_are_no_machines_and_no_rejects() -> None:
    offers = pages_of("thunder")

    assert "additional_vcpus" not in offers.skus()
    assert "disk_gb" not in offers.texts("NO_SPECIFICATION")


@pytest.mark.parametrize("key", ["pricing", "specs", "gpuCount", "vcpuOptions", "displayName"])
def test_a_lost_key_gives_nothing(key: str) -> None:
    def renamed(page: Page) -> str:
        return page.text.replace(f'"{key}"', f'"{key}2"')

    reading = read_altered("thunder", renamed)

    assert (reading.offers, bool(reading.errors)) == ((), True)
