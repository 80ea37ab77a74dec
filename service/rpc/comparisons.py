"""Answers of comparisons to messages; rounding as in `service.rpc.estimates`."""

from collections.abc import Iterable
from decimal import Decimal

from gpuquote.v1 import caveat_pb2, estimate_pb2, money_pb2
from gpuquote.v1 import compare_service_pb2 as pb

from service.catalog.snapshot import Snapshot
from service.compare.answers import (
    CommitmentOption,
    ComparedGpuModel,
    ComparedPlacement,
    ComparedProvider,
    GpuModelsAnswer,
    MarketSummary,
    OffersAnswer,
    ProvidersAnswer,
)
from service.domain.caveat import Caveat
from service.estimate.band import Band
from service.market.answers import Assumption, Rejection
from service.rpc.convert import enum_name, rate_to_proto
from service.rpc.estimates import commitment_to_proto, placement_to_proto
from service.rpc.figures import RATE_DIGITS, Currency, band_to_proto, significant
from service.rpc.names import GPU_MODELS, OFFERS, PROVIDERS

_DOLLARS = Currency()


def offers_to_proto(
    answer: OffersAnswer, *, currency: Currency, snapshot: Snapshot
) -> pb.CompareOffersResponse:
    """Write placements in their order. Raises ItemsDoNotAdd."""
    return pb.CompareOffersResponse(
        placements=[_placement(one, currency) for one in answer.placements],
        feasible_count=answer.feasible_count,
        rejected=_rejected(answer.rejected),
        commitments=[_commitment(one, currency) for one in answer.commitments],
        assumptions=_assumptions(answer.assumptions),
        caveats=_caveats(answer.caveats),
        exchange_rate=rate_to_proto(currency.rate),
        catalog_revision=snapshot.revision,
        as_of=snapshot.as_of,
        committed_count=answer.committed_count,
    )


def gpu_models_to_proto(
    answer: GpuModelsAnswer, *, currency: Currency, snapshot: Snapshot
) -> pb.CompareGpuModelsResponse:
    """Write GPU models in their order."""
    return pb.CompareGpuModelsResponse(
        gpus=[_gpu_model(one, currency) for one in answer.gpu_models],
        rejected=_rejected(answer.rejected),
        assumptions=_assumptions(answer.assumptions),
        caveats=_caveats(answer.caveats),
        relaxed_latency_saving=_maybe_significant(answer.relaxed_latency_saving),
        catalog_revision=snapshot.revision,
        as_of=snapshot.as_of,
    )


def providers_to_proto(
    answer: ProvidersAnswer, *, snapshot: Snapshot
) -> pb.CompareProvidersResponse:
    """Write providers in their order, in US dollars."""
    return pb.CompareProvidersResponse(
        providers=[_provider(one) for one in answer.providers],
        market=None if answer.market is None else _market(answer.market),
        caveats=_caveats(answer.caveats),
        rejected=_rejected(answer.rejected),
        catalog_revision=snapshot.revision,
        as_of=snapshot.as_of,
    )


def _placement(one: ComparedPlacement, currency: Currency) -> pb.ComparedPlacement:
    placement = placement_to_proto(one.placement, currency)
    return pb.ComparedPlacement(
        placement=placement,
        on_frontier=one.is_on_frontier,
        why_not=one.why_not,
        cost_over_best=_maybe_significant(one.cost_over_best),
        time_per_output_token_ms=_maybe_band(one.time_per_output_token_ms),
    )


def _commitment(one: CommitmentOption, currency: Currency) -> pb.CommitmentOption:
    return pb.CommitmentOption(
        commitment=commitment_to_proto(one.commitment, currency),
        gpu_model=f"{GPU_MODELS}/{one.gpu_model}",
        pays_off_after=one.pays_off_after,
    )


