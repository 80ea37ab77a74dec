"""The few offers that an answer shows: their exact lines, and the bands of their costs."""

from collections.abc import Sequence

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import OfferPlacement
from service.market.charges import Charges
from service.market.line_items import Itemized, itemized
from service.market.merit import for_each
from service.market.odds import odds_of_lowest
from service.market.placements import Capacity, Ranked


class Shown:
    """Counts offers exactly, each once. Numbers are those of rows in the pick of the charges."""

    def __init__(self, charges: Charges, *, snapshot: Snapshot, rates: Rates) -> None:
        self._charges = charges
        self._snapshot = snapshot
        self._rates = rates
        self._found: dict[int, Itemized] = {}

    @property
    def every(self) -> tuple[Itemized, ...]:
        """All that have been counted."""
        return tuple(self._found.values())

    def itemized(self, number: int) -> Itemized:
        """Return the lines of a row."""
        found = self._found.get(number)
        if found is None:
            pick = self._charges.pick
            row = self._snapshot.rows[int(pick.sheet.rows[pick.at[number]])]
            found = itemized(self._charges, number, row=row, rates=self._rates)
            self._found[number] = found
        return found

    def band(self, number: int) -> Band:
        """Return what a row costs over the band of the hours; its price is exact."""
        middle = float(self.itemized(number).dollars)
        low, high = (float(self._charges.dollars(name)[number]) for name in ("p10", "p90"))
        # The middle is exact, the sides are sums of binary fractions: a cost that does not
        # depend on the hours may differ in the last digit.
        return Band(p10=min(low, middle), p50=middle, p90=max(high, middle))

    def market_band(self, low: int, middle: int, high: int) -> Band:
        """Return the band of a cost over the hours and over the offers of a market.

        The two are independent, and join in log quadrature. The rows are those at the quantiles
        of the market; where plans differ in what they get done, the cost is that of the work that
        the one in the middle does.
        """
        hours, work = self.band(middle), self._work(middle)
        low_dollars, high_dollars = (
            float(self.itemized(n).dollars) * (work / self._work(n)) for n in (low, high)
        )
        if not hours.p50:
            return Band(p10=0.0, p50=0.0, p90=max(hours.p90, high_dollars))
        # Credit, or GPUs that are paid for anyway, can make a side cost nothing.
        offers = Band(
            p10=min(low_dollars, hours.p50) or hours.p50,
            p50=hours.p50,
            p90=max(high_dollars, hours.p50),
        )
        ratio = Band(p10=(hours.p10 or hours.p50) / hours.p50, p50=1.0, p90=hours.p90 / hours.p50)
        joined = offers.combined(ratio)
        if not hours.p10 or not low_dollars:
            return Band(p10=0.0, p50=joined.p50, p90=joined.p90)
        return joined

    def _work(self, number: int) -> float:
        return self._charges.need_of(number).work.p50

    def placements(
        self, best: Sequence[Ranked], plans: Sequence[TrainingPlan | ServingPlan | NoPlan]
    ) -> tuple[OfferPlacement, ...]:
        """Return ranked rows as placements, each with its odds of being the cheapest of them.

        `plans` are those of the selection's shapes. Raises TypeError for a row without a plan.
        """
        costs = [self.band(one.number) for one in best]
        found: list[tuple[TrainingPlan | ServingPlan, Itemized]] = []
        for one in best:
            plan = plans[self._charges.shape_of(one.number)]
            if isinstance(plan, NoPlan):
                raise TypeError(f"a placement without a plan: {plan.message}")
            found.append((plan, self.itemized(one.number)))
        odds = odds_of_lowest(
            [
                (plan.gpu_model_id, for_each(cost, self._charges.need_of(one.number).work))
                for one, (plan, _), cost in zip(best, found, costs, strict=True)
            ]
        )
        return tuple(
            OfferPlacement(
                row=items.row,
                plan=plan,
                node_count=items.node_count,
                cost=cost,
                dollars_per_gpu_hour=items.dollars_per_gpu_hour,
                line_items=items.lines,
                is_proven=one.capacity is Capacity.PROVEN,
                probability_cheapest=share,
            )
            for one, (plan, items), cost, share in zip(best, found, costs, odds, strict=True)
        )
