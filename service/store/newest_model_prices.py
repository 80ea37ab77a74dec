"""The token prices to answer with now: those in the store, and bundled ones of other models."""

import time
from collections.abc import Callable
from threading import Lock

from service.domain.model_price import ModelPrice
from service.facts.model_prices import not_superseded
from service.store.ports import ModelPriceStore, StoreUnreachable

READ_AGAIN_AFTER_SECONDS = 5.0


class NewestModelPrices:
    """Reads the store at most every 5 s, and keeps what it read while the store is away.

    `baseline` serves models that no source lists. Safe between threads.
    """

    def __init__(
        self,
        store: ModelPriceStore,
        *,
        baseline: tuple[ModelPrice, ...],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._baseline = baseline
        self._monotonic = monotonic
        self._lock = Lock()
        self._read_at = -READ_AGAIN_AFTER_SECONDS
        self._prices: tuple[ModelPrice, ...] | None = None

    def every(self) -> tuple[ModelPrice, ...]:
        """Return every price, the same tuple until it is read anew.

        Raises StoreUnreachable when the store has never answered.
        """
        with self._lock:
            if self._monotonic() - self._read_at >= READ_AGAIN_AFTER_SECONDS:
                try:
                    books = self._store.model_price_books()
                except StoreUnreachable:
                    if self._prices is None:
                        raise
                else:
                    live = tuple(price for book in books for price in book.prices)
                    self._prices = (*live, *not_superseded(self._baseline, live=live))
                self._read_at = self._monotonic()
            return self._prices or ()
