"""Domain values to messages, one function for each resource.

A value that the domain leaves open stays unset in the message. Enum values gain the prefix that
buf asks for; the table is made when the module loads, so that a value without a counterpart fails
at start and not in an answer.
"""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from google.protobuf.descriptor import EnumDescriptor
from gpuquote.v1 import (
    architecture_pb2,
    build_vs_buy_service_pb2,
    change_service_pb2,
    collection_run_pb2,
    compare_service_pb2,
    gpu_model_pb2,
    history_pb2,
    money_pb2,
    offer_pb2,
    provider_pb2,
    quarantine_pb2,
    workload_pb2,
)

from service.build_vs_buy.inputs import OptionKind
from service.compare.questions import Ranking
from service.domain.architecture import AttentionKind, ModelKind
from service.domain.change import Change, ChangeKind
from service.domain.gpu import GpuModel
from service.domain.matching import freshness_when_seen
from service.domain.money import Money, count_text, text_from_decimal
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
from service.domain.outcome import Outcome
from service.domain.precision import Precision
from service.domain.provider import ProviderState, ProviderStatus, RejectCount
from service.domain.quarantine import QuarantineState
from service.domain.run import CollectionRun, RunState
from service.domain.workload import Engine, Objective, Recompute, TrainingMethod

ENUMS: dict[type[StrEnum], EnumDescriptor] = {
    PurchaseModel: offer_pb2.PurchaseModel.DESCRIPTOR,
    DeliveryModel: offer_pb2.DeliveryModel.DESCRIPTOR,
    Trust: offer_pb2.Trust.DESCRIPTOR,
    GpuLink: offer_pb2.GpuLink.DESCRIPTOR,
    Fabric: offer_pb2.Fabric.DESCRIPTOR,
    AvailabilityState: offer_pb2.AvailabilityState.DESCRIPTOR,
    Freshness: offer_pb2.Freshness.DESCRIPTOR,
    PriceUnit: offer_pb2.PriceUnit.DESCRIPTOR,
    TaxTreatment: offer_pb2.TaxTreatment.DESCRIPTOR,
    Quota: offer_pb2.Quota.DESCRIPTOR,
    ProviderState: provider_pb2.ProviderState.DESCRIPTOR,
    RunState: collection_run_pb2.CollectionRunState.DESCRIPTOR,
    Outcome: history_pb2.Outcome.DESCRIPTOR,
    QuarantineState: quarantine_pb2.QuarantineState.DESCRIPTOR,
    ChangeKind: change_service_pb2.ChangeKind.DESCRIPTOR,
    ModelKind: architecture_pb2.ModelKind.DESCRIPTOR,
    AttentionKind: architecture_pb2.AttentionKind.DESCRIPTOR,
    Precision: workload_pb2.Precision.DESCRIPTOR,
    TrainingMethod: workload_pb2.TrainingMethod.DESCRIPTOR,
    Recompute: workload_pb2.Recompute.DESCRIPTOR,
    Engine: workload_pb2.Engine.DESCRIPTOR,
    Objective: workload_pb2.Objective.DESCRIPTOR,
    Ranking: compare_service_pb2.Ranking.DESCRIPTOR,
    OptionKind: build_vs_buy_service_pb2.OptionKind.DESCRIPTOR,
}


def enum_prefix(enum: EnumDescriptor) -> str:
    """Return the prefix of an enum's values, taken from its zero: "PURCHASE_MODEL_"."""
    return str(enum.values_by_number[0].name).removesuffix("UNSPECIFIED")


_NAMES: dict[type[StrEnum], dict[StrEnum, str]] = {
    kind: {value: enum.values_by_name[enum_prefix(enum) + value.value].name for value in kind}
    for kind, enum in ENUMS.items()
}
_VALUES: dict[type[StrEnum], dict[int, StrEnum]] = {
    kind: {ENUMS[kind].values_by_name[name].number: value for value, name in names.items()}
    for kind, names in _NAMES.items()
}
_Value = TypeVar("_Value", bound=StrEnum)


