"""Conversion: every field, set and unset, and every value of every enum."""

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest
from gpuquote.v1 import (
    architecture_pb2,
    build_vs_buy_service_pb2,
    change_service_pb2,
    collection_run_pb2,
    compare_service_pb2,
    gpu_model_pb2,
    history_pb2,
    offer_pb2,
    provider_pb2,
    quarantine_pb2,
    workload_pb2,
)

from service.domain.money import Money
from service.domain.offer import (
    Availability,
    AvailabilityState,
    DeliveryModel,
    ExchangeRate,
    Fabric,
    Freshness,
    GpuLink,
    ListedPrice,
    Offer,
    PriceUnit,
    PurchaseModel,
    Quota,
    TaxTreatment,
    Trust,
)
from service.domain.precision import Precision
from service.domain.provider import ProviderState, RejectCount
from service.domain.run import CollectionRun, RunState
from service.rpc.convert import (
    ENUMS,
    enum_name,
    enum_prefix,
    find_enum_value,
    gpu_model_to_proto,
    offer_to_proto,
    provider_to_proto,
    run_to_proto,
)
from tests.builders import NOW, a_status, an_offer
from tests.fakes import a_gpu

EARLIER = datetime(2026, 10, 1, 6, 30, 15, 250_000, tzinfo=UTC)

FULL = an_offer(
    price="2.303",
    gpu_count="0.125",
    offer_id="scaleway-l4-1-24g",
    provider="scaleway",
    gpu_model="l4-24gb",
    gpu_family="L4",
    vram_gb=24,
    min_gpu_count=1,
    max_cluster_gpu_count=64,
    available_gpu_count=0,
    vcpu_count=8,
    memory_gib=Decimal("44.7"),
    local_storage_gb=Decimal(0),
    cpu_arch="x86_64",
    instance_type="L4-1-24G",
    region_code="fr-par-2",
    country_code="FR",
    purchase_model=PurchaseModel.RESERVED_OTHER,
    commitment_term=timedelta(days=90),
    upfront=Money(amount=Decimal(100), currency_code="EUR"),
    delivery_model=DeliveryModel.BARE_METAL,
    trust=Trust.VERIFIED_HOST,
    host_reliability=Decimal("0.98"),
    gpu_link=GpuLink.NVLINK_PAIR,
    fabric=Fabric.ROCE,
    fabric_gbps_per_gpu=Decimal(400),
    listed=ListedPrice(
        text="€0.0131/min",
        amount=Money(amount=Decimal("0.013125"), currency_code="EUR"),
        unit=PriceUnit.INSTANCE_MINUTE,
    ),
    exchange_rate=ExchangeRate(
        currency_code="EUR", rate=Decimal("1.1614"), source="the bank", date="2026-10-08"
    ),
    tax=TaxTreatment.EXCLUDED,
    billing_increment=timedelta(seconds=60),
    minimum_charge=Money(amount=Decimal("0.01")),
    min_term=timedelta(hours=1),
    max_term=timedelta(days=365),
    start_time=EARLIER,
    price_valid_until=NOW,
    egress_price_per_gb=Money(amount=Decimal("0.0000001")),
    storage_price_per_gb_month=Money(amount=Decimal("0.08")),
    quota=Quota.REQUEST,
    availability=Availability(
        state=AvailabilityState.SOLD_OUT,
        evidence="availability",
        raw_value="shortage",
        observe_time=EARLIER,
    ),
    first_seen_time=EARLIER,
    delist_time=NOW,
    order_uri="https://nimbus.example/order",
    unverified=True,
    replayed=True,
)


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_a_domain_enum_and_its_contract_have_the_same_values(kind: type[StrEnum]) -> None:
    enum = ENUMS[kind]
    prefix = enum_prefix(enum)
    in_contract = {value.name.removeprefix(prefix) for value in enum.values if value.number}
    assert in_contract == {value.value for value in kind}
    for value in kind:
        name = enum_name(value)
        assert name == prefix + value.value
        assert find_enum_value(kind, enum.values_by_name[name].number) is value


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_unspecified_and_unknown_numbers_have_no_value(kind: type[StrEnum]) -> None:
    assert find_enum_value(kind, 0) is None
    assert find_enum_value(kind, 999) is None


def test_every_enum_of_the_contract_is_mapped() -> None:
    files = (
        *(architecture_pb2, change_service_pb2, collection_run_pb2, gpu_model_pb2, history_pb2),
        *(build_vs_buy_service_pb2, compare_service_pb2),
        *(offer_pb2, provider_pb2, quarantine_pb2, workload_pb2),
    )
    in_contract = {
        enum.full_name for file in files for enum in file.DESCRIPTOR.enum_types_by_name.values()
    }
    assert {enum.full_name for enum in ENUMS.values()} == in_contract


