"""Wrong pages through the real parsers and the gate, cold: currency, unit and numbers in the text.

The recorded pages where they are there, else the hand-written ones of the tests. Counted are the
offers of the sound page. *Stopped*: the altered page does not give it, or the gate holds it back
or puts it before a person. *Passed*: it comes with another price though the page names the same
currency and unit as before. *Restated*: the altered page names another currency or unit by itself,
wherever it names one; the row is then listed as it says, and only the gate could doubt it: the
last column has it warm, beside the sound page as the run before.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.corruptions import AlteredFetcher, Corruption, Family, currencies, numbers, units
from scrapers.fetcher import Fetcher
from scrapers.gate import judge
from scrapers.market import Market
from scrapers.page import Page
from scrapers.parts import read_part
from scrapers.provider import Provider
from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from scrapers.verdict import Background
from service.domain.gpu import GpuRegistry
from service.domain.offer import ExchangeRate, Offer, Trust
from tools.golden import PAGES, Reading, read_recording

FAMILIES: tuple[Family, ...] = (currencies, units, numbers)
# Pages larger than this stay out: the corruptions are the same, only slower.
_MAX_PAGE_CHARACTERS = 400_000
_RATES = {
    code: ExchangeRate(currency_code=code, rate=Decimal(rate), source="fixed", date="2026-10-08")
    for code, rate in (("EUR", "1.16"), ("GBP", "1.34"), ("CAD", "0.72"))
}


@dataclass(slots=True, kw_only=True)
class TextCount:
    """What became of the offers of sound pages."""

    stopped: int = 0
    passed: int = 0
    restated: int = 0
    restated_stopped: int = 0
    restated_stopped_warm: int = 0
    provider_count: int = 0

    @property
    def share(self) -> float:
        """The stopped in percent of those whose text carries the token."""
        demanded = self.stopped + self.passed
        return 100 * self.stopped / demanded if demanded else 100.0


def measure_texts(
    captures: Path | None, *, market: Market, registry: GpuRegistry, providers: Iterable[str] = ()
) -> dict[str, TextCount]:
    """Corrupt the pages of all providers; return the counts by family."""
    wanted = set(providers)
    counts = {family.__name__: TextCount() for family in FAMILIES}
    for provider in load_providers().values():
        if wanted and provider.id not in wanted:
            continue
        for fetcher in _recordings(provider, captures):
            pages = _pages(provider, fetcher)
            sound = _read(provider, fetcher, lambda page: page.text)
            if not sound.offers or sum(len(p.text) for p in pages) > _MAX_PAGE_CHARACTERS:
                continue
            for family in FAMILIES:
                count = counts[family.__name__]
                felt = list(_felt(family, provider.id, pages))
                count.provider_count += bool(felt)
                for corruption in felt:
                    reading = _read(provider, fetcher, corruption.alter)
                    _note(count, provider, sound, reading, market=market, registry=registry)
            break
    return counts


def _note(
    count: TextCount,
    provider: Provider,
    sound: Reading,
    reading: Reading,
    *,
    market: Market,
    registry: GpuRegistry,
) -> None:
    def published_after(previous: tuple[Offer, ...]) -> set[str]:
        """Return the ids of what is published as read, and not put before a person."""
        verdict = judge(
            seen=reading.offers,
            previous=previous,
            complete_parts=frozenset(),
            parser_reject_count=len(reading.rejects) - len(sound.rejects),
            registry=registry,
            marketplace=provider.trust is not Trust.FIRST_PARTY,
            now=datetime(2026, 10, 8, 12, 0, tzinfo=UTC),
            background=Background(market=market),
        )
        doubted = {held.offer.offer_id for held in verdict.held_rows}
        doubted |= {reject.text.partition(":")[0] for reject in verdict.rejects}
        return set() if verdict.held else {o.offer_id for o in verdict.offers} - doubted

    read = {offer.offer_id: offer for offer in reading.offers}
    published, published_warm = published_after(()), published_after(sound.offers)
    for true in sound.offers:
        got = read.get(true.offer_id)
        if got is None:
            count.stopped += 1
        elif _price(got) == _price(true):
            continue
        elif _said(got) != _said(true):
            count.restated += 1
            count.restated_stopped += true.offer_id not in published
            count.restated_stopped_warm += true.offer_id not in published_warm
        elif true.offer_id in published:
            count.passed += 1
        else:
            count.stopped += 1


def _price(offer: Offer) -> tuple[Decimal, Decimal]:
    return offer.price_per_hour, offer.price_per_gpu_hour


def _said(offer: Offer) -> tuple[str, str]:
    return offer.listed.amount.currency_code, offer.listed.unit.value


def _recordings(provider: Provider, captures: Path | None) -> Iterator[Fetcher]:
    """Give the recordings to try, the best first."""
    if captures and captures.exists():
        yield ReplayFetcher.open(captures, now=_now)
    if (PAGES / provider.id / "manifest.json").exists():
        yield ReplayFetcher.open(PAGES / provider.id, now=_now)


def _felt(family: Family, provider: str, pages: list[Page]) -> Iterator[Corruption]:
    for corruption in family(provider):
        if any(corruption.alter(page) != page.text for page in pages):
            yield corruption


def _pages(provider: Provider, fetcher: Fetcher) -> list[Page]:
    pages: list[Page] = []
    for part in provider.all_parts():
        read_part(provider, part, fetcher=fetcher, on_page=pages.append)
    return pages


def _read(provider: Provider, fetcher: Fetcher, alter: Callable[[Page], str]) -> Reading:
    return read_recording(provider, AlteredFetcher(fetcher, alter), rates=_RATES)


def _now() -> datetime:
    return datetime.now(UTC)
