"""Where a workload may be placed, and what holds for its money: what both estimators ask alike."""

from dataclasses import dataclass
from decimal import Decimal

from gpuquote.v1 import constraints_pb2
from gpuquote.v1 import estimate_service_pb2 as pb

from service.catalog.snapshot import Snapshot
from service.domain.constraints import OfferConstraints
from service.domain.models import ModelRegistry
from service.domain.workload import Objective, Placement
from service.market.answers import Terms
from service.rpc.assumed import Assumed
from service.rpc.constraints import (
    USD,
    Market,
    read_adjustments,
    read_constraints,
    read_currency,
    read_deadline,
    read_dollars,
    read_gpu,
)
from service.rpc.faults import Faults
from service.rpc.names import OFFERS, id_from_name
from service.rpc.numbers import Range, is_set, read_count
from service.rpc.requests import read_enum

EstimateRequest = pb.EstimateTrainingRequest | pb.EstimateInferenceRequest

_GPUS = Range(low=1, high=100_000)
_USUAL_MOST_GPUS = 16_384
_CONFIDENCES = (0.5, 0.75, 0.9)
_USUAL_CONFIDENCE = 0.9
# What bounds the plan alone, and not which offers may be used.
_OF_THE_PLAN = frozenset({"deadline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the names of a request may mean. `snapshot` is what will be answered from."""

    models: ModelRegistry
    market: Market
    snapshot: Snapshot


def read_answer_currency(request: EstimateRequest, market: Market, faults: Faults) -> str:
    """Return the currency that the answer is wanted in."""
    if not request.currency_code:
        return USD
    return read_currency("currency_code", request.currency_code, market.rates, faults) or USD


def read_placement(
    request: EstimateRequest, known: Known, assumed: Assumed, faults: Faults
) -> Placement:
    """Read which GPUs a workload may have, how many, and what is looked for."""
    gpu_model = None
    if request.gpu_model:
        gpu_model = read_gpu(request.gpu_model, known.market.gpus, faults)
    gpu_count = read_count(request, "gpu_count", _GPUS, faults)
    most = read_count(request, "max_gpu_count", _GPUS, faults)
    if gpu_count is not None and most is not None and gpu_count > most:
        description = f"{gpu_count} is above max_gpu_count {most}"
        metadata = {"gpuCount": str(gpu_count), "maxGpuCount": str(most)}
        faults.add("gpu_count", description, metadata=metadata)
    if gpu_count is None:
        most = assumed.unless_given(most, "maxGpuCount", _USUAL_MOST_GPUS, unit="GPUs")
    under = faults.under("constraints")
    deadline = read_deadline(request.constraints, under)
    objective = Objective.COST
    if isinstance(request, pb.EstimateTrainingRequest):
        if request.objective:
            objective = Objective(
                read_enum("objective", Objective, request.objective, faults) or objective
            )
    elif request.constraints.HasField("deadline"):
        under.add("deadline", "belongs to training runs only")
    return Placement(
        gpu_model=gpu_model,
        gpu_count=gpu_count,
        max_gpu_count=most or max(gpu_count or 0, _USUAL_MOST_GPUS),
        objective=objective,
        deadline=deadline,
        confidence=_confidence(request, assumed, faults),
    )


def read_terms(
    request: EstimateRequest,
    placement: Placement,
    known: Known,
    assumed: Assumed,
    faults: Faults,
    *,
    egress_gb: float | None,
) -> Terms:
    """Read what holds for the money; comes last, since it takes all that was assumed before."""
    price = _fixed_price(request, known.market, faults)
    offer_id = _offer_id(request, placement, known.snapshot, faults)
    # The usual ways of buying only matter where offers are chosen.
    chooses = not (request.offer or request.HasField("price_per_gpu_hour"))
    constraints = read_constraints(
        request.constraints,
        known.market,
        assumed if chooses else Assumed(),
        faults.under("constraints"),
    )
    _check_gpu_is_allowed(placement, constraints, faults)
    return Terms(
        constraints=constraints,
        adjustments=read_adjustments(request.adjustments, known.market, faults),
        dollars_per_gpu_hour=price,
        offer_id=offer_id,
        egress_gb=egress_gb,
        assumptions=tuple(assumed),
    )


def _confidence(request: EstimateRequest, assumed: Assumed, faults: Faults) -> float:
    if not request.confidence:
        return assumed.unless_given(None, "confidence", _USUAL_CONFIDENCE)
    if request.confidence not in _CONFIDENCES:
        allowed = ", ".join(map(str, _CONFIDENCES))
        faults.add(
            "confidence",
            f"must be one of {allowed}, not {request.confidence}",
            metadata={"value": str(request.confidence)},
        )
        return _USUAL_CONFIDENCE
    return request.confidence


def _fixed_price(request: EstimateRequest, market: Market, faults: Faults) -> Decimal | None:
    """Return the price that the request fixes; what would choose offers is refused beside it."""
    if not request.HasField("price_per_gpu_hour"):
        return None
    field = "price_per_gpu_hour"
    if request.offer:
        faults.add("offer", f"cannot be given together with {field}")
    if not request.gpu_model:
        faults.add("gpu_model", f"is needed beside {field}: a price is of one GPU model")
    if request.adjustments:
        faults.add("adjustments", f"cannot be given together with {field}, which has them in it")
    for name in _choosing(request.constraints):
        faults.add(f"constraints.{name}", f"chooses offers; {field} is used instead of them")
    return read_dollars(
        field, request.price_per_gpu_hour, market.rates, faults, is_zero_allowed=False
    )


def _choosing(constraints: constraints_pb2.OfferConstraints) -> list[str]:
    """Return the constraints that are set and choose offers."""
    return [
        field.name
        for field, _ in constraints.ListFields()
        if field.name not in _OF_THE_PLAN and is_set(constraints, field.name)
    ]


def _offer_id(
    request: EstimateRequest, placement: Placement, snapshot: Snapshot, faults: Faults
) -> str | None:
    if not request.offer:
        return None
    offer_id = faults.attempt(lambda: id_from_name(request.offer, OFFERS, field="offer"), "")
    row = snapshot.find(offer_id) if offer_id else None
    if row is not None and placement.gpu_model not in {None, row.offer.gpu_model}:
        faults.add(
            "gpu_model",
            f"{request.offer} has GPUs of the model {row.offer.gpu_model!r}",
            metadata={"offer": request.offer, "gpuModel": row.offer.gpu_model},
        )
    return offer_id or None


def _check_gpu_is_allowed(
    placement: Placement, constraints: OfferConstraints, faults: Faults
) -> None:
    allowed = constraints.gpu_models
    if placement.gpu_model is not None and allowed and placement.gpu_model not in allowed:
        faults.add(
            "gpu_model",
            f"the constraints leave {placement.gpu_model!r} out",
            metadata={"gpuModel": placement.gpu_model},
        )
