"""CollectionService: asks the collector for runs and tells how they went."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gpuquote.v1 import collection_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import Conflict, NotFound, Precondition, Reason
from service.domain.provider import ProviderState
from service.domain.run import (
    NO_COLLECTOR,
    NO_COLLECTOR_AFTER,
    CollectionRun,
    RunState,
    run_id_at,
)
from service.rpc.call import Answer
from service.rpc.convert import run_to_proto
from service.rpc.faults import Faults, shown
from service.rpc.names import PROVIDERS, RUNS, id_from_name
from service.rpc.pages import cursor_of, token_after
from service.rpc.requests import read_page_size, read_provider
from service.rpc.source import Source
from service.store.ports import RunStore

_ENTROPY_BYTES = 4


class CollectionServicer:
    """Converts, asks the store, converts back; the providers are those of the catalogue."""

    def __init__(
        self,
        runs: RunStore,
        source: Source,
        *,
        signer: PageTokenSigner,
        now: Callable[[], datetime],
    ) -> None:
        self._runs = runs
        self._source = source
        self._signer = signer
        self._now = now

    def create_run(self, request: pb.CreateCollectionRunRequest) -> Answer:
        """Queue a run for the collector; at most one of each provider is under way."""
        statuses = self._source.current().statuses
        faults = Faults()
        if request.collection_run.name:
            faults.add("collection_run.name", "is chosen by the service; leave it out")
        provider = read_provider(
            request.collection_run.provider, statuses, faults, field="collection_run.provider"
        )
        faults.raise_if_any()
        provider = str(provider)
        if statuses[provider].state is ProviderState.DISABLED:
            raise Precondition(
                Reason.PROVIDER_NOT_ENABLED,
                f"{provider!r} is not collected here; it must be named in the settings.",
                metadata={"provider": f"{PROVIDERS}/{provider}"},
            )
        now = self._now()
        run = CollectionRun(
            run_id=run_id_at(now, entropy=secrets.token_hex(_ENTROPY_BYTES)),
            provider=provider,
            state=RunState.PENDING,
            create_time=now,
        )
        other = self._runs.request_run(run)
        if other is not None:
            raise Conflict(
                Reason.RUN_IN_PROGRESS,
                f"{RUNS}/{other.run_id} of {provider!r} is {other.state.value}.",
                metadata={
                    "name": f"{RUNS}/{other.run_id}",
                    "provider": f"{PROVIDERS}/{provider}",
                    "state": other.state.value,
                },
            )
        return Answer(pb.CreateCollectionRunResponse(collection_run=run_to_proto(run)))

    def get_run(self, request: pb.GetCollectionRunRequest) -> Answer:
        """Answer GetCollectionRun."""
        run = self._runs.find_run(id_from_name(request.name, RUNS))
        if run is None:
            raise NotFound(
                Reason.RUN_NOT_FOUND,
                f"There is no run {shown(request.name)}; runs are kept for 14 days.",
                metadata={"name": request.name},
            )
        return Answer(
            pb.GetCollectionRunResponse(collection_run=run_to_proto(self._as_it_stands(run)))
        )

    def list_runs(self, request: pb.ListCollectionRunsRequest) -> Answer:
        """Answer ListCollectionRuns, newest first."""
        snapshot = self._source.current()
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        provider = ""
        if request.provider:
            provider = read_provider(request.provider, snapshot.statuses, faults) or ""
        before = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        found = self._runs.runs(provider=provider, before=before, limit=page_size + 1)
        token = ""
        if len(found) > page_size:
            last_id = found[page_size - 1].run_id
            token = token_after(request, last_id, self._signer, snapshot.revision)
        message = pb.ListCollectionRunsResponse(
            collection_runs=[run_to_proto(self._as_it_stands(run)) for run in found[:page_size]],
            next_page_token=token,
        )
        return Answer(message)

    def _as_it_stands(self, run: CollectionRun) -> CollectionRun:
        """End a run that no collector has taken in time; the end is stored, too."""
        given_up_at = run.create_time + NO_COLLECTOR_AFTER
        if run.state is not RunState.PENDING or self._now() <= given_up_at:
            return run
        ended = replace(
            run,
            state=RunState.FAILED,
            reason=NO_COLLECTOR,
            detail="no collector took the run in time; is one running?",
            end_time=given_up_at,
        )
        self._runs.save_run(ended)
        return ended