def test_a_full_offer_sets_every_field_of_the_message() -> None:
    message = offer_to_proto(FULL, Freshness.STALE)
    unset = {field.name for field in offer_pb2.Offer.DESCRIPTOR.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert unset == set()


def test_the_builder_of_the_full_offer_leaves_no_served_field_at_its_default() -> None:
    not_served = {"standing", "missed_run_count", "pending"}
    plain = an_offer()
    same = {
        field.name
        for field in dataclasses.fields(Offer)
        if getattr(FULL, field.name) == getattr(plain, field.name)
    }
    kept = {"sku", "part", "observe_time", "price_change_time", "source_uri"}
    assert same - not_served == kept


def test_a_full_offer_keeps_every_value() -> None:
    message = offer_to_proto(FULL, Freshness.STALE)
    assert message.name == "offers/scaleway-l4-1-24g"
    assert message.provider == "providers/scaleway"
    assert message.gpu_model == "gpuModels/l4-24gb"
    assert (message.gpu_family, message.gpu_count, message.vram_gb) == ("L4", "0.125", 24)
    assert (message.min_gpu_count, message.max_cluster_gpu_count) == (1, 64)
    assert message.HasField("available_gpu_count")
    assert message.available_gpu_count == 0
    assert (message.vcpu_count, message.memory_gib) == (8, 44.7)
    assert message.HasField("local_storage_gb")
    assert (message.cpu_arch, message.instance_type) == ("x86_64", "L4-1-24G")
    assert (message.region_code, message.country_code) == ("fr-par-2", "FR")
    assert message.purchase_model == offer_pb2.PURCHASE_MODEL_RESERVED_OTHER
    assert message.commitment_term.seconds == 90 * 86_400
    assert (message.upfront.currency_code, message.upfront.amount) == ("EUR", "100.00")
    assert message.delivery_model == offer_pb2.DELIVERY_MODEL_BARE_METAL
    assert message.trust == offer_pb2.TRUST_VERIFIED_HOST
    assert (message.host_reliability, message.fabric_gbps_per_gpu) == (0.98, 400.0)
    assert message.gpu_link == offer_pb2.GPU_LINK_NVLINK_PAIR
    assert message.fabric == offer_pb2.FABRIC_ROCE
    assert message.price_per_gpu_hour.amount == "2.303"
    assert message.price_per_hour.amount == "0.287875"
    assert message.listed.text == "€0.0131/min"
    assert message.listed.amount.amount == "0.013125"
    assert message.listed.amount.currency_code == "EUR"
    assert message.listed.unit == offer_pb2.PRICE_UNIT_INSTANCE_MINUTE
    assert message.exchange_rate.rate == "1.1614"
    assert (message.exchange_rate.source, message.exchange_rate.date) == ("the bank", "2026-10-08")
    assert message.tax == offer_pb2.TAX_TREATMENT_EXCLUDED
    assert message.billing_increment.seconds == 60
    assert message.minimum_charge.amount == "0.01"
    assert (message.min_term.seconds, message.max_term.seconds) == (3600, 365 * 86_400)
    assert message.start_time.ToJsonString() == "2026-10-01T06:30:15.250Z"
    assert message.price_valid_until.ToJsonString() == "2026-10-08T12:00:00Z"
    assert message.egress_price_per_gb.amount == "0.0000001"
    assert message.storage_price_per_gb_month.amount == "0.08"
    assert message.quota == offer_pb2.QUOTA_REQUEST
    assert message.availability.state == offer_pb2.AVAILABILITY_STATE_SOLD_OUT
    assert (message.availability.evidence, message.availability.raw_value) == (
        "availability",
        "shortage",
    )
    assert message.availability.observe_time.ToDatetime(UTC) == EARLIER
    assert message.observe_time.ToDatetime(UTC) == NOW
    assert message.price_change_time.ToDatetime(UTC) == NOW
    assert message.first_seen_time.ToDatetime(UTC) == EARLIER
    assert message.delist_time.ToDatetime(UTC) == NOW
    assert message.freshness == offer_pb2.FRESHNESS_STALE
    assert message.source_uri == "https://nimbus.example/gpu-pricing"
    assert message.order_uri == "https://nimbus.example/order"
    assert message.unverified
    assert message.replayed


def test_what_the_source_does_not_state_stays_unset() -> None:
    message = offer_to_proto(an_offer(), Freshness.FRESH)
    with_presence = {
        field.name
        for field in offer_pb2.Offer.DESCRIPTOR.fields
        if field.has_presence and message.HasField(field.name)
    }
    assert with_presence == {
        "price_per_hour",
        "price_per_gpu_hour",
        "listed",
        "availability",
        "observe_time",
        "price_change_time",
        "first_seen_time",
    }
    assert message.availability.state == offer_pb2.AVAILABILITY_STATE_NOT_STATED
    assert not message.availability.HasField("observe_time")
    assert message.gpu_link == offer_pb2.GPU_LINK_NOT_STATED
    assert (message.region_code, message.cpu_arch, message.order_uri) == ("", "", "")


def test_a_full_provider_sets_every_field() -> None:
    status = a_status(
        "lambda",
        state=ProviderState.PARTIAL,
        detail="no answer from zone nl-ams-1",
        missing_variable="LAMBDA_KEY",
        rejects=(RejectCount(reason="UNKNOWN_GPU", row_count=3, samples=("H900", "H901")),),
        next_attempt_time=NOW,
        last_attempt_time=EARLIER,
        opt_in=True,
        replayed=True,
    )
    message = provider_to_proto(status, offer_count=7, baseline=True)
    unset = {field.name for field in provider_pb2.Provider.DESCRIPTOR.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert unset == set()
    assert message.name == "providers/lambda"
    assert message.display_name == "Lambda"
    assert message.home_uri == "https://lambda.example"
    assert message.state == provider_pb2.PROVIDER_STATE_PARTIAL
    assert message.state_detail == "no answer from zone nl-ams-1"
    assert message.missing_variable == "LAMBDA_KEY"
    assert message.collection_interval.seconds == 3600
    assert message.offer_count == 7
    assert message.rejects[0].reason == "UNKNOWN_GPU"
    assert message.rejects[0].row_count == 3
    assert list(message.rejects[0].samples) == ["H900", "H901"]
    assert message.last_attempt_time.ToDatetime(UTC) == EARLIER
    assert message.last_success_time.ToDatetime(UTC) == NOW


def test_a_provider_that_never_ran_has_no_times() -> None:
    status = a_status(state=ProviderState.PENDING, last_attempt_time=None, last_success_time=None)
    message = provider_to_proto(status, offer_count=0, baseline=False)
    assert not message.HasField("last_attempt_time")
    assert not message.HasField("last_success_time")
    assert not message.HasField("next_attempt_time")
    assert not message.baseline


def test_a_full_run_sets_every_field() -> None:
    run = CollectionRun(
        run_id="0199c-ab",
        provider="lambda",
        state=RunState.HELD,
        create_time=EARLIER,
        reason="TOO_FEW_OFFERS",
        detail="half of the models are gone",
        start_time=EARLIER,
        end_time=NOW,
        offer_count=12,
        rejects=(RejectCount(reason="NO_PRICE", row_count=1, samples=()),),
        body_byte_count=2**40,
        missing_parts=("fr-par-1",),
        replayed=True,
    )
    message = run_to_proto(run)
    unset = {field.name for field in collection_run_pb2.CollectionRun.DESCRIPTOR.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert unset == set()
    assert message.name == "collectionRuns/0199c-ab"
    assert message.provider == "providers/lambda"
    assert message.state == collection_run_pb2.COLLECTION_RUN_STATE_HELD
    assert message.body_byte_count == 2**40
    assert list(message.missing_parts) == ["fr-par-1"]


def test_a_pending_run_has_neither_start_nor_end() -> None:
    run = CollectionRun(run_id="r", provider="lambda", state=RunState.PENDING, create_time=NOW)
    message = run_to_proto(run)
    assert not message.HasField("start_time")
    assert not message.HasField("end_time")


def test_a_gpu_model_sets_every_field_it_states() -> None:
    model = dataclasses.replace(
        a_gpu(),
        power_watts=700,
        memory_bandwidth_gb_per_second=Decimal(3350),
        dense_peaks=((Precision.BF16, Decimal("989.4")), (Precision.FP8, Decimal(1979))),
        link_gb_per_second=Decimal(450),
        measured_matmul_share=Decimal("0.8033"),
        aliases=("h100 sxm5",),
    )
    message = gpu_model_to_proto(model)
    unset = {field.name for field in gpu_model_pb2.GpuModel.DESCRIPTOR.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert unset == set()
    assert message.name == "gpuModels/h100-sxm-80gb"
    assert message.bf16_dense_tflops == 989.4
    assert [(peak.precision, peak.tflops) for peak in message.dense_peaks] == [
        (workload_pb2.PRECISION_BF16, 989.4),
        (workload_pb2.PRECISION_FP8, 1979),
    ]
    assert (message.link_gb_per_second, message.measured_matmul_share) == (450, 0.8033)


def test_figures_that_are_not_published_stay_unset() -> None:
    message = gpu_model_to_proto(a_gpu())
    assert not message.HasField("power_watts")
    assert not message.HasField("memory_bandwidth_gb_per_second")
    assert not message.HasField("bf16_dense_tflops")
    assert not message.dense_peaks
    assert not message.HasField("link_gb_per_second")
    assert not message.HasField("measured_matmul_share")
