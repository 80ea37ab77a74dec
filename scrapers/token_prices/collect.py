"""One run of a source of token prices: read, judge, publish."""

from collections.abc import Callable, Mapping
from datetime import datetime

from scrapers.errors import NothingFound
from scrapers.fetcher import Fetcher
from scrapers.reading import Tally
from scrapers.ticket import Ticket
from scrapers.token_prices.judge import TokenVerdict, judge_tokens
from scrapers.token_prices.reading import read_entries
from scrapers.token_prices.source import TokenSource
from service.domain.model_price import ModelPriceBook
from service.store.ports import ModelPriceStore, PublishOutcome


class Fenced(Exception):
    """Another collector leads; nothing was published."""


class TokenPriceCollector:
    """Collects one source at a time; safe to use from several threads for different ones."""

    def __init__(
        self,
        *,
        store: ModelPriceStore,
        fetcher: Fetcher,
        sources: Mapping[str, TokenSource],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._sources = sources
        self._clock = clock

    def reads(self, provider_id: str) -> bool:
        """Whether a provider is one of the sources of token prices."""
        return provider_id in self._sources

    def collect(
        self, provider_id: str, *, tally: Tally, ticket: Ticket, fence: int
    ) -> TokenVerdict:
        """Read a source and publish what is believed; a list that is held publishes nothing.

        Raises CollectError, Abandoned, Fenced and StoreUnreachable.
        """
        source = self._sources[provider_id]
        (part,) = source.provider.all_parts()
        ((kind, request),) = part.requests.items()
        page = self._fetcher.fetch(request, provider=source.provider, kind=kind, part=part.name)
        ticket.check()
        tally.page_count += 1
        tally.byte_count += page.byte_count
        now = self._clock()
        entries, rejects = read_entries(source, page, now=now)
        tally.rejects += rejects
        if not entries:
            raise NothingFound("the page was read, but holds no token prices")
        verdict = judge_tokens(entries, before=self._book(provider_id), source=provider_id, now=now)
        tally.rejects += verdict.rejects
        if not verdict.held:
            ticket.commit()
            if self._store.save_model_prices(verdict.book, fence=fence) is PublishOutcome.FENCED:
                raise Fenced("another collector has taken the lead")
        return verdict

    def _book(self, source: str) -> ModelPriceBook | None:
        books = self._store.model_price_books()
        return next((book for book in books if book.source == source), None)
