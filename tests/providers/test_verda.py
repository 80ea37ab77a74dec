"""Facts of Verda that its hand-written page shows."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scrapers.errors import PageChanged
from scrapers.provider import RawOffer
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel
from tests.providers.recorded import Offers, first_page, joined, pages_of, parsed

SPOT = PurchaseModel.SPOT
KEYS = ("VERDA_CLIENT_ID", "VERDA_CLIENT_SECRET")


def a_type(
    name: str, gpu: str, *, price: str = "3.19", spot: str = "1.44", gpus: int = 1, vram: int = 80
) -> dict[str, Any]:
    """One entry of the API, as its contract has it; `vram` is one GPU's."""
    return {
        "instance_type": name,
        "model": gpu,
        "name": gpu,
        "cpu": {"description": "30 CPU", "number_of_cores": 30},
        "gpu": {"description": f"{gpus}x {gpu}" if gpus else "", "number_of_gpus": gpus},
        "gpu_memory": {"description": "GPU RAM", "size_in_gigabytes": gpus * vram},
        "memory": {"description": "120GB RAM", "size_in_gigabytes": 120},
        "storage": {"description": "dynamic"},
        "price_per_hour": price,
        "spot_price": spot,
        "dynamic_price": "2.99",
        "serverless_price": "3.60",
        "currency": "usd",
    }


def with_stock(
    *types: dict[str, Any], stock: dict[str, list[str]], spot: dict[str, list[str]]
) -> Offers:
    """Read the page together with these types of the API, in stock at these locations."""

    def listed(places: dict[str, list[str]]) -> str:
        rows = [{"location_code": p, "availabilities": names} for p, names in places.items()]
        return json.dumps(rows)

    return joined(
        "verda",
        {"types": json.dumps(types), "stock": listed(stock), "spot": listed(spot)},
    )


def test_a_price_is_for_the_whole_configuration() -> None:
    offer = pages_of("verda").one("VIRTUAL_MACHINE 8x H100 SXM5 80GB")

    assert (offer.gpu_model, offer.gpu_count) == ("h100-sxm-80gb", Decimal(8))
    assert offer.price_per_gpu_hour == Decimal("3.99")


def test_spot_and_on_demand_are_two_offers() -> None:
    offers = pages_of("verda")
    sku = "VIRTUAL_MACHINE 1x GB300 SXM6 288GB"

    assert offers.one(sku).price_per_hour == Decimal("8.62")
    spot = offers.one(sku, purchase_model=PurchaseModel.SPOT)
    assert spot.price_per_hour == Decimal("4.31")
    assert spot.gpu_model == "gb300-nvl72-288gb"


def test_equal_names_of_two_families_stay_apart() -> None:
    offers = pages_of("verda")

    container = offers.one("SERVERLESS 1x H100 SXM5 80GB")
    assert (container.price_per_hour, container.delivery_model) == (
        Decimal("4.39"),
        DeliveryModel.SERVERLESS,
    )
    assert offers.one("VIRTUAL_MACHINE 1x H100 SXM5 80GB").price_per_hour == Decimal("3.99")
    cluster = offers.one("CLUSTER 16x H200 SXM5 141GB")
    assert (cluster.gpu_count, cluster.delivery_model) == (Decimal(16), DeliveryModel.CLUSTER)


def test_a_confidential_variant_is_an_offer_of_its_own() -> None:
    offer = pages_of("verda").one("VIRTUAL_MACHINE 1x H100 SXM5 80GB CC")

    assert (offer.gpu_model, offer.price_per_hour) == ("h100-sxm-80gb", Decimal("4.19"))


def test_a_monthly_price_is_divided_by_730() -> None:
    offer = pages_of("verda").one("VIRTUAL_MACHINE 1x B200 SXM6 180GB")

    assert offer.price_per_hour.quantize(Decimal("0.0001")) == Decimal("4.9863")


def test_each_trap_row_is_refused_with_its_reason() -> None:
    assert pages_of("verda").reasons() == {
        "BAD_UNIT": 1,
        "BLANK_NAME": 1,
        "CURRENCY_CONFLICT": 1,
        "NO_GPU_NAMED": 1,
        "NO_PRICE": 1,
        "PRICE_CONFLICT": 1,
        "UNKNOWN_PRODUCT": 1,
        "UNKNOWN_PURCHASE_MODEL": 2,
    }


def test_storage_is_left_out_without_a_word() -> None:
    texts = "".join(reject.text for reject in pages_of("verda").reading.rejects)

    assert "NVMe" not in texts


def test_json_ld_without_an_offer_is_a_page_that_changed() -> None:
    text = first_page("verda", "prices.prices.html").replace('"Offer"', '"Demand"')

    with pytest.raises(PageChanged, match="no Offer"):
        parsed("verda", text, kind="prices")


def test_a_unit_that_the_description_contradicts_is_refused() -> None:
    offers = pages_of("verda")

    assert "'month hourly' names two units" in offers.texts("BAD_UNIT")
    assert "VIRTUAL_MACHINE 2x B200 SXM6 180GB" not in offers.skus()


def test_a_dynamic_price_does_not_hide_the_fixed_one() -> None:
    assert pages_of("verda").one("VIRTUAL_MACHINE 1x L40S 48GB").price_per_hour == Decimal("0.91")


