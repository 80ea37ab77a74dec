"""HistoryService: how prices and availability moved, and what buyers met, from the store.

Answers to summaries are kept for a few seconds, so that bots which poll them do not have the same
history read again and again; their window ends when they were computed, and they say so.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from threading import Lock
from typing import Any, TypeVar, cast

from google.protobuf.message import Message
from gpuquote.v1 import history_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.catalog.snapshot import Snapshot
from service.domain.errors import NotFound, Precondition, Reason
from service.domain.gpu import GpuRegistry
from service.domain.history import (
    ModelHistory,
    Point,
    Span,
    index_of_days,
    summarize_prices,
)
from service.domain.outcome import OutcomeReport
from service.domain.stock import StockSummary, summarize_stock
from service.rpc.call import Answer
from service.rpc.faults import shown
from service.rpc.history_convert import (
    index_point_to_proto,
    percentiles_to_proto,
    point_to_proto,
    report_to_proto,
    stock_to_proto,
)
from service.rpc.history_requests import (
    HistoryQuestion,
    read_list_price_points,
    read_report_outcome,
    read_summarize_availability,
    read_summarize_price_index,
    read_summarize_prices,
)
from service.rpc.names import GPU_MODELS
from service.rpc.pages import token_after
from service.rpc.source import Source
from service.store.ports import HistoryStore

KEPT_FOR = timedelta(seconds=30)
_ANSWERS_KEPT = 256
_PERCENTS = (0, 10, 25, 50, 75, 90, 100)
_QUARTILES = (25, 50, 75)
_DAY = timedelta(days=1)

_Found = TypeVar("_Found")


class HistoryServicer:
    """Converts, asks the store, converts back; what is on sale now is what the catalogue says."""

    def __init__(
        self,
        source: Source,
        history: HistoryStore,
        *,
        gpus: GpuRegistry,
        signer: PageTokenSigner,
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._history = history
        self._gpus = gpus
        self._signer = signer
        self._now = now
        self._lately = _Lately(_ANSWERS_KEPT)

    def list_price_points(self, request: pb.ListPricePointsRequest) -> Answer:
        """Answer ListPricePoints, newest first."""
        asked = read_list_price_points(request, signer=self._signer)
        snapshot = self._source.current()
        history = self._history.offer_histories((asked.offer_id,)).get(asked.offer_id)
        row = snapshot.find(asked.offer_id)
        if history is None:
            if row is None:
                raise _no_offer(request.parent)
            return Answer(pb.ListPricePointsResponse())
        gpu_count = history.gpu_count
        if gpu_count is None and row is not None:
            gpu_count = row.offer.gpu_count
        named = [
            (point_id, point)
            for point_id, point in reversed(_named(history.points))
            if (asked.start is None or point.change_time >= asked.start)
            and (asked.end is None or point.change_time < asked.end)
            and (not asked.before or _place(point_id) < _place(asked.before))
        ]
        page = named[: asked.page_size]
        token = ""
        if len(named) > len(page):
            token = token_after(request, page[-1][0], self._signer, snapshot.revision)
        message = pb.ListPricePointsResponse(
            price_points=[
                point_to_proto(
                    point, offer_id=asked.offer_id, point_id=point_id, gpu_count=gpu_count
                )
                for point_id, point in page
            ],
            next_page_token=token,
        )
        return Answer(message)

    def summarize_prices(self, request: pb.SummarizePricesRequest) -> Answer:
        """Answer SummarizePrices."""
        snapshot = self._source.current()
        asked = read_summarize_prices(request, gpus=self._gpus, providers=_providers(snapshot))

        def compute() -> Message:
            (gpu_model,) = asked.gpu_models
            window = self._window(asked)
            found = summarize_prices(self._read(gpu_model, asked), window, percents=_PERCENTS)
            return pb.SummarizePricesResponse(
                gpu_model=f"{GPU_MODELS}/{gpu_model}",
                start_time=window.start,
                end_time=window.end,
                offer_count=found.offer_count,
                provider_count=found.provider_count,
                **cast("Any", percentiles_to_proto(found.percentiles)),
            )

        return Answer(self._lately_or(snapshot, request, compute))

    def summarize_price_index(self, request: pb.SummarizePriceIndexRequest) -> Answer:
        """Answer SummarizePriceIndex, by GPU model in the order of the request and then by day."""
        snapshot = self._source.current()
        asked = read_summarize_price_index(request, gpus=self._gpus)

        def compute() -> Message:
            now = self._now()
            today = datetime.combine(now.date(), time(), UTC)
            window = Span(today + _DAY - asked.window, now)
            return pb.SummarizePriceIndexResponse(
                points=[
                    index_point_to_proto(point, gpu_model=gpu_model)
                    for gpu_model in asked.gpu_models
                    for point in index_of_days(
                        self._read(gpu_model, asked), window, percents=_QUARTILES
                    )
                ]
            )

        return Answer(self._lately_or(snapshot, request, compute))

    def summarize_availability(self, request: pb.SummarizeAvailabilityRequest) -> Answer:
        """Answer SummarizeAvailability; what buyers reported is always read anew."""
        snapshot = self._source.current()
        asked = read_summarize_availability(
            request, gpus=self._gpus, providers=_providers(snapshot)
        )
        (gpu_model,) = asked.gpu_models

        def compute() -> tuple[Span, tuple[StockSummary, ...]]:
            window = self._window(asked)
            return window, summarize_stock(self._read(gpu_model, asked), window)

        window, found = self._lately_or(snapshot, request, compute)
        reports = self._history.reports(gpu_model, since=window.start)
        message = pb.SummarizeAvailabilityResponse(
            summaries=[stock_to_proto(summary, reports) for summary in found],
            start_time=window.start,
            end_time=window.end,
        )
        return Answer(message)

    def report_outcome(self, request: pb.ReportOutcomeRequest) -> Answer:
        """Keep what came of an attempt to buy an offer that is on sale."""
        told = read_report_outcome(request)
        row = self._source.current().find(told.offer_id)
        if row is None:
            raise _no_offer(request.name)
        offer = row.offer
        if offer.delist_time is not None:
            raise Precondition(
                Reason.OFFER_DELISTED,
                f"{request.name} is not sold any more, since {offer.delist_time:%Y-%m-%d %H:%M}Z.",
                metadata={
                    "name": request.name,
                    "delist_time": offer.delist_time.isoformat().replace("+00:00", "Z"),
                },
            )
        report = OutcomeReport(
            offer_id=offer.offer_id,
            provider=offer.provider,
            gpu_model=offer.gpu_model,
            outcome=told.outcome,
            report_time=self._now(),
            price_per_hour=told.price_per_hour,
        )
        self._history.save_report(report)
        return Answer(pb.ReportOutcomeResponse(report=report_to_proto(report)))

    def _window(self, asked: HistoryQuestion) -> Span:
        now = self._now()
        return Span(now - asked.window, now)

    def _read(self, gpu_model: str, asked: HistoryQuestion) -> ModelHistory:
        history = self._history.model_history(gpu_model)
        chosen = (
            series
            for series in history.series
            if series.purchase_model in asked.purchase_models
            and (not asked.providers or series.provider in asked.providers)
            and (not asked.countries or series.country_code in asked.countries)
        )
        return replace(history, series=tuple(chosen))

    def _lately_or(
        self, snapshot: Snapshot, request: Message, compute: Callable[[], _Found]
    ) -> _Found:
        key = f"{request.DESCRIPTOR.name}:".encode() + request.SerializeToString(deterministic=True)
        found: _Found = self._lately.get(key, snapshot.revision, compute, now=self._now())
        return found


class _Lately:
    """What was computed within `KEPT_FOR` of one revision of the catalogue; thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[bytes, tuple[str, datetime, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes, revision: str, compute: Callable[[], Any], *, now: datetime) -> Any:
        """Return what is kept, or compute it; threads may compute the same at once."""
        with self._lock:
            of_revision, at, value = self._kept.get(key, ("", now, None))
        if of_revision == revision and now - at < KEPT_FOR:
            return value
        value = compute()
        with self._lock:
            self._kept[key] = (revision, now, value)
            self._kept.move_to_end(key)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return value


def _providers(snapshot: Snapshot) -> set[str]:
    return snapshot.statuses.keys() | snapshot.segments.keys()


def _named(points: Sequence[Point]) -> list[tuple[str, Point]]:
    """Name points by their second, and further ones of one second by number."""
    found: list[tuple[str, Point]] = []
    for moment, of_second in groupby(points, key=lambda point: point.change_time):
        second = f"{int(moment.timestamp())}"
        found.extend(
            (second if at == 0 else f"{second}-{at}", point) for at, point in enumerate(of_second)
        )
    return found


def _place(point_id: str) -> tuple[int, int]:
    second, _, at = point_id.partition("-")
    return int(second), int(at or 0)


def _no_offer(name: str) -> NotFound:
    return NotFound(
        Reason.OFFER_NOT_FOUND, f"There is no offer {shown(name)}.", metadata={"name": name}
    )
