import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import architecture_pb2 as _architecture_pb2
from gpuquote.v1 import caveat_pb2 as _caveat_pb2
from gpuquote.v1 import constraints_pb2 as _constraints_pb2
from gpuquote.v1 import estimate_pb2 as _estimate_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import workload_pb2 as _workload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EstimateTrainingRequest(_message.Message):
    __slots__ = ("model", "architecture", "tokens", "examples", "mean_tokens", "epochs", "packing", "images", "sequence_length", "method", "lora_rank", "precision", "gpu_model", "gpu_count", "max_gpu_count", "objective", "recompute", "micro_batch_size", "parallelism", "mfu", "benchmark", "price_per_gpu_hour", "offer", "constraints", "adjustments", "dataset_gb", "egress_gb", "kept_checkpoint_count", "confidence", "currency_code", "catalog_revision", "baseline")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    MEAN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    PACKING_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    LORA_RANK_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    RECOMPUTE_FIELD_NUMBER: _ClassVar[int]
    MICRO_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    PARALLELISM_FIELD_NUMBER: _ClassVar[int]
    MFU_FIELD_NUMBER: _ClassVar[int]
    BENCHMARK_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    DATASET_GB_FIELD_NUMBER: _ClassVar[int]
    EGRESS_GB_FIELD_NUMBER: _ClassVar[int]
    KEPT_CHECKPOINT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    model: str
    architecture: _architecture_pb2.Architecture
    tokens: int
    examples: int
    mean_tokens: int
    epochs: float
    packing: bool
    images: int
    sequence_length: int
    method: _workload_pb2.TrainingMethod
    lora_rank: int
    precision: _workload_pb2.Precision
    gpu_model: str
    gpu_count: int
    max_gpu_count: int
    objective: _workload_pb2.Objective
    recompute: _workload_pb2.Recompute
    micro_batch_size: int
    parallelism: _workload_pb2.Parallelism
    mfu: float
    benchmark: bool
    price_per_gpu_hour: _money_pb2.Money
    offer: str
    constraints: _constraints_pb2.OfferConstraints
    adjustments: _containers.RepeatedCompositeFieldContainer[_constraints_pb2.Adjustment]
    dataset_gb: float
    egress_gb: float
    kept_checkpoint_count: int
    confidence: float
    currency_code: str
    catalog_revision: str
    baseline: EstimateTrainingRequest
    def __init__(self, model: _Optional[str] = ..., architecture: _Optional[_Union[_architecture_pb2.Architecture, _Mapping]] = ..., tokens: _Optional[int] = ..., examples: _Optional[int] = ..., mean_tokens: _Optional[int] = ..., epochs: _Optional[float] = ..., packing: _Optional[bool] = ..., images: _Optional[int] = ..., sequence_length: _Optional[int] = ..., method: _Optional[_Union[_workload_pb2.TrainingMethod, str]] = ..., lora_rank: _Optional[int] = ..., precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., gpu_model: _Optional[str] = ..., gpu_count: _Optional[int] = ..., max_gpu_count: _Optional[int] = ..., objective: _Optional[_Union[_workload_pb2.Objective, str]] = ..., recompute: _Optional[_Union[_workload_pb2.Recompute, str]] = ..., micro_batch_size: _Optional[int] = ..., parallelism: _Optional[_Union[_workload_pb2.Parallelism, _Mapping]] = ..., mfu: _Optional[float] = ..., benchmark: _Optional[bool] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., offer: _Optional[str] = ..., constraints: _Optional[_Union[_constraints_pb2.OfferConstraints, _Mapping]] = ..., adjustments: _Optional[_Iterable[_Union[_constraints_pb2.Adjustment, _Mapping]]] = ..., dataset_gb: _Optional[float] = ..., egress_gb: _Optional[float] = ..., kept_checkpoint_count: _Optional[int] = ..., confidence: _Optional[float] = ..., currency_code: _Optional[str] = ..., catalog_revision: _Optional[str] = ..., baseline: _Optional[_Union[EstimateTrainingRequest, _Mapping]] = ...) -> None: ...

