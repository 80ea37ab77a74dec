"""What a workload costs at every offer: whole nodes for whole billing steps, storage and egress.

    node    = max(price of a node x hours billed, least charge)
    compute = nodes that are not paid for anyway x node
    cost    = max(0, compute + storage + egress - credit)

Storage is paid for the hours of use over 730 of a month. Prices are nano-dollars; the float64
sums over many offers here serve to rank them, the exact lines of those that are shown are made in
`service.market.line_items`.
"""

import math
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Mask
from service.domain.offer import HOURS_PER_MONTH
from service.estimate.band import Band
from service.market.agreements import Agreement, agreements_of
from service.market.answers import Terms
from service.market.billing import Billing
from service.market.need import SAME_WORK, Need
from service.market.selection import Selection
from service.market.sheet import NANOS, Pick
from service.market.tariffs import egress_dollars, own_dollars, storage_dollars

_NO_HOURS = Band.exact(0.0)
UPPER_QUARTILE = math.log(Band(p10=1.0, p50=1.0, p90=math.e).p75)
"""The share of the way from the median to p90, in logarithms, as bands have it."""


class Charges:
    """The costs of some offers, which all have a need; `needs` are those of the shapes.

    By lot: `gpu_counts` that are used, `node_counts` that are bought, `paid_counts` of these that
    are charged. By shape: the `works` of the needs. Quantiles are those of the hours: "p10", "p50",
    "p75" and "p90".
    """

    def __init__(
        self,
        pick: Pick,
        selection: Selection,
        needs: Sequence[Need | None],
        *,
        terms: Terms,
        today: date,
    ) -> None:
        self.pick = pick
        self._rates = selection.rates
        self._needs = needs
        self._shapes = selection.shape_of_lot[pick.lots]
        self._agreements = agreements_of(pick, terms.adjustments, today=today)
        self.gpu_counts = self._by_lot([0 if one is None else one.gpu_count for one in needs])
        nodes = self._by_lot([0 if one is None else one.node_count for one in needs])
        self.node_counts = np.maximum(nodes, pick.sheet.least_nodes[pick.lots])
        self.paid_counts = self.node_counts
        if not self._agreements.is_nothing:
            covered = self._agreements.covered_gpu_counts // pick.sheet.gpus_per_node[pick.lots]
            self.paid_counts = np.maximum(self.node_counts - covered, 0)
        self._bands = [_NO_HOURS if one is None else one.hours for one in needs]
        self.works = [SAME_WORK if one is None else one.work for one in needs]
        self._dollars: dict[str, NDArray[np.float64]] = {}

    @cached_property
    def joins_nodes(self) -> Mask:
        """Whether the nodes have to be joined, by lot."""
        joins = [one is not None and one.joins_nodes for one in self._needs]
        return np.asarray(self._by_lot(joins), np.bool_)

    @cached_property
    def does_same_work(self) -> bool:
        """Whether all plans get the same done for what they cost."""
        return all(work is SAME_WORK for work in self.works)

    @property
    def has_exact_hours(self) -> bool:
        """Whether the hours of all needs are known."""
        return all(band.p10 == band.p90 for band in self._bands)

    def spread(self, of_shapes: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by row what is given by shape."""
        return self.pick.spread(self._by_lot(of_shapes))

    def shape_of(self, number: int) -> int:
        """Return the number of a row's shape in the selection, by its number in the pick."""
        return int(self._shapes[self.pick.lot(number)])

    def need_of(self, number: int) -> Need:
        """Return the need at a row, by its number in the pick. Raises ValueError without one."""
        need = self._needs[self.shape_of(number)]
        if need is None:
            raise ValueError("what has no plan is not charged")
        return need

    def agreement_of(self, number: int) -> Agreement:
        """Return what was agreed on for a row, by its number in the pick."""
        return self._agreements.each[int(self._agreements.of_lot[self.pick.lot(number)])]

    @cached_property
    def node_nanos(self) -> NDArray[np.int64]:
        """Nano-dollars of a node for an hour, by row, after discounts."""
        pick = self.pick
        listed = pick.sheet.node_nanos[pick.at]
        if self._agreements.is_nothing:
            return listed
        return np.rint(listed * pick.spread(self._agreements.price_factors)).astype(np.int64)

    def hours(self, quantile: str) -> NDArray[np.float64]:
        """Return the hours of use at a quantile, by row."""
        return self.pick.spread(self._hours(quantile))

    def compute_dollars(self, quantile: str) -> NDArray[np.float64]:
        """Return what the nodes cost when the hours are at a quantile, by row."""
        return self._compute_dollars(self._hours(quantile))

    def dollars(self, quantile: str) -> NDArray[np.float64]:
        """Return the whole cost when the hours are at a quantile, by row."""
        found = self._dollars.get(quantile)
        if found is None:
            hours = self._hours(quantile)
            found = self._compute_dollars(hours)
            beside = self._storage_a_month * hours / HOURS_PER_MONTH + self._egress
            if beside.any():
                found = found + self.pick.spread(beside)
            if not self._agreements.is_nothing:
                found = np.maximum(found - self.pick.spread(self._agreements.credits), 0.0)
            self._dollars[quantile] = found
        return found

    def _compute_dollars(self, hours: NDArray[np.float64]) -> NDArray[np.float64]:
        pick = self.pick
        billed = self._billing.hours(hours) / NANOS
        if self._least_charge is None:
            return np.asarray(self.node_nanos * pick.spread(billed * self.paid_counts))
        node = np.maximum(self.node_nanos * pick.spread(billed), pick.spread(self._least_charge))
        return np.asarray(node * pick.spread(self.paid_counts))

    @cached_property
    def _billing(self) -> Billing:
        return Billing(self.pick)

    @cached_property
    def _least_charge(self) -> NDArray[np.float64] | None:
        if not self.pick.sheet.states("minimum_charge"):
            return None
        stated = np.nan_to_num(own_dollars(self.pick, "minimum_charge", self._rates))
        return stated if stated.any() else None

    @cached_property
    def _storage_a_month(self) -> NDArray[np.float64]:
        gb = self._by_lot([0.0 if one is None else one.storage_gb for one in self._needs])
        return np.asarray(np.nan_to_num(storage_dollars(self.pick, self._rates)) * gb)

    @cached_property
    def _egress(self) -> NDArray[np.float64]:
        gb = [0.0 if one is None else one.egress_gb for one in self._needs]
        return np.nan_to_num(egress_dollars(self.pick, gb, self._shapes, self._rates))

    def _hours(self, quantile: str) -> NDArray[np.float64]:
        if quantile != "p75":
            return self._by_lot([getattr(band, quantile) for band in self._bands])
        middle = np.array([band.p50 for band in self._bands])
        high = np.array([band.p90 for band in self._bands])
        ratio = np.divide(high, middle, out=np.ones(middle.size), where=middle > 0)
        return np.asarray((middle * ratio**UPPER_QUARTILE)[self._shapes])

    def _by_lot(self, of_shapes: Sequence[float] | NDArray[np.float64]) -> NDArray[Any]:
        return np.asarray(of_shapes)[self._shapes]
