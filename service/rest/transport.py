"""The port through which the gateway reaches the service, wherever that runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from google.protobuf.message import Message
from google.rpc import status_pb2

# Keys of `Reply.metadata` that the gateway understands.
REVISION = "gpuquote-revision"
CONTENT_REVISION = "gpuquote-content-revision"
MAX_AGE = "gpuquote-max-age"
LAST_MODIFIED = "gpuquote-last-modified"
FIELDS = "gpuquote-fields"
IDEMPOTENCY_REPLAYED = "gpuquote-idempotency-replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A good answer. Exactly one of `message` and `json` is set.

    In process the service may hand over finished JSON. `metadata` has lower-case keys.
    """

    message: Message | None = None
    json: bytes | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        if (self.message is None) == (self.json is None):
            raise ValueError("a reply has either a message or finished JSON")


class RpcFailed(Exception):
    """The service refused or failed; `status` carries the google.rpc details."""

    def __init__(
        self, status: status_pb2.Status, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status.message)
        self.status = status
        self.metadata = dict(metadata or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether price calls can be answered; `reasons` say why not, or why only partly."""

    status: Literal["ok", "degraded", "unavailable"]
    reasons: tuple[str, ...] = ()


class Messages(Iterator[Message], Protocol):
    """The messages of a stream: its iterator waits for the next one, and raises RpcFailed."""

    def close(self) -> None:
        """End the stream from any thread; more than once, too."""
        ...


class Transport(Protocol):
    """One call is one RPC. Implementations are thread-safe."""

    def call(
        self,
        method: str,
        request: Message,
        *,
        timeout_seconds: float,
        metadata: Mapping[str, str],
    ) -> Reply:
        """Call `method`, such as "/gpuquote.v1.CatalogService/ListOffers".

        Raises RpcFailed, and nothing else that is expected.
        """
        ...

    def stream(self, method: str, request: Message, *, metadata: Mapping[str, str]) -> Messages:
        """Call a method that streams; the service ends the stream.

        Raises RpcFailed, here or when the first message is asked for.
        """
        ...

    def revision(self) -> str | None:
        """Return the revision of the data that would answer now.

        None when that is not known without a call; then nothing is cached here.
        """
        ...

    def readiness(self) -> Readiness:
        """Say whether price calls can be answered; never raises."""
        ...
