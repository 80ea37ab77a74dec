"""Loan, depreciation and tax: how the same purchase looks to a bank and to the tax office."""

import math

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Category, Line, total
from service.build_vs_buy.inputs import Loan
from service.build_vs_buy.units import MONTHS_PER_YEAR


def monthly_payment(*, annual_rate: float, months: int, principal: float) -> float:
    """Return the equal payment at each month's end that repays a loan.

    The annuity P i / (1 - (1 + i)^-n) with the nominal monthly rate i = annual_rate / 12, as banks
    quote it and as numpy-financial's `pmt`.
    """
    rate = annual_rate / MONTHS_PER_YEAR
    if not rate:
        return principal / months
    return principal * rate / -math.expm1(-months * math.log1p(rate))


def loan_schedule(loan: Loan, months: int) -> tuple[Floats, Floats, Floats]:
    """Return what is drawn, repaid and paid as interest by month on a principal of 1.

    Each has shape (1, months + 1) and is positive. Repayments contain the interest; what is left
    at the end of the horizon is repaid then.
    """
    rate = loan.annual_rate / MONTHS_PER_YEAR
    payment = monthly_payment(annual_rate=loan.annual_rate, months=loan.months, principal=1.0)
    drawn, repaid, interest = (np.zeros((1, months + 1)) for _ in range(3))
    drawn[0, 0] = 1.0
    balance = 1.0
    for month in range(1, min(months, loan.months) + 1):
        interest[0, month] = balance * rate
        repaid[0, month] = payment
        balance += interest[0, month] - payment
    if months < loan.months:
        repaid[0, months] += balance
    return drawn, repaid, interest


def straight_line(bought: Floats, life_months: int) -> Floats:
    """Return the depreciation of each month, in the unit of what is bought at each month's end.

    A purchase at t is written off evenly over months t + 1 .. t + life.
    """
    until = np.cumsum(bought, axis=1)
    before = np.zeros_like(until)
    before[:, 1:] = until[:, :-1]
    gone = np.zeros_like(until)
    gone[:, life_months + 1 :] = until[:, : -life_months - 1]
    return (before - gone) / life_months


def tax_line(lines: tuple[Line, ...], rate: float, *, other_profit: Floats | float = 0.0) -> Line:
    """Return the tax on the profit of some lines, positive where costs save it.

    Costs save tax in the month in which they are paid: the company has other profits to set them
    against. `other_profit` is what moves no money or is no line: interest, gains on sales.
    """
    profit = total(line for line in lines if line.category.is_expense) + other_profit
    return Line(category=Category.TAX, amount=-rate * profit)
