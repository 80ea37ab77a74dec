"""Facts of AWS that its hand-written pages show."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import unquote

from scrapers.provider import Reject
from scrapers.registry import load_providers
from service.domain.offer import DeliveryModel
from tests.providers.recorded import first_page, pages_of, parsed


def test_an_instance_price_is_divided_by_the_count_of_our_table() -> None:
    offer = pages_of("aws").one("p5.48xlarge")

    assert (offer.gpu_model, offer.gpu_count) == ("h100-sxm-80gb", Decimal(8))
    assert offer.price_per_hour == Decimal("55.04")
    assert offer.price_per_gpu_hour == Decimal("6.88")
    assert offer.billing_increment == timedelta(seconds=1)


def test_40_and_80_gb_a100_differ_by_family() -> None:
    offers = pages_of("aws")

    assert offers.one("p4d.24xlarge").gpu_model == "a100-sxm-40gb"
    assert offers.one("p4de.24xlarge").gpu_model == "a100-sxm-80gb"
    assert offers.one("g5.48xlarge").gpu_model == "a10g-24gb"


def test_a_fractional_instance_is_no_whole_gpu() -> None:
    offer = pages_of("aws").one("g6f.large")

    assert offer.gpu_count == Decimal("0.125")
    assert offer.price_per_gpu_hour == Decimal("0.202") * 8


def test_the_region_and_its_country_come_from_the_page() -> None:
    offers = pages_of("aws")

    frankfurt = offers.one("g6.xlarge", region="eu-central-1")
    assert (frankfurt.country_code, frankfurt.price_per_hour) == ("DE", Decimal("1.0066"))
    assert offers.one("g6.xlarge", region="us-east-1").country_code == "US"


def test_rows_that_are_not_plain_linux_are_refused() -> None:
    reasons = pages_of("aws").reasons()

    assert reasons["NOT_LINUX"] == 1
    assert reasons["LICENSED_SOFTWARE"] == 1


def test_an_accelerator_that_the_table_does_not_know_is_counted_not_guessed() -> None:
    offers = pages_of("aws")

    assert "p9.48xlarge" in offers.texts("UNKNOWN_INSTANCE_TYPE")
    assert "p9.48xlarge" not in offers.skus()


def test_a_price_of_zero_is_no_offer() -> None:
    offers = pages_of("aws")

    assert "p5e.48xlarge" in offers.texts("NO_PRICE")
    assert "p5e.48xlarge" not in offers.skus()


def test_plain_servers_are_left_out_without_a_word() -> None:
    offers = pages_of("aws")

    assert not {"m5.large", "f2.6xlarge"} & offers.skus()
    assert "m5" not in "".join(reject.text for reject in offers.reading.rejects)


def test_a_metal_size_is_bare_metal() -> None:
    assert pages_of("aws").one("g4dn.metal").delivery_model is DeliveryModel.BARE_METAL


def test_each_region_is_a_part_with_its_location_in_the_address() -> None:
    parts = {part.name: part for part in load_providers()["aws"].all_parts()}

    assert len(parts) >= 20
    assert "/EU (Frankfurt)/Linux/" in unquote(parts["eu-central-1"].requests["instances"].url)


def test_a_location_that_the_table_does_not_know_is_counted() -> None:
    text = first_page("aws", "eu-central-1.instances.json").replace(
        "EU (Frankfurt)", "EU (Atlantis)"
    )

    found = parsed("aws", text, kind="instances")

    assert [row.reason for row in found if isinstance(row, Reject)] == ["UNKNOWN_REGION"] * 2