def _gpu_model(one: ComparedGpuModel, currency: Currency) -> pb.ComparedGpuModel:
    return pb.ComparedGpuModel(
        gpu_model=f"{GPU_MODELS}/{one.gpu_model}",
        fits=one.fits,
        reason=one.reason,
        cost=currency.range(one.cost),
        wall_hours=_maybe_band(one.wall_hours),
        cost_per_million_tokens=currency.range(one.cost_per_million_tokens, digits=RATE_DIGITS),
        gpu_count=one.gpu_count,
        price_per_gpu_hour=pb.HourlyPrices(
            min=_rate(one.hourly.lowest, currency),
            median=_rate(one.hourly.median, currency),
            providers=one.hourly.provider_count,
        ),
        per_pflop_hour=_rate(one.units.per_pflop_hour, currency),
        per_gb_vram_hour=_rate(one.units.per_gb_vram_hour, currency),
        per_gbps_hour=_rate(one.units.per_gbps_hour, currency),
        watts=one.watts,
        in_stock_providers=[f"{PROVIDERS}/{name}" for name in one.in_stock_providers],
        measured=one.is_measured,
        note=one.note,
        relaxed_latency_saving=_maybe_significant(one.relaxed_latency_saving),
        offer=f"{OFFERS}/{one.offer_id}" if one.offer_id else "",
        capacity=_capacity(one),
    )


def _capacity(one: ComparedGpuModel) -> str:
    if not one.offer_id:
        return "CAPACITY_UNSPECIFIED"
    return "CAPACITY_PROVEN" if one.is_proven else "CAPACITY_UNPROVEN"


def _provider(one: ComparedProvider) -> pb.ComparedProvider:
    return pb.ComparedProvider(
        provider=f"{PROVIDERS}/{one.provider}",
        prices=[
            pb.PurchasePrices(
                purchase_model=enum_name(way),
                min=_rate(prices.lowest),
                median=_rate(prices.median),
                max=_rate(prices.highest),
                offer_count=prices.offer_count,
            )
            for way, prices in one.prices.items()
        ],
        spread=_maybe_significant(one.spread),
        availability_share_30d=_maybe_significant(one.availability_share),
        billing_increment=one.billing_increment,
        min_term=one.min_term,
        delivery_models=[enum_name(model) for model in one.delivery_models],
        fabrics=[enum_name(fabric) for fabric in one.fabrics],
        egress_price_per_gb=_rate(one.egress_dollars_per_gb),
        storage_price_per_gb_month=_rate(one.storage_dollars_per_gb_month),
        region_codes=one.region_codes,
        support=[
            pb.SourcedFact(text=fact.text, source=f"{fact.source}, {fact.period}")
            for fact in one.support
        ],
        data_age=one.data_age,
    )


def _market(market: MarketSummary) -> pb.MarketSummary:
    return pb.MarketSummary(
        median=_rate(market.median),
        spread_max_over_min=significant(market.spread),
        providers=market.provider_count,
    )


def _rate(dollars: Decimal | None, currency: Currency = _DOLLARS) -> money_pb2.Money | None:
    return None if dollars is None else currency.money(dollars, digits=RATE_DIGITS)


def _maybe_band(band: Band | None) -> estimate_pb2.Band | None:
    return None if band is None else band_to_proto(band)


def _maybe_significant(figure: float | None) -> float | None:
    return None if figure is None else significant(figure)


def _assumptions(assumptions: Iterable[Assumption]) -> list[estimate_pb2.Assumption]:
    return [
        estimate_pb2.Assumption(name=one.name, value=one.value, source=one.source)
        for one in assumptions
    ]


def _caveats(caveats: Iterable[Caveat]) -> list[caveat_pb2.Caveat]:
    return [caveat_pb2.Caveat(code=one.code, message=one.message) for one in caveats]


def _rejected(rejected: Iterable[Rejection]) -> list[estimate_pb2.Rejection]:
    return [
        estimate_pb2.Rejection(reason=one.reason, count=one.count, example=one.example)
        for one in rejected
    ]
