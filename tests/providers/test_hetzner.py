"""Facts of Hetzner's auction that its golden file does not show."""

from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, PriceUnit, TaxTreatment
from tests.providers.recorded import first_page, pages_of, parsed

TEXT = first_page("hetzner", "auction.json")


def test_a_month_in_euros_becomes_an_hour_in_dollars() -> None:
    offer = pages_of("hetzner").one("2711001")

    assert (offer.listed.unit, offer.tax) == (PriceUnit.INSTANCE_MONTH, TaxTreatment.EXCLUDED)
    assert offer.price_per_hour == round(Decimal(104) * Decimal("1.10") / 730, 12)


def test_a_server_with_a_fee_at_first_is_refused() -> None:
    rows = parsed("hetzner", TEXT.replace('"setup_price": 0', '"setup_price": 39'), kind="auction")

    assert not [row for row in rows if isinstance(row, RawOffer)]
    assert sum(isinstance(row, Reject) and row.reason == "SETUP_FEE" for row in rows) == 8


def test_a_listed_server_is_free() -> None:
    offer = pages_of("hetzner").one("2711003")

    assert offer.availability.state is AvailabilityState.AVAILABLE
    assert offer.availability.evidence == "server"


def test_two_equal_gpus_are_counted() -> None:
    assert pages_of("hetzner").one("2711010").gpu_count == 2


def test_a_server_without_gpu_is_neither_offer_nor_reject() -> None:
    rejects = " ".join(reject.text for reject in pages_of("hetzner").reading.rejects)

    assert "2711004" not in rejects
    assert "2711005" in rejects


@pytest.mark.parametrize("key", ["server", "price", "hourly_price", "setup_price", "specials"])
def test_a_lost_key_is_a_page_that_changed(key: str) -> None:
    with pytest.raises(PageChanged):
        parsed("hetzner", TEXT.replace(f'"{key}"', f'"{key}2"'), kind="auction")


def test_an_auction_without_gpus_is_no_change_but_one_without_servers_is() -> None:
    plain = TEXT.replace("GPU - ", "Card: ").replace('"GPU"', '"ECC"')

    assert parsed("hetzner", plain, kind="auction") == []
    with pytest.raises(PageChanged, match="no server"):
        parsed("hetzner", '{"server": []}', kind="auction")


def test_a_file_that_is_documented_nowhere_is_opt_in() -> None:
    assert load_providers()["hetzner"].opt_in
