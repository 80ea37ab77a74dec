import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
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

class Capacity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPACITY_UNSPECIFIED: _ClassVar[Capacity]
    CAPACITY_PROVEN: _ClassVar[Capacity]
    CAPACITY_UNPROVEN: _ClassVar[Capacity]
CAPACITY_UNSPECIFIED: Capacity
CAPACITY_PROVEN: Capacity
CAPACITY_UNPROVEN: Capacity

class Band(_message.Message):
    __slots__ = ("p10", "p50", "p90")
    P10_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    p10: float
    p50: float
    p90: float
    def __init__(self, p10: _Optional[float] = ..., p50: _Optional[float] = ..., p90: _Optional[float] = ...) -> None: ...

class CostRange(_message.Message):
    __slots__ = ("p10", "p50", "p90")
    P10_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    p10: _money_pb2.Money
    p50: _money_pb2.Money
    p90: _money_pb2.Money
    def __init__(self, p10: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p50: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., p90: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class Assumption(_message.Message):
    __slots__ = ("name", "value", "source")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    source: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...

class LineItem(_message.Message):
    __slots__ = ("label", "amount", "basis")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    label: str
    amount: _money_pb2.Money
    basis: str
    def __init__(self, label: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., basis: _Optional[str] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("gpu_model", "gpu_count", "gpus_per_node", "node_count", "tensor", "pipeline", "data", "expert", "zero_stage", "micro_batch_size", "recompute", "gpus_per_replica", "replica_count", "spare_replica_count", "batch")
    GPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    GPUS_PER_NODE_FIELD_NUMBER: _ClassVar[int]
    NODE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPERT_FIELD_NUMBER: _ClassVar[int]
    ZERO_STAGE_FIELD_NUMBER: _ClassVar[int]
    MICRO_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    RECOMPUTE_FIELD_NUMBER: _ClassVar[int]
    GPUS_PER_REPLICA_FIELD_NUMBER: _ClassVar[int]
    REPLICA_COUNT_FIELD_NUMBER: _ClassVar[int]
    SPARE_REPLICA_COUNT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    gpu_model: str
    gpu_count: int
    gpus_per_node: int
    node_count: int
    tensor: int
    pipeline: int
    data: int
    expert: int
    zero_stage: int
    micro_batch_size: int
    recompute: _workload_pb2.Recompute
    gpus_per_replica: int
    replica_count: int
    spare_replica_count: int
    batch: int
    def __init__(self, gpu_model: _Optional[str] = ..., gpu_count: _Optional[int] = ..., gpus_per_node: _Optional[int] = ..., node_count: _Optional[int] = ..., tensor: _Optional[int] = ..., pipeline: _Optional[int] = ..., data: _Optional[int] = ..., expert: _Optional[int] = ..., zero_stage: _Optional[int] = ..., micro_batch_size: _Optional[int] = ..., recompute: _Optional[_Union[_workload_pb2.Recompute, str]] = ..., gpus_per_replica: _Optional[int] = ..., replica_count: _Optional[int] = ..., spare_replica_count: _Optional[int] = ..., batch: _Optional[int] = ...) -> None: ...

class MemoryPlan(_message.Message):
    __slots__ = ("weights_gb", "gradients_gb", "optimizer_gb", "activations_gb", "logits_gb", "kv_cache_gb", "runtime_gb", "total_gb", "limit_gb")
    WEIGHTS_GB_FIELD_NUMBER: _ClassVar[int]
    GRADIENTS_GB_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_GB_FIELD_NUMBER: _ClassVar[int]
    ACTIVATIONS_GB_FIELD_NUMBER: _ClassVar[int]
    LOGITS_GB_FIELD_NUMBER: _ClassVar[int]
    KV_CACHE_GB_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_GB_FIELD_NUMBER: _ClassVar[int]
    TOTAL_GB_FIELD_NUMBER: _ClassVar[int]
    LIMIT_GB_FIELD_NUMBER: _ClassVar[int]
    weights_gb: float
    gradients_gb: float
    optimizer_gb: float
    activations_gb: float
    logits_gb: float
    kv_cache_gb: float
    runtime_gb: float
    total_gb: float
    limit_gb: float
    def __init__(self, weights_gb: _Optional[float] = ..., gradients_gb: _Optional[float] = ..., optimizer_gb: _Optional[float] = ..., activations_gb: _Optional[float] = ..., logits_gb: _Optional[float] = ..., kv_cache_gb: _Optional[float] = ..., runtime_gb: _Optional[float] = ..., total_gb: _Optional[float] = ..., limit_gb: _Optional[float] = ...) -> None: ...

class Placement(_message.Message):
    __slots__ = ("offer", "provider", "region_code", "country_code", "purchase_model", "plan", "cost", "cost_p75", "wall_hours", "price_per_gpu_hour", "line_items", "capacity", "probability_cheapest", "measured", "observe_time", "source_uri")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    REGION_CODE_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    COST_P75_FIELD_NUMBER: _ClassVar[int]
    WALL_HOURS_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    LINE_ITEMS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_CHEAPEST_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    OBSERVE_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_URI_FIELD_NUMBER: _ClassVar[int]
    offer: str
    provider: str
    region_code: str
    country_code: str
    purchase_model: _offer_pb2.PurchaseModel
    plan: Plan
    cost: CostRange
    cost_p75: _money_pb2.Money
    wall_hours: Band
    price_per_gpu_hour: _money_pb2.Money
    line_items: _containers.RepeatedCompositeFieldContainer[LineItem]
    capacity: Capacity
    probability_cheapest: float
    measured: bool
    observe_time: _timestamp_pb2.Timestamp
    source_uri: str
    def __init__(self, offer: _Optional[str] = ..., provider: _Optional[str] = ..., region_code: _Optional[str] = ..., country_code: _Optional[str] = ..., purchase_model: _Optional[_Union[_offer_pb2.PurchaseModel, str]] = ..., plan: _Optional[_Union[Plan, _Mapping]] = ..., cost: _Optional[_Union[CostRange, _Mapping]] = ..., cost_p75: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., wall_hours: _Optional[_Union[Band, _Mapping]] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., line_items: _Optional[_Iterable[_Union[LineItem, _Mapping]]] = ..., capacity: _Optional[_Union[Capacity, str]] = ..., probability_cheapest: _Optional[float] = ..., measured: _Optional[bool] = ..., observe_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source_uri: _Optional[str] = ...) -> None: ...

class OfferUse(_message.Message):
    __slots__ = ("offer", "role", "price_per_gpu_hour", "cost", "observe_time", "freshness", "source_uri")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PRICE_PER_GPU_HOUR_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    OBSERVE_TIME_FIELD_NUMBER: _ClassVar[int]
    FRESHNESS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_URI_FIELD_NUMBER: _ClassVar[int]
    offer: str
    role: str
    price_per_gpu_hour: _money_pb2.Money
    cost: _money_pb2.Money
    observe_time: _timestamp_pb2.Timestamp
    freshness: _offer_pb2.Freshness
    source_uri: str
    def __init__(self, offer: _Optional[str] = ..., role: _Optional[str] = ..., price_per_gpu_hour: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., observe_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., freshness: _Optional[_Union[_offer_pb2.Freshness, str]] = ..., source_uri: _Optional[str] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("reason", "count", "example")
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    count: int
    example: str
    def __init__(self, reason: _Optional[str] = ..., count: _Optional[int] = ..., example: _Optional[str] = ...) -> None: ...

class Commitment(_message.Message):
    __slots__ = ("offer", "term", "cost", "used_share")
    OFFER_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    USED_SHARE_FIELD_NUMBER: _ClassVar[int]
    offer: str
    term: _duration_pb2.Duration
    cost: _money_pb2.Money
    used_share: float
    def __init__(self, offer: _Optional[str] = ..., term: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., used_share: _Optional[float] = ...) -> None: ...

class MeasuredRow(_message.Message):
    __slots__ = ("id", "model", "gpu", "gpu_count", "measured", "estimated", "weight", "source")
    ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    GPU_FIELD_NUMBER: _ClassVar[int]
    GPU_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    id: str
    model: str
    gpu: str
    gpu_count: int
    measured: str
    estimated: str
    weight: float
    source: str
    def __init__(self, id: _Optional[str] = ..., model: _Optional[str] = ..., gpu: _Optional[str] = ..., gpu_count: _Optional[int] = ..., measured: _Optional[str] = ..., estimated: _Optional[str] = ..., weight: _Optional[float] = ..., source: _Optional[str] = ...) -> None: ...

class BaselineChange(_message.Message):
    __slots__ = ("cost_change", "gpu_hours_change", "baseline_cost")
    COST_CHANGE_FIELD_NUMBER: _ClassVar[int]
    GPU_HOURS_CHANGE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_COST_FIELD_NUMBER: _ClassVar[int]
    cost_change: float
    gpu_hours_change: float
    baseline_cost: _money_pb2.Money
    def __init__(self, cost_change: _Optional[float] = ..., gpu_hours_change: _Optional[float] = ..., baseline_cost: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...
