"""What was negotiated with providers, by lot: discounts, credit, GPUs that are paid for anyway.

An adjustment holds for the lots of its provider and way of buying, up to and with its last day.
Where several hold, the largest discount counts; credits and committed GPUs add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from service.domain.constraints import Adjustment
from service.domain.offer_fields import FIELDS
from service.market.sheet import Pick

_WAYS = FIELDS["purchase_model"].members


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A share off the price, US dollars that pay first, and GPUs that cost nothing more."""

    discount: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    covered_gpu_count: int = 0


_NOTHING = Agreement()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreements:
    """The different agreements, and for each lot of a pick the index of its own."""

    each: tuple[Agreement, ...]
    of_lot: NDArray[np.intp]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was agreed on at all."""
        return all(one == _NOTHING for one in self.each)

    @property
    def price_factors(self) -> NDArray[np.float64]:
        """What is left of the price, by lot."""
        return np.array([float(1 - one.discount) for one in self.each])[self.of_lot]

    @property
    def credits(self) -> NDArray[np.float64]:
        """Credit in US dollars, by lot."""
        return np.array([float(one.credit) for one in self.each])[self.of_lot]

    @property
    def covered_gpu_counts(self) -> NDArray[np.int64]:
        """GPUs that are paid for anyway, by lot."""
        return np.array([one.covered_gpu_count for one in self.each])[self.of_lot]


def agreements_of(pick: Pick, adjustments: Sequence[Adjustment], *, today: date) -> Agreements:
    """Return what holds today for the lots of a pick."""
    holding = [one for one in adjustments if one.until is None or one.until >= today]
    if not holding:
        return Agreements(each=(_NOTHING,), of_lot=np.zeros(pick.lots.size, np.intp))
    words = pick.sheet.words("provider")
    kinds = pick.rule("provider").astype(np.intp) * len(_WAYS) + pick.rule("purchase_model")
    found, of_lot = np.unique(kinds, return_inverse=True)
    return Agreements(
        each=tuple(
            _joined(holding, provider=words[kind // len(_WAYS)], way=_WAYS[kind % len(_WAYS)])
            for kind in found.tolist()
        ),
        of_lot=of_lot,
    )


def _joined(holding: Sequence[Adjustment], *, provider: str, way: str) -> Agreement:
    some = [a for a in holding if a.provider == provider and a.purchase_model in {None, way}]
    return Agreement(
        discount=max((one.discount for one in some), default=Decimal(0)),
        credit=sum((one.credit for one in some), Decimal(0)),
        covered_gpu_count=sum(one.committed_gpu_count for one in some),
    )
