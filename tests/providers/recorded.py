"""Short ways to the offers that a recording gives."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from benchmarks.corruptions import AlteredFetcher
from scrapers.fetcher import Fetcher
from scrapers.page import Page
from scrapers.provider import Provider, RawOffer, Reject, Request
from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from service.domain.offer import Offer, PurchaseModel
from tests.builders import NOW
from tools.golden import PAGES, Reading, read_pages, read_recording


@dataclass(frozen=True)
class Offers:
    """The offers and rejects of one reading."""

    reading: Reading

    def one(
        self,
        sku: str,
        *,
        region: str = "",
        purchase_model: PurchaseModel = PurchaseModel.ON_DEMAND,
    ) -> Offer:
        """Return the one offer of a sku; `region` only where several have it."""
        found = [
            offer
            for offer in self.reading.offers
            if (offer.sku, offer.purchase_model) == (sku, purchase_model)
            and region in ("", offer.region_code)
        ]
        assert len(found) == 1, f"{sku}: {len(found)} offers of {len(self.reading.offers)}"
        return found[0]

    def skus(self) -> set[str]:
        return {offer.sku for offer in self.reading.offers}

    def per_gpu(self, gpu_model: str) -> dict[str, Decimal]:
        """Return on-demand prices per GPU-hour by GPU count."""
        return {
            str(offer.gpu_count): offer.price_per_gpu_hour.normalize()
            for offer in self.reading.offers
            if offer.gpu_model == gpu_model and offer.purchase_model is PurchaseModel.ON_DEMAND
        }

    def reasons(self) -> dict[str, int]:
        return dict(Counter(reject.reason for reject in self.reading.rejects))

    def texts(self, reason: str) -> str:
        return "\n".join(r.text for r in self.reading.rejects if r.reason == reason)


class KeptFetcher:
    """Gives each page of a recording as the same object, with all that was parsed of it."""

    def __init__(self, inner: Fetcher) -> None:
        self._inner = inner
        self._pages: dict[tuple[str, str, str], Page] = {}

    def records(self, request: Request) -> bool:
        return self._inner.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        place = (repr(request), kind, part)
        if place not in self._pages:
            self._pages[place] = self._inner.fetch(request, provider=provider, kind=kind, part=part)
        return self._pages[place]


def members_of(documents: Iterable[Any]) -> tuple[tuple[str, Any], ...]:
    """Return every key with every value that it has anywhere in parsed JSON documents."""
    found: list[tuple[str, Any]] = []
    waiting = list(documents)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += value.items()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return tuple(found)


class RemadeFetcher:
    """Gives what `remake` makes of recorded pages."""

    def __init__(self, inner: Fetcher, remake: Callable[[Page], Page]) -> None:
        self._inner = inner
        self._remake = remake

    def records(self, request: Request) -> bool:
        return self._inner.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        page = self._inner.fetch(request, provider=provider, kind=kind, part=part)
        return self._remake(page)


class AnsweringFetcher:
    """Gives recorded pages, and texts for the kinds of `answers`, which no recording holds."""

    def __init__(self, inner: Fetcher, provider: Provider, answers: Mapping[str, str]) -> None:
        self._inner = inner
        requests = {kind: r for part in provider.all_parts() for kind, r in part.requests.items()}
        self._answers = {requests[kind].url: text for kind, text in answers.items()}

    def records(self, request: Request) -> bool:
        return request.url in self._answers or self._inner.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        if request.url not in self._answers:
            return self._inner.fetch(request, provider=provider, kind=kind, part=part)
        return Page(
            kind=kind,
            part=part,
            url=request.url,
            text=self._answers[request.url],
            content_type="application/json",
            observe_time=NOW,
        )


@cache
def recording_of(provider: str) -> KeptFetcher:
    """Return the hand-written pages of a provider, each parsed once in a process."""
    return KeptFetcher(ReplayFetcher.open(PAGES / provider, now=lambda: NOW))


def joined(provider_id: str, answers: Mapping[str, str]) -> Offers:
    """Read a provider's hand-written pages together with answers that need a key."""
    provider = load_providers()[provider_id]
    fetcher = AnsweringFetcher(recording_of(provider_id), provider, answers)
    return Offers(read_recording(provider, fetcher))


def pages_of(provider: str) -> Offers:
    """Read a provider's hand-written pages."""
    return Offers(read_pages(load_providers()[provider]))


def read_altered(provider: str, alter: Callable[[Page], str]) -> Reading:
    """Read a provider's hand-written pages with their text changed by `alter`."""
    fetcher = AlteredFetcher(recording_of(provider), alter)
    return read_recording(load_providers()[provider], fetcher)


def parsed(provider: str, text: str, *, kind: str) -> list[RawOffer | Reject]:
    """Give a text to the parser of one kind of page."""
    page = Page(
        kind=kind,
        part=kind,
        url="https://example.test/",
        text=text,
        content_type="text/plain",
        observe_time=NOW,
    )
    return list(load_providers()[provider].parsers[(kind,)](page))


def first_page(provider: str, name: str) -> str:
    """Return the text of one hand-written page, to be changed by a test."""
    return (PAGES / provider / name).read_text(encoding="utf-8")
