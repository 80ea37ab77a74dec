import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from gpuquote.v1 import caveat_pb2 as _caveat_pb2
from gpuquote.v1 import constraints_pb2 as _constraints_pb2
from gpuquote.v1 import estimate_pb2 as _estimate_pb2
from gpuquote.v1 import estimate_service_pb2 as _estimate_service_pb2
from gpuquote.v1 import money_pb2 as _money_pb2
from gpuquote.v1 import offer_pb2 as _offer_pb2
from gpuquote.v1 import workload_pb2 as _workload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ranking(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RANKING_UNSPECIFIED: _ClassVar[Ranking]
    RANKING_COST: _ClassVar[Ranking]
    RANKING_TIME: _ClassVar[Ranking]
    RANKING_FRONTIER: _ClassVar[Ranking]
RANKING_UNSPECIFIED: Ranking
RANKING_COST: Ranking
RANKING_TIME: Ranking
RANKING_FRONTIER: Ranking

class Workload(_message.Message):
    __slots__ = ("training", "inference")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    INFERENCE_FIELD_NUMBER: _ClassVar[int]
    training: _estimate_service_pb2.EstimateTrainingRequest
    inference: _estimate_service_pb2.EstimateInferenceRequest
    def __init__(self, training: _Optional[_Union[_estimate_service_pb2.EstimateTrainingRequest, _Mapping]] = ..., inference: _Optional[_Union[_estimate_service_pb2.EstimateInferenceRequest, _Mapping]] = ...) -> None: ...

class DataSource(_message.Message):
    __slots__ = ("provider", "gb")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    GB_FIELD_NUMBER: _ClassVar[int]
    provider: str
    gb: float
    def __init__(self, provider: _Optional[str] = ..., gb: _Optional[float] = ...) -> None: ...

class CompareOffersRequest(_message.Message):
    __slots__ = ("workload", "objective", "max_placements", "min_availability_share", "data_source", "skip")
    WORKLOAD_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    MAX_PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_AVAILABILITY_SHARE_FIELD_NUMBER: _ClassVar[int]
    DATA_SOURCE_FIELD_NUMBER: _ClassVar[int]
    SKIP_FIELD_NUMBER: _ClassVar[int]
    workload: Workload
    objective: Ranking
    max_placements: int
    min_availability_share: float
    data_source: DataSource
    skip: int
    def __init__(self, workload: _Optional[_Union[Workload, _Mapping]] = ..., objective: _Optional[_Union[Ranking, str]] = ..., max_placements: _Optional[int] = ..., min_availability_share: _Optional[float] = ..., data_source: _Optional[_Union[DataSource, _Mapping]] = ..., skip: _Optional[int] = ...) -> None: ...

class ComparedPlacement(_message.Message):
    __slots__ = ("placement", "on_frontier", "why_not", "cost_over_best", "time_per_output_token_ms")
    PLACEMENT_FIELD_NUMBER: _ClassVar[int]
    ON_FRONTIER_FIELD_NUMBER: _ClassVar[int]
    WHY_NOT_FIELD_NUMBER: _ClassVar[int]
    COST_OVER_BEST_FIELD_NUMBER: _ClassVar[int]
    TIME_PER_OUTPUT_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    placement: _estimate_pb2.Placement
    on_frontier: bool
    why_not: str
    cost_over_best: float
    time_per_output_token_ms: _estimate_pb2.Band
    def __init__(self, placement: _Optional[_Union[_estimate_pb2.Placement, _Mapping]] = ..., on_frontier: _Optional[bool] = ..., why_not: _Optional[str] = ..., cost_over_best: _Optional[float] = ..., time_per_output_token_ms: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ...) -> None: ...

class CommitmentOption(_message.Message):
    __slots__ = ("commitment", "gpu_model", "pays_off_after")
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    PAYS_OFF_AFTER_FIELD_NUMBER: _ClassVar[int]
    commitment: _estimate_pb2.Commitment
    gpu_model: str
    pays_off_after: _duration_pb2.Duration
    def __init__(self, commitment: _Optional[_Union[_estimate_pb2.Commitment, _Mapping]] = ..., gpu_model: _Optional[str] = ..., pays_off_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CompareOffersResponse(_message.Message):
    __slots__ = ("placements", "feasible_count", "rejected", "commitments", "assumptions", "caveats", "exchange_rate", "catalog_revision", "as_of", "committed_count")
    PLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    FEASIBLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    COMMITMENTS_FIELD_NUMBER: _ClassVar[int]
    ASSUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    placements: _containers.RepeatedCompositeFieldContainer[ComparedPlacement]
    feasible_count: int
    rejected: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Rejection]
    commitments: _containers.RepeatedCompositeFieldContainer[CommitmentOption]
    assumptions: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Assumption]
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    exchange_rate: _money_pb2.ExchangeRate
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    committed_count: int
    def __init__(self, placements: _Optional[_Iterable[_Union[ComparedPlacement, _Mapping]]] = ..., feasible_count: _Optional[int] = ..., rejected: _Optional[_Iterable[_Union[_estimate_pb2.Rejection, _Mapping]]] = ..., commitments: _Optional[_Iterable[_Union[CommitmentOption, _Mapping]]] = ..., assumptions: _Optional[_Iterable[_Union[_estimate_pb2.Assumption, _Mapping]]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., exchange_rate: _Optional[_Union[_money_pb2.ExchangeRate, _Mapping]] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., committed_count: _Optional[int] = ...) -> None: ...

class CompareGpuModelsRequest(_message.Message):
    __slots__ = ("workload", "constraints", "precision", "catalog_revision", "adjustments")
    WORKLOAD_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    workload: Workload
    constraints: _constraints_pb2.OfferConstraints
    precision: _workload_pb2.Precision
    catalog_revision: str
    adjustments: _containers.RepeatedCompositeFieldContainer[_constraints_pb2.Adjustment]
    def __init__(self, workload: _Optional[_Union[Workload, _Mapping]] = ..., constraints: _Optional[_Union[_constraints_pb2.OfferConstraints, _Mapping]] = ..., precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., catalog_revision: _Optional[str] = ..., adjustments: _Optional[_Iterable[_Union[_constraints_pb2.Adjustment, _Mapping]]] = ...) -> None: ...

class HourlyPrices(_message.Message):
    __slots__ = ("min", "median", "providers")
    MIN_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    min: _money_pb2.Money
    median: _money_pb2.Money
    providers: int
    def __init__(self, min: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., median: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., providers: _Optional[int] = ...) -> None: ...

class ComparedGpuModel(_message.Message):
    __slots__ = ("gpu_model", "fits", "reason", "cost", "wall_hours", "cost_per_million_tokens", "gpu_count", "price_per_gpu_hour", "per_pflop_hour", "per_gb_vram_hour", "per_gbps_hour", "watts", "in_stock_providers", "measured", "note", "relaxed_latency_saving", "offer", "capacity")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    WALL_HOURS_FIELD_NUMBER: _ClassVar[int]
    COST_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    PER_PFLOP_HOUR_FIELD_NUMBER: _ClassVar[int]
    PER_GB_VRAM_HOUR_FIELD_NUMBER: _ClassVar[int]
    PER_GBPS_HOUR_FIELD_NUMBER: _ClassVar[int]
    WATTS_FIELD_NUMBER: _ClassVar[int]
    IN_STOCK_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    RELAXED_LATENCY_SAVING_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    gpu_model: str
    fits: bool
    reason: str
    cost: _estimate_pb2.CostRange
    wall_hours: _estimate_pb2.Band
    cost_per_million_tokens: _estimate_pb2.CostRange
    gpu_count: int
    price_per_gpu_hour: HourlyPrices
    per_pflop_hour: _money_pb2.Money
    per_gb_vram_hour: _money_pb2.Money
    per_gbps_hour: _money_pb2.Money
    watts: int
    in_stock_providers: _containers.RepeatedScalarFieldContainer[str]
    measured: bool
    note: str
    relaxed_latency_saving: float
    offer: str
    capacity: _estimate_pb2.Capacity
    def __init__(self, gpu_model: _Optional[str] = ..., fits: _Optional[bool] = ..., reason: _Optional[str] = ..., cost: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., wall_hours: _Optional[_Union[_estimate_pb2.Band, _Mapping]] = ..., cost_per_million_tokens: _Optional[_Union[_estimate_pb2.CostRange, _Mapping]] = ..., gpu_count: _Optional[int] = ..., price_per_gpu_hour: _Optional[_Union[HourlyPrices, _Mapping]] = ..., per_pflop_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., per_gb_vram_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., per_gbps_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., watts: _Optional[int] = ..., in_stock_providers: _Optional[_Iterable[str]] = ..., measured: _Optional[bool] = ..., note: _Optional[str] = ..., relaxed_latency_saving: _Optional[float] = ..., offer: _Optional[str] = ..., capacity: _Optional[_Union[_estimate_pb2.Capacity, str]] = ...) -> None: ...

class CompareGpuModelsResponse(_message.Message):
    __slots__ = ("gpus", "rejected", "assumptions", "caveats", "relaxed_latency_saving", "catalog_revision", "as_of")
    GPUS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    ASSUMPTIONS_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    RELAXED_LATENCY_SAVING_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    gpus: _containers.RepeatedCompositeFieldContainer[ComparedGpuModel]
    rejected: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Rejection]
    assumptions: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Assumption]
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    relaxed_latency_saving: float
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, gpus: _Optional[_Iterable[_Union[ComparedGpuModel, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[_estimate_pb2.Rejection, _Mapping]]] = ..., assumptions: _Optional[_Iterable[_Union[_estimate_pb2.Assumption, _Mapping]]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., relaxed_latency_saving: _Optional[float] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CompareProvidersRequest(_message.Message):
    __slots__ = ("gpu_model", "constraints", "catalog_revision", "adjustments")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    gpu_model: str
    constraints: _constraints_pb2.OfferConstraints
    catalog_revision: str
    adjustments: _containers.RepeatedCompositeFieldContainer[_constraints_pb2.Adjustment]
    def __init__(self, gpu_model: _Optional[str] = ..., constraints: _Optional[_Union[_constraints_pb2.OfferConstraints, _Mapping]] = ..., catalog_revision: _Optional[str] = ..., adjustments: _Optional[_Iterable[_Union[_constraints_pb2.Adjustment, _Mapping]]] = ...) -> None: ...

class PurchasePrices(_message.Message):
    __slots__ = ("purchase_model", "min", "median", "max", "offer_count")
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    OFFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    purchase_model: _offer_pb2.PurchaseModel
    min: _money_pb2.Money
    median: _money_pb2.Money
    max: _money_pb2.Money
    offer_count: int
    def __init__(self, purchase_model: _Optional[_Union[_offer_pb2.PurchaseModel, str]] = ..., min: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., median: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., max: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., offer_count: _Optional[int] = ...) -> None: ...

class SourcedFact(_message.Message):
    __slots__ = ("text", "source")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    source: str
    def __init__(self, text: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...

class ComparedProvider(_message.Message):
    __slots__ = ("provider", "prices", "spread", "availability_share_30d", "billing_increment", "min_term", "delivery_models", "fabrics", "egress_price_per_gb", "storage_price_per_gb_month", "region_codes", "support", "data_age")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_SHARE_30D_FIELD_NUMBER: _ClassVar[int]
    BILLING_INCREMENT_FIELD_NUMBER: _ClassVar[int]
    MIN_TERM_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_MODELS_FIELD_NUMBER: _ClassVar[int]
    FABRICS_FIELD_NUMBER: _ClassVar[int]
    EGRESS_PRICE_PER_GB_FIELD_NUMBER: _ClassVar[int]
    STORAGE_PRICE_PER_GB_MONTH_FIELD_NUMBER: _ClassVar[int]
    REGION_CODES_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    DATA_AGE_FIELD_NUMBER: _ClassVar[int]
    provider: str
    prices: _containers.RepeatedCompositeFieldContainer[PurchasePrices]
    spread: float
    availability_share_30d: float
    billing_increment: _duration_pb2.Duration
    min_term: _duration_pb2.Duration
    delivery_models: _containers.RepeatedScalarFieldContainer[_offer_pb2.DeliveryModel]
    fabrics: _containers.RepeatedScalarFieldContainer[_offer_pb2.Fabric]
    egress_price_per_gb: _money_pb2.Money
    storage_price_per_gb_month: _money_pb2.Money
    region_codes: _containers.RepeatedScalarFieldContainer[str]
    support: _containers.RepeatedCompositeFieldContainer[SourcedFact]
    data_age: _duration_pb2.Duration
    def __init__(self, provider: _Optional[str] = ..., prices: _Optional[_Iterable[_Union[PurchasePrices, _Mapping]]] = ..., spread: _Optional[float] = ..., availability_share_30d: _Optional[float] = ..., billing_increment: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., min_term: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., delivery_models: _Optional[_Iterable[_Union[_offer_pb2.DeliveryModel, str]]] = ..., fabrics: _Optional[_Iterable[_Union[_offer_pb2.Fabric, str]]] = ..., egress_price_per_gb: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., storage_price_per_gb_month: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., region_codes: _Optional[_Iterable[str]] = ..., support: _Optional[_Iterable[_Union[SourcedFact, _Mapping]]] = ..., data_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class MarketSummary(_message.Message):
    __slots__ = ("median", "spread_max_over_min", "providers")
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    SPREAD_MAX_OVER_MIN_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    median: _money_pb2.Money
    spread_max_over_min: float
    providers: int
    def __init__(self, median: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., spread_max_over_min: _Optional[float] = ..., providers: _Optional[int] = ...) -> None: ...

class CompareProvidersResponse(_message.Message):
    __slots__ = ("providers", "market", "caveats", "rejected", "catalog_revision", "as_of")
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    CATALOG_REVISION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    providers: _containers.RepeatedCompositeFieldContainer[ComparedProvider]
    market: MarketSummary
    caveats: _containers.RepeatedCompositeFieldContainer[_caveat_pb2.Caveat]
    rejected: _containers.RepeatedCompositeFieldContainer[_estimate_pb2.Rejection]
    catalog_revision: str
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, providers: _Optional[_Iterable[_Union[ComparedProvider, _Mapping]]] = ..., market: _Optional[_Union[MarketSummary, _Mapping]] = ..., caveats: _Optional[_Iterable[_Union[_caveat_pb2.Caveat, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[_estimate_pb2.Rejection, _Mapping]]] = ..., catalog_revision: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
