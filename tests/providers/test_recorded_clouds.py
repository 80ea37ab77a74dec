"""Akash, DigitalOcean and Jarvis Labs read from recordings beside the checkout, where there are."""

from decimal import Decimal

import pytest

from service.domain.offer import AvailabilityState, PurchaseModel
from tests.providers.test_captures import CAPTURES, recorded

pytestmark = pytest.mark.skipif(
    not (CAPTURES / "manifest.json").is_file(), reason=f"no recordings in {CAPTURES}"
)


def test_akash_counts_free_gpus_and_refuses_what_nobody_bids_for() -> None:
    found = recorded("akash")
    offer = found.one("a100 80Gi SXM4")

    assert (offer.price_per_gpu_hour, offer.available_gpu_count) == (Decimal("1.83"), 116)
    assert found.reasons() == {"NO_BIDS": 1, "UNKNOWN_GPU": 1}


def test_digitalocean_prices_the_whole_droplet() -> None:
    found = recorded("digitalocean")

    assert found.reasons() == {}
    assert found.per_gpu("h100-sxm-80gb") == {"8": Decimal("2.99")}
    assert found.per_gpu("mi300x-192gb") == {"8": Decimal("1.99")}


def test_jarvislabs_has_spot_only_where_it_has_a_spot_price() -> None:
    found = recorded("jarvislabs")

    assert found.reasons() == {"AMBIGUOUS_GPU": 2}
    spots = {
        (offer.sku, offer.price_per_gpu_hour, offer.available_gpu_count)
        for offer in found.reading.offers
        if offer.purchase_model is PurchaseModel.SPOT
    }
    assert spots == {
        ("L4 container", Decimal("0.29"), 2),
        ("L4 vm", Decimal("0.29"), 2),
        ("RTX-PRO6000 vm", Decimal("1.19"), 1),
    }
    free = found.one("H100").availability
    assert (free.state, free.raw_value) == (AvailabilityState.AVAILABLE, "25")
