"""The ten providers read from recordings beside the checkout, where there are any.

Whatever a recording lacks (regions, zones, pages) is not asked for. Nothing of the recordings is
kept here but the few figures that they must give.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from service.domain.offer import AvailabilityState, PurchaseModel
from service.facts.tables import load_exchange_rates
from tests.providers.recorded import Offers
from tools.golden import read_recording

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
TEN = (
    "aws azure coreweave lambda oracle runpod scaleway verda vultr voltagepark".split()  # noqa: SIM905 - reads better than ten quoted words
)
# Every reason that a row of the recordings may be refused for, by provider.
EXPLAINED = {
    "azure": {"WINDOWS", "LOW_PRIORITY", "GOVERNMENT_REGION"},
    "coreweave": {"CONTACT_SALES", "NOT_OFFERED"},
    "lambda": {"CONTACT_SALES"},
    "oracle": {"CHIP_NOT_NAMED", "NOT_PUBLIC_CLOUD", "OTHER_PRODUCT", "UNKNOWN_GPU"},
    "runpod": {"NOT_OFFERED", "PLACEHOLDER_PRICE"},
}

pytestmark = pytest.mark.skipif(
    not (CAPTURES / "manifest.json").is_file(), reason=f"no recordings in {CAPTURES}"
)


def recorded(provider: str) -> Offers:
    fetcher = ReplayFetcher.open(CAPTURES, now=lambda: datetime.now(UTC))
    return Offers(read_recording(load_providers()[provider], fetcher, rates=load_exchange_rates()))


@pytest.mark.parametrize("provider", TEN)
def test_each_of_the_ten_is_read_and_every_reject_is_explained(provider: str) -> None:
    offers = recorded(provider)

    assert offers.reading.errors == ()
    assert offers.reading.offers
    assert set(offers.reasons()) <= EXPLAINED.get(provider, set())


def test_aws_has_eight_types_of_one_region() -> None:
    offers = recorded("aws")

    assert offers.one("p5.48xlarge").price_per_gpu_hour == Decimal("6.88")
    assert offers.one("p6-b300.48xlarge").gpu_model == "b300-sxm-288gb"
    assert len(offers.reading.offers) == 8


def test_azure_has_no_windows_and_no_government_region() -> None:
    offers = recorded("azure")

    assert offers.one("Standard_ND96isr_H100_v5").price_per_gpu_hour == Decimal("12.29")
    assert offers.one("Standard_NC40ads_H100_v5").gpu_model == "h100-nvl-94gb"
    regions = {offer.region_code for offer in offers.reading.offers}
    assert not regions & {"usgovvirginia", "centralus", "southcentralus"}


def test_lambda_h100_sxm_by_count() -> None:
    assert recorded("lambda").per_gpu("h100-sxm-80gb") == {
        "8": Decimal("3.99"),
        "4": Decimal("4.09"),
        "2": Decimal("4.19"),
        "1": Decimal("4.29"),
    }


def test_lambda_clusters_are_commitments() -> None:
    offers = recorded("lambda")
    clusters = [
        o for o in offers.reading.offers if o.purchase_model is PurchaseModel.RESERVED_OTHER
    ]

    assert {(o.gpu_family, o.min_gpu_count, o.price_per_gpu_hour) for o in clusters} == {
        ("B200", 16, Decimal("9.86")),
        ("B200", 64, Decimal("9.36")),
        ("B200", 256, Decimal("8.87")),
        ("H100", 16, Decimal("6.16")),
        ("H100", 64, Decimal("5.85")),
        ("H100", 256, Decimal("5.54")),
    }


def test_coreweave_h100_is_not_dropped_for_its_class() -> None:
    offers = recorded("coreweave")

    assert offers.one("hgx-h100").price_per_hour == Decimal("49.24")
    assert offers.one("nvidia-gb200-nvl72").gpu_count == 4


def test_runpod_rows_of_zero_and_of_the_placeholder_are_absent() -> None:
    offers = recorded("runpod")

    assert not {o.listed.amount.amount for o in offers.reading.offers} & {0, Decimal("0.5")}
    assert offers.one("NVIDIA H100 80GB HBM3 secure").price_per_gpu_hour == Decimal("3.29")


def test_scaleway_l4_is_sold_out_at_its_hourly_price_in_euros() -> None:
    offer = recorded("scaleway").one("L4-1-24G")

    assert str(offer.listed.amount.amount) == "0.7875"
    assert offer.listed.amount.currency_code == "EUR"
    assert offer.price_per_hour > Decimal("0.7875")
    assert offer.availability.state is AvailabilityState.SOLD_OUT
    assert offer.availability.raw_value == "shortage"


def test_scaleway_render_s_is_one_p100() -> None:
    offer = recorded("scaleway").one("RENDER-S")

    assert (offer.gpu_family, offer.gpu_count) == ("P100", Decimal(1))
    assert offer.listed.amount.amount == Decimal("1.221")


def test_verda_gb300_has_two_prices() -> None:
    offers = recorded("verda")
    sku = "VIRTUAL_MACHINE 1x GB300 SXM6 288GB"

    assert offers.one(sku).price_per_hour == Decimal("8.62")
    spot = offers.one(sku, purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_hour == Decimal("4.31")


def test_vultr_40_gb_of_an_a100_is_a_half() -> None:
    offers = recorded("vultr")

    assert str(offers.one("vcg-a100-6c-60g-40vram").gpu_count) == "0.5"
    assert offers.one("vbm-112c-2048gb-8-h100-gpu").price_per_gpu_hour == Decimal("2.99")


def test_voltage_park_is_sold_out_and_keeps_its_prices() -> None:
    offers = recorded("voltagepark")

    states = {offer.availability.state for offer in offers.reading.offers}
    assert states == {AvailabilityState.SOLD_OUT}
    assert set(offers.per_gpu("h100-sxm-80gb")) == {"1", "2", "4", "8"}


def test_oracle_lists_only_the_public_cloud() -> None:
    offers = recorded("oracle")

    assert offers.one("B98415").price_per_gpu_hour == Decimal(10)
    assert offers.one("B98415").min_gpu_count == 8
    assert not {"B111454", "B110965", "B109493", "B108806"} & offers.skus()