def enum_name(value: StrEnum) -> str:
    """Return the name of a domain enum's value in the contract: "PURCHASE_MODEL_SPOT"."""
    return _NAMES[type(value)][value]


def find_enum_value(kind: type[_Value], number: int) -> _Value | None:
    """Return the domain value of a number; None for UNSPECIFIED and for unknown numbers."""
    value = _VALUES[kind].get(number)
    return None if value is None else kind(value)


def money_to_proto(money: Money) -> money_pb2.Money:
    """Write an amount with 2 to 12 fraction digits."""
    return money_pb2.Money(
        currency_code=money.currency_code, amount=text_from_decimal(money.amount)
    )


def offer_to_proto(offer: Offer, freshness: Freshness) -> offer_pb2.Offer:
    """Write an offer as it stands at the moment for which `freshness` was computed."""
    return offer_pb2.Offer(
        name=f"offers/{offer.offer_id}",
        provider=f"providers/{offer.provider}",
        gpu_model=f"gpuModels/{offer.gpu_model}",
        gpu_family=offer.gpu_family,
        gpu_count=count_text(offer.gpu_count),
        min_gpu_count=offer.min_gpu_count,
        max_cluster_gpu_count=offer.max_cluster_gpu_count,
        available_gpu_count=offer.available_gpu_count,
        vram_gb=offer.vram_gb,
        vcpu_count=offer.vcpu_count,
        memory_gib=_double(offer.memory_gib),
        local_storage_gb=_double(offer.local_storage_gb),
        cpu_arch=offer.cpu_arch,
        instance_type=offer.instance_type,
        region_code=offer.region_code,
        country_code=offer.country_code,
        purchase_model=_NAMES[PurchaseModel][offer.purchase_model],
        commitment_term=offer.commitment_term,
        upfront=_money(offer.upfront),
        delivery_model=_NAMES[DeliveryModel][offer.delivery_model],
        trust=_NAMES[Trust][offer.trust],
        host_reliability=_double(offer.host_reliability),
        gpu_link=_NAMES[GpuLink][offer.gpu_link],
        fabric=_NAMES[Fabric][offer.fabric],
        fabric_gbps_per_gpu=_double(offer.fabric_gbps_per_gpu),
        price_per_hour=_dollars(offer.price_per_hour),
        price_per_gpu_hour=_dollars(offer.price_per_gpu_hour),
        listed=_listed_to_proto(offer.listed),
        exchange_rate=rate_to_proto(offer.exchange_rate),
        tax=_NAMES[TaxTreatment][offer.tax],
        billing_increment=offer.billing_increment,
        minimum_charge=_money(offer.minimum_charge),
        min_term=offer.min_term,
        max_term=offer.max_term,
        start_time=offer.start_time,
        price_valid_until=offer.price_valid_until,
        egress_price_per_gb=_money(offer.egress_price_per_gb),
        storage_price_per_gb_month=_money(offer.storage_price_per_gb_month),
        quota=_NAMES[Quota][offer.quota],
        availability=availability_to_proto(offer.availability),
        observe_time=offer.observe_time,
        price_change_time=offer.price_change_time,
        first_seen_time=offer.first_seen_time,
        delist_time=offer.delist_time,
        freshness=_NAMES[Freshness][freshness],
        source_uri=offer.source_uri,
        order_uri=offer.order_uri,
        unverified=offer.unverified,
        replayed=offer.replayed,
    )


def provider_to_proto(
    status: ProviderStatus, *, offer_count: int, baseline: bool
) -> provider_pb2.Provider:
    """Write a provider; `offer_count` counts listed offers, `baseline` says where they are from."""
    return provider_pb2.Provider(
        name=f"providers/{status.provider}",
        display_name=status.title,
        home_uri=status.home,
        state=enum_name(status.state),
        state_detail=status.detail,
        missing_variable=status.missing_variable,
        collection_interval=_positive(status.interval),
        offer_count=offer_count,
        rejects=[_reject_to_proto(reject) for reject in status.rejects],
        last_attempt_time=status.last_attempt_time,
        last_success_time=status.last_success_time,
        next_attempt_time=status.next_attempt_time,
        opt_in=status.opt_in,
        baseline=baseline,
        replayed=status.replayed,
    )


