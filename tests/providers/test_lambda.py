"""Facts of Lambda that its hand-written page shows."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    PriceUnit,
    PurchaseModel,
    TaxTreatment,
)
from tests.providers.recorded import Offers, first_page, joined, pages_of, parsed


def a_type(
    name: str, gpu: str, *, cents: object = 329, gpus: int = 1, regions: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One entry of the API, as its contract has it."""
    return {
        "instance_type": {
            "name": name,
            "description": f"{gpus}x {gpu}" if gpus else "4x CPU General (16 GiB)",
            "gpu_description": gpu,
            "price_cents_per_hour": cents,
            "specs": {"vcpus": 26, "memory_gib": 225, "storage_gib": 1024, "gpus": gpus},
        },
        "regions_with_capacity_available": [
            {"name": region, "description": "Somewhere"} for region in regions
        ],
    }


def with_stock(*types: dict[str, Any]) -> Offers:
    """Read the page together with these types of the API."""
    data = {entry["instance_type"]["name"]: entry for entry in types}
    return joined("lambda", {"types": json.dumps({"data": data})})


def test_the_price_per_gpu_depends_on_the_tab() -> None:
    assert pages_of("lambda").per_gpu("h100-sxm-80gb") == {
        "8": Decimal("3.99"),
        "4": Decimal("4.09"),
        "2": Decimal("4.19"),
        "1": Decimal("4.29"),
    }


def test_the_hour_of_an_instance_is_the_sum_of_its_gpus() -> None:
    offer = pages_of("lambda").one("8x NVIDIA H100 SXM 80 GB")

    assert offer.price_per_hour == Decimal("31.92")
    assert (offer.vcpu_count, offer.memory_gib) == (208, Decimal(1800))
    assert offer.tax is TaxTreatment.EXCLUDED


def test_two_a100_rows_differ_only_by_vram() -> None:
    offers = pages_of("lambda")

    assert offers.one("8x NVIDIA A100 SXM 80 GB").gpu_model == "a100-sxm-80gb"
    assert offers.one("8x NVIDIA A100 SXM 40 GB").gpu_model == "a100-sxm-40gb"


def test_the_committed_table_becomes_reserved_offers_of_a_least_size() -> None:
    offers = pages_of("lambda")
    cluster = offers.one(
        "cluster NVIDIA HGX B200 256+", purchase_model=PurchaseModel.RESERVED_OTHER
    )

    assert cluster.price_per_gpu_hour == Decimal("8.87")
    assert (cluster.gpu_count, cluster.min_gpu_count) == (Decimal(1), 256)
    assert cluster.commitment_term == timedelta(weeks=2)
    assert cluster.delivery_model is DeliveryModel.CLUSTER
    assert "8" not in offers.per_gpu("b200-sxm-180gb")


def test_a_dash_is_no_price() -> None:
    assert pages_of("lambda").reasons()["CONTACT_SALES"] == 3


def test_the_copy_of_the_table_in_a_script_is_not_read() -> None:
    prices = {offer.price_per_gpu_hour for offer in pages_of("lambda").reading.offers}

    assert Decimal("0.01") not in prices


def test_a_tab_that_gives_no_count_gives_no_offer() -> None:
    text = first_page("lambda", "prices.prices.html").replace(">8x<", ">Large<")

    found = parsed("lambda", text, kind="prices")

    refused = [row for row in found if isinstance(row, Reject) and row.reason == "UNKNOWN_TABLE"]
    assert len(refused) == 4
    assert not [row for row in found if isinstance(row, RawOffer) and row.gpu_count == "8"]


def test_a_price_column_that_does_not_say_per_gpu_gives_no_offer() -> None:
    text = first_page("lambda", "prices.prices.html").replace("PRICE/GPU/HR*", "PRICE/HR*")

    rows = [row for row in parsed("lambda", text, kind="prices") if isinstance(row, RawOffer)]

    assert {(row.unit, row.per) for row in rows} == {("PRICE/HR*", "")}


def test_clusters_are_read_outside_of_tabs_too_and_instances_are_not() -> None:
    text = first_page("lambda", "prices.prices.html").replace('role="tabpanel"', "")

    rows = parsed("lambda", text, kind="prices")

    assert {row.term for row in rows if isinstance(row, RawOffer)} == {"2 weeks \u2013 1 year"}
    assert [row.reason for row in rows if isinstance(row, Reject)].count("UNKNOWN_TABLE") == 11


def test_a_cluster_that_is_sold_on_demand_has_no_term() -> None:
    text = first_page("lambda", "prices.prices.html").replace("2 weeks \u2013 1 year", "On-demand")

    rows = parsed("lambda", text, kind="prices")

    models = {r.purchase_model for r in rows if isinstance(r, RawOffer) and r.min_gpu_count}
    assert models == {PurchaseModel.ON_DEMAND}


