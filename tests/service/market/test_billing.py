"""Hours that are charged for hours of use."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.offer import PurchaseModel
from service.market.billing import Billing, hours_billed
from service.market.sheet import Pick, sheet_of
from tests.builders import an_offer
from tests.fakes import a_catalog

DAY = timedelta(days=1)
MONTH_BLOCK = {
    "purchase_model": PurchaseModel.CAPACITY_BLOCK,
    "commitment_term": 14 * DAY,
}


def both(used: float, **rules: Any) -> tuple[float, Decimal]:
    """Return the hours charged, as many rows are charged, and exactly."""
    offer = an_offer(**rules)
    sheet = sheet_of(a_catalog(offer))
    (vector,) = Billing(Pick.of(sheet, np.arange(1))).hours(np.array([used])).tolist()
    return vector, hours_billed(offer, Decimal(str(used)))


@pytest.mark.parametrize(
    ("used", "rules", "billed"),
    [
        (31.4, {}, "31.4"),
        (31.4, {"billing_increment": timedelta(hours=1)}, "32"),
        (32.0, {"billing_increment": timedelta(hours=1)}, "32"),
        (0.1, {"billing_increment": timedelta(minutes=6)}, "0.1"),
        (730.0, {"billing_increment": timedelta(seconds=1)}, "730"),
        (1e-9, {"billing_increment": timedelta(minutes=1)}, "0.01666666666666666666666666667"),
        (3.0, {"min_term": DAY}, "24"),
        (30.0, {"min_term": DAY}, "30"),
        (30.5, {"min_term": DAY, "billing_increment": timedelta(hours=1)}, "31"),
        (100.0, MONTH_BLOCK, "336"),
        (337.0, MONTH_BLOCK, "672"),
        (337.0, {**MONTH_BLOCK, "max_term": 365 * DAY}, "337"),
        (100.0, {**MONTH_BLOCK, "max_term": 365 * DAY}, "336"),
        (100.0, {"purchase_model": PurchaseModel.RESERVED_1Y}, "8760"),
        (9000.0, {"purchase_model": PurchaseModel.RESERVED_1Y}, "17520"),
        (100.0, {"purchase_model": PurchaseModel.RESERVED_3Y}, "26280"),
        # Without a commitment a term that is stated is no term to pay for.
        (100.0, {"commitment_term": 14 * DAY}, "100"),
    ],
)
def test_hours_are_charged_by_the_rules(used: float, rules: dict[str, Any], billed: str) -> None:
    vector, exact = both(used, **rules)
    assert exact == Decimal(billed)
    assert vector == pytest.approx(float(billed), rel=1e-12)


@given(
    used=st.floats(1e-6, 1e5),
    step=st.sampled_from([None, timedelta(seconds=1), timedelta(hours=1)]),
    least=st.sampled_from([None, timedelta(minutes=1), 2 * DAY]),
)
def test_never_fewer_hours_are_charged_than_used(
    used: float, step: timedelta | None, least: timedelta | None
) -> None:
    vector, exact = both(used, billing_increment=step, min_term=least)
    assert vector >= used * (1 - 1e-9)
    assert float(exact) == pytest.approx(vector, rel=1e-9)
