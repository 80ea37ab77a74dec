"""Streams as server-sent events: what a browser's EventSource, or curl, reads."""

import logging
import threading
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from service.rest.contract import UnsupportedContract
from service.rest.transcode import message_to_json
from service.rest.transport import Messages, RpcFailed

CONTENT_TYPE: Final = "text/event-stream; charset=utf-8"
HEADERS: Final = (
    ("Cache-Control", "no-store"),
    # A proxy must not hold events back until it has a bufferful.
    ("X-Accel-Buffering", "no"),
)
_RETRY_MS: Final = 5000
_KEPT: Final = 256

log = logging.getLogger(__name__)


class EventFormat:
    """Writes the messages of a stream; thread-safe, one for each route.

    A message has a `cursor` and a `change`, or no change in a heartbeat. Changes that are told to
    many are written once. Raises UnsupportedContract for a stream of other messages.
    """

    def __init__(self, method: MethodDescriptor) -> None:
        # The stubs leave open whether a descriptor has what this contract always has.
        fields: Any = method.output_type.fields_by_name
        if not {"cursor", "change"} <= set(fields):
            raise UnsupportedContract(f"{method.full_name}: no cursor and change to send as events")
        kinds = fields["change"].message_type.fields_by_name["kind"].enum_type
        prefix = kinds.values_by_number[0].name.removesuffix("UNSPECIFIED")
        self._names = {
            value.number: "offer." + value.name.removeprefix(prefix).lower()
            for value in kinds.values
        }
        self._written: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def first(self, message: Any) -> bytes:
        """Write what a stream begins with: how soon to come back, and from where."""
        return b"retry: %d\n%b" % (_RETRY_MS, self.event(message))

    def event(self, message: Any) -> bytes:
        """Write one message; an `id` without data moves a client's last event id, too."""
        cursor: str = message.cursor
        if not message.HasField("change"):
            return b": heartbeat\nid: %b\n\n" % cursor.encode()
        if message.change.conflated_count:
            return self._write(cursor, message.change)
        written = self._written.get(cursor)
        if written is None:
            written = self._write(cursor, message.change)
            with self._lock:
                while len(self._written) >= _KEPT:
                    del self._written[next(iter(self._written))]
                self._written[cursor] = written
        return written

    def _write(self, cursor: str, change: Any) -> bytes:
        name = self._names.get(change.kind, "offer.changed")
        data = message_to_json(change)
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.encode(), name.encode(), data)


class EventBody:
    """The body of a response: events until the stream ends, or the client is gone."""

    def __init__(self, first: Message, messages: Messages, form: EventFormat) -> None:
        self._begin: bytes | None = form.first(first)
        self._messages = messages
        self._form = form

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next event; waits for it. A stream that fails ends: the client comes back."""
        begin, self._begin = self._begin, None
        if begin is not None:
            return begin
        try:
            return self._form.event(next(self._messages))
        except RpcFailed as failed:
            log.warning("stream failed", extra={"cause": failed.status.message})
            raise StopIteration from failed

    def close(self) -> None:
        """End the stream; a server calls it when the client is gone."""
        self._messages.close()
