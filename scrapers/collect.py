"""One collection run: read the parts, normalise, ask the gate, publish, and say how it went.

Whatever happens to one provider stays with it: a page that changed, a bug in its parser, a store
that went away in the middle. The last good snapshot stays published until a better one replaces it.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from scrapers import metrics
from scrapers.errors import CollectError, NotBelievable, NothingFound, Retry
from scrapers.fetcher import Fetcher
from scrapers.judging import Judge
from scrapers.normalize import Normalizer
from scrapers.parsing import Parsing
from scrapers.provider import Provider
from scrapers.reading import OnStep, Reader, Reading, Tally, first_cause
from scrapers.rejects import counted, one_line
from scrapers.status import status_after
from scrapers.ticket import Abandoned, Ticket
from scrapers.token_prices.collect import Fenced, TokenPriceCollector
from scrapers.token_prices.source import TokenSource
from scrapers.verdict import Verdict
from service.domain.change import changes_between
from service.domain.gpu import GpuRegistry
from service.domain.offer import Offer
from service.domain.provider import ProviderSnapshot
from service.domain.run import CollectionRun, RunState, run_id_at
from service.store.ports import (
    NewerSchema,
    PublishOutcome,
    Store,
    StoreUnreachable,
)

log = logging.getLogger(__name__)

FENCED = "FENCED"
INTERNAL = "INTERNAL"
OUTDATED = "OUTDATED"

_MAX_DETAIL_CHARACTERS = 500
_SHOWN_PARTS = 3

# Told how the run failed (None when it did not); answers when the provider is asked next.
Plan = Callable[[Retry | None], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    state: RunState
    reason: str = ""
    detail: str = ""
    offer_count: int = 0
    retry: Retry | None = None


class _Refused(Exception):
    """The store refused a publication: another collector leads, or published in between."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Collector:
    """Collects one provider at a time; safe to use from several threads for different ones."""

    def __init__(
        self,
        *,
        store: Store,
        fetcher: Fetcher,
        normalizer: Normalizer,
        registry: GpuRegistry,
        clock: Callable[[], datetime],
        replayed: bool = False,
        keys: Collection[str] | None = None,
        baseline: Iterable[ProviderSnapshot] = (),
        parsing: Parsing | None = None,
        token_sources: Mapping[str, TokenSource] = MappingProxyType({}),
    ) -> None:
        self._store = store
        self._judge = Judge(store=store, registry=registry, baseline=baseline, replayed=replayed)
        self._reader = Reader(
            fetcher=fetcher,
            normalizer=normalizer,
            clock=clock,
            replayed=replayed,
            keys=keys,
            parsing=parsing,
        )
        self._token_prices = TokenPriceCollector(
            store=store, fetcher=fetcher, sources=token_sources, clock=clock
        )
        self._clock = clock
        self._replayed = replayed

    def new_run(self, provider: str) -> CollectionRun:
        """Make a run that is about to start; it is not stored yet."""
        now = self._clock()
        return CollectionRun(
            run_id=run_id_at(now, entropy=secrets.token_hex(5)),
            provider=provider,
            state=RunState.PENDING,
            create_time=now,
            replayed=self._replayed,
        )

    def has_recording(self, provider: Provider) -> bool:
        """Whether any request of a provider can be answered; always so for live fetching."""
        return self._reader.has_recording(provider)

    def collect(
        self,
        provider: Provider,
        *,
        run: CollectionRun,
        fence: int,
        ticket: Ticket | None = None,
        plan: Plan | None = None,
        on_step: OnStep | None = None,
    ) -> CollectionRun:
        """Collect a provider and return the run as it ended.

        Publishes under the fencing token `fence`. An abandoned `ticket` ends the run without
        writing anything more; the run then comes back RUNNING. Raises StoreUnreachable and
        NewerSchema; every other failure is told by the run.
        """
        ticket = ticket or Ticket()
        started = self._clock()
        metrics.attempt_started(provider.id, at=started)
        run = replace(run, state=RunState.RUNNING, start_time=started, replayed=self._replayed)
        self._store.save_run(run)
        tally = Tally()
        try:
            ending = self._ending(
                provider, tally=tally, fence=fence, ticket=ticket, on_step=on_step
            )
            ticket.commit()
        except Abandoned:
            return run
        ended = replace(
            run,
            state=ending.state,
            reason=ending.reason,
            detail=one_line(ending.detail, limit=_MAX_DETAIL_CHARACTERS),
            end_time=self._clock(),
            offer_count=ending.offer_count,
            rejects=counted(tally.rejects),
            body_byte_count=tally.byte_count,
            missing_parts=tally.missing_parts,
        )
        self._record(provider, ended, next_attempt_time=plan(ending.retry) if plan else None)
        return ended

    def give_up(
        self,
        provider: Provider,
        *,
        run: CollectionRun,
        reason: str,
        detail: str,
        next_attempt_time: datetime | None = None,
    ) -> CollectionRun:
        """End a run from outside, as FAILED; for runs that were abandoned or cannot start."""
        started = replace(run, start_time=run.start_time or run.create_time)
        ended = started.failed(reason=reason, detail=detail, end_time=self._clock())
        self._record(provider, ended, next_attempt_time=next_attempt_time)
        return ended

    def read_dated(self, provider: Provider) -> tuple[Offer, ...]:
        """Read a provider without publishing: what the gate lets pass, dated as its pages are.

        Raises CollectError when there is nothing to pass.
        """
        tally = Tally()
        reading = self._reader.read(provider, tally=tally, ticket=Ticket(), dated=True)
        _require(reading.offers, tally)
        newest = max(offer.observe_time for offer in reading.offers)
        verdict = self._judge.judged_alone(provider, reading=reading, now=newest)
        if verdict.held:
            raise NotBelievable(verdict.detail)
        return verdict.offers

    def _ending(
        self,
        provider: Provider,
        *,
        tally: Tally,
        fence: int,
        ticket: Ticket,
        on_step: OnStep | None,
    ) -> _Ending:
        """Run to an ending; every failure of this provider becomes one."""
        try:
            if self._token_prices.reads(provider.id):
                return self._publish_tokens(provider, tally=tally, fence=fence, ticket=ticket)
            reading = self._reader.read(provider, tally=tally, ticket=ticket, on_step=on_step)
            _require(reading.offers, tally)
            return self._publish(provider, reading=reading, tally=tally, fence=fence, ticket=ticket)
        except CollectError as error:
            return _Ending(
                state=RunState.FAILED, reason=error.reason, detail=str(error), retry=error.retry
            )
        except _Refused as refusal:
            return _Ending(state=RunState.FAILED, reason=refusal.reason, detail=str(refusal))
        except (Abandoned, StoreUnreachable, NewerSchema):
            raise
        except Exception as error:
            # A bug of one provider must end neither the process nor the others.
            log.exception("collecting failed", extra={"provider": provider.id})
            detail = f"a fault of our own ({type(error).__name__}); see the log"
            return _Ending(state=RunState.FAILED, reason=INTERNAL, detail=detail)

    def _publish_tokens(
        self, provider: Provider, *, tally: Tally, fence: int, ticket: Ticket
    ) -> _Ending:
        """Read and publish token prices instead of offers."""
        try:
            verdict = self._token_prices.collect(
                provider.id, tally=tally, ticket=ticket, fence=fence
            )
        except Fenced as fenced:
            raise _Refused(FENCED, str(fenced)) from fenced
        if verdict.held:
            return _Ending(state=RunState.HELD, reason=NotBelievable.reason, detail=verdict.held)
        return _Ending(state=RunState.SUCCEEDED, offer_count=verdict.accepted_count)

    def _publish(
        self, provider: Provider, *, reading: Reading, tally: Tally, fence: int, ticket: Ticket
    ) -> _Ending:
        """Judge against what is published and replace it.

        Another publication in between is judged against once; a second one ends the run.
        """
        for _ in range(2):
            before = self._judge.before(provider)
            now = self._clock()
            judgement = self._judge.judged(provider, reading=reading, before=before, now=now)
            verdict = judgement.verdict
            if verdict.held or not verdict.offers:
                # Nothing is published, but people must find what waits for them.
                ticket.commit()
                if self._judge.keep(provider, judgement, fence=fence) is PublishOutcome.FENCED:
                    raise _Refused(FENCED, "another collector has taken the lead")
                tally.rejects += verdict.rejects
                return _not_believed(verdict)
            snapshot = self._snapshot(
                provider,
                offers=verdict.offers,
                page_digest=reading.page_digest or before.page_digest,
                now=now,
            )
            ticket.commit()
            outcome = self._store.publish(
                snapshot,
                previous_id=before.snapshot_id,
                changes=changes_between(before.published, snapshot.offers, now=now),
                fence=fence,
            )
            if outcome is PublishOutcome.PUBLISHED:
                metrics.published(snapshot)
                self._judge.note(snapshot)
                self._judge.keep(provider, judgement, fence=fence)
                tally.rejects += verdict.rejects
                return _published(reading, verdict=verdict)
            metrics.not_published(outcome.value)
            if outcome is PublishOutcome.FENCED:
                raise _Refused(FENCED, "another collector has taken the lead")
        raise _Refused(OUTDATED, "another collector published in between, twice")

    def _snapshot(
        self,
        provider: Provider,
        *,
        offers: tuple[Offer, ...],
        page_digest: str,
        now: datetime,
    ) -> ProviderSnapshot:
        return ProviderSnapshot(
            provider=provider.id,
            snapshot_id=run_id_at(now, entropy=secrets.token_hex(5)),
            content_revision=content_revision_of(offers),
            publish_time=now,
            interval=provider.every,
            offers=offers,
            replayed=self._replayed,
            page_digest=page_digest,
        )

    def _record(
        self, provider: Provider, run: CollectionRun, *, next_attempt_time: datetime | None
    ) -> None:
        """Store how a run ended, count it and log it."""
        metrics.attempt_ended(run)
        log.info(
            "collected",
            extra={
                "provider": provider.id,
                "run_id": run.run_id,
                "state": run.state.value,
                "reason": run.reason,
                "detail": run.detail,
                "offers": run.offer_count,
                "rejects": {reject.reason: reject.row_count for reject in run.rejects},
                "bytes": run.body_byte_count,
                "missing_parts": len(run.missing_parts),
            },
        )
        self._store.save_run(run)
        if run.reason == FENCED:
            # The state of the provider belongs to the collector that leads now.
            return
        before = self._store.statuses().get(provider.id)
        status = status_after(
            run, provider=provider, before=before, next_attempt_time=next_attempt_time
        )
        self._store.register((status,))