class EstimateTrainingResponse(_message.Message):
    __slots__ = ("flops", "flops_rule_of_thumb", "ideal_gpu_hours", "gpu_hours", "wall_hours", "tokens_per_second_per_gpu", "mfu", "memory_per_gpu_gb", "memory", "energy_kwh", "checkpoint_gb", "plan", "cost", "ideal_cost", "line_items", "offers_used", "placements", "commitments", "nearest_measured", "assumptions", "caveats", "rejected", "change_versus_baseline", "exchange_rate", "catalog_revision", "as_of", "ideal_cost_rule_of_thumb")
    FLOPS_FIELD_NUMBER: _ClassVar[int]
    FLOPS_RULE_OF_THUMB_FIELD_NUMBER: _ClassVar[int]
    IDEAL_GPU_HOURS_FIELD_NUMBER: _ClassVar[int]
    GPU_HOURS_FIELD_NUMBER: _ClassVar[int]
    WALL_HOURS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_SECOND_PER_GPU_FIELD_NUMBER: _ClassVar[int]
    MFU_FIELD_NUMBER: _ClassVar[int]
    MEMORY_PER_GPU_GB_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    ENERGY_KWH_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_GB_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    IDEAL_COST_FIELD_NUMBER: _ClassVar[int]
    LINE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    OFFERS_USED_FIELD_NUMBER: _ClassVar[int]
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    COMMITMENTS_FIELD_NUMBER: _ClassVar[int]
    NEAREST_MEASURED_FIELD_NUMBER: _ClassVar[int]
    ASSUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    CHANGE_VERSUS_BASELINE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    IDEAL_COST_RULE_OF_THUMB_FIELD_NUMBER: _ClassVar[int]
    flops: str
    flops_rule_of_thumb: str
    ideal_gpu_hours: float
    gpu_hours: _estimate_pb2.Band
    wall_hours: _estimate_pb2.Band
    tokens_per_second_per_gpu: _estimate_pb2.Band
    mfu: _estimate_pb2.Band
    memory_per_gpu_gb: float
    memory: _estimate_pb2.MemoryPlan
    energy_kwh: _estimate_pb2.Band
    checkpoint_gb: float
    plan: _estimate_pb2.Plan
    cost: _estimate_pb2.CostRange
    ideal_cost: _money_pb2.Money
    line_items: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.LineItem]
    offers_used: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.OfferUse]
    placements: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Placement]
    commitments: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Commitment]
    nearest_measured: _estimate_pb2.MeasuredRow
    assumptions: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Assumption]
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    rejected: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Rejection]
    change_versus_baseline: _estimate_pb2.BaselineChange
    exchange_rate: _money_pb2.ExchangeRate
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    ideal_cost_rule_of_thumb: _money_pb2.Money
    def __init__(self, flops: _Optional[str] = ..., flops_rule_of_thumb: _Optional[str] = ..., ideal_gpu_hours: _Optional[float] = ..., gpu_hours: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., wall_hours: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., tokens_per_second_per_gpu: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., mfu: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., memory_per_gpu_gb: _Optional[float] = ..., memory: _Optional[_Union[_estimate_pb2.MemoryPlan, _Mapping]] = ..., energy_kwh: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., checkpoint_gb: _Optional[float] = ..., plan: _Optional[_Union[_estimate_pb2.Plan, _Mapping]] = ..., cost: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., ideal_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., line_items: _Optional[_Iterable[_Union[_estimate_pb2.LineItem, _Mapping]]] = ..., offers_used: _Optional[_Iterable[_Union[_estimate_pb2.OfferUse, _Mapping]]] = ..., placements: _Optional[_Iterable[_Union[_estimate_pb2.Placement, _Mapping]]] = ..., commitments: _Optional[_Iterable[_Union[_estimate_pb2.Commitment, _Mapping]]] = ..., nearest_measured: _Optional[_Union[_estimate_pb2.MeasuredRow, _Mapping]] = ..., assumptions: _Optional[_Iterable[_Union[_estimate_pb2.Assumption, _Mapping]]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[_estimate_pb2.Rejection, _Mapping]]] = ..., change_versus_baseline: _Optional[_Union[_estimate_pb2.BaselineChange, _Mapping]] = ..., exchange_rate: _Optional[_Union[_money_pb2.ExchangeRate, _Mapping]] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ideal_cost_rule_of_thumb: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class EstimateInferenceRequest(_message.Message):
    __slots__ = ("model", "architecture", "precision", "kv_precision", "input_tokens", "output_tokens", "concurrency", "requests_per_second", "offline", "engine", "gpu_model", "gpu_count", "max_gpu_count", "latency", "profile", "peak_factor", "prefix_cache_hit_rate", "reasoning_tokens", "speculative", "parallelism", "utilization", "image_steps", "guidance", "price_per_gpu_hour", "offer", "constraints", "adjustments", "egress_gb_per_month", "confidence", "hours_per_month", "currency_code", "catalog_revision", "baseline")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    KV_PRECISION_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    OFFLINE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    PEAK_FACTOR_FIELD_NUMBER: _ClassVar[int]
    PREFIX_CACHE_HIT_RATE_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SPECULATIVE_FIELD_NUMBER: _ClassVar[int]
    PARALLELISM_FIELD_NUMBER: _ClassVar[int]
    UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_STEPS_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    EGRESS_GB_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    HOURS_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    model: str
    architecture: _architecture_pb2.Architecture
    precision: _workload_pb2.Precision
    kv_precision: _workload_pb2.Precision
    input_tokens: int
    output_tokens: int
    concurrency: int
    requests_per_second: float
    offline: bool
    engine: _workload_pb2.Engine
    gpu_model: str
    gpu_count: int
    max_gpu_count: int
    latency: _workload_pb2.LatencyLimit
    profile: _containers.RepeatedScalarFieldContainer[float]
    peak_factor: float
    prefix_cache_hit_rate: float
    reasoning_tokens: int
    speculative: _workload_pb2.Speculative
    parallelism: _workload_pb2.Parallelism
    utilization: float
    image_steps: int
    guidance: bool
    price_per_gpu_hour: _money_pb2.Money
    offer: str
    constraints: _constraints_pb2.OfferConstraints
    adjustments: _containers.RepeatedCompositeFieldContainer[_constraints_pb2.Adjustment]
    egress_gb_per_month: float
    confidence: float
    hours_per_month: float
    currency_code: str
    catalog_revision: str
    baseline: EstimateInferenceRequest
    def __init__(self, model: _Optional[str] = ..., architecture: _Optional[_Union[_architecture_pb2.Architecture, _Mapping]] = ..., precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., kv_precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., concurrency: _Optional[int] = ..., requests_per_second: _Optional[float] = ..., offline: _Optional[bool] = ..., engine: _Optional[_Union[_workload_pb2.Engine, str]] = ..., gpu_model: _Optional[str] = ..., gpu_count: _Optional[int] = ..., max_gpu_count: _Optional[int] = ..., latency: _Optional[_Union[_workload_pb2.LatencyLimit, _Mapping]] = ..., profile: _Optional[_Iterable[float]] = ..., peak_factor: _Optional[float] = ..., prefix_cache_hit_rate: _Optional[float] = ..., reasoning_tokens: _Optional[int] = ..., speculative: _Optional[_Union[_workload_pb2.Speculative, _Mapping]] = ..., parallelism: _Optional[_Union[_workload_pb2.Parallelism, _Mapping]] = ..., utilization: _Optional[float] = ..., image_steps: _Optional[int] = ..., guidance: _Optional[bool] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., offer: _Optional[str] = ..., constraints: _Optional[_Union[_constraints_pb2.OfferConstraints, _Mapping]] = ..., adjustments: _Optional[_Iterable[_Union[_constraints_pb2.Adjustment, _Mapping]]] = ..., egress_gb_per_month: _Optional[float] = ..., confidence: _Optional[float] = ..., hours_per_month: _Optional[float] = ..., currency_code: _Optional[str] = ..., catalog_revision: _Optional[str] = ..., baseline: _Optional[_Union[EstimateInferenceRequest, _Mapping]] = ...) -> None: ...

