"""Answers of the estimators to messages; `service.rpc.figures` rounds what is in them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gpuquote.v1 import caveat_pb2, estimate_pb2, money_pb2
from gpuquote.v1 import estimate_service_pb2 as pb

from service.catalog.snapshot import Snapshot
from service.domain.money import Money
from service.estimate.band import Band
from service.estimate.measured import MeasuredRow
from service.estimate.plan import ServingMemory, ServingPlan, TrainingMemory, TrainingPlan
from service.market.answers import (
    BaselineChange,
    Commitment,
    InferenceAnswer,
    LineItem,
    MarketCost,
    OfferPlacement,
    OfferUse,
    TokenCosts,
    TrainingAnswer,
)
from service.rpc.convert import enum_name, money_to_proto, rate_to_proto
from service.rpc.figures import (
    CENT,
    CENTS,
    RATE_DIGITS,
    Currency,
    band_to_proto,
    flops_text,
    parts_in_cents,
    significant,
)
from service.rpc.names import GPU_MODELS, OFFERS, PROVIDERS

_GB = 1e9
_EXACT_DIGITS = 12
_PRECISION = Decimal("1e-12")


def training_to_proto(
    answer: TrainingAnswer, *, currency: Currency, snapshot: Snapshot
) -> pb.EstimateTrainingResponse:
    """Write what a training run takes. Raises ItemsDoNotAdd."""
    plan, market = answer.plan, answer.market
    return pb.EstimateTrainingResponse(
        flops=flops_text(plan.flops),
        flops_rule_of_thumb=flops_text(plan.rule_of_thumb_flops),
        ideal_gpu_hours=significant(plan.ideal_gpu_hours),
        gpu_hours=band_to_proto(plan.gpu_hours),
        wall_hours=band_to_proto(plan.wall_hours),
        tokens_per_second_per_gpu=band_to_proto(plan.samples_per_second_per_gpu),
        mfu=band_to_proto(plan.mfu),
        memory_per_gpu_gb=_gigabytes(plan.memory.total),
        memory=_training_memory(plan.memory, plan.memory_limit_bytes),
        energy_kwh=_maybe_band(plan.energy_kwh),
        checkpoint_gb=_gigabytes(plan.checkpoint_bytes),
        plan=_training_plan(plan),
        cost=currency.range(market.cost),
        ideal_cost=_maybe_money(answer.ideal_dollars, currency),
        ideal_cost_rule_of_thumb=_maybe_money(answer.rule_of_thumb_dollars, currency),
        **_of_both(answer, currency, snapshot),
    )


def inference_to_proto(
    answer: InferenceAnswer, *, currency: Currency, snapshot: Snapshot
) -> pb.EstimateInferenceResponse:
    """Write what a serving load takes. Raises ItemsDoNotAdd."""
    plan, market = answer.plan, answer.market
    return pb.EstimateInferenceResponse(
        output_tokens_per_second=band_to_proto(plan.output_per_second),
        output_tokens_per_second_per_user=band_to_proto(plan.output_per_second_per_user),
        time_to_first_token_ms=_maybe_band(plan.time_to_first_token_ms),
        time_per_output_token_ms=_maybe_band(plan.time_per_output_token_ms),
        ideal_output_tokens_per_second=significant(plan.ideal_output_per_second),
        flops_per_request=flops_text(answer.flops_per_request),
        flops_rule_of_thumb=flops_text(answer.rule_of_thumb_flops),
        max_batch=plan.max_batch,
        memory_per_gpu_gb=_gigabytes(plan.memory.total),
        memory=_serving_memory(plan.memory, plan.memory_limit_bytes),
        kv_bytes_per_token=significant(plan.kv_bytes_per_token),
        plan=_serving_plan(plan),
        cost_per_million_tokens=_token_costs(answer.token_costs, currency),
        cost_per_thousand_images=currency.range(answer.per_thousand_images, digits=RATE_DIGITS),
        monthly_cost=currency.range(market.cost),
        monthly_requests=_maybe_significant(answer.monthly_requests),
        levers=[
            pb.Lever(lever=lever, cost_change=significant(change))
            for lever, change in answer.levers
        ],
        monthly_energy_kwh=_maybe_significant(answer.monthly_energy_kwh),
        **_of_both(answer, currency, snapshot),
    )


def _of_both(
    answer: TrainingAnswer | InferenceAnswer, currency: Currency, snapshot: Snapshot
) -> dict[str, Any]:
    """Write the fields that both answers have, by name."""
    market = answer.market
    return {
        "line_items": _line_items(market.line_items, market.cost, currency),
        "offers_used": [_offer_use(use, currency) for use in market.offers_used],
        "placements": [placement_to_proto(one, currency) for one in market.placements],
        "commitments": [commitment_to_proto(one, currency) for one in market.commitments],
        "nearest_measured": measured_to_proto(answer.nearest_measured),
        "assumptions": _assumptions(answer),
        "caveats": _caveats(answer),
        "rejected": _rejected(market),
        "change_versus_baseline": _change(answer.change, currency),
        "exchange_rate": rate_to_proto(currency.rate),
        "catalog_revision": snapshot.revision,
        "as_of": snapshot.as_of,
    }


def _line_items(
    items: Sequence[LineItem], cost: Band | None, currency: Currency
) -> list[estimate_pb2.LineItem]:
    if cost is None:
        return []
    total = currency.amount(cost.p50, digits=CENTS)
    parts = [currency.amount(item.dollars, digits=_EXACT_DIGITS) for item in items]
    # Both sides were rounded to cents of a dollar, and floats have some fifteen digits.
    tolerance = CENT + currency.amount(CENT, digits=_EXACT_DIGITS) + abs(total) * _PRECISION
    amounts = parts_in_cents(parts, total=total, tolerance=tolerance)
    return [
        estimate_pb2.LineItem(
            label=item.label,
            amount=money_to_proto(Money(amount=amount, currency_code=currency.code)),
            basis=item.basis,
        )
        for item, amount in zip(items, amounts, strict=True)
    ]


def _plan(plan: TrainingPlan | ServingPlan) -> estimate_pb2.Plan:
    if isinstance(plan, TrainingPlan):
        return _training_plan(plan)
    return _serving_plan(plan)


def _training_plan(plan: TrainingPlan) -> estimate_pb2.Plan:
    return estimate_pb2.Plan(
        gpu_model=f"{GPU_MODELS}/{plan.gpu_model_id}",
        gpu_count=plan.gpu_count,
        gpus_per_node=plan.gpus_per_node,
        node_count=_node_count(plan),
        tensor=plan.tensor,
        pipeline=plan.pipeline,
        data=plan.data,
        expert=plan.expert,
        zero_stage=plan.zero_stage,
        micro_batch_size=plan.micro_batch_size,
        recompute=enum_name(plan.recompute),
    )


def _serving_plan(plan: ServingPlan) -> estimate_pb2.Plan:
    return estimate_pb2.Plan(
        gpu_model=f"{GPU_MODELS}/{plan.gpu_model_id}",
        gpu_count=plan.gpu_count,
        gpus_per_node=plan.gpus_per_node,
        node_count=_node_count(plan),
        tensor=plan.tensor,
        pipeline=plan.pipeline,
        data=1,
        expert=plan.expert,
        gpus_per_replica=plan.gpus_per_replica,
        replica_count=plan.replica_count,
        spare_replica_count=plan.spare_replica_count,
        batch=plan.batch,
    )


def _node_count(plan: TrainingPlan | ServingPlan) -> int:
    return -(-plan.gpu_count // plan.gpus_per_node)


def _training_memory(memory: TrainingMemory, limit_bytes: float) -> estimate_pb2.MemoryPlan:
    return estimate_pb2.MemoryPlan(
        weights_gb=_gigabytes(memory.weights),
        gradients_gb=_gigabytes(memory.gradients),
        optimizer_gb=_gigabytes(memory.optimizer),
        activations_gb=_gigabytes(memory.activations),
        logits_gb=_gigabytes(memory.logits),
        runtime_gb=_gigabytes(memory.runtime),
        total_gb=_gigabytes(memory.total),
        limit_gb=_gigabytes(limit_bytes),
    )


def _serving_memory(memory: ServingMemory, limit_bytes: float) -> estimate_pb2.MemoryPlan:
    return estimate_pb2.MemoryPlan(
        weights_gb=_gigabytes(memory.weights),
        kv_cache_gb=_gigabytes(memory.kv_cache),
        runtime_gb=_gigabytes(memory.runtime),
        total_gb=_gigabytes(memory.total),
        limit_gb=_gigabytes(limit_bytes),
    )


def _offer_use(use: OfferUse, currency: Currency) -> estimate_pb2.OfferUse:
    return estimate_pb2.OfferUse(
        offer=f"{OFFERS}/{use.row.offer_id}",
        role=use.role,
        price_per_gpu_hour=currency.money(use.dollars_per_gpu_hour, digits=RATE_DIGITS),
        cost=currency.money(use.dollars),
        observe_time=use.row.observe_time,
        freshness=enum_name(use.row.freshness),
        source_uri=use.row.offer.source_uri,
    )


def placement_to_proto(placement: OfferPlacement, currency: Currency) -> estimate_pb2.Placement:
    """Write a workload at one offer. Raises ItemsDoNotAdd."""
    offer, plan = placement.row.offer, placement.plan
    message = estimate_pb2.Placement(
        offer=f"{OFFERS}/{offer.offer_id}",
        provider=f"{PROVIDERS}/{offer.provider}",
        region_code=offer.region_code,
        country_code=offer.country_code,
        purchase_model=enum_name(offer.purchase_model),
        plan=_plan(plan),
        cost=currency.range(placement.cost),
        cost_p75=currency.money(placement.cost.p75),
        wall_hours=band_to_proto(plan.wall_hours) if isinstance(plan, TrainingPlan) else None,
        price_per_gpu_hour=currency.money(placement.dollars_per_gpu_hour, digits=RATE_DIGITS),
        line_items=_line_items(placement.line_items, placement.cost, currency),
        capacity="CAPACITY_PROVEN" if placement.is_proven else "CAPACITY_UNPROVEN",
        probability_cheapest=significant(placement.probability_cheapest),
        measured=plan.is_measured,
        observe_time=offer.observe_time,
        source_uri=offer.source_uri,
    )
    message.plan.node_count = placement.node_count
    return message


def commitment_to_proto(commitment: Commitment, currency: Currency) -> estimate_pb2.Commitment:
    """Write what a commitment costs as a whole."""
    return estimate_pb2.Commitment(
        offer=f"{OFFERS}/{commitment.row.offer_id}",
        term=commitment.term,
        cost=currency.money(commitment.dollars),
        used_share=significant(commitment.used_share),
    )


def _token_costs(costs: TokenCosts | None, currency: Currency) -> pb.TokenCosts | None:
    if costs is None:
        return None
    return pb.TokenCosts(
        input=currency.range(costs.input, digits=RATE_DIGITS),
        output=currency.range(costs.output, digits=RATE_DIGITS),
        blended=currency.range(costs.blended, digits=RATE_DIGITS),
    )


def measured_to_proto(row: MeasuredRow | None) -> estimate_pb2.MeasuredRow | None:
    """Write the nearest measurement; None stays None."""
    if row is None:
        return None
    return estimate_pb2.MeasuredRow(
        id=row.row_id,
        model=row.model,
        gpu=row.gpu,
        gpu_count=row.gpu_count,
        measured=row.measured,
        estimated=row.estimated,
        weight=significant(row.weight),
        source=row.source,
    )


def _assumptions(answer: TrainingAnswer | InferenceAnswer) -> list[estimate_pb2.Assumption]:
    return [
        estimate_pb2.Assumption(name=one.name, value=one.value, source=one.source)
        for one in answer.assumptions
    ]


def _caveats(answer: TrainingAnswer | InferenceAnswer) -> list[caveat_pb2.Caveat]:
    return [caveat_pb2.Caveat(code=one.code, message=one.message) for one in answer.caveats]


def _rejected(market: MarketCost) -> list[estimate_pb2.Rejection]:
    return [
        estimate_pb2.Rejection(reason=one.reason, count=one.count, example=one.example)
        for one in market.rejected
    ]


def _change(
    change: BaselineChange | None, currency: Currency
) -> estimate_pb2.BaselineChange | None:
    if change is None:
        return None
    return estimate_pb2.BaselineChange(
        cost_change=_maybe_significant(change.cost_change),
        gpu_hours_change=significant(change.gpu_hours_change),
        baseline_cost=_maybe_money(change.baseline_dollars, currency),
    )


def _gigabytes(size: float) -> float:
    return significant(size / _GB)


def _maybe_band(band: Band | None) -> estimate_pb2.Band | None:
    return None if band is None else band_to_proto(band)


def _maybe_significant(figure: float | None) -> float | None:
    return None if figure is None else significant(figure)


def _maybe_money(dollars: Decimal | None, currency: Currency) -> money_pb2.Money | None:
    return None if dollars is None else currency.money(dollars)
