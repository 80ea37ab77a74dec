"""History to messages."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from gpuquote.v1 import history_pb2, money_pb2

from service.domain.history import IndexPoint, Point, price_per_gpu
from service.domain.money import Money
from service.domain.outcome import Outcome, OutcomeReport
from service.domain.stock import StockSummary
from service.rpc.convert import enum_name, money_to_proto
from service.rpc.names import GPU_MODELS, OFFERS, PROVIDERS

PRICE_POINTS = "pricePoints"


def point_to_proto(
    point: Point, *, offer_id: str, point_id: str, gpu_count: Decimal | None
) -> history_pb2.PricePoint:
    """Write a point; without a GPU count there is no price per GPU."""
    per_gpu = None if gpu_count is None else dollars(price_per_gpu(point.price_nanos, gpu_count))
    return history_pb2.PricePoint(
        name=f"{OFFERS}/{offer_id}/{PRICE_POINTS}/{point_id}",
        change_time=point.change_time,
        price_per_hour=dollars(Decimal(point.price_nanos).scaleb(-9)),
        price_per_gpu_hour=per_gpu,
        availability=enum_name(point.state),
        provisional=point.is_provisional,
    )


def percentiles_to_proto(percentiles: Mapping[int, Decimal]) -> dict[str, money_pb2.Money]:
    """Name percentiles as the summary of prices does."""
    names = {0: "min", 100: "max"}
    return {names.get(q, f"p{q}"): dollars(price) for q, price in percentiles.items()}


def index_point_to_proto(point: IndexPoint, *, gpu_model: str) -> history_pb2.PriceIndexPoint:
    """Write the index of one GPU model on one day."""
    return history_pb2.PriceIndexPoint(
        gpu_model=f"{GPU_MODELS}/{gpu_model}",
        date=point.day.isoformat(),
        min=dollars(point.percentiles[0]),
        p25=dollars(point.percentiles[25]),
        median=dollars(point.percentiles[50]),
        p75=dollars(point.percentiles[75]),
        max=dollars(point.percentiles[100]),
        provider_count=point.provider_count,
        offer_count=point.offer_count,
        spread=float(point.spread),
    )


def stock_to_proto(
    summary: StockSummary, reports: Iterable[OutcomeReport]
) -> history_pb2.AvailabilitySummary:
    """Write how often a provider had stock in a region, with what buyers met there."""
    met = [report for report in reports if report.offer_id in summary.offer_ids]
    counts = {outcome: sum(one.outcome is outcome for one in met) for outcome in Outcome}
    return history_pb2.AvailabilitySummary(
        provider=f"{PROVIDERS}/{summary.provider}",
        region_code=summary.region_code,
        share_available=None if summary.share is None else float(summary.share),
        current_state=enum_name(summary.current_state),
        streak=summary.streak,
        last_available_time=summary.last_available_time,
        watched=summary.watched,
        observation_count=summary.observation_count,
        offer_count=len(summary.offer_ids),
        bought_count=counts[Outcome.BOUGHT],
        no_capacity_count=counts[Outcome.NO_CAPACITY],
        price_differed_count=counts[Outcome.PRICE_DIFFERED],
        last_report=report_to_proto(met[-1]) if met else None,
    )


def report_to_proto(report: OutcomeReport) -> history_pb2.OutcomeReport:
    """Write the report of a buyer."""
    price = report.price_per_hour
    return history_pb2.OutcomeReport(
        offer=f"{OFFERS}/{report.offer_id}",
        outcome=enum_name(report.outcome),
        report_time=report.report_time,
        price_per_hour=None if price is None else money_to_proto(price),
    )


def dollars(amount: Decimal) -> money_pb2.Money:
    """Write US dollars."""
    return money_to_proto(Money(amount=amount))
