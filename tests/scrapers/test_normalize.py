"""Printed rows become offers, or rejects that say why."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.normalize import MAX_TEXT, Normalizer, RejectReason
from scrapers.page import Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from service.domain.money import Money
from service.domain.offer import (
    Availability,
    AvailabilityState,
    DeliveryModel,
    Fabric,
    GpuLink,
    Offer,
    PriceUnit,
    PurchaseModel,
    Quota,
    TaxTreatment,
    Trust,
    offer_id_of,
)
from service.facts.tables import load_exchange_rates, load_gpu_registry
from tests.builders import NOW

RATES = load_exchange_rates()
NORMALIZER = Normalizer(registry=load_gpu_registry(), rates=RATES)
USD_PER_HOUR = Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)
PER_GPU = Declared(currency="USD", unit=PriceUnit.GPU_HOUR)
HOURS = timedelta(hours=1)


def a_provider(**facts: Any) -> Provider:
    values = {"id": "nimbus", "title": "Nimbus", "home": "https://nimbus.example"}
    return Provider(**(values | facts))


def a_page(content_type: str = "text/html; charset=utf-8") -> Page:
    return Page(
        kind="prices",
        part="eu-1",
        url="https://nimbus.example/gpu-pricing",
        text="",
        content_type=content_type,
        observe_time=NOW - timedelta(days=30),
    )


def a_row(**texts: Any) -> RawOffer:
    values: dict[str, Any] = {
        "sku": "h100x8",
        "gpu": "NVIDIA H100 SXM",
        "gpu_count": "8",
        "price": "$31.92",
        "unit": "instance hour",
    }
    return RawOffer(**(values | texts))


def normalized(row: RawOffer, *, declared: Declared | None = None, **facts: Any) -> Offer | Reject:
    page = a_page("application/json" if declared else "text/html")
    provider = a_provider(declared={"prices": declared} if declared else {}, **facts)
    return NORMALIZER.offer(row, provider=provider, page=page, now=NOW, replayed=False)


def an_offer_of(declared: Declared | None = None, /, **texts: Any) -> Offer:
    offer = normalized(a_row(**texts), declared=declared)
    assert isinstance(offer, Offer), offer
    return offer


def a_reject_of(declared: Declared | None = None, /, **texts: Any) -> Reject:
    reject = normalized(a_row(**texts), declared=declared)
    assert isinstance(reject, Reject), reject
    return reject


def test_a_row_becomes_an_offer_with_the_facts_of_its_provider() -> None:
    provider = a_provider(
        regions={"US East (N. Virginia)": "US"},
        delivery_model=DeliveryModel.VIRTUAL_MACHINE,
        tax=TaxTreatment.EXCLUDED,
        quota=Quota.REQUEST,
        billing_increment=timedelta(seconds=1),
        order_uri="https://nimbus.example/order",
        unverified=True,
    )
    row = a_row(
        region="US East (N. Virginia)",
        instance_type="p5.48xlarge",
        vcpus="192",
        memory="2048 GiB",
        storage="8 x 3840 GB SSD",
        cpu_arch="AMD64",
        vram="80 GB",
        min_gpu_count="16+",
        max_cluster_gpu_count="1,024",
        available_gpu_count="0",
        gpu_link=GpuLink.NVLINK,
        fabric=Fabric.INFINIBAND,
        fabric_gbps_per_gpu="400",
        storage_price="$0.07/GB/month",
        egress_price="0.09 per GB",
    )
    offer = NORMALIZER.offer(row, provider=provider, page=a_page(), now=NOW, replayed=True)
    assert isinstance(offer, Offer)
    assert offer.offer_id == offer_id_of(
        provider="nimbus",
        sku="h100x8",
        region="US East (N. Virginia)",
        purchase_model=PurchaseModel.ON_DEMAND,
        term="",
    )
    assert (offer.provider, offer.part, offer.source_uri) == (
        "nimbus",
        "eu-1",
        "https://nimbus.example/gpu-pricing",
    )
    assert (offer.gpu_model, offer.gpu_family, offer.vram_gb) == ("h100-sxm-80gb", "H100", 80)
    assert (offer.gpu_count, offer.price_per_hour, offer.price_per_gpu_hour) == (
        Decimal(8),
        Decimal("31.92"),
        Decimal("3.99"),
    )
    assert (offer.listed.text, offer.listed.amount, offer.listed.unit) == (
        "$31.92",
        Money(amount=Decimal("31.92")),
        PriceUnit.INSTANCE_HOUR,
    )
    assert offer.exchange_rate is None
    assert {offer.observe_time, offer.price_change_time, offer.first_seen_time} == {NOW}
    assert (offer.region_code, offer.country_code) == ("US East (N. Virginia)", "US")
    assert (offer.instance_type, offer.vcpu_count, offer.cpu_arch) == ("p5.48xlarge", 192, "x86_64")
    assert (offer.memory_gib, offer.local_storage_gb) == (Decimal(2048), Decimal(30720))
    assert (offer.min_gpu_count, offer.max_cluster_gpu_count, offer.available_gpu_count) == (
        16,
        1024,
        0,
    )
    assert (offer.gpu_link, offer.fabric, offer.fabric_gbps_per_gpu) == (
        GpuLink.NVLINK,
        Fabric.INFINIBAND,
        Decimal(400),
    )
    assert offer.storage_price_per_gb_month == Money(amount=Decimal("0.07"))
    assert offer.egress_price_per_gb == Money(amount=Decimal("0.09"))
    assert (offer.delivery_model, offer.tax, offer.quota) == (
        DeliveryModel.VIRTUAL_MACHINE,
        TaxTreatment.EXCLUDED,
        Quota.REQUEST,
    )
    assert offer.billing_increment == timedelta(seconds=1)
    assert offer.order_uri == "https://nimbus.example/order"
    assert offer.unverified
    assert offer.replayed


def test_what_the_source_does_not_state_stays_unset() -> None:
    offer = an_offer_of(
        memory="lots", storage="EBS only", vcpus="many", cpu_arch="riscv", country="Atlantis"
    )
    assert (offer.memory_gib, offer.local_storage_gb, offer.vcpu_count) == (None, None, None)
    assert (offer.cpu_arch, offer.country_code, offer.commitment_term) == ("", "", None)
    assert offer.availability == Availability()
    assert offer.delivery_model is DeliveryModel.NOT_STATED
    assert (offer.egress_price_per_gb, offer.storage_price_per_gb_month) == (None, None)


def test_a_row_may_state_its_own_country_delivery_and_trust() -> None:
    own = {"delivery_model": DeliveryModel.BARE_METAL, "trust": Trust.HOST}
    offer = an_offer_of(region="eu-1", country="fr", **own)
    assert (offer.country_code, offer.delivery_model) == ("FR", DeliveryModel.BARE_METAL)
    assert (offer.trust, an_offer_of().trust) == (Trust.HOST, Trust.FIRST_PARTY)


@pytest.mark.parametrize(
    ("texts", "hourly", "per_gpu", "unit"),
    [
        ({"price": "$3.99", "unit": "PRICE/GPU/HR*"}, "31.92", "3.99", PriceUnit.GPU_HOUR),
        ({"price": "$2.99/GPU/hr", "unit": ""}, "23.92", "2.99", PriceUnit.GPU_HOUR),
        ({"price": "$49.24", "unit": "/ Hour", "per": "instance"}, "49.24", "6.155", None),
        ({"price": "$0.6", "unit": "minute", "per": "gpu"}, "288", "36", PriceUnit.GPU_MINUTE),
        ({"price": "$1.2", "unit": "vm minute"}, "72", "9", PriceUnit.INSTANCE_MINUTE),
        ({"price": "$0.00116 / sec", "unit": "gpu"}, "33.408", "4.176", PriceUnit.GPU_SECOND),
        (
            {"price": "$0.01/second", "unit": "", "per": "node"},
            "36",
            "4.5",
            PriceUnit.INSTANCE_SECOND,
        ),
        (
            {"price": "$11,773.44", "unit": "instance month"},
            "16.128",
            "2.016",
            PriceUnit.INSTANCE_MONTH,
        ),
        ({"price": "$10", "gpu_count": "3"}, "10", "3.333333", PriceUnit.INSTANCE_HOUR),
    ],
)
def test_every_unit_becomes_an_hour(
    texts: dict[str, str], hourly: str, per_gpu: str, unit: PriceUnit | None
) -> None:
    offer = an_offer_of(**texts)
    assert (offer.price_per_hour, offer.price_per_gpu_hour) == (
        Decimal(hourly),
        Decimal(per_gpu),
    )
    assert offer.listed.unit is (unit or PriceUnit.INSTANCE_HOUR)


def test_euros_are_converted_and_shown_as_printed() -> None:
    offer = an_offer_of(gpu="L4", gpu_count="1", price="\u20ac0.7875")
    assert offer.listed.amount == Money(amount=Decimal("0.7875"), currency_code="EUR")
    assert offer.price_per_hour == Decimal("0.7875") * RATES["EUR"].rate
    assert offer.exchange_rate == RATES["EUR"]


def test_a_minute_and_an_hour_of_the_same_product_are_the_same_price() -> None:
    minute = an_offer_of(price="0.013125", currency="EUR", unit="minute", per="instance")
    hour = an_offer_of(price="0.7875", currency="EUR", unit="hour", per="instance")
    assert minute.price_per_hour == hour.price_per_hour


RESERVED = {"gpu": "H100 SXM", "unit": "term", "price": "1134310.0"}


def test_a_price_for_three_years_becomes_an_hour() -> None:
    offer = an_offer_of(
        USD_PER_HOUR, **RESERVED, purchase_model=PurchaseModel.RESERVED_3Y, term="3 Years"
    )
    assert round(offer.price_per_hour, 2) == Decimal("43.16")
    assert offer.listed.unit is PriceUnit.TERM
    assert offer.commitment_term == 26280 * HOURS
    assert (offer.min_term, offer.max_term) == (None, None)


@pytest.mark.parametrize(
    ("asked", "term", "model", "commitment", "range_"),
    [
        (PurchaseModel.RESERVED_1Y, "", PurchaseModel.RESERVED_1Y, 8760, None),
        (PurchaseModel.RESERVED_1Y, "1 Year", PurchaseModel.RESERVED_1Y, 8760, None),
        (PurchaseModel.RESERVED_OTHER, "12 months", PurchaseModel.RESERVED_1Y, 8760, None),
        (PurchaseModel.RESERVED_OTHER, "3 Years", PurchaseModel.RESERVED_3Y, 26280, None),
        (PurchaseModel.RESERVED_OTHER, "6 months", PurchaseModel.RESERVED_OTHER, 4380, 4380),
        (
            PurchaseModel.RESERVED_OTHER,
            "2 weeks \u2013 1 year",
            PurchaseModel.RESERVED_OTHER,
            336,
            8760,
        ),
        (PurchaseModel.RESERVED_OTHER, "1 year+", PurchaseModel.RESERVED_OTHER, 8760, None),
        (PurchaseModel.CAPACITY_BLOCK, "14 days", PurchaseModel.CAPACITY_BLOCK, 336, 336),
        (PurchaseModel.CAPACITY_BLOCK, "", PurchaseModel.CAPACITY_BLOCK, None, None),
        (PurchaseModel.SPOT, "", PurchaseModel.SPOT, None, None),
    ],
)
def test_the_term_decides_the_purchase_model(
    asked: PurchaseModel,
    term: str,
    model: PurchaseModel,
    commitment: int | None,
    range_: int | None,
) -> None:
    offer = an_offer_of(purchase_model=asked, term=term)
    assert offer.purchase_model is model
    assert offer.commitment_term == (None if commitment is None else commitment * HOURS)
    assert offer.max_term == (None if range_ is None else range_ * HOURS)


def test_equal_terms_have_equal_ids_and_others_not() -> None:
    def id_of(term: str) -> str:
        return an_offer_of(purchase_model=PurchaseModel.RESERVED_OTHER, term=term).offer_id

    assert id_of("1 Year") == id_of("12 months")
    assert len({id_of("1 Year"), id_of("6 months"), id_of("1 year+"), id_of("2 weeks")}) == 4


@pytest.mark.parametrize(
    ("texts", "count", "per_gpu"),
    [
        ({"gpu_count": "4^1", "price": "$42.00"}, "4", "10.5"),
        ({"gpu_count": "0.5", "price": "$2"}, "0.5", "4"),
        ({"gpu_count": "1/8", "price": "$1"}, "0.125", "8"),
        ({"gpu_count": "1/6", "price": "$1"}, "0.166667", "6"),
        ({"gpu_count": "", "total_vram": "640 GB", "price": "$8"}, "8", "1"),
        ({"gpu_count": "", "price": "$4", "unit": "gpu hour"}, "1", "4"),
        ({"gpu_count": "", "total_vram": "40 GB", "price": "$1.397"}, "0.5", "2.794"),
        ({"gpu_count": "", "total_vram": "4 GB", "price": "$0.123"}, "0.05", "2.46"),
    ],
)
def test_a_count_is_read_or_follows_from_the_memory(
    texts: dict[str, str], count: str, per_gpu: str
) -> None:
    offer = an_offer_of(**texts)
    assert str(offer.gpu_count) == count
    assert offer.price_per_gpu_hour == Decimal(per_gpu)


def test_the_memory_of_one_gpu_or_of_all_tells_the_model() -> None:
    assert an_offer_of(gpu="A100 SXM", vram="40 GB").gpu_model == "a100-sxm-40gb"
    assert an_offer_of(gpu="A100 SXM", total_vram="640 GB").gpu_model == "a100-sxm-80gb"
    both = an_offer_of(gpu="A100 SXM", vram="80 GB", total_vram="640 GB")
    assert both.gpu_model == "a100-sxm-80gb"
    measured = an_offer_of(gpu="B200", gpu_count="", vram="183 GB", total_vram="1464 GB")
    assert (measured.gpu_count, measured.vram_gb) == (Decimal(8), 180)
    in_bytes = an_offer_of(gpu="L4", vram="25769803776 B")
    assert in_bytes.gpu_model == "l4-24gb"


STOCK: Mapping[str, AvailabilityState] = {
    "shortage": AvailabilityState.SOLD_OUT,
    "available": AvailabilityState.AVAILABLE,
}


@pytest.mark.parametrize(
    ("stock", "availability"),
    [
        (None, Availability()),
        (
            "Shortage ",
            Availability(
                state=AvailabilityState.SOLD_OUT,
                evidence="availability",
                raw_value="Shortage",
                observe_time=NOW,
            ),
        ),
        ("sunny", Availability(evidence="availability", raw_value="sunny")),
    ],
)
def test_stock_is_stated_only_by_known_words(stock: str | None, availability: Availability) -> None:
    row = a_row(stock=stock, stock_evidence="availability")
    offer = normalized(row, stock_states=STOCK)
    assert isinstance(offer, Offer)
    assert offer.availability == availability


def test_a_number_in_stock_stays_as_printed_beside_the_word_it_is_known_by() -> None:
    row = a_row(stock="116", stock_word="shortage", stock_evidence="gpus.free")
    offer = normalized(row, stock_states=STOCK)
    assert isinstance(offer, Offer)
    assert offer.availability.state is AvailabilityState.SOLD_OUT
    assert offer.availability.raw_value == "116"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"gpu": "H100T"}, RejectReason.UNKNOWN_GPU),
        ({"gpu": "H100 SXM", "vram": "40 GB"}, RejectReason.UNKNOWN_GPU),
        ({"gpu": "A100"}, RejectReason.AMBIGUOUS_GPU),
        ({"gpu": "PRO 6000 MIG 24GB"}, RejectReason.FRACTIONAL_GPU),
        ({"price": ""}, RejectReason.NO_PRICE),
        ({"price": "0"}, RejectReason.NO_PRICE),
        ({"price": "Contact sales"}, RejectReason.NO_PRICE),
        ({"price": "\u2014"}, RejectReason.NO_PRICE),
        ({"price": "from $2.49"}, RejectReason.NO_PRICE),
        ({"price": "$1,23"}, RejectReason.BAD_PRICE),
        ({"price": "-$3.99"}, RejectReason.BAD_PRICE),
        ({"price": "\u20ac1.234"}, RejectReason.BAD_PRICE),
        ({"price": "\u20ac1,234"}, RejectReason.BAD_PRICE),
        ({"price": "$1000000000"}, RejectReason.BAD_PRICE),
        ({"price": "$0.0000001"}, RejectReason.BAD_PRICE),
        ({"price": "3.99"}, RejectReason.CURRENCY_NOT_STATED),
        ({"price": "$3.99", "currency": "CAD"}, RejectReason.CURRENCY_CONFLICT),
        ({"price": "$3.99", "unit": "EUR instance hour"}, RejectReason.CURRENCY_CONFLICT),
        ({"price": "3.99", "currency": "uakt"}, RejectReason.UNKNOWN_CURRENCY),
        ({"price": "3.99", "currency": "VND"}, RejectReason.NO_EXCHANGE_RATE),
        ({"unit": ""}, RejectReason.UNIT_NOT_STATED),
        ({"unit": "hour"}, RejectReason.UNIT_NOT_STATED),
        ({"unit": "gpu"}, RejectReason.UNIT_NOT_STATED),
        ({"unit": "hour", "price": "$3.99/month", "per": "gpu"}, RejectReason.UNIT_CONFLICT),
        ({"unit": "gpu hour", "per": "instance"}, RejectReason.UNIT_CONFLICT),
        ({"unit": "vCPU hour"}, RejectReason.BAD_UNIT),
        ({"unit": "hour", "per": "cluster"}, RejectReason.BAD_UNIT),
        ({"unit": "gpu month"}, RejectReason.BAD_UNIT),
        ({"gpu_count": "0"}, RejectReason.BAD_GPU_COUNT),
        ({"gpu_count": "many"}, RejectReason.BAD_GPU_COUNT),
        ({"gpu_count": ""}, RejectReason.BAD_GPU_COUNT),
        ({"gpu_count": "", "total_vram": "96 GB"}, RejectReason.BAD_GPU_COUNT),
        ({"vram": "much"}, RejectReason.BAD_QUANTITY),
        ({"total_vram": "much"}, RejectReason.BAD_QUANTITY),
        ({"min_gpu_count": "some"}, RejectReason.BAD_QUANTITY),
        ({"vram": "80 GB", "total_vram": "80 GB"}, RejectReason.VRAM_CONFLICT),
        ({"term": "1 Year"}, RejectReason.BAD_TERM),
        ({"unit": "term"}, RejectReason.BAD_TERM),
        ({"purchase_model": PurchaseModel.RESERVED_OTHER}, RejectReason.BAD_TERM),
        (
            {"purchase_model": PurchaseModel.RESERVED_1Y, "term": "3 Years"},
            RejectReason.BAD_TERM,
        ),
        (
            {"purchase_model": PurchaseModel.RESERVED_OTHER, "term": "soon"},
            RejectReason.BAD_TERM,
        ),
        (
            {
                "purchase_model": PurchaseModel.RESERVED_OTHER,
                "term": "1 year+",
                "unit": "term",
            },
            RejectReason.BAD_TERM,
        ),
        ({"sku": ""}, RejectReason.BAD_TEXT),
        ({"sku": "\u200b"}, RejectReason.BAD_TEXT),
        ({"sku": "x" * 201}, RejectReason.BAD_TEXT),
        ({"gpu": "H100 SXM" + " " * 200}, RejectReason.BAD_TEXT),
        ({"region": "<img src=x onerror=alert(1)>"}, RejectReason.BAD_TEXT),
        ({"region": "{{7*7}}"}, RejectReason.BAD_TEXT),
        ({"instance_type": "=cmd|' /C calc'!A0"}, RejectReason.BAD_TEXT),
    ],
)
def test_a_doubtful_row_is_a_reject_with_its_reason(
    texts: dict[str, Any], reason: RejectReason
) -> None:
    reject = a_reject_of(**texts)
    assert reject.reason == reason.value
    assert reject.text
    assert len(reject.text) <= MAX_TEXT


def test_a_reject_shows_the_texts_without_control_characters() -> None:
    reject = a_reject_of(sku="a\x1b[31m", gpu="H100T\u202e")
    assert "H100T" in reject.text
    assert reject.text.isprintable()


def test_names_lose_invisible_characters_and_full_width_letters() -> None:
    offer = an_offer_of(sku="h100\u200bx8\x00", region="\uff45\uff55-1", instance_type=" a  b ")
    assert (offer.sku, offer.region_code, offer.instance_type) == ("h100x8", "eu-1", "a b")


def test_a_documented_endpoint_may_declare_currency_and_unit() -> None:
    offer = an_offer_of(USD_PER_HOUR, price="98.32", unit="")
    assert (offer.price_per_hour, offer.listed.unit) == (
        Decimal("98.32"),
        PriceUnit.INSTANCE_HOUR,
    )
    per_gpu = an_offer_of(PER_GPU, price="10", unit="GPU Per Hour", currency="USD")
    assert per_gpu.price_per_hour == Decimal(80)


def test_rows_may_say_themselves_what_a_declared_currency_is_for() -> None:
    """The rows of one answer may differ: whole GPUs beside slices of one."""
    declared = Declared(currency="USD", unit=None)
    whole = an_offer_of(declared, price="3", unit="hour", per="gpu", gpu_count="1")
    part = an_offer_of(declared, price="1", unit="hour", per="instance", gpu_count="1/4")

    assert (whole.listed.unit, whole.price_per_gpu_hour) == (PriceUnit.GPU_HOUR, Decimal(3))
    assert (part.listed.unit, part.price_per_gpu_hour) == (PriceUnit.INSTANCE_HOUR, Decimal(4))
    assert a_reject_of(declared, price="3", unit="").reason == RejectReason.UNIT_NOT_STATED


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"price": "10", "currency": "EUR"}, RejectReason.CURRENCY_CONFLICT),
        ({"price": "\u20ac10"}, RejectReason.CURRENCY_CONFLICT),
        ({"price": "10", "unit": "minute"}, RejectReason.UNIT_CONFLICT),
        ({"price": "10", "unit": "GPU Per Hour"}, RejectReason.UNIT_CONFLICT),
        ({"price": "10", "per": "gpu"}, RejectReason.UNIT_CONFLICT),
        ({"price": "10", "unit": "hour or term"}, RejectReason.BAD_UNIT),
    ],
)
def test_what_a_response_states_must_agree_with_the_declaration(
    texts: dict[str, str], reason: RejectReason
) -> None:
    assert a_reject_of(USD_PER_HOUR, **texts).reason == reason.value


def test_a_declared_term_is_for_the_instance() -> None:
    declared = Declared(currency="USD", unit=PriceUnit.TERM)
    offer = an_offer_of(declared, price="87600", unit="", purchase_model=PurchaseModel.RESERVED_1Y)
    assert offer.price_per_hour == Decimal(10)


def test_a_term_price_for_each_gpu_is_multiplied() -> None:
    offer = an_offer_of(
        price="$8760", unit="term", per="gpu", purchase_model=PurchaseModel.RESERVED_1Y
    )
    assert (offer.price_per_hour, offer.price_per_gpu_hour) == (Decimal(8), Decimal(1))


def test_a_term_price_without_more_is_for_the_instance() -> None:
    offer = an_offer_of(price="$8760", unit="term", purchase_model=PurchaseModel.RESERVED_1Y)
    assert offer.price_per_hour == Decimal(1)


def test_an_html_page_may_not_declare_its_units() -> None:
    provider = a_provider(declared={"prices": USD_PER_HOUR})
    with pytest.raises(ValueError, match="must print"):
        NORMALIZER.offer(a_row(), provider=provider, page=a_page(), now=NOW, replayed=False)


def test_a_side_price_in_another_currency_or_unreadable_stays_unset() -> None:
    offer = an_offer_of(storage_price="\u20ac0.07/GB/month", egress_price="free")
    assert (offer.storage_price_per_gb_month, offer.egress_price_per_gb) == (None, None)
    euro = an_offer_of(price="\u20ac3.99", storage_price="0.10", egress_price="lots 2")
    assert euro.storage_price_per_gb_month == Money(amount=RATES["EUR"].rate / 10)
    assert euro.egress_price_per_gb is None


texts = st.text(max_size=12) | st.sampled_from(
    ["$3.99", "8", "H100 SXM", "1/8", "gpu hour", "80 GB", "1 Year", "0", "EUR", "\u20ac1.5"]
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            (
                "sku",
                "gpu",
                "gpu_count",
                "price",
                "unit",
                "per",
                "currency",
                "region",
                "term",
                "vram",
                "total_vram",
                "min_gpu_count",
                "storage_price",
                "memory",
                "storage",
                "stock",
            ),
            texts,
        ),
    )
)
def test_any_row_is_an_offer_above_zero_or_a_reject(row: dict[str, str]) -> None:
    result = normalized(a_row(**row))
    if isinstance(result, Offer):
        assert result.price_per_hour > 0
        assert result.price_per_gpu_hour > 0
        assert result.gpu_count > 0
    else:
        assert result.reason in set(RejectReason)


@given(st.decimals(min_value=Decimal("0.01"), max_value=100, places=4), st.integers(1, 16))
def test_a_price_per_gpu_times_the_count_is_the_price(amount: Decimal, count: int) -> None:
    offer = an_offer_of(PER_GPU, price=f"{amount}", unit="", gpu_count=str(count))
    assert offer.price_per_gpu_hour == amount
    assert offer.price_per_hour == amount * count
