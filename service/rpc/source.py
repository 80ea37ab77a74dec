"""The port through which servicers see the catalogue; `service.catalog.replica` is behind it."""

from typing import Protocol

from service.catalog.replica import Readiness, ReadyReason
from service.catalog.snapshot import Snapshot
from service.domain.errors import Reason, Unavailable

_NOT_LOADED = frozenset({ReadyReason.STARTING, ReadyReason.STORE_UNREACHABLE})
_LOADING_SECONDS = 5


class Source(Protocol):
    """Something that always has a snapshot, and knows how good it is."""

    def current(self) -> Snapshot:
        """Return the newest snapshot; never waits."""
        ...

    def readiness(self) -> Readiness:
        """Say whether price calls can be answered."""
        ...


def loaded(source: Source) -> Snapshot:
    """Return the catalogue. Raises Unavailable when nothing could be loaded yet."""
    snapshot = source.current()
    if not snapshot.rows and _NOT_LOADED & set(source.readiness().reasons):
        raise Unavailable(
            Reason.STORE_UNREACHABLE,
            "No prices are loaded yet, since the store has not answered.",
            retry_after_seconds=_LOADING_SECONDS,
        )
    return snapshot
