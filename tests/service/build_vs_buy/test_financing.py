import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.cash_flow import Category, Line
from service.build_vs_buy.financing import loan_schedule, monthly_payment, straight_line, tax_line
from service.build_vs_buy.inputs import Loan


@over(st.just(0.0) | st.floats(1e-6, 0.3), st.integers(1, 360))
def test_a_loan_payment_is_that_of_numpy_financial(rate: float, months: int) -> None:
    financial = pytest.importorskip("numpy_financial")
    paid = monthly_payment(annual_rate=rate, months=months, principal=1000.0)
    assert paid == pytest.approx(-financial.pmt(rate / 12, months, 1000.0), rel=1e-6)


@over(st.floats(0, 0.3), st.integers(1, 60), st.integers(1, 90))
def test_a_loan_at_the_discount_rate_is_worth_nothing(rate: float, months: int, until: int) -> None:
    drawn, repaid, interest = loan_schedule(Loan(share=1, annual_rate=rate, months=months), until)
    monthly = rate / 12
    factors = (1 + monthly) ** -np.arange(until + 1)
    assert ((drawn - repaid) * factors).sum() == pytest.approx(0, abs=1e-9)
    assert (repaid - interest).sum() == pytest.approx(1)


def test_a_purchase_is_written_off_evenly_over_its_life() -> None:
    bought = np.zeros((1, 13))
    bought[0, [0, 4]] = 60, 30
    written_off = straight_line(bought, 6)[0]
    assert written_off.tolist() == [0, 10, 10, 10, 10, 15, 15, 5, 5, 5, 5, 0, 0]
    assert straight_line(bought, 100)[0, -1] == pytest.approx(0.9)


def test_costs_save_tax_and_capital_does_not() -> None:
    lines = (
        Line(category=Category.POWER, amount=np.array([[0.0, -100.0]])),
        Line(category=Category.SERVERS, amount=np.array([[-900.0, 0.0]])),
        Line(category=Category.DEPRECIATION, amount=np.array([[0.0, -20.0]])),
    )
    assert tax_line(lines, 0.25).amount.tolist() == [[0.0, 30.0]]
    assert not Category.TAX.is_expense
    assert tax_line(lines, 0.25, other_profit=120.0).amount.tolist() == [[-30.0, 0.0]]
