"""How many hours of a node are charged when it is used for some: steps, least times, terms.

An offer with a commitment is charged for as many whole terms as the use takes, or, where a range
of terms is sold, for the use itself once it is longer than the shortest term. The time to set a
node up is not charged: no figure for it is published.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import MICROSECOND, NOT_STATED
from service.domain.offer import HOURS_PER_YEAR, Offer, PurchaseModel
from service.market.answers import Assumption
from service.market.sheet import Pick, is_any_of

COMMITTED = frozenset(
    {
        PurchaseModel.RESERVED_1Y,
        PurchaseModel.RESERVED_3Y,
        PurchaseModel.RESERVED_OTHER,
        PurchaseModel.CAPACITY_BLOCK,
    }
)
NAMED_TERMS: Mapping[PurchaseModel, timedelta] = MappingProxyType(
    {
        PurchaseModel.RESERVED_1Y: timedelta(hours=HOURS_PER_YEAR),
        PurchaseModel.RESERVED_3Y: timedelta(hours=3 * HOURS_PER_YEAR),
    }
)
"""Ways of buying whose names say how long they are."""
SET_UP = Assumption(
    name="setUpTime", value="0 h a node", source="no provider states how long set-up is charged"
)

_MICROS_PER_HOUR = 3_600 * 10**6
# So that hours which are a whole number of steps stay it, in spite of binary fractions.
_SLACK = Decimal("1e-9")


class Billing:
    """The rules of the lots of a pick."""

    def __init__(self, pick: Pick) -> None:
        self._term = _term(pick)
        self._is_range = self._term < _hours(pick, "max_term")
        self._step = _hours(pick, "billing_increment")
        self._least = _hours(pick, "min_term")

    def hours(self, used: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the hours charged for hours used, by lot."""
        billed = _rounded_up(np.maximum(used, self._least), self._step)
        if not self._term.any():
            return billed
        whole_terms = _rounded_up(billed, self._term)
        return np.where(self._is_range, np.maximum(billed, self._term), whole_terms)


def term_of(offer: Offer) -> timedelta | None:
    """Return the term that an offer commits to, the shortest of a range; None without one."""
    if offer.purchase_model not in COMMITTED:
        return None
    return offer.commitment_term or NAMED_TERMS.get(offer.purchase_model)


def hours_billed(offer: Offer, used: Decimal) -> Decimal:
    """Return the hours charged for hours used, as `Billing` does, exactly."""
    billed = max(used * _MICROS_PER_HOUR, _micros(offer.min_term))
    billed = _exactly_up(billed, _micros(offer.billing_increment))
    term = term_of(offer)
    if term is not None and offer.max_term is not None and term < offer.max_term:
        billed = max(billed, _micros(term))
    else:
        billed = _exactly_up(billed, _micros(term))
    return billed / _MICROS_PER_HOUR


def _term(pick: Pick) -> NDArray[np.float64]:
    """Return the terms that lots commit to, in hours; 0 for those that do not."""
    ways = pick.rule("purchase_model")
    is_committed = is_any_of(ways, "purchase_model", COMMITTED)
    if not is_committed.any():
        return np.zeros(ways.shape)
    term = _hours(pick, "commitment_term")
    for way, named in NAMED_TERMS.items():
        term[is_any_of(ways, "purchase_model", {way}) & (term == 0)] = named / timedelta(hours=1)
    return np.where(is_committed, term, 0.0)


def _hours(pick: Pick, field: str) -> NDArray[np.float64]:
    """Return durations in hours, by lot; 0 where none is stated."""
    if not pick.sheet.states(field):
        return np.zeros(pick.lots.size)
    micros = pick.rule(field)
    return np.where(micros == NOT_STATED, 0.0, micros / _MICROS_PER_HOUR)


def _rounded_up(hours: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    if not step.any():
        return hours
    count = np.ceil(hours / np.where(step > 0, step, 1.0) - float(_SLACK))
    return np.where(step > 0, np.maximum(count, 1.0) * step, hours)


def _micros(span: timedelta | None) -> Decimal:
    return Decimal(0) if span is None else Decimal(span // MICROSECOND)


def _exactly_up(micros: Decimal, step: Decimal) -> Decimal:
    if not step:
        return micros
    count = (micros / step - _SLACK).to_integral_value(ROUND_CEILING)
    return max(count, Decimal(1)) * step
