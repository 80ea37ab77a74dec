"""The rates that prices are converted with follow the store."""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain.exchange import KeptRates
from service.domain.offer import ExchangeRate
from service.store.memory_store import MemoryStore
from service.store.newest_rates import LOOKED_UP_EVERY, NewestRates, RateNumbers
from service.store.ports import StoreUnreachable
from tests.builders import NOW
from tests.fakes import FakeClock


def a_rate(rate: str, day: str, *, code: str = "EUR") -> ExchangeRate:
    return ExchangeRate(currency_code=code, rate=Decimal(rate), source="bank", date=day)


BUNDLED = {"EUR": a_rate("1.1", "2026-10-01"), "GBP": a_rate("1.3", "2026-10-01", code="GBP")}


class DeadStore(MemoryStore):
    """A store that does not answer."""

    def rates(self) -> KeptRates | None:
        raise StoreUnreachable("gone")


def save(store: MemoryStore, *rates: ExchangeRate) -> None:
    store.save_rates(KeptRates(rates=rates, check_time=NOW), fence=1)


def test_the_bundled_rates_stand_in_until_there_are_others() -> None:
    rates = NewestRates(MemoryStore(), bundled=BUNDLED, clock=FakeClock())

    assert dict(rates) == BUNDLED
    assert rates.get("XXX") is None


def test_the_store_is_looked_up_again_after_a_while() -> None:
    store, clock = MemoryStore(), FakeClock()
    rates = NewestRates(store, bundled=BUNDLED, clock=clock)
    assert rates["EUR"].rate == Decimal("1.1")
    save(store, a_rate("1.2", "2026-10-08"))

    clock.advance(LOOKED_UP_EVERY - timedelta(seconds=1))
    assert rates["EUR"].rate == Decimal("1.1")
    clock.advance(timedelta(seconds=1))
    assert rates["EUR"] == a_rate("1.2", "2026-10-08")
    assert rates["GBP"] == BUNDLED["GBP"]
    assert len(rates) == 2


def test_a_newer_bundle_is_not_replaced_by_an_old_store() -> None:
    store = MemoryStore()
    save(store, a_rate("9", "2020-01-01"))

    assert NewestRates(store, bundled=BUNDLED, clock=FakeClock())["EUR"] == BUNDLED["EUR"]


def test_without_the_store_the_known_rates_stay() -> None:
    rates = NewestRates(DeadStore(), bundled=BUNDLED, clock=FakeClock())

    assert rates["EUR"] == BUNDLED["EUR"]


def test_the_numbers_alone() -> None:
    numbers = RateNumbers(BUNDLED)

    assert dict(numbers) == {"EUR": Decimal("1.1"), "GBP": Decimal("1.3")}
    assert len(numbers) == 2
    with pytest.raises(KeyError):
        numbers["XXX"]
