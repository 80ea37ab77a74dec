"""Quotes in the memory of one process."""

import threading
from collections.abc import Callable
from datetime import datetime

from service.domain.quote import REQUEST_IDS_KEPT_FOR, KeptRequest, Quote, QuoteHead


class MemoryQuotes:
    """The `QuoteStore` of ports.py; thread-safe."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._quote_clock = clock
        self._quoting = threading.Lock()
        self._quotes: dict[str, Quote] = {}
        self._quote_requests: dict[str, tuple[datetime, KeptRequest]] = {}

    def create_quote(
        self, quote: Quote, *, request_id: str = "", digest: str = ""
    ) -> KeptRequest | None:
        """Keep a quote and what its request id stands for, in one step."""
        with self._quoting:
            self._forget()
            if request_id:
                _, standing = self._quote_requests.get(request_id, (None, None))
                if standing is not None and standing.quote_id in self._quotes:
                    return standing
                made = KeptRequest(digest=digest, quote_id=quote.head.quote_id)
                self._quote_requests[request_id] = (self._quote_clock(), made)
            self._quotes[quote.head.quote_id] = quote
            return None

    def find_request(self, request_id: str) -> KeptRequest | None:
        """Return what a request id stands for; None for one that is not known, or not any more."""
        with self._quoting:
            self._forget()
            _, standing = self._quote_requests.get(request_id, (None, None))
            return standing

    def find_quote(self, quote_id: str) -> bytes | None:
        """Return the document of a quote; None when there is none of that id."""
        with self._quoting:
            self._forget()
            found = self._quotes.get(quote_id)
            return found.document if found else None

    def quotes(self, *, before: str, limit: int) -> tuple[QuoteHead, ...]:
        """List the heads of quotes, newest first, with an id below `before`; "" means all."""
        with self._quoting:
            self._forget()
            ids = sorted((i for i in self._quotes if not before or i < before), reverse=True)
            return tuple(self._quotes[quote_id].head for quote_id in ids[:limit])

    def _forget(self) -> None:
        now = self._quote_clock()
        self._quotes = {
            quote_id: quote for quote_id, quote in self._quotes.items() if now < quote.purge_time
        }
        self._quote_requests = {
            request_id: (at, standing)
            for request_id, (at, standing) in self._quote_requests.items()
            if now < at + REQUEST_IDS_KEPT_FOR
        }
