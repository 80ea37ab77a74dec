"""Facts of Google Cloud that its hand-written pages show."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from scrapers.page import Page
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from service.domain.offer import PurchaseModel
from tests.providers.recorded import Offers, first_page, pages_of, parsed, read_altered
from tools.golden import read_recording

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
SPOT, CAPACITY_BLOCK = PurchaseModel.SPOT, PurchaseModel.CAPACITY_BLOCK
KEY = "GOOGLE_CLOUD_API_KEY"


def _altered(kind: str, old: str, new: str) -> Offers:
    def alter(page: Page) -> str:
        return page.text.replace(old, new) if page.kind == kind else page.text

    return Offers(read_altered("gcp", alter))


def _from_page(text: str) -> list[RawOffer | Reject]:
    return parsed("gcp", text, kind="prices")


def test_a_machine_is_the_sum_of_its_parts_in_every_region_of_them() -> None:
    offers = pages_of("gcp")
    offer = offers.one("a2-highgpu-1g", region="us-east1")

    assert offer.price_per_hour == Decimal("2.9705") + 12 * Decimal("0.032") + 85 * Decimal(
        "0.0043"
    )
    assert (offer.gpu_model, offer.vcpu_count, offer.memory_gib) == (
        "a100-sxm-40gb",
        12,
        Decimal(85),
    )
    assert offer.country_code == "US"
    assert offers.one("a2-highgpu-8g", region="us-east1").price_per_gpu_hour == Decimal("3.72")


def test_bundled_local_ssd_is_priced_by_the_month() -> None:
    offer = pages_of("gcp").one("a3-highgpu-8g", region="us-central1")

    host = 208 * Decimal("0.0298") + 1872 * Decimal("0.0026")
    disks = 6000 * Decimal("0.08") / 730
    assert abs(offer.price_per_hour - 8 * Decimal("9.6973") - host - disks) < Decimal("1e-9")
    assert "6000 x 0.080000000 Local SSD a month" in offer.listed.text


def test_a_slice_covers_its_host_and_is_spot_whatever_it_is_filed_as() -> None:
    offers = pages_of("gcp")

    offer = offers.one("a4-highgpu-8g", purchase_model=SPOT)
    assert (offer.price_per_gpu_hour, offer.price_per_hour) == (Decimal("4.69"), Decimal("37.52"))
    assert "a4-highgpu-8g" in offers.texts("NOT_ON_DEMAND")


def test_what_the_skus_price_is_not_taken_from_the_page_as_well() -> None:
    offers = pages_of("gcp")
    ways = {(offer.sku, offer.purchase_model): offer.source_uri for offer in offers.reading.offers}

    assert "cloudbilling" in ways["a2-highgpu-1g", SPOT]
    assert "accelerator-optimized" in ways["a3-highgpu-8g", SPOT]
    from_page = {way for way, uri in ways.items() if "accelerator-optimized" in uri}
    assert {model.value for sku, model in from_page if sku == "a2-highgpu-1g"} == {"RESERVED_3Y"}


def test_sums_that_the_page_contradicts_are_refused_wherever_they_are_sold() -> None:
    offers = _altered("prices", "$3.72 / 1 hour", "$4.72 / 1 hour")

    assert "a2-highgpu-8g, ON_DEMAND" in offers.texts("PRICE_CONFLICT")
    on_demand = {o.sku for o in offers.reading.offers if o.purchase_model.value == "ON_DEMAND"}
    assert not {sku for sku in on_demand if sku.startswith(("a2-highgpu", "a2-megagpu"))}


def test_a_machine_lacking_the_price_of_a_part_is_refused() -> None:
    offers = pages_of("gcp")

    assert "a2-highgpu-1g in europe-west4, ON_DEMAND: A2 Core, A2 Ram" in offers.texts(
        "PART_NOT_PRICED"
    )
    assert "g2-standard-4 in europe-west3" in offers.texts("CURRENCY_CONFLICT")


def test_the_page_prices_a_machine_that_the_skus_cannot() -> None:
    without_host = _altered("skus", "A2 Instance Core running", "A2X Instance Core running")

    offer = without_host.one("a2-highgpu-1g", region="")
    assert offer.price_per_hour == Decimal("3.72")
    assert "a2-highgpu-1g in us-east1, ON_DEMAND: A2 Core" in without_host.texts("PART_NOT_PRICED")


def test_two_prices_of_one_part_are_refused() -> None:
    text = "A2 Instance Core running in Americas"
    offers = _altered("skus", "E2 Instance Core running in Americas", text)

    assert "A2 Core" in offers.texts("RATE_CONFLICT")
    with pytest.raises(AssertionError):
        offers.one("a2-highgpu-1g", region="us-east1")


def test_other_ways_to_buy_and_gpus_of_free_shapes_are_counted() -> None:
    offers = pages_of("gcp")

    assert "Sole Tenancy" in offers.texts("OTHER_PURCHASE_MODEL")
    assert "Reserved Nvidia Tesla A100" in offers.texts("OTHER_PURCHASE_MODEL")
    assert "Nvidia Tesla T4" in offers.texts("NO_FIXED_MACHINE")


def test_a_catalogue_without_our_machines_has_changed() -> None:
    reading = _altered("skus", '"description": "', '"description": "New ').reading

    assert [error.reason for error in reading.errors] == ["PAGE_CHANGED"]


def test_without_a_key_the_page_is_read_alone() -> None:
    provider = load_providers()["gcp"]

    assert [part.name for part in provider.all_parts(keys=())] == ["prices"]
    assert [part.name for part in provider.all_parts(keys={KEY})] == ["prices"]
    rows = [
        row for row in _from_page(first_page("gcp", "prices.html")) if isinstance(row, RawOffer)
    ]
    assert {row.purchase_model.value for row in rows if row.sku == "a2-highgpu-1g"} == {
        "ON_DEMAND",
        "SPOT",
        "RESERVED_1Y",
        "RESERVED_3Y",
    }


def test_a_dirty_cell_of_the_page_is_read() -> None:
    rows = _from_page(first_page("gcp", "prices.html"))

    spot = [r for r in rows if isinstance(r, RawOffer) and r.purchase_model is SPOT]
    assert [row.price for row in spot if row.sku == "a2-highgpu-1g"] == ["$2.2320 / 1 hour"]


def test_calendar_mode_is_a_capacity_block_without_a_length() -> None:
    offer = pages_of("gcp").one("a3-ultragpu-8g", purchase_model=CAPACITY_BLOCK)

    assert (offer.price_per_gpu_hour, offer.commitment_term) == (Decimal("7.45"), None)


def test_a_commitment_is_for_its_years() -> None:
    offer = pages_of("gcp").one("a3-ultragpu-8g", purchase_model=PurchaseModel.RESERVED_3Y)

    assert offer.commitment_term == timedelta(hours=3 * 8760)


def test_a_page_that_counts_other_gpus_than_we_know_is_refused() -> None:
    assert "a2-highgpu-2g, Price: $7.44 / 1 hour; 4 x Nvidia A100" in pages_of("gcp").texts(
        "GPU_CONFLICT"
    )


def test_a_row_with_a_cell_too_many_is_refused() -> None:
    text = first_page("gcp", "prices.html").replace("<p>$5.11 / 1 hour", "<td><p>$5.11 / 1 hour")

    assert [r.reason for r in _from_page(text) if isinstance(r, Reject)].count("ODD_ROW") == 1


def test_the_next_page_is_asked_for_with_its_token() -> None:
    provider = load_providers()["gcp"]
    page = Page(
        kind="skus",
        part="",
        url="https://example.test/",
        text='{"skus": [], "nextPageToken": "a+b="}',
        content_type="application/json",
        observe_time=datetime(2026, 10, 8, tzinfo=UTC),
    )

    assert [url.rpartition("&")[2] for url in provider.followers["skus"](page)] == [
        "pageToken=a%2Bb%3D"
    ]


@pytest.mark.skipif(
    not (CAPTURES / "manifest.json").is_file(), reason=f"no recordings in {CAPTURES}"
)
def test_the_recording_is_read_and_its_sums_agree_with_its_page() -> None:
    fetcher = ReplayFetcher.open(CAPTURES, now=lambda: datetime.now(UTC))
    offers = Offers(read_recording(load_providers()["gcp"], fetcher))

    assert offers.reading.errors == ()
    assert set(offers.reasons()) <= {"FLEX_START", "NOT_OFFERED"}
    for region in ("us-central1", "us-east1", "us-west1"):
        assert offers.one("a2-highgpu-1g", region=region).price_per_hour == Decimal("3.673385")
    assert offers.one("a3-highgpu-8g").price_per_gpu_hour == Decimal("11.06125")
    spot = offers.one("a4-highgpu-8g", purchase_model=SPOT)
    assert (spot.gpu_model, spot.price_per_gpu_hour) == ("b200-sxm-180gb", Decimal("4.9542"))
    assert offers.one("a3-highgpu-8g").source_uri.startswith("https://cloud.google.com/")
