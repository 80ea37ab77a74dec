"""Prices that are printed in parts: per GPU, vCPU and GiB, or partly at the start."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.normalize import Normalizer, RejectReason
from scrapers.page import Page
from scrapers.provider import Declared, Provider, RawOffer, Reject, Summand
from service.domain.money import Money
from service.domain.offer import Offer, PriceUnit, PurchaseModel
from service.facts.tables import load_exchange_rates, load_gpu_registry
from tests.builders import NOW

RATES = load_exchange_rates()
NORMALIZER = Normalizer(registry=load_gpu_registry(), rates=RATES)
PER_GPU = Declared(currency="USD", unit=PriceUnit.GPU_HOUR)
PER_INSTANCE = Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)
IN_CENTS = Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR, divisor=100)
VCPUS = Summand(what="vCPU", price="0.03", times="26")
MEMORY = Summand(what="GiB memory", price="0.004", times="234")


def normalized(declared: Declared | None, content_type: str, **texts: Any) -> Offer | Reject:
    values: dict[str, Any] = {"sku": "h100", "gpu": "H100 SXM", "gpu_count": "1", "price": "2.93"}
    page = Page(
        kind="prices",
        part="prices",
        url="https://nimbus.example/api",
        text="",
        content_type=content_type,
        observe_time=NOW,
    )
    provider = Provider(
        id="nimbus",
        title="Nimbus",
        home="https://nimbus.example",
        declared={"prices": declared} if declared else {},
    )
    raw = RawOffer(**(values | texts))
    return NORMALIZER.offer(raw, provider=provider, page=page, now=NOW, replayed=False)


def offer_of(declared: Declared | None = PER_GPU, /, **texts: Any) -> Offer:
    found = normalized(declared, "application/json", **texts)
    assert isinstance(found, Offer), found
    return found


def reason_of(declared: Declared | None = PER_GPU, /, **texts: Any) -> str:
    found = normalized(declared, "application/json", **texts)
    assert isinstance(found, Reject), found
    return found.reason


def test_a_price_in_cents_keeps_its_text_and_is_read_in_dollars() -> None:
    offer = offer_of(IN_CENTS, price="399")
    assert offer.listed.text == "399"
    assert offer.listed.amount == Money(amount=Decimal("3.99"))
    assert offer.price_per_hour == Decimal("3.99")
    assert offer_of(IN_CENTS, price="399.5").price_per_hour == Decimal("3.995")


def test_a_price_in_hundred_millionths_is_read_exactly() -> None:
    declared = Declared(currency="EUR", unit=PriceUnit.INSTANCE_HOUR, divisor=10**8)
    offer = offer_of(declared, price="1234567890123")
    assert offer.listed.amount == Money(amount=Decimal("12345.67890123"), currency_code="EUR")


def test_cents_beside_a_dollar_sign_are_refused() -> None:
    """One of the two is wrong, and the difference is a factor of a hundred."""
    assert reason_of(IN_CENTS, price="$3.99") == RejectReason.CURRENCY_CONFLICT
    assert reason_of(IN_CENTS, price="399 USD") == RejectReason.CURRENCY_CONFLICT


def test_what_is_beyond_any_price_is_judged_in_dollars() -> None:
    assert offer_of(IN_CENTS, price="9999999999").listed.amount.amount == Decimal("99999999.99")
    assert reason_of(IN_CENTS, price="100000000000") == RejectReason.BAD_PRICE


def test_all_prices_of_a_row_in_cents_are_in_cents() -> None:
    offer = offer_of(
        IN_CENTS,
        price="293",
        plus=(Summand(what="vCPU", price="3", times="26"),),
        minimum_charge="50",
        storage_price="7",
    )
    assert offer.price_per_hour == Decimal("3.71")
    assert offer.minimum_charge == Money(amount=Decimal("0.5"))
    assert offer.storage_price_per_gb_month == Money(amount=Decimal("0.07"))


def test_a_price_in_parts_is_their_sum_for_the_instance() -> None:
    offer = offer_of(plus=(VCPUS, MEMORY))
    assert offer.listed.text == "2.93 + 26 x 0.03 vCPU + 234 x 0.004 GiB memory"
    assert offer.listed.amount == Money(amount=Decimal("4.646"))
    assert offer.listed.unit is PriceUnit.INSTANCE_HOUR
    assert offer.price_per_hour == offer.price_per_gpu_hour == Decimal("4.646")


def test_a_price_per_gpu_counts_once_for_each_and_the_parts_once() -> None:
    offer = offer_of(gpu_count="8", plus=(VCPUS,))
    assert offer.listed.text == "8 x 2.93 GPU + 26 x 0.03 vCPU"
    assert offer.price_per_hour == Decimal("24.22")
    assert offer.price_per_gpu_hour == Decimal("3.0275")


def test_a_price_of_the_instance_counts_once() -> None:
    offer = offer_of(PER_INSTANCE, gpu_count="8", price="20", plus=(VCPUS,))
    assert offer.listed.text == "20 + 26 x 0.03 vCPU"
    assert offer.price_per_hour == Decimal("20.78")


def test_a_part_by_the_month_is_a_730th_an_hour() -> None:
    disk = Summand(what="GiB disk", price="0.073", times="100", unit="month")
    offer = offer_of(plus=(disk,))
    assert offer.listed.text == "2.93 + 100 x 0.073 GiB disk a month"
    assert offer.price_per_hour == Decimal("2.94")


def test_a_row_by_the_month_takes_parts_by_the_hour_730_times() -> None:
    monthly = Declared(currency="USD", unit=PriceUnit.INSTANCE_MONTH)
    ip = Summand(what="IPv4", price="0.01", times="1", unit="hour")
    offer = offer_of(monthly, price="1460", plus=(ip,))
    assert offer.listed.unit is PriceUnit.INSTANCE_MONTH
    assert offer.listed.amount == Money(amount=Decimal("1467.3"))
    assert offer.price_per_hour == Decimal("2.01")


def test_parts_in_euros_are_converted_as_their_row_is() -> None:
    euros = Declared(currency="EUR", unit=PriceUnit.GPU_HOUR)
    offer = offer_of(euros, plus=(VCPUS,))
    assert offer.listed.amount == Money(amount=Decimal("3.71"), currency_code="EUR")
    assert offer.price_per_hour == Decimal("3.71") * RATES["EUR"].rate


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"price": ""}, RejectReason.NO_PRICE),
        ({"price": "0"}, RejectReason.NO_PRICE),
        ({"price": "contact us"}, RejectReason.NO_PRICE),
        ({"price": "0.03-0.05"}, RejectReason.BAD_PRICE),
        ({"price": "0,03"}, RejectReason.BAD_PRICE),
        ({"price": "1,234"}, RejectReason.BAD_PRICE),
        ({"price": "€0.03"}, RejectReason.CURRENCY_CONFLICT),
        ({"unit": "€ / hour"}, RejectReason.UNIT_CONFLICT),
        ({"times": ""}, RejectReason.BAD_QUANTITY),
        ({"times": "0"}, RejectReason.BAD_QUANTITY),
        ({"times": "many"}, RejectReason.BAD_QUANTITY),
        ({"times": "-2"}, RejectReason.BAD_QUANTITY),
        ({"unit": "fortnight"}, RejectReason.BAD_UNIT),
        ({"unit": "gpu hour"}, RejectReason.UNIT_CONFLICT),
        ({"unit": "term"}, RejectReason.UNIT_CONFLICT),
        ({"price": "0.03/month", "unit": "hour"}, RejectReason.UNIT_CONFLICT),
        ({"what": "x" * 300}, RejectReason.BAD_TEXT),
    ],
)
def test_a_part_that_is_not_clear_refuses_the_row(part: dict[str, str], reason: str) -> None:
    values = {"what": "vCPU", "price": "0.03", "times": "26"} | part
    assert reason_of(plus=(MEMORY, Summand(**values))) == reason


AMOUNTS = st.decimals(min_value="0.0001", max_value=999, places=4)
COUNTS = st.sampled_from(["1", "2", "4", "8"])


@given(
    first=AMOUNTS,
    count=COUNTS,
    parts=st.lists(
        st.tuples(AMOUNTS, st.integers(1, 4096), st.sampled_from(["", "hour", "month", "minute"])),
        min_size=1,
        max_size=4,
    ),
)
def test_the_hourly_price_is_the_exact_sum(
    first: Decimal, count: str, parts: list[tuple[Decimal, int, str]]
) -> None:
    hour = Fraction(1)
    an_hour = {"": hour, "hour": hour, "month": Fraction(1, 730), "minute": Fraction(60)}
    offer = offer_of(
        price=f"{first:f}",
        gpu_count=count,
        plus=tuple(
            Summand(what="part", price=f"{price:f}", times=str(times), unit=unit)
            for price, times, unit in parts
        ),
    )
    exact = Fraction(first) * int(count) + sum(
        Fraction(price) * times * an_hour[unit] for price, times, unit in parts
    )
    assert abs(Fraction(offer.price_per_hour) - exact) <= Fraction(1, 2 * 10**12)


YEAR = {"purchase_model": PurchaseModel.RESERVED_1Y, "term": "1 Year"}


def test_what_is_paid_at_the_start_is_spread_over_the_term() -> None:
    offer = offer_of(PER_INSTANCE, price="2", upfront="8760", **YEAR)
    assert offer.price_per_hour == Decimal(3)
    assert offer.upfront == Money(amount=Decimal(8760))
    assert offer.listed.text == "2 + 8760 upfront"
    assert (offer.listed.amount, offer.listed.unit) == (
        Money(amount=Decimal(3)),
        PriceUnit.INSTANCE_HOUR,
    )


def test_all_upfront_may_cost_nothing_by_the_hour() -> None:
    offer = offer_of(
        PER_INSTANCE,
        price="0.0000000000",
        upfront="236520",
        purchase_model=PurchaseModel.RESERVED_3Y,
        term="3 years",
    )
    assert offer.price_per_hour == Decimal(9)


def test_an_amount_at_the_start_in_euros_is_told_in_dollars() -> None:
    euros = Declared(currency="EUR", unit=PriceUnit.INSTANCE_HOUR)
    offer = offer_of(euros, price="1", upfront="8760", **YEAR)
    assert offer.upfront == Money(amount=8760 * RATES["EUR"].rate)
    assert offer.price_per_hour == 2 * RATES["EUR"].rate


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"price": "0", **YEAR}, RejectReason.NO_PRICE),
        ({"price": "0", "upfront": "0", **YEAR}, RejectReason.NO_PRICE),
        ({"price": "0", "upfront": "8760"}, RejectReason.BAD_TERM),
        ({"price": "1", "upfront": "8760"}, RejectReason.BAD_TERM),
        ({"price": "", "upfront": "8760", **YEAR}, RejectReason.NO_PRICE),
        ({"price": "1", "upfront": "ask", **YEAR}, RejectReason.NO_PRICE),
        ({"price": "1", "upfront": "87 60", **YEAR}, RejectReason.BAD_PRICE),
        ({"price": "1", "upfront": "8760/hour", **YEAR}, RejectReason.UNIT_CONFLICT),
        ({"price": "1", "upfront": "£8760", **YEAR}, RejectReason.CURRENCY_CONFLICT),
    ],
)
def test_an_amount_at_the_start_needs_its_term_and_its_number(
    texts: dict[str, Any], reason: str
) -> None:
    assert reason_of(PER_INSTANCE, **texts) == reason


def test_a_price_for_the_term_has_nothing_at_the_start() -> None:
    assert reason_of(None, price="$99", unit="term", upfront="9", **YEAR) == (
        RejectReason.UNIT_CONFLICT
    )


def test_a_range_of_terms_spreads_nothing() -> None:
    texts = {"purchase_model": PurchaseModel.RESERVED_OTHER, "term": "1-3 years"}
    assert reason_of(PER_INSTANCE, price="1", upfront="8760", **texts) == RejectReason.BAD_TERM


def test_what_the_source_says_beside_the_price_is_in_the_offer() -> None:
    offer = offer_of(
        minimum_charge="$0.50",
        reliability="98.5%",
        start_time="2026-11-02",
        valid_until="2026-12-31T23:00:00-01:00",
    )
    assert offer.minimum_charge == Money(amount=Decimal("0.5"))
    assert offer.host_reliability == Decimal("0.985")
    assert offer.start_time == datetime(2026, 11, 2, tzinfo=UTC)
    assert offer.price_valid_until == datetime(2027, 1, 1, tzinfo=UTC)


def test_what_cannot_be_read_beside_the_price_stays_unset() -> None:
    offer = offer_of(
        minimum_charge="some", reliability="high", start_time="soon", valid_until="2026-13-01"
    )
    assert (offer.minimum_charge, offer.host_reliability) == (None, None)
    assert (offer.start_time, offer.price_valid_until) == (None, None)


def test_a_capacity_block_begins_on_a_day_that_can_be_read() -> None:
    block: dict[str, Any] = {"purchase_model": PurchaseModel.CAPACITY_BLOCK, "term": "24 hours"}
    offer = offer_of(start_time="2026-11-02T11:30:00Z", **block)
    assert offer.start_time == datetime(2026, 11, 2, 11, 30, tzinfo=UTC)
    assert offer.commitment_term == timedelta(hours=24)
    assert reason_of(start_time="next week", **block) == RejectReason.BAD_TIME
    assert offer_of(**block).start_time is None
