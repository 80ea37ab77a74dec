"""The exchange rates to convert with now: those in the store, or the bundled ones."""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.exchange import by_code, newer
from service.domain.offer import ExchangeRate
from service.store.ports import RateStore, StoreUnreachable

LOOKED_UP_EVERY = timedelta(minutes=5)


class NewestRates(Mapping[str, ExchangeRate]):
    """A mapping that follows the store, currency by currency at the rate of the latest day.

    The store is asked at most every five minutes; without it the last known rates stay.
    """

    def __init__(
        self,
        store: RateStore,
        *,
        bundled: Mapping[str, ExchangeRate],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._bundled = bundled
        self._clock = clock
        self._lock = threading.Lock()
        self._rates: Mapping[str, ExchangeRate] = dict(bundled)
        self._looked_up: datetime | None = None

    def __getitem__(self, code: str) -> ExchangeRate:
        return self._newest()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._newest())

    def __len__(self) -> int:
        return len(self._newest())

    def _newest(self) -> Mapping[str, ExchangeRate]:
        now = self._clock()
        with self._lock:
            looked_up = self._looked_up
            if looked_up is not None and timedelta(0) <= now - looked_up < LOOKED_UP_EVERY:
                return self._rates
            self._looked_up = now
        try:
            kept = self._store.rates()
        except StoreUnreachable:
            return self._rates
        if kept:
            self._rates = newer(self._bundled, by_code(kept.rates))
        return self._rates


class RateNumbers(Mapping[str, Decimal]):
    """The numbers of `rates` alone, for comparing amounts."""

    def __init__(self, rates: Mapping[str, ExchangeRate]) -> None:
        self._rates = rates

    def __getitem__(self, code: str) -> Decimal:
        return self._rates[code].rate

    def __iter__(self) -> Iterator[str]:
        return iter(self._rates)

    def __len__(self) -> int:
        return len(self._rates)
