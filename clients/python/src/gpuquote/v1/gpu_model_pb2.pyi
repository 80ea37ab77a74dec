from google.api import field_behavior_pb2 as _field_behavior_pb2
from gpuquote.v1 import workload_pb2 as _workload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GpuModel(_message.Message):
    __slots__ = ("name", "display_name", "vendor", "gpu_family", "form_factor", "vram_gb", "interconnect", "announce_year", "power_watts", "memory_bandwidth_gb_per_second", "bf16_dense_tflops", "aliases", "source", "dense_peaks", "link_gb_per_second", "measured_matmul_share")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    GPU_FAMILY_FIELD_NUMBER: _ClassVar[int]
    FORM_FACTOR_FIELD_NUMBER: _ClassVar[int]
    VRAM_GB_FIELD_NUMBER: _ClassVar[int]
    INTERCONNECT_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCE_YEAR_FIELD_NUMBER: _ClassVar[int]
    POWER_WATTS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BANDWIDTH_GB_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BF16_DENSE_TFLOPS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DENSE_PEAKS_FIELD_NUMBER: _ClassVar[int]
    LINK_GB_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    MEASURED_MATMUL_SHARE_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    vendor: str
    gpu_family: str
    form_factor: str
    vram_gb: int
    interconnect: str
    announce_year: int
    power_watts: int
    memory_bandwidth_gb_per_second: float
    bf16_dense_tflops: float
    aliases: _containers.RepeatedScalarFieldContainer[str]
    source: str
    dense_peaks: _containers.RepeatedCompositeFieldContainer[DensePeak]
    link_gb_per_second: float
    measured_matmul_share: float
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., vendor: _Optional[str] = ..., gpu_family: _Optional[str] = ..., form_factor: _Optional[str] = ..., vram_gb: _Optional[int] = ..., interconnect: _Optional[str] = ..., announce_year: _Optional[int] = ..., power_watts: _Optional[int] = ..., memory_bandwidth_gb_per_second: _Optional[float] = ..., bf16_dense_tflops: _Optional[float] = ..., aliases: _Optional[_Iterable[str]] = ..., source: _Optional[str] = ..., dense_peaks: _Optional[_Iterable[_Union[DensePeak, _Mapping]]] = ..., link_gb_per_second: _Optional[float] = ..., measured_matmul_share: _Optional[float] = ...) -> None: ...

class DensePeak(_message.Message):
    __slots__ = ("precision", "tflops")
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    TFLOPS_FIELD_NUMBER: _ClassVar[int]
    precision: _workload_pb2.Precision
    tflops: float
    def __init__(self, precision: _Optional[_Union[_workload_pb2.Precision, str]] = ..., tflops: _Optional[float] = ...) -> None: ...
