"""Requests of HistoryService to questions; every violation is found before any is reported."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gpuquote.v1 import history_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import Reason
from service.domain.gpu import GpuRegistry
from service.domain.money import BadMoney, Money, decimal_from_text
from service.domain.offer import PurchaseModel
from service.domain.outcome import Outcome
from service.domain.window import DAY, HOUR, BadWindow, window_from_text
from service.rpc.faults import Faults, not_found, shown
from service.rpc.names import GPU_MODELS, OFFERS, id_from_name
from service.rpc.pages import cursor_of
from service.rpc.requests import (
    MAX_SHOWN,
    read_country,
    read_each,
    read_enum,
    read_gpu_model,
    read_page_size,
    read_provider,
)

DEFAULT_WINDOW = "30d"
MAX_INDEXED = 20
"""GPU models in one index: each is a history of its own to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsQuestion:
    """What ListPricePoints asks; `before` is the id of the last point of the page before."""

    offer_id: str
    page_size: int
    before: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuestion:
    """What a summary asks; empty providers and countries mean all."""

    gpu_models: tuple[str, ...]
    window: timedelta
    purchase_models: frozenset[str]
    providers: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What ReportOutcome tells."""

    offer_id: str
    outcome: Outcome
    price_per_hour: Money | None


def read_list_price_points(
    request: pb.ListPricePointsRequest, *, signer: PageTokenSigner
) -> PointsQuestion:
    """Read a ListPricePointsRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    offer_id = faults.attempt(lambda: id_from_name(request.parent, OFFERS, field="parent"), "")
    page_size = read_page_size(request.page_size, faults)
    before = cursor_of(request, request.page_token, signer, faults)
    start = _read_time(request, "start_time", faults)
    end = _read_time(request, "end_time", faults)
    if start is not None and end is not None and start >= end:
        faults.add("start_time", "is not before end_time")
    faults.raise_if_any()
    return PointsQuestion(
        offer_id=offer_id, page_size=page_size, before=before, start=start, end=end
    )


def read_summarize_prices(
    request: pb.SummarizePricesRequest, *, gpus: GpuRegistry, providers: Collection[str]
) -> HistoryQuestion:
    """Read a SummarizePricesRequest. Raises InvalidRequest with every violation, and NotFound."""
    faults = Faults()
    countries = read_each(
        "country_code", request.country_code, lambda text: read_country(text, faults), faults
    )
    return _read_summary(request, countries, gpus=gpus, providers=providers, faults=faults)


def read_summarize_availability(
    request: pb.SummarizeAvailabilityRequest, *, gpus: GpuRegistry, providers: Collection[str]
) -> HistoryQuestion:
    """Read a SummarizeAvailabilityRequest. Raises as `read_summarize_prices`."""
    return _read_summary(request, (), gpus=gpus, providers=providers, faults=Faults())


def read_summarize_price_index(
    request: pb.SummarizePriceIndexRequest, *, gpus: GpuRegistry
) -> HistoryQuestion:
    """Read a SummarizePriceIndexRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    gpu_models = read_each(
        "gpu_model", request.gpu_model, lambda text: read_gpu_model(text, gpus, faults), faults
    )
    if len(gpu_models) > MAX_INDEXED:
        metadata = {"valueCount": str(len(gpu_models)), "limit": str(MAX_INDEXED)}
        description = f"{len(gpu_models)} GPU models; at most {MAX_INDEXED}"
        faults.add("gpu_model", description, metadata=metadata)
    given = (request.purchase_model,) if request.purchase_model else ()
    purchase_models = _read_purchase_models(given, faults)
    window = _read_window(request.window, faults, step=DAY)
    faults.raise_if_any()
    return HistoryQuestion(gpu_models=gpu_models, window=window, purchase_models=purchase_models)


def read_report_outcome(request: pb.ReportOutcomeRequest) -> Reported:
    """Read a ReportOutcomeRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    offer_id = faults.attempt(lambda: id_from_name(request.name, OFFERS), "")
    value = read_enum("outcome", Outcome, request.outcome, faults)
    outcome = Outcome(value) if value else Outcome.BOUGHT
    price = None
    if request.HasField("price_per_hour"):
        price = _read_price(request.price_per_hour, faults)
        if value and outcome is not Outcome.PRICE_DIFFERED:
            faults.add(
                "price_per_hour",
                f"belongs to {Outcome.PRICE_DIFFERED} only, not to {outcome}",
                metadata={"outcome": outcome},
            )
    faults.raise_if_any()
    return Reported(offer_id=offer_id, outcome=outcome, price_per_hour=price)


def _read_summary(
    request: Any,
    countries: Collection[str],
    *,
    gpus: GpuRegistry,
    providers: Collection[str],
    faults: Faults,
) -> HistoryQuestion:
    gpu_model = faults.attempt(lambda: id_from_name(request.name, GPU_MODELS), "")
    window = _read_window(request.window, faults, step=HOUR)
    purchase_models = _read_purchase_models(request.purchase_model, faults)
    chosen = read_each(
        "provider", request.provider, lambda text: read_provider(text, providers, faults), faults
    )
    faults.raise_if_any()
    if gpus.find(gpu_model) is None:
        nearest = gpus.nearest(gpu_model)
        raise not_found(Reason.GPU_MODEL_NOT_FOUND, "GPU model", request.name, nearest)
    return HistoryQuestion(
        gpu_models=(gpu_model,),
        window=window,
        purchase_models=purchase_models,
        providers=frozenset(chosen),
        countries=frozenset(countries),
    )


def _read_purchase_models(given: Collection[int], faults: Faults) -> frozenset[str]:
    found = read_each(
        "purchase_model",
        given,
        lambda number: read_enum("purchase_model", PurchaseModel, number, faults),
        faults,
    )
    return frozenset(found or (PurchaseModel.ON_DEMAND,))


def _read_window(text: str, faults: Faults, *, step: timedelta) -> timedelta:
    try:
        return window_from_text(text or DEFAULT_WINDOW, step=step)
    except BadWindow as error:
        metadata = {"window": text[:MAX_SHOWN]}
        faults.add("window", f"{shown(text)}: {error}", metadata=metadata)
        return step


def _read_time(request: Any, field: str, faults: Faults) -> datetime | None:
    if not request.HasField(field):
        return None
    try:
        moment: datetime = getattr(request, field).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        faults.add(field, "is not a time between the years 1 and 9999")
        return None
    return moment


def _read_price(given: Any, faults: Faults) -> Money | None:
    field = "price_per_hour"
    try:
        money = Money(amount=decimal_from_text(given.amount), currency_code=given.currency_code)
    except BadMoney as error:
        faults.add(
            field, str(error), Reason.BAD_MONEY, metadata={"amount": given.amount[:MAX_SHOWN]}
        )
        return None
    if money.amount <= 0:
        metadata = {"amount": given.amount}
        faults.add(field, "must be above zero", Reason.BAD_MONEY, metadata=metadata)
    return money
