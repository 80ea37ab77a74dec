"""Short ways to the offers that a recording gives."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from scrapers.page import Page
from scrapers.provider import RawOffer, Reject
from scrapers.registry import load_providers
from service.domain.offer import Offer, PurchaseModel
from tests.builders import NOW
from tools.golden import PAGES, Reading, read_pages


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


def pages_of(provider: str) -> Offers:
    """Read a provider's hand-written pages."""
    return Offers(read_pages(load_providers()[provider]))


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
