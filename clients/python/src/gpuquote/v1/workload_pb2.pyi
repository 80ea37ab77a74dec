from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Precision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRECISION_UNSPECIFIED: _ClassVar[Precision]
    PRECISION_FP32: _ClassVar[Precision]
    PRECISION_TF32: _ClassVar[Precision]
    PRECISION_BF16: _ClassVar[Precision]
    PRECISION_FP16: _ClassVar[Precision]
    PRECISION_FP8: _ClassVar[Precision]
    PRECISION_INT8: _ClassVar[Precision]
    PRECISION_FP4: _ClassVar[Precision]
    PRECISION_MXFP4: _ClassVar[Precision]
    PRECISION_INT4: _ClassVar[Precision]
    PRECISION_Q4_K_M: _ClassVar[Precision]

class TrainingMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_METHOD_UNSPECIFIED: _ClassVar[TrainingMethod]
    TRAINING_METHOD_FULL: _ClassVar[TrainingMethod]
    TRAINING_METHOD_LORA: _ClassVar[TrainingMethod]
    TRAINING_METHOD_QLORA: _ClassVar[TrainingMethod]

class Recompute(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECOMPUTE_UNSPECIFIED: _ClassVar[Recompute]
    RECOMPUTE_NONE: _ClassVar[Recompute]
    RECOMPUTE_SELECTIVE: _ClassVar[Recompute]
    RECOMPUTE_FULL: _ClassVar[Recompute]

class Engine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENGINE_UNSPECIFIED: _ClassVar[Engine]
    ENGINE_VLLM: _ClassVar[Engine]
    ENGINE_SGLANG: _ClassVar[Engine]
    ENGINE_TENSORRT_LLM: _ClassVar[Engine]
    ENGINE_LLAMA_CPP: _ClassVar[Engine]

class Objective(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OBJECTIVE_UNSPECIFIED: _ClassVar[Objective]
    OBJECTIVE_COST: _ClassVar[Objective]
    OBJECTIVE_TIME: _ClassVar[Objective]
PRECISION_UNSPECIFIED: Precision
PRECISION_FP32: Precision
PRECISION_TF32: Precision
PRECISION_BF16: Precision
PRECISION_FP16: Precision
PRECISION_FP8: Precision
PRECISION_INT8: Precision
PRECISION_FP4: Precision
PRECISION_MXFP4: Precision
PRECISION_INT4: Precision
PRECISION_Q4_K_M: Precision
TRAINING_METHOD_UNSPECIFIED: TrainingMethod
TRAINING_METHOD_FULL: TrainingMethod
TRAINING_METHOD_LORA: TrainingMethod
TRAINING_METHOD_QLORA: TrainingMethod
RECOMPUTE_UNSPECIFIED: Recompute
RECOMPUTE_NONE: Recompute
RECOMPUTE_SELECTIVE: Recompute
RECOMPUTE_FULL: Recompute
ENGINE_UNSPECIFIED: Engine
ENGINE_VLLM: Engine
ENGINE_SGLANG: Engine
ENGINE_TENSORRT_LLM: Engine
ENGINE_LLAMA_CPP: Engine
OBJECTIVE_UNSPECIFIED: Objective
OBJECTIVE_COST: Objective
OBJECTIVE_TIME: Objective

class Parallelism(_message.Message):
    __slots__ = ("tensor", "pipeline", "data", "expert", "zero_stage", "attention_data_parallel")
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPERT_FIELD_NUMBER: _ClassVar[int]
    ZERO_STAGE_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_DATA_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    tensor: int
    pipeline: int
    data: int
    expert: int
    zero_stage: int
    attention_data_parallel: bool
    def __init__(self, tensor: _Optional[int] = ..., pipeline: _Optional[int] = ..., data: _Optional[int] = ..., expert: _Optional[int] = ..., zero_stage: _Optional[int] = ..., attention_data_parallel: _Optional[bool] = ...) -> None: ...

class LatencyLimit(_message.Message):
    __slots__ = ("max_time_to_first_token_ms", "min_tokens_per_second_per_user")
    MAX_TIME_TO_FIRST_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    MIN_TOKENS_PER_SECOND_PER_USER_FIELD_NUMBER: _ClassVar[int]
    max_time_to_first_token_ms: float
    min_tokens_per_second_per_user: float
    def __init__(self, max_time_to_first_token_ms: _Optional[float] = ..., min_tokens_per_second_per_user: _Optional[float] = ...) -> None: ...

class Speculative(_message.Message):
    __slots__ = ("acceptance", "draft_tokens")
    ACCEPTANCE_FIELD_NUMBER: _ClassVar[int]
    DRAFT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    acceptance: float
    draft_tokens: int
    def __init__(self, acceptance: _Optional[float] = ..., draft_tokens: _Optional[int] = ...) -> None: ...
