"""RefreshOffer: has the provider of an offer read again, to look just before buying."""

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from gpuquote.v1 import catalog_service_pb2 as pb
from gpuquote.v1 import offer_pb2

from service.domain.errors import NotFound, Precondition, Reason
from service.domain.provider import ProviderState
from service.domain.run import NO_COLLECTOR, CollectionRun, RunState, run_id_at
from service.rpc.call import Answer
from service.rpc.convert import run_to_proto
from service.rpc.faults import Faults
from service.rpc.names import OFFERS, PROVIDERS, id_from_name
from service.rpc.requests import read_max_wait
from service.rpc.seats import Seats
from service.rpc.source import Source
from service.store.ports import CatalogStore, RunStore

SERVES_FOR = timedelta(minutes=1)
"""A run that ended so recently is the answer: nobody has a provider read more often."""
ASKED_EVERY_SECONDS = 0.25
# The run has ended and published: the catalogue in memory follows within a second.
SNAPSHOT_SECONDS = 2.0
_ENTROPY_BYTES = 4
_NOT_COLLECTED = frozenset({ProviderState.DISABLED, ProviderState.NEEDS_KEY})


class RefreshStore(RunStore, CatalogStore, Protocol):
    """Runs, and what they have published."""


class RefreshServicer:
    """Asks for a run, waits for it if told to, and answers with the offer as it is then.

    `stopping` ends every wait; `monotonic` is the clock of deadlines, in seconds.
    """

    def __init__(
        self,
        store: RefreshStore,
        source: Source,
        *,
        waiters: Seats,
        stopping: Event,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._source = source
        self._waiters = waiters
        self._stopping = stopping
        self._now = now
        self._monotonic = monotonic

    def refresh_offer(self, request: pb.RefreshOfferRequest, deadline: float) -> Answer:
        """Answer RefreshOffer."""
        faults = Faults()
        offer_id = faults.attempt(lambda: id_from_name(request.name, OFFERS), "")
        seconds = read_max_wait(request, faults)
        faults.raise_if_any()
        provider = self._provider_of(offer_id, request.name)
        until = min(self._monotonic() + seconds, deadline)
        if seconds:
            with self._waiters.one():
                run = self._ended(self._run_of(provider), until=until)
                self._await_snapshot(provider, run, until=deadline)
        else:
            run = self._run_of(provider)
        row = self._source.current().find(offer_id)
        offer = None if row is None else offer_pb2.Offer.FromString(row.proto)
        return Answer(pb.RefreshOfferResponse(offer=offer, collection_run=run_to_proto(run)))

    def _provider_of(self, offer_id: str, name: str) -> str:
        snapshot = self._source.current()
        row = snapshot.find(offer_id)
        if row is None:
            raise NotFound(
                Reason.OFFER_NOT_FOUND, f"There is no offer {name!r}.", metadata={"name": name}
            )
        status = snapshot.statuses.get(row.provider)
        if status is None or status.state in _NOT_COLLECTED:
            raise Precondition(
                Reason.PROVIDER_NOT_ENABLED,
                f"{row.provider!r} is not collected here; it must be named in the settings, "
                "or given its key.",
                metadata={"provider": f"{PROVIDERS}/{row.provider}"},
            )
        return row.provider

    def _run_of(self, provider: str) -> CollectionRun:
        """Return a run that has just ended, one under way, or a new one that was asked for."""
        now = self._now()
        for last in self._store.runs(provider=provider, before="", limit=1):
            ended = last.end_time
            if ended is not None and now - ended < SERVES_FOR and last.reason != NO_COLLECTOR:
                return last
        run = CollectionRun(
            run_id=run_id_at(now, entropy=secrets.token_hex(_ENTROPY_BYTES)),
            provider=provider,
            state=RunState.PENDING,
            create_time=now,
        )
        return self._store.request_run(run) or run

    def _ended(self, run: CollectionRun, *, until: float) -> CollectionRun:
        """Wait for the end of a run; returns it as it is when the time is over."""
        while not run.state.is_final:
            left = until - self._monotonic()
            if left <= 0 or self._stopping.wait(min(left, ASKED_EVERY_SECONDS)):
                break
            run = self._store.find_run(run.run_id) or run
        return run

    def _await_snapshot(self, provider: str, run: CollectionRun, *, until: float) -> None:
        """Wait until the catalogue in memory has what the run published."""
        if not run.state.is_final or run.state is RunState.FAILED:
            return
        wanted = self._store.pointers().get(provider)
        until = min(until, self._monotonic() + SNAPSHOT_SECONDS)
        while self._monotonic() < until:
            segment = self._source.current().segments.get(provider)
            if segment is not None and segment.snapshot_id == wanted:
                return
            if self._stopping.wait(ASKED_EVERY_SECONDS / 10):
                return