def gpu_model_to_proto(model: GpuModel) -> gpu_model_pb2.GpuModel:
    """Write a GPU model."""
    return gpu_model_pb2.GpuModel(
        name=f"gpuModels/{model.gpu_model_id}",
        display_name=model.display_name,
        vendor=model.vendor,
        gpu_family=model.family,
        form_factor=model.form_factor,
        vram_gb=model.vram_gb,
        interconnect=model.interconnect,
        announce_year=model.announce_year,
        power_watts=model.power_watts,
        memory_bandwidth_gb_per_second=_double(model.memory_bandwidth_gb_per_second),
        bf16_dense_tflops=_double(model.bf16_dense_tflops),
        dense_peaks=[
            gpu_model_pb2.DensePeak(precision=enum_name(precision), tflops=float(tflops))
            for precision, tflops in model.dense_peaks
        ],
        link_gb_per_second=_double(model.link_gb_per_second),
        measured_matmul_share=_double(model.measured_matmul_share),
        aliases=model.aliases,
        source=model.source,
    )


def run_to_proto(run: CollectionRun) -> collection_run_pb2.CollectionRun:
    """Write a collection run."""
    return collection_run_pb2.CollectionRun(
        name=f"collectionRuns/{run.run_id}",
        provider=f"providers/{run.provider}",
        state=enum_name(run.state),
        reason=run.reason,
        detail=run.detail,
        create_time=run.create_time,
        start_time=run.start_time,
        end_time=run.end_time,
        offer_count=run.offer_count,
        rejects=[_reject_to_proto(reject) for reject in run.rejects],
        body_byte_count=run.body_byte_count,
        missing_parts=run.missing_parts,
        replayed=run.replayed,
    )


def change_to_proto(
    change: Change, *, cursor: str, conflated_count: int = 0
) -> change_service_pb2.Change:
    """Write a change; its offers are as fresh as they were when they were seen."""
    return change_service_pb2.Change(
        cursor=cursor,
        kind=enum_name(change.kind),
        offer=f"offers/{change.offer_id}",
        change_time=change.change_time,
        before=_seen_offer(change.before),
        after=_seen_offer(change.after),
        conflated_count=conflated_count,
    )


def _seen_offer(offer: Offer | None) -> offer_pb2.Offer | None:
    return None if offer is None else offer_to_proto(offer, freshness_when_seen(offer))


def _listed_to_proto(listed: ListedPrice) -> offer_pb2.ListedPrice:
    return offer_pb2.ListedPrice(
        text=listed.text,
        amount=money_to_proto(listed.amount),
        unit=_NAMES[PriceUnit][listed.unit],
    )


def rate_to_proto(rate: ExchangeRate | None) -> money_pb2.ExchangeRate | None:
    """Write the rate that a price was converted at; None stays None."""
    if rate is None:
        return None
    return money_pb2.ExchangeRate(
        currency_code=rate.currency_code,
        rate=text_from_decimal(rate.rate),
        source=rate.source,
        date=rate.date,
    )


def availability_to_proto(availability: Availability) -> offer_pb2.Availability:
    """Write a stock statement."""
    return offer_pb2.Availability(
        state=_NAMES[AvailabilityState][availability.state],
        evidence=availability.evidence,
        raw_value=availability.raw_value,
        observe_time=availability.observe_time,
    )


def _reject_to_proto(reject: RejectCount) -> provider_pb2.RejectCount:
    return provider_pb2.RejectCount(
        reason=reject.reason, row_count=reject.row_count, samples=reject.samples
    )


def _dollars(amount: Decimal) -> money_pb2.Money:
    return money_pb2.Money(currency_code="USD", amount=text_from_decimal(amount))


def _money(money: Money | None) -> money_pb2.Money | None:
    return None if money is None else money_to_proto(money)


def _double(value: Decimal | None) -> float | None:
    """Sizes and rates are doubles in the contract; money never passes here."""
    return None if value is None else float(value)


def _positive(span: timedelta) -> timedelta | None:
    return span if span > timedelta(0) else None