def content_revision_of(offers: Iterable[Offer]) -> str:
    """Digest what a client would notice: prices, availability, standing, what is listed.

    Merely seeing the same again gives the same revision.
    """
    lines = sorted(
        f"{offer.offer_id}|{offer.price_per_hour.normalize()}"
        f"|{offer.price_per_gpu_hour.normalize()}|{offer.availability.state.value}"
        f"|{offer.standing.value}|{offer.is_listed}"
        for offer in offers
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _not_believed(verdict: Verdict) -> _Ending:
    return _Ending(state=RunState.HELD, reason=NotBelievable.reason, detail=verdict.detail)


def _published(reading: Reading, *, verdict: Verdict) -> _Ending:
    if not verdict.accepted_count:
        # Published, so that what the gate remembers of the doubted rows is kept.
        return _not_believed(verdict)
    if not reading.missing:
        return _Ending(
            state=RunState.SUCCEEDED, detail=verdict.detail, offer_count=verdict.accepted_count
        )
    first = first_cause([part.error for part in reading.missing if part.error])
    shown = ", ".join(reading.missing_parts[:_SHOWN_PARTS])
    more = len(reading.missing_parts) - _SHOWN_PARTS
    missing = f"missing {shown}{f' and {more} more' if more > 0 else ''}: {first}"
    return _Ending(
        state=RunState.PARTIAL,
        reason=first.reason,
        detail="; ".join(filter(None, (missing, verdict.detail))),
        offer_count=verdict.accepted_count,
    )


def _require(offers: Sequence[Offer], tally: Tally) -> None:
    """Raise NothingFound for no offers, with what became of the rows."""
    if offers:
        return
    if not tally.rejects:
        raise NothingFound("the pages were read, but hold no offers")
    reasons = ", ".join(f"{count.reason} {count.row_count}" for count in counted(tally.rejects))
    raise NothingFound(f"no row could be used: {reasons}")