@pytest.mark.parametrize("count", ["16 - 1.5k", "16\u2013248"])
def test_a_cluster_of_a_range_of_sizes_has_the_least_of_them(count: str) -> None:
    cell = '<td data-label="GPU COUNT">16</td>'
    text = first_page("lambda", "prices.prices.html")
    assert cell in text

    rows = parsed("lambda", text.replace(cell, cell.replace("16", count)), kind="prices")

    clusters = [row for row in rows if isinstance(row, RawOffer) and count in row.sku]
    assert {row.min_gpu_count for row in clusters} == {"16"}


def test_a_type_with_capacity_is_available_in_each_of_its_regions() -> None:
    offers = with_stock(
        a_type(
            "gpu_8x_h100_sxm5",
            "H100 (80 GB SXM5)",
            cents=3192,
            gpus=8,
            regions=("us-west-3", "europe-central-1"),
        )
    )

    offer = offers.one("gpu_8x_h100_sxm5", region="europe-central-1")
    assert (offer.price_per_hour, offer.price_per_gpu_hour) == (Decimal("31.92"), Decimal("3.99"))
    assert (offer.listed.text, offer.listed.unit) == ("3192", PriceUnit.INSTANCE_HOUR)
    assert (offer.gpu_model, offer.country_code) == ("h100-sxm-80gb", "DE")
    assert offer.availability.state is AvailabilityState.AVAILABLE
    assert offer.availability.evidence == "regions_with_capacity_available"
    assert "cloud.lambda.ai" in offer.source_uri
    assert offers.one("gpu_8x_h100_sxm5", region="us-west-3").country_code == "US"


def test_a_type_without_capacity_is_one_sold_out_offer_of_no_region() -> None:
    offer = with_stock(a_type("gpu_1x_gh200", "GH200 (96 GB)", cents=229)).one("gpu_1x_gh200")

    assert (offer.availability.state, offer.region_code) == (AvailabilityState.SOLD_OUT, "")
    assert (offer.price_per_hour, offer.cpu_arch) == (Decimal("2.29"), "arm64")


def test_with_the_api_only_the_clusters_come_from_the_page() -> None:
    offers = with_stock(a_type("gpu_1x_a10", "A10 (24 GB PCIe)", cents=129))
    from_page = {
        o.sku for o in offers.reading.offers if o.source_uri == "https://lambda.ai/pricing"
    }

    assert offers.skus() - from_page == {"gpu_1x_a10"}
    assert from_page
    assert all(sku.startswith("cluster ") for sku in from_page)
    assert {o.part for o in offers.reading.offers} == {"prices"}


def test_a_count_that_the_api_contradicts_itself_about_is_refused() -> None:
    entry = a_type("gpu_8x_a100", "A100 (40 GB SXM4)", gpus=8)
    entry["instance_type"]["specs"]["gpus"] = 0

    offers = with_stock(entry)
    assert "gpu_8x_a100" in offers.texts("COUNT_CONFLICT")


def test_types_without_a_gpu_are_left_out() -> None:
    offers = with_stock(a_type("cpu_4x_general", "N/A", gpus=0), a_type("gpu_1x_a10", "A10"))

    assert "gpu_1x_a10" in offers.skus()
    assert "cpu_4x_general" not in str(offers.reading)


@pytest.mark.parametrize("cents", [0, "", None, "3.29 USD", -329, "$3.29"])
def test_what_is_no_amount_of_cents_is_no_offer(cents: object) -> None:
    offers = with_stock(a_type("gpu_1x_h100_pcie", "H100 (80 GB PCIe)", cents=cents))

    assert "gpu_1x_h100_pcie" not in offers.skus()
    assert any("gpu_1x_h100_pcie" in reject.text for reject in offers.reading.rejects)


@pytest.mark.parametrize(
    "key", ["price_cents_per_hour", "gpu_description", "specs", "regions_with_capacity_available"]
)
def test_a_renamed_key_of_the_api_is_a_page_that_changed(key: str) -> None:
    data = {"gpu_1x_a10": a_type("gpu_1x_a10", "A10")}
    text = json.dumps({"data": data}).replace(f'"{key}"', '"other"')

    (error,) = joined("lambda", {"types": text}).reading.errors
    assert isinstance(error, PageChanged)


def test_without_a_key_the_page_is_read_alone() -> None:
    provider = load_providers()["lambda"]

    (part,) = provider.all_parts(keys=())
    assert set(part.requests) == {"prices"}
    (part,) = provider.all_parts(keys={"LAMBDA_API_KEY"})
    assert set(part.requests) == {"prices", "types"}


def test_stock_is_asked_for_more_often_than_prices() -> None:
    provider = load_providers()["lambda"]

    assert provider.with_keys(()).every == timedelta(minutes=60)
    assert provider.with_keys({"LAMBDA_API_KEY"}).every == timedelta(minutes=10)
    assert provider.with_keys({"LAMBDA_API_KEY"}).parsers is provider.parsers