def test_each_location_that_lists_a_type_has_it() -> None:
    offers = with_stock(
        a_type("8H100.80S.176V", "H100 SXM5 80GB", price="25.52", spot="11.52", gpus=8),
        stock={"FIN-01": ["8H100.80S.176V"], "ICE-01": ["8H100.80S.176V", "CPU.8V.32G"]},
        spot={"FIN-02": [], "FIN-01": ["8H100.80S.176V"]},
    )

    offer = offers.one("8H100.80S.176V", region="ICE-01")
    assert (offer.price_per_gpu_hour, offer.gpu_count) == (Decimal("3.19"), Decimal(8))
    assert (offer.gpu_model, offer.country_code) == ("h100-sxm-80gb", "IS")
    assert offer.availability.state is AvailabilityState.AVAILABLE
    assert offer.availability.evidence == "instance-availability"
    spot = offers.one("8H100.80S.176V", purchase_model=SPOT)
    assert (spot.region_code, spot.price_per_gpu_hour) == ("FIN-01", Decimal("1.44"))


def test_a_type_that_no_location_lists_is_sold_out() -> None:
    offers = with_stock(
        a_type("1H100.80S.30V", "H100 SXM5 80GB"),
        stock={"FIN-01": []},
        spot={"FIN-01": ["1H100.80S.30V"]},
    )

    offer = offers.one("1H100.80S.30V")
    assert (offer.availability.state, offer.region_code) == (AvailabilityState.SOLD_OUT, "")
    spot = offers.one("1H100.80S.30V", purchase_model=SPOT)
    assert spot.availability.state is AvailabilityState.AVAILABLE


def test_a_spot_price_of_zero_means_that_there_is_none() -> None:
    entry = a_type("1L40S.20V", "L40S 48GB", price="0.91", spot="0", vram=48)
    offers = with_stock(entry, stock={"FIN-01": ["1L40S.20V"]}, spot={})

    models = [o.purchase_model for o in offers.reading.offers if o.sku == "1L40S.20V"]
    assert models == [PurchaseModel.ON_DEMAND]
    assert "1L40S.20V" in offers.texts("NO_PRICE")


def test_with_the_api_no_instance_comes_from_the_page() -> None:
    entry = a_type("1H100.80S.30V", "H100 SXM5 80GB")
    offers = with_stock(entry, stock={}, spot={})
    from_page = [o for o in offers.reading.offers if o.source_uri == "https://verda.com/pricing"]

    assert {o.delivery_model for o in from_page} == {
        DeliveryModel.CLUSTER,
        DeliveryModel.SERVERLESS,
    }
    assert {o.sku for o in offers.reading.offers if o not in from_page} == {"1H100.80S.30V"}
    assert {o.part for o in offers.reading.offers} == {"prices"}


def test_memory_is_that_of_all_gpus_and_must_fit_the_model() -> None:
    entry = a_type("2H100.80S.60V", "H100 SXM5 80GB", gpus=2)
    entry["gpu_memory"]["size_in_gigabytes"] = 80

    offers = with_stock(entry, stock={}, spot={})
    assert "2H100.80S.60V" not in offers.skus()


def test_types_without_a_gpu_are_left_out_and_odd_counts_refused() -> None:
    odd = a_type("1A100.22V", "A100 SXM4 80GB")
    odd["gpu"]["number_of_gpus"] = 0
    plain = a_type("CPU.8V.32G", "", gpus=0)

    offers = with_stock(odd, plain, stock={}, spot={})
    assert "1A100.22V" in offers.texts("COUNT_CONFLICT")
    assert "CPU.8V.32G" not in str(
        [r for r in offers.reading.rejects if r.reason != "NO_GPU_NAMED"]
    )


def test_another_currency_than_that_of_the_contract_is_refused() -> None:
    entry = a_type("1H100.80S.30V", "H100 SXM5 80GB") | {"currency": "eur"}
    offers = with_stock(entry, stock={}, spot={})

    assert "1H100.80S.30V" in offers.texts("CURRENCY_CONFLICT")


@pytest.mark.parametrize("key", ["price_per_hour", "spot_price", "currency", "number_of_gpus"])
def test_a_renamed_key_of_the_api_is_a_page_that_changed(key: str) -> None:
    text = json.dumps([a_type("1H100.80S.30V", "H100 SXM5 80GB")]).replace(f'"{key}"', '"other"')

    (error,) = joined("verda", {"types": text, "stock": "[]", "spot": "[]"}).reading.errors
    assert isinstance(error, PageChanged)


def test_the_api_is_asked_with_both_keys_only() -> None:
    provider = load_providers()["verda"]

    for keys in ((), KEYS[:1]):
        (part,) = provider.all_parts(keys=keys)
        assert set(part.requests) == {"prices"}
    (part,) = provider.all_parts(keys=KEYS)
    assert set(part.requests) == {"prices", "types", "stock", "spot"}


def test_stock_is_asked_for_more_often_than_prices() -> None:
    provider = load_providers()["verda"]

    assert provider.with_keys(()).every == timedelta(minutes=60)
    assert provider.with_keys({*KEYS}).every == timedelta(minutes=10)
    assert provider.with_keys({*KEYS}).parsers is provider.parsers


@pytest.mark.parametrize("name", ["Tesla V100 16GB", "Tesla V100 SXM2 16GB"])
def test_the_v100_are_the_modules_with_nvlink(name: str) -> None:
    text = first_page("verda", "prices.prices.html").replace("H100 SXM5 80GB", name)

    rows = [row for row in parsed("verda", text, kind="prices") if isinstance(row, RawOffer)]

    assert {row.gpu for row in rows if "V100" in row.gpu} == {"Tesla V100 SXM2 16GB"}
