"""Asks the gate about a run: gathers from the store what it has to know, and keeps what it held."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scrapers import metrics
from scrapers.gate import judge
from scrapers.market_view import MarketView
from scrapers.provider import Provider
from scrapers.quarantine import Sighting, quarantine_after
from scrapers.reading import Reading
from scrapers.reviews import Reviews
from scrapers.verdict import NO_BACKGROUND, Background, Verdict
from service.domain.gpu import GpuRegistry
from service.domain.offer import Offer, Standing, Trust
from service.domain.provider import ProviderSnapshot
from service.domain.quarantine import QuarantinedOffer
from service.store.ports import PublishOutcome, Store, UnreadableSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What there is before a run.

    `published` is what the store has; `trusted` is what prices are judged against, the baseline
    where the store has nothing that can be read.
    """

    snapshot_id: str
    published: tuple[Offer, ...]
    trusted: tuple[Offer, ...]
    page_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and the provider's quarantine as it is after it."""

    verdict: Verdict
    quarantine: tuple[QuarantinedOffer, ...]


class Judge:
    """Judges the runs of all providers; safe to use from several threads.

    `baseline` is the bundled one: a provider's first live run is judged against its rows. A replay
    knows neither it nor a market: its pages were chosen by somebody, and are of any date.
    """

    def __init__(
        self,
        *,
        store: Store,
        registry: GpuRegistry,
        baseline: Iterable[ProviderSnapshot],
        replayed: bool,
    ) -> None:
        known = {each.provider: each.offers for each in baseline}
        self._store = store
        self._registry = registry
        self._baseline = {} if replayed else known
        self._market = MarketView(store, baseline=known, replayed=replayed)
        self._first_standing = Standing.ACCEPTED if replayed else Standing.PROVISIONAL

    def before(self, provider: Provider) -> Before:
        """Return the current snapshot; a damaged one has no offers. Raises StoreUnreachable."""
        trusted = self._baseline.get(provider.id, ())
        try:
            snapshot = self._store.snapshot(provider.id)
        except UnreadableSnapshot:
            pointer = self._store.pointers().get(provider.id, "")
            return Before(snapshot_id=pointer, published=(), trusted=trusted, page_digest="")
        if snapshot is None:
            return Before(snapshot_id="", published=(), trusted=trusted, page_digest="")
        return Before(
            snapshot_id=snapshot.snapshot_id,
            published=snapshot.offers,
            trusted=snapshot.offers,
            page_digest=snapshot.page_digest,
        )

    def judged(
        self, provider: Provider, *, reading: Reading, before: Before, now: datetime
    ) -> Judgement:
        """Judge a run against what there was before. Raises StoreUnreachable."""
        held_back = self._store.quarantine(provider=provider.id)
        background = Background(
            market=self._market.market(),
            reviews=Reviews.of(held_back),
            page_digest=reading.page_digest,
            last_page_digest=before.page_digest,
            first_standing=self._first_standing,
        )
        verdict = self._verdict(
            provider, reading=reading, previous=before.trusted, background=background, now=now
        )
        sighting = Sighting(
            provider=provider.id,
            rows=reading.rows,
            is_whole=not reading.missing,
            page_digest=reading.page_digest,
            now=now,
        )
        entries = quarantine_after(held_back, verdict=verdict, sighting=sighting)
        return Judgement(verdict=verdict, quarantine=entries)

    def judged_alone(self, provider: Provider, *, reading: Reading, now: datetime) -> Verdict:
        """Judge a run by itself, as if nothing else were known."""
        return self._verdict(
            provider, reading=reading, previous=(), background=NO_BACKGROUND, now=now
        )

    def note(self, snapshot: ProviderSnapshot) -> None:
        """Take what was just published into the market."""
        self._market.note(snapshot)

    def keep(self, provider: Provider, judgement: Judgement, *, fence: int) -> PublishOutcome:
        """Store the quarantine after a run, and count it for alarms."""
        verdict = judgement.verdict
        if not verdict.held:
            metrics.quarantined(
                provider.id, held_count=len(verdict.held_rows), row_count=verdict.row_count
            )
        return self._store.save_quarantine(provider.id, judgement.quarantine, fence=fence)

    def _verdict(
        self,
        provider: Provider,
        *,
        reading: Reading,
        previous: tuple[Offer, ...],
        background: Background,
        now: datetime,
    ) -> Verdict:
        return judge(
            seen=reading.offers,
            previous=previous,
            complete_parts=reading.complete_parts,
            parser_reject_count=reading.unread_count,
            registry=self._registry,
            marketplace=provider.trust is not Trust.FIRST_PARTY,
            now=now,
            background=background,
        )
