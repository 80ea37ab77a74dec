from decimal import Decimal

import pytest

from service.domain.money import Money
from service.domain.outcome import Outcome
from tests.service.store.history_contract import a_report


@pytest.mark.parametrize("outcome", [Outcome.BOUGHT, Outcome.NO_CAPACITY])
def test_only_a_price_that_differed_is_told(outcome: Outcome) -> None:
    price = Money(amount=Decimal(2))
    with pytest.raises(ValueError, match="only PRICE_DIFFERED"):
        a_report(outcome=outcome, price_per_hour=price)
    assert a_report(outcome=Outcome.PRICE_DIFFERED, price_per_hour=price).price_per_hour == price
