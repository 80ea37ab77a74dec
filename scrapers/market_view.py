"""The market as the store has it: each provider's current snapshot, or else the baseline's rows."""

import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal

from scrapers.market import NO_MARKET, Kind, Market, medians_of, settled
from service.domain.offer import Offer
from service.domain.provider import ProviderSnapshot
from service.store.ports import CatalogStore, UnreadableSnapshot

Medians = Mapping[Kind, Decimal]


class MarketView:
    """Reads a snapshot once for each publication and keeps its medians; thread-safe.

    A replay has no market: its runs go on side by side, and what one of them is judged by must not
    depend on which came first.
    """

    def __init__(
        self, store: CatalogStore, *, baseline: Mapping[str, Iterable[Offer]], replayed: bool
    ) -> None:
        self._store = store
        self._baseline = {name: medians_of(offers) for name, offers in baseline.items()}
        self._replayed = replayed
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, Medians]] = {}

    def market(self) -> Market:
        """Return what every provider asks now. Raises StoreUnreachable."""
        if self._replayed:
            return NO_MARKET
        live = {
            provider: self._medians(provider, snapshot_id)
            for provider, snapshot_id in self._store.pointers().items()
        }
        return Market(medians=self._baseline | live)

    def note(self, snapshot: ProviderSnapshot) -> None:
        """Take a snapshot that was just published here, so that it is not read again."""
        medians = medians_of(settled(snapshot.offers))
        with self._lock:
            self._kept[snapshot.provider] = (snapshot.snapshot_id, medians)

    def _medians(self, provider: str, snapshot_id: str) -> Medians:
        with self._lock:
            kept_id, medians = self._kept.get(provider, ("", {}))
        if kept_id == snapshot_id:
            return medians
        try:
            snapshot = self._store.snapshot(provider)
        except UnreadableSnapshot:
            return {}
        if snapshot is None:
            return {}
        self.note(snapshot)
        return medians_of(settled(snapshot.offers))
