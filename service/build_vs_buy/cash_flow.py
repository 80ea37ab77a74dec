"""Cash flows by category and month."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from service.build_vs_buy.arrays import Floats


class Category(StrEnum):
    """What a flow is for."""

    SERVERS = "SERVERS"
    NETWORK_AND_INSTALL = "NETWORK_AND_INSTALL"
    SPARES = "SPARES"
    SALES_TAX = "SALES_TAX"
    STORAGE = "STORAGE"
    LAND = "LAND"
    CONSTRUCTION = "CONSTRUCTION"
    UPKEEP = "UPKEEP"
    POWER = "POWER"
    COLOCATION = "COLOCATION"
    STAFF = "STAFF"
    MAINTENANCE = "MAINTENANCE"
    FAILURES = "FAILURES"
    LICENCES = "LICENCES"
    OPEX = "OPEX"
    RENT_BEFORE_DELIVERY = "RENT_BEFORE_DELIVERY"
    RENT_IN_DOWNTIME = "RENT_IN_DOWNTIME"
    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"
    COMMITMENT = "COMMITMENT"
    COMMITMENT_BEYOND_STOCK = "COMMITMENT_BEYOND_STOCK"
    DATA = "DATA"
    TOKENS = "TOKENS"
    RESIDUAL = "RESIDUAL"
    LOAN = "LOAN"
    LOAN_REPAYMENT = "LOAN_REPAYMENT"
    TAX = "TAX"
    DEPRECIATION = "DEPRECIATION"

    @property
    def is_cash(self) -> bool:
        """Whether money moves: depreciation only shows in the profit and loss account."""
        return self is not Category.DEPRECIATION

    @property
    def is_expense(self) -> bool:
        """Whether it lessens the profit of the month in which it is paid."""
        return self not in _NO_EXPENSE


CAPITAL = frozenset(
    {
        Category.SERVERS,
        Category.NETWORK_AND_INSTALL,
        Category.SPARES,
        Category.SALES_TAX,
        Category.STORAGE,
    }
)
"""What is bought together with servers, and written off with them."""

_NO_EXPENSE = CAPITAL | {
    Category.LAND,
    Category.CONSTRUCTION,
    Category.RESIDUAL,
    Category.LOAN,
    Category.LOAN_REPAYMENT,
    Category.TAX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One category over time, shape (draws, months + 1); what is paid is negative."""

    category: Category
    amount: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """All lines of one option, and the useful GPU-hours that it delivers in each month."""

    lines: tuple[Line, ...]
    delivered_gpu_hours: Floats

    def cash(self) -> Floats:
        """Return the money that moves, all categories together, shape (draws, months + 1)."""
        return total(line for line in self.lines if line.category.is_cash)

    def of(self, *categories: Category) -> Floats:
        """Return the sum of some categories, shape (draws, months + 1)."""
        return total(line for line in self.lines if line.category in categories)


def total(lines: Iterable[Line]) -> Floats:
    """Return the sum of lines, 0 of shape (1, 1) without any."""
    amounts = [line.amount for line in lines]
    summed: Floats = np.zeros(np.broadcast_shapes((1, 1), *(amount.shape for amount in amounts)))
    for amount in amounts:
        summed += amount
    return summed
