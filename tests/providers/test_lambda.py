"""Facts of Lambda that its hand-written page shows."""

from datetime import timedelta
from decimal import Decimal

from scrapers.provider import RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel, TaxTreatment
from tests.providers.recorded import first_page, pages_of, parsed


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
