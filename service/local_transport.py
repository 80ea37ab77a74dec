"""The gateway's way to the service when both run in one process: a call, not a connection."""

import time
from collections.abc import Mapping

from google.protobuf.message import Message

from service.rest.transport import Messages, Readiness, Reply, RpcFailed
from service.rpc.dispatch import Answers, Call, Dispatcher, RpcError
from service.rpc.source import Source


class LocalTransport:
    """Calls the dispatcher directly, through the same chain as a gRPC call."""

    def __init__(self, dispatcher: Dispatcher, source: Source) -> None:
        self._dispatcher = dispatcher
        self._source = source

    def call(
        self,
        method: str,
        request: Message,
        *,
        timeout_seconds: float,
        metadata: Mapping[str, str],
    ) -> Reply:
        """Make one call. Raises RpcFailed."""
        deadline = time.monotonic() + timeout_seconds
        try:
            answer = self._dispatcher.call(
                method, request, Call(metadata=metadata, deadline=deadline)
            )
        except RpcError as error:
            raise RpcFailed(error.status, metadata=error.metadata) from error
        return Reply(message=answer.message, json=answer.json, metadata=answer.metadata)

    def stream(self, method: str, request: Message, *, metadata: Mapping[str, str]) -> Messages:
        """Begin a stream. Raises RpcFailed, here and from the messages."""
        try:
            return _LocalMessages(self._dispatcher.stream(method, request, Call(metadata=metadata)))
        except RpcError as error:
            raise RpcFailed(error.status, metadata=error.metadata) from error

    def revision(self) -> str | None:
        """Return the revision that would answer now."""
        return self._source.current().revision

    def readiness(self) -> Readiness:
        """Say whether price questions can be answered."""
        found = self._source.readiness()
        return Readiness(status=found.status.value, reasons=found.reasons)


class _LocalMessages:
    """The messages of a stream in process."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __iter__(self) -> "_LocalMessages":
        return self

    def __next__(self) -> Message:
        try:
            answer = next(self._answers)
        except RpcError as error:
            raise RpcFailed(error.status, metadata=error.metadata) from error
        if answer.message is None:
            raise TypeError("a stream has messages, not finished JSON")
        return answer.message

    def close(self) -> None:
        self._answers.close()