class TokenCosts(_message.Message):
    __slots__ = ("input", "output", "blended")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    BLENDED_FIELD_NUMBER: _ClassVar[int]
    input: _estimate_pb2.CostRange
    output: _estimate_pb2.CostRange
    blended: _estimate_pb2.CostRange
    def __init__(self, input: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., output: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., blended: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ...) -> None: ...

class Lever(_message.Message):
    __slots__ = ("lever", "cost_change")
    LEVER_FIELD_NUMBER: _ClassVar[int]
    COST_CHANGE_FIELD_NUMBER: _ClassVar[int]
    lever: str
    cost_change: float
    def __init__(self, lever: _Optional[str] = ..., cost_change: _Optional[float] = ...) -> None: ...

class EstimateInferenceResponse(_message.Message):
    __slots__ = ("output_tokens_per_second", "output_tokens_per_second_per_user", "time_to_first_token_ms", "time_per_output_token_ms", "ideal_output_tokens_per_second", "flops_per_request", "flops_rule_of_thumb", "max_batch", "memory_per_gpu_gb", "memory", "kv_bytes_per_token", "plan", "cost_per_million_tokens", "cost_per_thousand_images", "monthly_cost", "monthly_requests", "line_items", "levers", "monthly_energy_kwh", "offers_used", "placements", "commitments", "nearest_measured", "assumptions", "caveats", "rejected", "change_versus_baseline", "exchange_rate", "catalog_revision", "as_of")
    OUTPUT_TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_PER_SECOND_PER_USER_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_FIRST_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_PER_OUTPUT_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    IDEAL_OUTPUT_TOKENS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    FLOPS_PER_REQUEST_FIELD_NUMBER: _ClassVar[int]
    FLOPS_RULE_OF_THUMB_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_FIELD_NUMBER: _ClassVar[int]
    MEMORY_PER_GPU_GB_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    KV_BYTES_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    COST_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_PER_THOUSAND_IMAGES_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_COST_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    LINE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    LEVERS_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_ENERGY_KWH_FIELD_NUMBER: _ClassVar[int]
    OFFERS_USED_FIELD_NUMBER: _ClassVar[int]
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    COMMITMENTS_FIELD_NUMBER: _ClassVar[int]
    NEAREST_MEASURED_FIELD_NUMBER: _ClassVar[int]
    ASSUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    CHANGE_VERSUS_BASELINE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    output_tokens_per_second: _estimate_pb2.Band
    output_tokens_per_second_per_user: _estimate_pb2.Band
    time_to_first_token_ms: _estimate_pb2.Band
    time_per_output_token_ms: _estimate_pb2.Band
    ideal_output_tokens_per_second: float
    flops_per_request: str
    flops_rule_of_thumb: str
    max_batch: int
    memory_per_gpu_gb: float
    memory: _estimate_pb2.MemoryPlan
    kv_bytes_per_token: float
    plan: _estimate_pb2.Plan
    cost_per_million_tokens: TokenCosts
    cost_per_thousand_images: _estimate_pb2.CostRange
    monthly_cost: _estimate_pb2.CostRange
    monthly_requests: float
    line_items: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.LineItem]
    levers: _containers.RepeatedCompositeFieldContainer[Lever]
    monthly_energy_kwh: float
    offers_used: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.OfferUse]
    placements: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Placement]
    commitments: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Commitment]
    nearest_measured: _estimate_pb2.MeasuredRow
    assumptions: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Assumption]
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    rejected: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Rejection]
    change_versus_baseline: _estimate_pb2.BaselineChange
    exchange_rate: _money_pb2.ExchangeRate
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, output_tokens_per_second: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., output_tokens_per_second_per_user: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., time_to_first_token_ms: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., time_per_output_token_ms: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., ideal_output_tokens_per_second: _Optional[float] = ..., flops_per_request: _Optional[str] = ..., flops_rule_of_thumb: _Optional[str] = ..., max_batch: _Optional[int] = ..., memory_per_gpu_gb: _Optional[float] = ..., memory: _Optional[_Union[_estimate_pb2.MemoryPlan, _Mapping]] = ..., kv_bytes_per_token: _Optional[float] = ..., plan: _Optional[_Union[_estimate_pb2.Plan, _Mapping]] = ..., cost_per_million_tokens: _Optional[_Union[TokenCosts, _Mapping]] = ..., cost_per_thousand_images: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., monthly_cost: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., monthly_requests: _Optional[float] = ..., line_items: _Optional[_Iterable[_Union[_estimate_pb2.LineItem, _Mapping]]] = ..., levers: _Optional[_Iterable[_Union[Lever, _Mapping]]] = ..., monthly_energy_kwh: _Optional[float] = ..., offers_used: _Optional[_Iterable[_Union[_estimate_pb2.OfferUse, _Mapping]]] = ..., placements: _Optional[_Iterable[_Union[_estimate_pb2.Placement, _Mapping]]] = ..., commitments: _Optional[_Iterable[_Union[_estimate_pb2.Commitment, _Mapping]]] = ..., nearest_measured: _Optional[_Union[_estimate_pb2.MeasuredRow, _Mapping]] = ..., assumptions: _Optional[_Iterable[_Union[_estimate_pb2.Assumption, _Mapping]]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[_estimate_pb2.Rejection, _Mapping]]] = ..., change_versus_baseline: _Optional[_Union[_estimate_pb2.BaselineChange, _Mapping]] = ..., exchange_rate: _Optional[_Union[_money_pb2.ExchangeRate, _Mapping]] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
