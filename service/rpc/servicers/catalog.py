"""CatalogService: offers, providers and GPU models, from the snapshot in memory."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial

import orjson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from gpuquote.v1 import catalog_service_pb2 as pb
from gpuquote.v1 import caveat_pb2, offer_pb2, provider_pb2

from service.catalog.caveats import caveats_of
from service.catalog.masks import Rates
from service.catalog.paging import PageTokenSigner
from service.catalog.query import depends_on_time, list_offers, refuse_older
from service.catalog.snapshot import Row, Snapshot
from service.domain.caveat import Caveat
from service.domain.errors import NotFound, Reason
from service.domain.gpu import GpuRegistry
from service.rpc import caching
from service.rpc.caching import CacheHints
from service.rpc.call import Answer, Joined
from service.rpc.convert import gpu_model_to_proto, provider_to_proto
from service.rpc.faults import Faults, nearest_of, not_found, shown
from service.rpc.masks import Mask
from service.rpc.names import GPU_MODELS, OFFERS, PROVIDERS, id_from_name
from service.rpc.pages import cursor_of, page_of
from service.rpc.remembered import Remembered
from service.rpc.requests import (
    NamedOffers,
    read_batch_get_offers,
    read_families,
    read_get_offer,
    read_list_offers,
    read_page_size,
)
from service.rpc.source import Source, loaded

# Answers kept until the snapshot is replaced: at most 256 of at most 100 rows, some 20 MB.
_ANSWERS_KEPT = 256
_LONGEST_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What ListOffers answered: the same for equal questions to one snapshot."""

    content: Message | Joined
    touched_providers: frozenset[str] | None
    mask: Mask | None
    depends_on_time: bool


