"""A transport with canned replies, and requests to the gateway on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from gpuquote.v1 import catalog_service_pb2, collection_service_pb2, offer_pb2

from service.rest.app import create_app
from service.rest.transport import Readiness, Reply, RpcFailed

CACHEABLE = {
    "gpuquote-revision": "rev-1",
    "gpuquote-content-revision": "content-1",
    "gpuquote-max-age": "120",
    "gpuquote-last-modified": "1760000000",
}
LIST_OFFERS = "/gpuquote.v1.CatalogService/ListOffers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the gateway asked for."""

    method: str
    request: Any
    timeout_seconds: float
    metadata: Mapping[str, str]


@dataclass
class FakeTransport:
    """Answers every call with `answer(call)`, every stream with `streamed(call)`.

    The default lists no offers.
    """

    answer: Callable[[Call], Reply] = field(default=lambda _: offers_reply())
    streamed: "Callable[[Call], FakeMessages]" = field(default=lambda _: FakeMessages())
    current_revision: str | None = None
    ready: Readiness = field(default_factory=lambda: Readiness(status="ok"))
    calls: list[Call] = field(default_factory=list)

    def call(
        self,
        method: str,
        request: Message,
        *,
        timeout_seconds: float,
        metadata: Mapping[str, str],
    ) -> Reply:
        self.calls.append(
            Call(
                method=method,
                request=request,
                timeout_seconds=timeout_seconds,
                metadata=dict(metadata),
            )
        )
        return self.answer(self.calls[-1])

    def stream(
        self, method: str, request: Message, *, metadata: Mapping[str, str]
    ) -> "FakeMessages":
        self.calls.append(
            Call(method=method, request=request, timeout_seconds=0, metadata=dict(metadata))
        )
        return self.streamed(self.calls[-1])

    def revision(self) -> str | None:
        return self.current_revision

    def readiness(self) -> Readiness:
        return self.ready


class FakeMessages:
    """A stream of these messages; then it ends, or fails."""

    def __init__(self, *messages: Message, failure: RpcFailed | None = None) -> None:
        self._messages = list(messages)
        self._failure = failure
        self.is_closed = False

    def __iter__(self) -> "FakeMessages":
        return self

    def __next__(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        raise self._failure or StopIteration

    def close(self) -> None:
        self.is_closed = True


def an_offer(name: str = "offers/nimbus-h100-8x", **changes: Any) -> offer_pb2.Offer:
    offer = offer_pb2.Offer(
        name=name,
        provider="providers/nimbus",
        gpu_count="8",
        vram_gb=80,
        purchase_model=offer_pb2.PURCHASE_MODEL_ON_DEMAND,
        **changes,
    )
    offer.price_per_hour.currency_code = "USD"
    offer.price_per_hour.amount = "23.92"
    offer.observe_time.FromJsonString("2026-05-04T10:15:00Z")
    return offer


def offers_reply(
    *offers: offer_pb2.Offer, metadata: Mapping[str, str] | None = None, token: str = ""
) -> Reply:
    message = catalog_service_pb2.ListOffersResponse(offers=offers, next_page_token=token)
    return Reply(message=message, metadata=metadata or {})


def a_run_reply() -> Reply:
    return Reply(message=collection_service_pb2.CreateCollectionRunResponse())


def failure(
    code: int,
    reason: str = "",
    *,
    text: str = "told to people",
    details: tuple[Message, ...] = (),
    info: Mapping[str, str] | None = None,
) -> RpcFailed:
    status = status_pb2.Status(code=code, message=text)
    if reason:
        status.details.add().Pack(
            error_details_pb2.ErrorInfo(reason=reason, domain="gpuquote", metadata=info or {})
        )
    for detail in details:
        status.details.add().Pack(detail)
    return RpcFailed(status)


def failing(error: Exception) -> FakeTransport:
    def answer(_: Call) -> Reply:
        raise error

    return FakeTransport(answer=answer)


def client_of(transport: FakeTransport, **options: Any) -> FlaskClient:
    return create_app(transport, version="1.2.3", **options).test_client()


NOT_FOUND = code_pb2.NOT_FOUND
NOWHERE = Path("/nonexistent")
