from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from gpuquote.v1 import collection_run_pb2 as _collection_run_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateCollectionRunRequest(_message.Message):
    __slots__ = ("collection_run",)
    COLLECTION_RUN_FIELD_NUMBER: _ClassVar[int]
    collection_run: _collection_run_pb2.CollectionRun
    def __init__(self, collection_run: _Optional[_Union[_collection_run_pb2.CollectionRun, _Mapping]] = ...) -> None: ...

class CreateCollectionRunResponse(_message.Message):
    __slots__ = ("collection_run",)
    COLLECTION_RUN_FIELD_NUMBER: _ClassVar[int]
    collection_run: _collection_run_pb2.CollectionRun
    def __init__(self, collection_run: _Optional[_Union[_collection_run_pb2.CollectionRun, _Mapping]] = ...) -> None: ...

class GetCollectionRunRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetCollectionRunResponse(_message.Message):
    __slots__ = ("collection_run",)
    COLLECTION_RUN_FIELD_NUMBER: _ClassVar[int]
    collection_run: _collection_run_pb2.CollectionRun
    def __init__(self, collection_run: _Optional[_Union[_collection_run_pb2.CollectionRun, _Mapping]] = ...) -> None: ...

class ListCollectionRunsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "provider")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    provider: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., provider: _Optional[str] = ...) -> None: ...

class ListCollectionRunsResponse(_message.Message):
    __slots__ = ("collection_runs", "next_page_token")
    COLLECTION_RUNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    collection_runs: _containers.RepeatedCompositeFieldContainer[_collection_run_pb2.CollectionRun]
    next_page_token: str
    def __init__(self, collection_runs: _Optional[_Iterable[_Union[_collection_run_pb2.CollectionRun, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
