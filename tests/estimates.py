"""Plans and answers of the estimators with good defaults, and use cases that give them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from service.catalog.snapshot import Row, Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.workload import Recompute
from service.estimate.band import Band
from service.estimate.measured import MeasuredRow
from service.estimate.plan import ServingMemory, ServingPlan, TrainingMemory, TrainingPlan
from service.market.answers import (
    Assumption,
    BaselineChange,
    Commitment,
    InferenceAnswer,
    InferenceQuestion,
    LineItem,
    MarketCost,
    OfferPlacement,
    OfferUse,
    Rejection,
    TokenCosts,
    TrainingAnswer,
    TrainingQuestion,
)


def a_band(p50: float, *, low: float = 0.7, high: float = 1.5) -> Band:
    """Build a band around a middle."""
    return Band(p10=p50 * low, p50=p50, p90=p50 * high)


def a_training_plan(**overrides: Any) -> TrainingPlan:
    """Build a plan of GPT-3's size: 3.19e23 FLOPs on 1,020 GPUs."""
    values: dict[str, Any] = {
        "gpu_model_id": "h100-sxm-80gb",
        "gpu_count": 1020,
        "gpus_per_node": 8,
        "tensor": 4,
        "pipeline": 3,
        "data": 85,
        "expert": 1,
        "zero_stage": 1,
        "micro_batch_size": 2,
        "recompute": Recompute.SELECTIVE,
        "memory": TrainingMemory(
            weights=5e9, gradients=1e10, optimizer=2e10, activations=8e9, logits=1e9, runtime=2e9
        ),
        "memory_limit_bytes": 7.2e10,
        "flops": 3.1949e23,
        "rule_of_thumb_flops": 3.15e23,
        "ideal_gpu_hours": 89_736.123456,
        "mfu": a_band(0.34),
        "gpu_hours": a_band(263_929.77777),
        "wall_hours": a_band(258.75),
        "samples_per_second_per_gpu": a_band(315.7),
        "energy_kwh": None,
        "checkpoint_bytes": 2.45e12,
        "is_measured": True,
    }
    return TrainingPlan(**(values | overrides))


def a_serving_plan(**overrides: Any) -> ServingPlan:
    """Build a plan of two replicas of two GPUs, one of them spare."""
    values: dict[str, Any] = {
        "gpu_model_id": "h100-sxm-80gb",
        "gpu_count": 4,
        "gpus_per_node": 8,
        "gpus_per_replica": 2,
        "replica_count": 2,
        "spare_replica_count": 1,
        "tensor": 2,
        "pipeline": 1,
        "expert": 1,
        "batch": 64,
        "max_batch": 256,
        "memory": ServingMemory(weights=8e9, kv_cache=2e10, runtime=2.5e9),
        "memory_limit_bytes": 7.2e10,
        "kv_bytes_per_token": 131_072.0,
        "output_per_second": a_band(4000.0),
        "ideal_output_per_second": 26_000.0,
        "output_per_second_per_user": a_band(62.5),
        "time_to_first_token_ms": a_band(210.0),
        "time_per_output_token_ms": a_band(16.0),
        "serving_capacity": a_band(2400.0),
        "prefill_share": 0.2,
        "power_watts": 2800.0,
        "regime": "concurrency",
        "is_measured": True,
    }
    return ServingPlan(**(values | overrides))


def a_placement(row: Row, plan: TrainingPlan | ServingPlan, **overrides: Any) -> OfferPlacement:
    """Build a placement that costs 100 dollars in the middle."""
    values: dict[str, Any] = {
        "row": row,
        "plan": plan,
        "node_count": 3,
        "cost": a_band(100.0),
        "dollars_per_gpu_hour": Decimal("2.4912345678"),
        "line_items": (
            LineItem(label="compute", dollars=Decimal("99.50"), basis="3 nodes"),
            LineItem(label="egress", dollars=Decimal("0.50"), basis="10 GB"),
        ),
        "is_proven": False,
        "probability_cheapest": 0.75,
    }
    return OfferPlacement(**(values | overrides))


