"""What the estimators are asked: a training run or a serving load.

Values are complete and in range when they get here: `service.rpc.workloads` refuses the rest.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from service.domain.architecture import Architecture
from service.domain.precision import Precision

HOURS_A_WEEK = 168


class TrainingMethod(StrEnum):
    """Which weights are trained, and in which format the frozen ones rest."""

    FULL = "FULL"
    LORA = "LORA"
    QLORA = "QLORA"


class Recompute(StrEnum):
    """Which activations are computed again on the way back instead of kept."""

    NONE = "NONE"
    SELECTIVE = "SELECTIVE"
    FULL = "FULL"


class Engine(StrEnum):
    """What serves the model."""

    VLLM = "VLLM"
    SGLANG = "SGLANG"
    TENSORRT_LLM = "TENSORRT_LLM"
    LLAMA_CPP = "LLAMA_CPP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallelism:
    """How a model is spread; None is chosen by the planner.

    `zero_stage` is 0 to 3 of the ZeRO paper (arXiv:1910.02054). `attention_data_parallel` keeps
    whole attention heads and their cache on each GPU of a serving replica.
    """

    tensor: int | None = None
    pipeline: int | None = None
    data: int | None = None
    expert: int | None = None
    zero_stage: int | None = None
    attention_data_parallel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWorkload:
    """A training run.

    Of `tokens` and `images` exactly one is above zero: images are for diffusion models, and count
    every time that one is seen. Fine-tuning by examples is already turned into tokens. `mfu`
    replaces the calibrated one (share of the dense peak at `precision`); `is_benchmark` asks for a
    tuned throughput run instead of a full run with its restarts. None is chosen by the planner.
    """

    architecture: Architecture
    model_id: str = ""
    tokens: int = 0
    images: int = 0
    flops_per_image_step: float | None = None
    sequence_length: int = 2048
    method: TrainingMethod = TrainingMethod.FULL
    lora_rank: int = 16
    precision: Precision = Precision.BF16
    recompute: Recompute | None = None
    micro_batch_size: int | None = None
    parallelism: Parallelism = Parallelism()
    mfu: float | None = None
    is_benchmark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyLimit:
    """What a user has to get. Milliseconds; tokens a second of one user; None is no limit."""

    max_time_to_first_token_ms: float | None = None
    min_tokens_per_second_per_user: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speculative:
    """Speculative decoding: `draft_tokens` are proposed, each accepted with `acceptance`."""

    acceptance: float
    draft_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceWorkload:
    """A serving load. Exactly one of `concurrency`, `requests_per_second`, `is_offline` is set.

    `input_tokens` and `output_tokens` are of one request; `reasoning_tokens` are generated and
    not shown, so they count as output to the GPUs. `concurrency` is over all replicas.
    `profile` are 168 relative hourly rates from Monday 00:00 UTC, `peak_factor` the peak over the
    mean when there is no profile: `requests_per_second` is then the mean. `utilization` is the
    share of the capacity that is planned to be used. For a diffusion model tokens are 0, a request
    is one image and `image_steps` its denoising steps; `guidance` doubles them.
    """

    architecture: Architecture
    model_id: str = ""
    precision: Precision = Precision.BF16
    kv_precision: Precision = Precision.BF16
    input_tokens: int = 0
    output_tokens: int = 0
    concurrency: int | None = None
    requests_per_second: float | None = None
    is_offline: bool = False
    engine: Engine = Engine.VLLM
    latency: LatencyLimit = LatencyLimit()
    profile: tuple[float, ...] = ()
    peak_factor: float = 1.0
    prefix_cache_hit_rate: float = 0.0
    reasoning_tokens: int = 0
    speculative: Speculative | None = None
    parallelism: Parallelism = Parallelism()
    utilization: float = 0.6
    flops_per_image_step: float | None = None
    image_steps: int = 0
    guidance: bool = True


class Objective(StrEnum):
    """What the planner looks for under the limit of GPUs."""

    COST = "COST"
    TIME = "TIME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a workload may run. None means that it is searched.

    `deadline` bounds the wall time of a training run, checked at `confidence` (0.5, 0.75 or 0.9).
    """

    gpu_model: str | None = None
    gpu_count: int | None = None
    max_gpu_count: int = 16_384
    objective: Objective = Objective.COST
    deadline: timedelta | None = None
    confidence: float = 0.9
