from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from gpuquote.v1 import quarantine_pb2 as _quarantine_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListQuarantinedOffersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "provider", "state")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    provider: str
    state: _containers.RepeatedScalarFieldContainer[_quarantine_pb2.QuarantineState]
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., provider: _Optional[str] = ..., state: _Optional[_Iterable[_Union[_quarantine_pb2.QuarantineState, str]]] = ...) -> None: ...

class ListQuarantinedOffersResponse(_message.Message):
    __slots__ = ("quarantined_offers", "next_page_token")
    QUARANTINED_OFFERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    quarantined_offers: _containers.RepeatedCompositeFieldContainer[_quarantine_pb2.QuarantinedOffer]
    next_page_token: str
    def __init__(self, quarantined_offers: _Optional[_Iterable[_Union[_quarantine_pb2.QuarantinedOffer, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetQuarantinedOfferRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetQuarantinedOfferResponse(_message.Message):
    __slots__ = ("quarantined_offer",)
    QUARANTINED_OFFER_FIELD_NUMBER: _ClassVar[int]
    quarantined_offer: _quarantine_pb2.QuarantinedOffer
    def __init__(self, quarantined_offer: _Optional[_Union[_quarantine_pb2.QuarantinedOffer, _Mapping]] = ...) -> None: ...

class AcceptQuarantinedOfferRequest(_message.Message):
    __slots__ = ("name", "reviewer", "note")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    name: str
    reviewer: str
    note: str
    def __init__(self, name: _Optional[str] = ..., reviewer: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class AcceptQuarantinedOfferResponse(_message.Message):
    __slots__ = ("quarantined_offer",)
    QUARANTINED_OFFER_FIELD_NUMBER: _ClassVar[int]
    quarantined_offer: _quarantine_pb2.QuarantinedOffer
    def __init__(self, quarantined_offer: _Optional[_Union[_quarantine_pb2.QuarantinedOffer, _Mapping]] = ...) -> None: ...

class RejectQuarantinedOfferRequest(_message.Message):
    __slots__ = ("name", "reviewer", "note")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    name: str
    reviewer: str
    note: str
    def __init__(self, name: _Optional[str] = ..., reviewer: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RejectQuarantinedOfferResponse(_message.Message):
    __slots__ = ("quarantined_offer",)
    QUARANTINED_OFFER_FIELD_NUMBER: _ClassVar[int]
    quarantined_offer: _quarantine_pb2.QuarantinedOffer
    def __init__(self, quarantined_offer: _Optional[_Union[_quarantine_pb2.QuarantinedOffer, _Mapping]] = ...) -> None: ...