def a_market(row: Row, plan: TrainingPlan | ServingPlan, **overrides: Any) -> MarketCost:
    """Build what a plan costs on a market of one offer."""
    third = Decimal(100) / 3
    values: dict[str, Any] = {
        "middle_shape": 0,
        "cost": a_band(100.0),
        "dollars_per_gpu_hour": Decimal("2.49"),
        "line_items": tuple(
            LineItem(label=label, dollars=third, basis="a third")
            for label in ("compute", "setup", "storage")
        ),
        "offers_used": (
            OfferUse(
                row=row, role="p50", dollars_per_gpu_hour=Decimal("2.49"), dollars=Decimal(100)
            ),
        ),
        "placements": (a_placement(row, plan),),
        "commitments": (
            Commitment(
                row=row, term=timedelta(days=365), dollars=Decimal("12345.678"), used_share=0.25
            ),
        ),
        "rejected": (Rejection(reason="SOLD_OUT", count=3, example="offers/nimbus-h100"),),
        "caveats": (),
    }
    return MarketCost(**(values | overrides))


A_MEASURED_ROW = MeasuredRow(
    row_id="trn0001",
    model="GPT-3 175B",
    gpu="H100",
    gpu_count=1024,
    measured="41 % MFU",
    estimated="39 % MFU",
    weight=0.5,
    source="MLPerf",
)
AN_ASSUMPTION = Assumption(name="sequenceLength", value="2048 tokens", source="default")
A_CAVEAT = Caveat(code=CaveatCode.BASELINE_PRICES, message="Bundled prices.")


def a_training_answer(row: Row, **overrides: Any) -> TrainingAnswer:
    """Build an answer with something in every field."""
    plan = overrides.pop("plan", a_training_plan())
    values: dict[str, Any] = {
        "plan": plan,
        "market": a_market(row, plan),
        "ideal_dollars": Decimal("223456.785"),
        "rule_of_thumb_dollars": Decimal("220000.005"),
        "nearest_measured": A_MEASURED_ROW,
        "assumptions": (AN_ASSUMPTION,),
        "caveats": (A_CAVEAT,),
        "change": BaselineChange(
            cost_change=-0.1, gpu_hours_change=-0.12, baseline_dollars=Decimal("111.11")
        ),
    }
    return TrainingAnswer(**(values | overrides))


def an_inference_answer(row: Row, **overrides: Any) -> InferenceAnswer:
    """Build an answer with something in every field but that of images."""
    plan = overrides.pop("plan", a_serving_plan())
    values: dict[str, Any] = {
        "plan": plan,
        "market": a_market(row, plan),
        "token_costs": TokenCosts(
            input=a_band(0.123456789), output=a_band(0.5), blended=a_band(0.25)
        ),
        "per_thousand_images": None,
        "flops_per_request": 1.93e13,
        "rule_of_thumb_flops": 1.9e13,
        "monthly_requests": 1_234_567.89,
        "monthly_energy_kwh": 2044.0,
        "levers": (("FP8", -0.41),),
        "nearest_measured": None,
        "assumptions": (AN_ASSUMPTION,),
        "caveats": (A_CAVEAT,),
        "change": None,
    }
    return InferenceAnswer(**(values | overrides))


@dataclass
class FakeTraining:
    """A use case that answers the same to everybody, for the first row; keeps what it is asked."""

    overrides: dict[str, Any] = field(default_factory=dict[str, Any])
    asked: list[TrainingQuestion] = field(default_factory=list[TrainingQuestion])
    moments: list[datetime] = field(default_factory=list[datetime])

    def __call__(
        self, question: TrainingQuestion, *, snapshot: Snapshot, now: datetime
    ) -> TrainingAnswer:
        """Answer a question."""
        self.asked.append(question)
        self.moments.append(now)
        return a_training_answer(snapshot.rows[0], **self.overrides)


@dataclass
class FakeServing:
    """As FakeTraining, for serving."""

    overrides: dict[str, Any] = field(default_factory=dict[str, Any])
    asked: list[InferenceQuestion] = field(default_factory=list[InferenceQuestion])
    moments: list[datetime] = field(default_factory=list[datetime])

    def __call__(
        self, question: InferenceQuestion, *, snapshot: Snapshot, now: datetime
    ) -> InferenceAnswer:
        """Answer a question."""
        self.asked.append(question)
        self.moments.append(now)
        return an_inference_answer(snapshot.rows[0], **self.overrides)
