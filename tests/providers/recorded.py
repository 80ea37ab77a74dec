"""Short ways to the offers that a recording gives."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from scrapers.fetch import Fetcher
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


class AlteredFetcher:
    """Gives recorded pages with their text changed by `alter`."""

    def __init__(self, inner: Fetcher, alter: Callable[[Page], str]) -> None:
        self._inner = inner
        self._alter = alter

    def records(self, request: Request) -> bool:
        return self._inner.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        page = self._inner.fetch(request, provider=provider, kind=kind, part=part)
        return replace(page, text=self._alter(page))


def pages_of(provider: str) -> Offers:
    """Read a provider's hand-written pages."""
    return Offers(read_pages(load_providers()[provider]))


def read_altered(provider: str, alter: Callable[[Page], str]) -> Reading:
    """Read a provider's hand-written pages with their text changed by `alter`."""
    recording = ReplayFetcher.open(PAGES / provider, now=lambda: NOW)
    return read_recording(load_providers()[provider], AlteredFetcher(recording, alter))


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
