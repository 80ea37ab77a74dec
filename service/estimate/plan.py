"""Plans: how a workload is spread over GPUs, what that takes and how long it lasts."""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.workload import Recompute
from service.estimate.band import Band


class Misfit(StrEnum):
    """Why a workload has no plan on some GPUs."""

    MEMORY = "MEMORY"
    PRECISION = "PRECISION"
    DEADLINE = "DEADLINE"
    LATENCY = "LATENCY"
    GPU_LIMIT = "GPU_LIMIT"
    PARALLELISM = "PARALLELISM"
    NO_FIGURES = "NO_FIGURES"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlan:
    """The constraint that failed first, in figures, and the smallest change that would fit.

    `smallest_change` is a field of the request and its value as the API spells them, such as
    "gpuCount=16" or "precision=FP8"; "" when no single change is known to help.
    """

    misfit: Misfit
    message: str
    needed: float = 0.0
    limit: float = 0.0
    unit: str = ""
    smallest_change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMemory:
    """Bytes on the fullest GPU."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    runtime: float

    @property
    def total(self) -> float:
        """All of it."""
        return (
            self.weights
            + self.gradients
            + self.optimizer
            + self.activations
            + self.logits
            + self.runtime
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """A training run on `gpu_count` GPUs in nodes of `gpus_per_node`.

    `gpu_count` = tensor x pipeline x data; experts are spread over `expert` of the data-parallel
    ranks. `flops` are those of the model without recomputation; `rule_of_thumb_flops` is 6 N D.
    `ideal_gpu_hours` is at the dense peak of the precision. `mfu` is of that peak, and has
    restarts in it unless a benchmark was asked for, so no availability is applied on top.
    `checkpoint_bytes` is one checkpoint with optimizer states. Rates are per GPU and second, of
    tokens or, for diffusion models, images. `is_measured` tells that the calibration has rows of
    this GPU family, `assumptions` are pairs of a name and what was assumed.
    """

    gpu_model_id: str
    gpu_count: int
    gpus_per_node: int
    tensor: int
    pipeline: int
    data: int
    expert: int
    zero_stage: int
    micro_batch_size: int
    recompute: Recompute
    memory: TrainingMemory
    memory_limit_bytes: float
    flops: float
    rule_of_thumb_flops: float
    ideal_gpu_hours: float
    mfu: Band
    gpu_hours: Band
    wall_hours: Band
    samples_per_second_per_gpu: Band
    energy_kwh: Band | None
    checkpoint_bytes: float
    is_measured: bool
    assumptions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingMemory:
    """Bytes on the fullest GPU of a replica at the planned batch."""

    weights: float
    kv_cache: float
    runtime: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.kv_cache + self.runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPlan:
    """A load served by `replica_count` replicas of `gpus_per_replica` GPUs in whole nodes.

    `gpu_count` = replicas, spare ones included, times GPUs of each. `batch` is what each replica
    works on at once, `max_batch` what its memory holds. Rates are of output tokens a second over
    the replicas that serve (spares do not count), images a second for diffusion models.
    `prefill_share` is the share of the time of GPUs that goes to input tokens. Times are None for
    offline loads, where nobody waits.
    `serving_capacity` is the rate at which cost per token is counted: the planned rate for a load
    with a rate, else the rate at the concurrency times `utilization`.
    """

    gpu_model_id: str
    gpu_count: int
    gpus_per_node: int
    gpus_per_replica: int
    replica_count: int
    spare_replica_count: int
    tensor: int
    pipeline: int
    expert: int
    batch: int
    max_batch: int
    memory: ServingMemory
    memory_limit_bytes: float
    kv_bytes_per_token: float
    output_per_second: Band
    ideal_output_per_second: float
    output_per_second_per_user: Band
    time_to_first_token_ms: Band | None
    time_per_output_token_ms: Band | None
    serving_capacity: Band
    prefill_share: float
    power_watts: float | None
    regime: str
    is_measured: bool
    assumptions: tuple[tuple[str, str], ...] = ()
