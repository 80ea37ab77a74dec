"""Things that follow from a snapshot alone, kept until the snapshot is replaced."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from service.catalog.snapshot import Snapshot

_Value = TypeVar("_Value")


class Remembered(Generic[_Value]):
    """Up to `limit` values of the newest snapshot that was asked about.

    Threads may race: at worst one computes again what another has just stored.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: tuple[Snapshot | None, dict[Hashable, _Value]] = (None, {})

    def find(self, snapshot: Snapshot, key: Hashable) -> _Value | None:
        """Return what was kept for this snapshot, or None."""
        owner, values = self._known
        return values.get(key) if owner is snapshot else None

    def keep(self, snapshot: Snapshot, key: Hashable, value: _Value) -> None:
        """Keep a value; those of an older snapshot are forgotten, and all when they are too many.

        What is asked for again is soon back; what was asked for once must not stand in its way.
        """
        owner, values = self._known
        if owner is not snapshot:
            values = {}
            self._known = (snapshot, values)
        if len(values) >= self._limit:
            values.clear()
        values[key] = value
