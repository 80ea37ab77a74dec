"""Which rates are kept when a new file comes."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.domain.exchange import KeptRates, by_code, dollars_for_one, newer, updated
from service.domain.offer import ExchangeRate
from tests.builders import NOW

MONDAY, TUESDAY, WEDNESDAY = "2026-10-05", "2026-10-06", "2026-10-07"
DECIMALS = st.decimals(min_value="0.001", max_value="9999", places=4, allow_nan=False)


def a_rate(rate: str, day: str = MONDAY, *, code: str = "EUR") -> dict[str, ExchangeRate]:
    return {code: ExchangeRate(currency_code=code, rate=Decimal(rate), source="bank", date=day)}


def after(
    known: dict[str, ExchangeRate],
    found: dict[str, ExchangeRate],
    held: dict[str, ExchangeRate] | None = None,
) -> KeptRates:
    return updated(known, found, held=held or {}, now=NOW)


def rates_in(kept: KeptRates) -> dict[str, tuple[Decimal, str]]:
    return {rate.currency_code: (rate.rate, rate.date) for rate in kept.rates}


def test_a_rate_is_the_quotient_of_two_numbers_of_the_file() -> None:
    rate = dollars_for_one(units_per_euro=Decimal("175.68"), dollars_per_euro=Decimal("1.1172"))

    assert rate == Decimal("0.0063592896")
    assert dollars_for_one(units_per_euro=Decimal(1), dollars_per_euro=Decimal("1.1")) == Decimal(
        "1.1"
    )


@given(units=DECIMALS, dollars=DECIMALS)
def test_a_rate_is_exact_to_ten_digits(units: Decimal, dollars: Decimal) -> None:
    rate = dollars_for_one(units_per_euro=units, dollars_per_euro=dollars)

    assert abs(rate * units - dollars) <= units * Decimal("5e-11")


def test_a_newer_day_replaces_a_rate() -> None:
    kept = after(a_rate("1.10"), a_rate("1.12", TUESDAY))

    assert rates_in(kept) == {"EUR": (Decimal("1.12"), TUESDAY)}
    assert (kept.held, kept.check_time) == ((), NOW)


def test_an_older_file_changes_nothing() -> None:
    assert rates_in(after(a_rate("1.10", TUESDAY), a_rate("1.12"))) == {
        "EUR": (Decimal("1.10"), TUESDAY)
    }


def test_a_currency_that_the_file_dropped_keeps_its_old_day() -> None:
    known = a_rate("1.10") | a_rate("0.6", code="BGN")

    assert rates_in(after(known, a_rate("1.11", TUESDAY)))["BGN"] == (Decimal("0.6"), MONDAY)


def test_a_rate_that_jumped_is_held_and_the_others_are_taken() -> None:
    known = a_rate("1.10") | a_rate("0.03", code="TRY")
    kept = after(known, a_rate("1.11", TUESDAY) | a_rate("0.02", TUESDAY, code="TRY"))

    assert rates_in(kept) == {
        "EUR": (Decimal("1.11"), TUESDAY),
        "TRY": (Decimal("0.03"), MONDAY),
    }
    assert by_code(kept.held) == a_rate("0.02", TUESDAY, code="TRY")


def test_a_fifth_is_still_believed() -> None:
    assert not after(a_rate("1.00"), a_rate("1.20", TUESDAY)).held
    assert after(a_rate("1.00"), a_rate("1.21", TUESDAY)).held
    assert after(a_rate("1.00"), a_rate("0.79", TUESDAY)).held


def test_a_jump_that_a_later_day_repeats_is_believed() -> None:
    held = a_rate("0.60", TUESDAY)

    kept = after(a_rate("1.00"), a_rate("0.61", WEDNESDAY), held)
    assert rates_in(kept) == {"EUR": (Decimal("0.61"), WEDNESDAY)}
    assert not kept.held


def test_the_same_file_read_again_confirms_nothing() -> None:
    held = a_rate("0.60", TUESDAY)

    assert by_code(after(a_rate("1.00"), a_rate("0.60", TUESDAY), held).held) == held


def test_a_jump_elsewhere_starts_to_wait_anew() -> None:
    kept = after(a_rate("1.00"), a_rate("3.00", WEDNESDAY), a_rate("0.60", TUESDAY))

    assert by_code(kept.held) == a_rate("3.00", WEDNESDAY)


def test_of_two_tables_the_later_day_counts_for_each_currency() -> None:
    merged = newer(a_rate("1.1", TUESDAY) | a_rate("1.3", code="GBP"), a_rate("1.0"))

    assert merged == a_rate("1.1", TUESDAY) | a_rate("1.3", code="GBP")
    assert newer(a_rate("1.0"), a_rate("1.1", TUESDAY)) == a_rate("1.1", TUESDAY)