class CatalogServicer:
    """Converts, asks the catalogue, converts back.

    `signer` signs page tokens; `rates` are US dollars for one unit of a currency; `now` is the
    clock.
    """

    def __init__(
        self,
        source: Source,
        *,
        gpus: GpuRegistry,
        signer: PageTokenSigner,
        rates: Rates,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._gpus = gpus
        self._signer = signer
        self._rates = rates
        self._now = now
        self._hints = CacheHints(now)
        self._lists: Remembered[_Listed] = Remembered(_ANSWERS_KEPT)
        self._gpu_revision = _gpu_revision(gpus)

    def list_offers(self, request: pb.ListOffersRequest) -> Answer:
        """Answer ListOffers by joining rows that were serialised with the snapshot.

        Equal questions to one snapshot share their answer, unless its age matters.
        """
        snapshot = loaded(self._source)
        key = request.SerializeToString()
        known = self._lists.find(snapshot, key)
        if known is not None:
            return Answer(known.content, metadata=self._list_metadata(snapshot, known))
        asked = read_list_offers(
            request,
            gpus=self._gpus,
            providers=snapshot.statuses.keys() | snapshot.segments.keys(),
            currencies=self._rates.keys(),
            signer=self._signer,
        )
        page = list_offers(
            snapshot, asked.query, signer=self._signer, rates=self._rates, now=self._now()
        )
        rest = pb.ListOffersResponse(
            next_page_token=page.next_page_token,
            catalog_revision=snapshot.revision,
            as_of=None if snapshot.as_of is None else _timestamp(snapshot.as_of),
            degraded=snapshot.degraded,
            unreachable=[f"{PROVIDERS}/{provider}" for provider in page.unreachable],
            replayed=snapshot.replayed,
            caveats=[_caveat(caveat) for caveat in caveats_of(snapshot, page.rows)],
        )
        found = _Listed(
            content=_rows_content(page.rows, rest, asked.mask, partial(_list_rest_json, rest)),
            touched_providers=page.touched_providers,
            mask=asked.mask,
            depends_on_time=depends_on_time(asked.query),
        )
        if asked.query.max_age is None and len(page.rows) <= _LONGEST_KEPT:
            self._lists.keep(snapshot, key, found)
        return Answer(found.content, metadata=self._list_metadata(snapshot, found))

    def get_offer(self, request: pb.GetOfferRequest) -> Answer:
        """Answer GetOffer; a delisted offer is still readable."""
        snapshot = loaded(self._source)
        asked = read_get_offer(request)
        row = snapshot.find(asked.offer_ids[0])
        if row is None:
            raise _no_offers((request.name,))
        metadata = self._offers_metadata(snapshot, (row,), asked)
        if asked.mask is not None:
            message = pb.GetOfferResponse(offer=_masked(row, asked.mask))
            return Answer(message, metadata=metadata | _fields_of(asked.mask))
        joined = Joined(
            field_name="offer",
            is_list=False,
            parts=(row,),
            rest=pb.GetOfferResponse(),
            rest_json=bytes,
        )
        return Answer(joined, metadata=metadata)

    def batch_get_offers(self, request: pb.BatchGetOffersRequest) -> Answer:
        """Answer BatchGetOffers: every offer, or one error that names all that are missing."""
        snapshot = loaded(self._source)
        asked = read_batch_get_offers(request)
        rows = {offer_id: snapshot.find(offer_id) for offer_id in asked.offer_ids}
        missing = tuple(f"{OFFERS}/{offer_id}" for offer_id, row in rows.items() if row is None)
        if missing:
            raise _no_offers(missing)
        chosen = [row for offer_id in asked.offer_ids if (row := rows[offer_id]) is not None]
        rest = pb.BatchGetOffersResponse(catalog_revision=snapshot.revision)
        metadata = self._offers_metadata(snapshot, chosen, asked)
        content = _rows_content(chosen, rest, asked.mask, partial(_batch_rest_json, rest))
        return Answer(content, metadata=metadata | _fields_of(asked.mask))

    def list_providers(self, request: pb.ListProvidersRequest) -> Answer:
        """Answer ListProviders, by id."""
        snapshot = self._source.current()
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        after = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        page = page_of(
            sorted(snapshot.statuses),
            request=request,
            after=after,
            page_size=page_size,
            signer=self._signer,
            revision=snapshot.revision,
        )
        message = pb.ListProvidersResponse(
            providers=[_provider_to_proto(snapshot, provider) for provider in page.ids],
            next_page_token=page.next_page_token,
        )
        return Answer(message, metadata=self._hints.of_statuses(snapshot, None))

    def get_provider(self, request: pb.GetProviderRequest) -> Answer:
        """Answer GetProvider."""
        snapshot = self._source.current()
        provider = id_from_name(request.name, PROVIDERS)
        if provider not in snapshot.statuses:
            nearest = nearest_of(provider, snapshot.statuses)
            raise not_found(Reason.PROVIDER_NOT_FOUND, "provider", request.name, nearest)
        message = pb.GetProviderResponse(provider=_provider_to_proto(snapshot, provider))
        metadata = self._hints.of_statuses(snapshot, frozenset((provider,)))
        return Answer(message, metadata=metadata)

    def list_gpu_models(self, request: pb.ListGpuModelsRequest) -> Answer:
        """Answer ListGpuModels, by id."""
        snapshot = self._source.current()
        faults = Faults()
        page_size = read_page_size(request.page_size, faults)
        families = frozenset(read_families(request.gpu_family, self._gpus, faults))
        after = cursor_of(request, request.page_token, self._signer, faults)
        faults.raise_if_any()
        models = [m for m in self._gpus.models if not families or m.family in families]
        page = page_of(
            [model.gpu_model_id for model in models],
            request=request,
            after=after,
            page_size=page_size,
            signer=self._signer,
            revision=snapshot.revision,
        )
        message = pb.ListGpuModelsResponse(
            gpu_models=[
                gpu_model_to_proto(model) for model in models if model.gpu_model_id in page.ids
            ],
            next_page_token=page.next_page_token,
        )
        return Answer(message, metadata=caching.of_facts(snapshot, self._gpu_revision))

    def get_gpu_model(self, request: pb.GetGpuModelRequest) -> Answer:
        """Answer GetGpuModel."""
        snapshot = self._source.current()
        gpu_model_id = id_from_name(request.name, GPU_MODELS)
        gpu_model = self._gpus.find(gpu_model_id)
        if gpu_model is None:
            nearest = self._gpus.nearest(gpu_model_id)
            raise not_found(Reason.GPU_MODEL_NOT_FOUND, "GPU model", request.name, nearest)
        message = pb.GetGpuModelResponse(gpu_model=gpu_model_to_proto(gpu_model))
        return Answer(message, metadata=caching.of_facts(snapshot, self._gpu_revision))

    def _offers_metadata(
        self, snapshot: Snapshot, rows: Sequence[Row], asked: NamedOffers
    ) -> dict[str, str]:
        """Describe an answer with these rows. Raises Precondition where one is too old."""
        metadata = self._hints.of_prices(snapshot, frozenset(row.provider for row in rows))
        if asked.max_age is not None:
            refuse_older(rows, max_age=asked.max_age, now=self._now())
            del metadata[caching.CONTENT_REVISION]
        return metadata

    def _list_metadata(self, snapshot: Snapshot, found: _Listed) -> dict[str, str]:
        metadata = self._hints.of_prices(snapshot, found.touched_providers)
        if found.depends_on_time:
            # Which rows these are changes while no price does: there is nothing to cache by.
            del metadata[caching.CONTENT_REVISION]
        return metadata | _fields_of(found.mask)


def _rows_content(
    rows: Iterable[Row],
    rest: pb.ListOffersResponse | pb.BatchGetOffersResponse,
    mask: Mask | None,
    rest_json: Callable[[], bytes],
) -> Message | Joined:
    """Build the messages where only some fields are wanted, else leave the rows to be joined."""
    if mask is not None:
        rest.offers.extend(_masked(row, mask) for row in rows)
        return rest
    return Joined(
        field_name="offers",
        is_list=True,
        parts=tuple(rows),
        rest=rest,
        rest_json=rest_json,
    )


def _list_rest_json(rest: pb.ListOffersResponse) -> bytes:
    """Write ListOffersResponse without its offers, as the gateway's transcoder would."""
    fields: dict[str, object] = {
        "nextPageToken": rest.next_page_token,
        "catalogRevision": rest.catalog_revision,
    }
    if rest.HasField("as_of"):
        fields["asOf"] = _timestamp_text(rest.as_of.seconds, rest.as_of.nanos)
    fields |= {
        "degraded": rest.degraded,
        "unreachable": list(rest.unreachable),
        "replayed": rest.replayed,
        "caveats": [{"code": one.code, "message": one.message} for one in rest.caveats],
    }
    return orjson.dumps(fields)[1:-1]


@lru_cache(maxsize=256)
def _caveat(caveat: Caveat) -> caveat_pb2.Caveat:
    return caveat_pb2.Caveat(code=caveat.code, message=caveat.message)


# One for each publication, in every answer until the next.
@lru_cache(maxsize=16)
def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


@lru_cache(maxsize=16)
def _timestamp_text(seconds: int, nanos: int) -> str:
    return Timestamp(seconds=seconds, nanos=nanos).ToJsonString()


def _batch_rest_json(rest: pb.BatchGetOffersResponse) -> bytes:
    return orjson.dumps({"catalogRevision": rest.catalog_revision})[1:-1]


def _masked(row: Row, mask: Mask) -> offer_pb2.Offer:
    offer = offer_pb2.Offer.FromString(row.proto)
    mask.keep_only(offer)
    return offer


def _fields_of(mask: Mask | None) -> dict[str, str]:
    return {} if mask is None else {caching.FIELDS: ",".join(mask.json_names)}


def _provider_to_proto(snapshot: Snapshot, provider: str) -> provider_pb2.Provider:
    return provider_to_proto(
        snapshot.statuses[provider],
        offer_count=snapshot.offer_count_of(provider),
        baseline=provider in snapshot.baseline_providers,
    )


def _no_offers(names: Sequence[str]) -> NotFound:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return NotFound(
        Reason.OFFER_NOT_FOUND,
        f"There is no offer {shown(names[0])}{more}.",
        metadata={"name": names[0], "missing_count": str(len(names)), "names": ",".join(names)}
        if more
        else {"name": names[0]},
    )


def _gpu_revision(gpus: GpuRegistry) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for model in gpus.models:
        digest.update(gpu_model_to_proto(model).SerializeToString(deterministic=True))
    return digest.hexdigest()
