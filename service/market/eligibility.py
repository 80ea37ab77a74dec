"""Which of the selected offers serve a workload, once its plans are known."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import numpy as np

from service.catalog.columns import Mask
from service.catalog.snapshot import Snapshot
from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.offer import Freshness
from service.domain.workload import Placement
from service.estimate.plan import Misfit, NoPlan, ServingPlan, TrainingPlan
from service.market.answers import Rejection, Terms
from service.market.charges import Charges
from service.market.misfits import nearest_to_fitting
from service.market.need import Need
from service.market.placements import lacks_fabric
from service.market.rejections import Exclusion
from service.market.selection import Selection
from service.market.sheet import Pick, is_any_of
from service.market.tariffs import exact_dollars

_EXCLUSIONS: Mapping[Misfit, Exclusion] = MappingProxyType(
    {
        misfit: Exclusion.DOES_NOT_FIT if misfit is Misfit.MEMORY else Exclusion(misfit.value)
        for misfit in Misfit
    }
)
_BY_CONFIDENCE: Mapping[float, str] = MappingProxyType({0.5: "p50", 0.75: "p75", 0.9: "p90"})


def superseded(pick: Pick) -> Mask:
    """Tell which rows are bundled prices of a GPU model that a live one among them serves with."""
    is_bundled = is_any_of(pick.column("freshness"), "freshness", {Freshness.BASELINE})
    if not is_bundled.any():
        return is_bundled
    model = pick.spread(pick.sheet.gpu_model[pick.lots])
    is_live = np.zeros(len(pick.sheet.gpu_models), np.bool_)
    is_live[model[~is_bundled]] = True
    return np.asarray(is_bundled & is_live[model])


class Eligible:
    """The offers that are left, with what they cost; `rejected` are the others, by reason.

    An offer that the question names is only left out where it has no plan.
    """

    def __init__(
        self,
        selection: Selection,
        plans: Sequence[TrainingPlan | ServingPlan | NoPlan],
        needs: Sequence[Need | None],
        *,
        terms: Terms,
        placement: Placement,
        snapshot: Snapshot,
        today: date,
    ) -> None:
        self._selection = selection
        self._snapshot = snapshot
        self.rejected = list(selection.rejected)
        self.pick = selection.pick
        self._leave_out_unfit(plans)
        if not selection.is_named:
            self._leave_out_unjoined(needs, terms.constraints.min_fabric_gbps_per_gpu)
            self._leave_out(Exclusion.BASELINE, superseded(self.pick))
        self.charges = Charges(self.pick, selection, needs, terms=terms, today=today)
        budget = terms.constraints.budget
        if budget is not None and not selection.is_named:
            dollars = exact_dollars(budget, selection.rates)
            if dollars is None:
                text = f"there is no exchange rate for {budget.currency_code}"
                raise InvalidRequest.of((Violation("constraints.budget", text, Reason.BAD_MONEY),))
            is_dear = self.charges.dollars(_BY_CONFIDENCE[placement.confidence]) > float(dollars)
            self._leave_out(Exclusion.BUDGET, is_dear)
            self.charges = Charges(self.pick, selection, needs, terms=terms, today=today)

    def _leave_out_unfit(self, plans: Sequence[TrainingPlan | ServingPlan | NoPlan]) -> None:
        refusals = [plan if isinstance(plan, NoPlan) else None for plan in plans]
        if not any(refusals):
            return
        shape_of_row = self.pick.spread(self._selection.shape_of_lot[self.pick.lots])
        counts = np.bincount(shape_of_row, minlength=len(plans)).tolist()
        found: dict[Exclusion, tuple[int, list[NoPlan]]] = {}
        for refusal, count in zip(refusals, counts, strict=True):
            if refusal is not None and count:
                reason = _EXCLUSIONS[refusal.misfit]
                total, alike = found.get(reason, (0, []))
                found[reason] = (total + count, [*alike, refusal])
        for reason, (count, alike) in found.items():
            nearest = nearest_to_fitting(alike)
            example = nearest.smallest_change or nearest.message
            self.rejected.append(Rejection(reason=reason.value, count=count, example=example))
        fits = np.array([refusal is None for refusal in refusals], np.bool_)
        self.pick = self.pick.where(fits[shape_of_row])

    def _leave_out_unjoined(self, needs: Sequence[Need | None], least_gbps: float) -> None:
        if not least_gbps:
            return
        nodes = np.array([0 if need is None else need.node_count for need in needs] or [0])
        of_lots = nodes[self._selection.shape_of_lot[self.pick.lots]]
        slow = lacks_fabric(self.pick, of_lots, least_gbps=least_gbps)
        self._leave_out(Exclusion.FABRIC, slow)

    def _leave_out(self, reason: Exclusion, falling: Mask) -> None:
        count = int(np.count_nonzero(falling))
        if not count:
            return
        first = int(self.pick.sheet.rows[self.pick.at[int(falling.argmax())]])
        example = f"offers/{self._snapshot.names[first]}"
        self.rejected.append(Rejection(reason=reason.value, count=count, example=example))
        self.pick = self.pick.where(~falling)
