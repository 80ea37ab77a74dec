"""What goes through the chain besides the request: the call, and its answer or answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Protocol

from google.protobuf.message import Message

_TAG_OF_FIELD_ONE = b"\x0a"  # field 1, length-delimited
_LAST_OF_ONE_BYTE = 0x7F


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `deadline` is in seconds of the monotonic clock, None where the caller set none.

    `metadata` has lower-case keys. An empty `request_id` is taken from `x-request-id`, or made.
    """

    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    deadline: float | None = None
    request_id: str = ""


class Part(Protocol):
    """A message that was serialised before; `json` is empty where REST is not served."""

    @property
    def proto(self) -> bytes:
        """The message serialised."""
        ...

    @property
    def json(self) -> bytes:
        """The message as JSON."""
        ...


@dataclass(frozen=True, kw_only=True)
class Joined:
    """An answer whose field 1 holds messages that were serialised once per snapshot.

    Joining bytes costs a fiftieth of building and serialising 25 messages. `rest` is the answer
    without field 1; `rest_json` writes it as JSON without the braces, and is only called for JSON.
    """

    field_name: str
    is_list: bool
    parts: Sequence[Part]
    rest: Message
    rest_json: Callable[[], bytes]

    @cached_property
    def proto(self) -> bytes:
        """The answer serialised: tag, length and bytes of each part, then the rest."""
        protos = [part.proto for part in self.parts]
        pieces = [piece for proto in protos for piece in (_head(len(proto)), proto)]
        pieces.append(self.rest.SerializeToString())
        return b"".join(pieces)

    @cached_property
    def json(self) -> bytes | None:
        """What transcoding the message would give; None when the parts have no JSON."""
        fragments = [part.json for part in self.parts]
        if not all(fragments):
            return None
        value = b",".join(fragments)
        if self.is_list:
            value = b"[%b]" % value
        rest = self.rest_json()
        return b'{"%b":%b%b%b}' % (self.field_name.encode(), value, b"," if rest else b"", rest)


class Answer:
    """A good answer: a message, or parts that only need joining.

    Exactly one of `message` and `json` is there; `json` is joined when it is first asked for, so
    that an answer over gRPC does not pay for it.
    """

    def __init__(
        self, content: Message | Joined, *, metadata: Mapping[str, str] | None = None
    ) -> None:
        self._whole = content if isinstance(content, Message) else None
        self._joined = content if isinstance(content, Joined) else None
        self.metadata = dict(metadata or {})

    @cached_property
    def message(self) -> Message | None:
        """The message to transcode; None where `json` is finished already."""
        if self._joined is None or self._joined.json is not None:
            return self._whole
        message = type(self._joined.rest)()
        message.ParseFromString(self._joined.proto)
        return message

    @property
    def json(self) -> bytes | None:
        """The finished JSON; None where there is a `message` to transcode."""
        return None if self._joined is None else self._joined.json

    @property
    def proto(self) -> bytes | None:
        """The joined bytes; None where only a whole message exists."""
        return None if self._joined is None else self._joined.proto

    def to_proto_bytes(self) -> bytes:
        """Return the answer as it goes over gRPC."""
        if self._whole is not None:
            return self._whole.SerializeToString()
        return self.proto or b""


class Answers(Iterator[Answer], Protocol):
    """The answers of a streaming method: its iterator waits for the next one."""

    def close(self) -> None:
        """End the stream from any thread, and free what it holds, at once; more than once, too."""


@lru_cache(maxsize=4096)
def _head(length: int) -> bytes:
    """Return the tag of field 1 and a length as a varint."""
    out = bytearray(_TAG_OF_FIELD_ONE)
    while length > _LAST_OF_ONE_BYTE:
        out.append((length & _LAST_OF_ONE_BYTE) | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)
