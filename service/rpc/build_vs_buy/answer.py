"""The answer of a business case to a message.

Rounding happens here and nowhere before: money half-even to cents, money for a GPU-hour to six
digits after the point, figures that are no money to six significant digits.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from gpuquote.v1 import build_vs_buy_service_pb2 as pb
from gpuquote.v1 import caveat_pb2, estimate_pb2, money_pb2

from service.build_vs_buy.analysis import Analysis, LadderRung, NothingToBuy
from service.build_vs_buy.answer import Option
from service.build_vs_buy.break_even import BreakEven
from service.build_vs_buy.mixed import MixedPlan
from service.build_vs_buy.rent_path import SHOWN_DRIFTS
from service.build_vs_buy.site import Site
from service.build_vs_buy.uncertainty import Band
from service.business_case.case import BusinessCase
from service.business_case.question import Question
from service.business_case.renting import Use
from service.business_case.serving_gpus import TokenResult
from service.catalog.snapshot import Snapshot
from service.domain.figure import Figure
from service.domain.money import Money, rounded
from service.rpc.build_vs_buy.serving_answer import serving_to_proto
from service.rpc.convert import enum_name, money_to_proto, rate_to_proto
from service.rpc.figures import CENTS, RATE_DIGITS, significant
from service.rpc.names import OFFERS

_MONTHS_PER_YEAR = 12
_ZERO = Decimal(0)


def build_vs_buy_to_proto(
    question: Question, found: BusinessCase, *, snapshot: Snapshot
) -> pb.AnalyzeBuildVsBuyResponse:
    """Write the answer to a question."""
    message = pb.AnalyzeBuildVsBuyResponse(
        caveats=[caveat_pb2.Caveat(code=one.code, message=one.message) for one in found.caveats],
        exchange_rate=rate_to_proto(question.rate),
        catalog_revision=snapshot.revision,
        as_of=snapshot.as_of,
    )
    if isinstance(found.analysis, NothingToBuy):
        message.reason = found.analysis.reason
        return message
    if found.inputs is None or found.summary is None:
        raise TypeError("an analysis without its inputs and words")
    writer = _Writer(found.inputs.currency_code, question.start, found.tokens)
    writer.write(found.analysis, message)
    if found.tokens is not None and found.tokens.on_gpus is not None:
        message.serving.CopyFrom(serving_to_proto(found.tokens.on_gpus, found.tokens))
    message.summary.cfo = found.summary.cfo
    message.summary.procurement = found.summary.procurement
    message.summary.infrastructure = found.summary.infrastructure
    rate = Decimal(1) if question.rate is None else question.rate.rate
    message.offers_used.extend(writer.use(one, rate) for one in found.used)
    message.assumptions.extend(_assumption(one) for one in found.assumptions)
    return message


class _Writer:
    """Writes amounts in one currency, and months counted from the first one."""

    def __init__(self, currency_code: str, start: date, tokens: TokenResult | None) -> None:
        self._code = currency_code
        self._tokens = tokens
        self._start = start.year * _MONTHS_PER_YEAR + start.month - 1

    def write(self, analysis: Analysis, message: pb.AnalyzeBuildVsBuyResponse) -> None:
        """Fill in everything that the engine found."""
        message.verdict = enum_name(analysis.verdict.kind)  # type: ignore[assignment]
        message.reason = analysis.verdict.reason
        message.probability_own_wins = significant(analysis.probability_own_wins)
        message.options.extend(self.option(one) for one in analysis.options)
        if analysis.mix is not None:
            plan, option = analysis.mix
            message.options.append(self.option(option))
            message.mixed.CopyFrom(self.mixed(plan))
        if analysis.break_evens is not None:
            points = analysis.break_evens
            message.break_even_utilization.CopyFrom(_break_even(points.utilization))
            message.break_even_month.CopyFrom(_break_even(points.month))
            message.break_even_rent.CopyFrom(_break_even(points.rent))
        self.comparison(analysis, message)
        message.commit_ladder.extend(self.rung(one) for one in analysis.ladder)
        if analysis.implied_drift is not None:
            message.implied_drift = significant(analysis.implied_drift)
        if analysis.site is not None:
            message.site.CopyFrom(_site(analysis.site))
        message.useful_gpu_hours = significant(analysis.useful_gpu_hours)

    def comparison(self, analysis: Analysis, message: pb.AnalyzeBuildVsBuyResponse) -> None:
        """Fill in what moves the difference between the two options that matter."""
        compared = analysis.comparison
        if compared is None:
            return
        message.compared_option = enum_name(compared.ahead)  # type: ignore[assignment]
        message.compared_with = enum_name(compared.behind)  # type: ignore[assignment]
        message.sensitivity.extend(
            pb.SensitivityBar(
                input=one.figure.name, low=self.money(one.at_low), high=self.money(one.at_high)
            )
            for one in compared.swings
            if one.size
        )
        message.flips.extend(
            pb.VerdictFlip(
                input=one.figure.name,
                value=significant(one.value),
                within_range=one.is_within_range,
            )
            for one in compared.flips
        )
        message.drifts.extend(
            pb.DriftCase(drift=drift, own_advantage=self.money(gain))
            for drift, gain in zip(SHOWN_DRIFTS, compared.drifts, strict=True)
        )

    def option(self, option: Option) -> pb.BuildVsBuyOption:
        """Write one option with its cash flows and its lines for the bill."""
        return pb.BuildVsBuyOption(
            kind=enum_name(option.kind),
            npv=self.money(option.npv),
            npv_band=self.band(option.npv_band),
            levelized_cost_per_gpu_hour=self.money(option.levelized_cost, digits=RATE_DIGITS),
            levelized_cost_band=self.band(option.levelized_cost_band, digits=RATE_DIGITS),
            probability_cheapest=significant(option.probability_cheapest),
            regret=self.money(option.regret),
            cash_peak=self.money(option.cash_peak),
            cash_flows=[
                pb.CashFlow(
                    month=one.month,
                    category=one.category,
                    nominal=self.money(one.nominal),
                    discounted=self.money(one.discounted),
                    is_cash=one.is_cash,
                    calendar_month=self.calendar_month(one.month),
                )
                for one in option.cash_flows
            ],
            focus_lines=list(self.focus_lines(option)),
            excluded_by=[f"{one.rule}: {one.reason}" for one in option.exclusions],
            levelized_cost_per_million_tokens=self.per_million_tokens(option),
        )

    def per_million_tokens(self, option: Option) -> money_pb2.Money | None:
        """Write what a million tokens costs under an option, None without any."""
        if self._tokens is None:
            return None
        cost = self._tokens.cost_per_million(option.kind, option.npv)
        return None if cost is None else self.money(cost, digits=RATE_DIGITS)

    def focus_lines(self, option: Option) -> Iterator[pb.FocusLine]:
        """Walk the lines for the bill, summed over the horizon."""
        sums: defaultdict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0] * 4)
        for one in option.cost_lines:
            key = (one.category.value, one.pricing_category, one.commitment_discount_type)
            costs = (one.list_cost, one.contracted_cost, one.effective_cost, one.billed_cost)
            sums[key] = [before + cost for before, cost in zip(sums[key], costs, strict=True)]
        for (category, pricing, commitment), totals in sums.items():
            yield pb.FocusLine(
                category=category,
                list_cost=self.money(totals[0]),
                contracted_cost=self.money(totals[1]),
                effective_cost=self.money(totals[2]),
                billed_cost=self.money(totals[3]),
                pricing_category=pricing,
                commitment_discount_type=commitment,
            )

    def mixed(self, plan: MixedPlan) -> pb.MixedPlan:
        """Write the cheapest combination."""
        return pb.MixedPlan(
            own_gpu_count=plan.owned_units * plan.unit_gpus,
            committed_gpu_count=plan.committed_units * plan.unit_gpus,
            on_demand_peak_gpu_count=significant(plan.on_demand_peak_gpus),
            npv=self.money(plan.npv),
            last_gpu_use=significant(plan.last_gpu_use),
        )

    def rung(self, found: LadderRung) -> pb.CommitRung:
        """Write one rung of the ladder of commitments."""
        return pb.CommitRung(
            term_months=found.rung.commit.term_months,
            until_month=found.rung.until,
            price_per_gpu_hour=self.money(found.price_per_gpu_hour, digits=RATE_DIGITS),
            npv=self.money(found.npv),
        )

    def use(self, use: Use, rate: Decimal) -> estimate_pb2.OfferUse:
        """Write an offer behind a price; `rate` is what the currency is worth in dollars."""
        row = use.price.row
        price = use.price.paid / float(rate)
        return estimate_pb2.OfferUse(
            offer=f"{OFFERS}/{row.offer_id}",
            role=use.role,
            price_per_gpu_hour=self.money(price, digits=RATE_DIGITS),
            observe_time=row.observe_time,
            freshness=enum_name(row.freshness),
            source_uri=row.offer.source_uri,
        )

    def band(self, band: Band, *, digits: int = CENTS) -> pb.ValueBand:
        """Write a band of money."""
        return pb.ValueBand(
            p5=self.money(band.p5, digits=digits),
            p50=self.money(band.p50, digits=digits),
            p95=self.money(band.p95, digits=digits),
        )

    def money(self, amount: float, *, digits: int = CENTS) -> money_pb2.Money:
        """Write an amount, rounded half-even once; there is no negative zero."""
        exact = rounded(Decimal(repr(amount)), digits=digits) + _ZERO
        return money_to_proto(Money(amount=exact, currency_code=self._code))

    def calendar_month(self, month: int) -> str:
        """Return the month of a flow; month 0 is the day before the first one begins."""
        years, at = divmod(self._start + month - 1, _MONTHS_PER_YEAR)
        return f"{years:04d}-{at + 1:02d}"


def _break_even(found: BreakEven) -> pb.BreakEven:
    if found.value is None:
        return pb.BreakEven(reason=found.reason)
    return pb.BreakEven(value=significant(found.value))


def _site(site: Site) -> pb.SitePlan:
    return pb.SitePlan(
        server_count=site.servers,
        gpu_count=site.gpus,
        nameplate_kw=significant(site.nameplate_kw),
        facility_kw=significant(site.facility_kw),
        rack_count=site.racks,
        needs_liquid_cooling=site.needs_liquid_cooling,
        fte=significant(site.full_time_posts),
    )


def _assumption(figure: Figure) -> pb.RangedAssumption:
    return pb.RangedAssumption(
        name=figure.name,
        low=significant(figure.low),
        base=significant(figure.base),
        high=significant(figure.high),
        unit=figure.unit,
        source=figure.source,
        date=figure.date,
    )
