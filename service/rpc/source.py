"""The port through which servicers see the catalogue; `service.catalog.replica` is behind it."""

from typing import Protocol

from service.catalog.replica import Readiness
from service.catalog.snapshot import Snapshot


class Source(Protocol):
    """Something that always has a snapshot, and knows how good it is."""

    def current(self) -> Snapshot:
        """Return the newest snapshot; never waits."""
        ...

    def readiness(self) -> Readiness:
        """Say whether price calls can be answered."""
        ...
