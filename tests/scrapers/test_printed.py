"""The grammar of prices, currencies and units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.printed import (
    Basis,
    NotAPrice,
    Period,
    PrintedUnit,
    Unreadable,
    currency_from_text,
    number_from_text,
    price_from_text,
    reads_two_ways,
    unit_from_text,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3.99", "3.99"),
        ("0", "0"),
        ("0.7875", "0.7875"),
        ("1,234", "1234"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("1134310.0", "1134310.0"),
        ("55.0400000000", "55.04"),
        ("6.252083333333333", "6.252083333333333"),
    ],
)
def test_a_number_is_read_exactly(text: str, number: str) -> None:
    assert number_from_text(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".5",
        "5.",
        "1,23",
        "1,2345",
        "12,34.5",
        "0,123",
        "1.234,50",
        "1.2.3",
        "007",
        "1e3",
        "1_000",
        "+1",
        "-1",
        "nan",
        "inf",
        "1 000",
        "\u0661",
        "1\u0660",
        "1,234,",
        "0x1f",
        "1" * 16,
        "1." + "1" * 21,
        "1\n",
        " 1",
    ],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        number_from_text(text)


@given(st.text(max_size=20) | st.from_regex(r"[0-9.,e_+-]{1,12}", fullmatch=True))
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    try:
        number = number_from_text(text)
    except Unreadable:
        return
    assert number.is_finite()
    assert number >= 0
    assert text.isascii()


@pytest.mark.parametrize(
    ("number", "currency", "is_html", "doubtful"),
    [
        ("1.234", "EUR", True, True),
        ("1,234", "EUR", True, True),
        ("1,234", "EUR", False, True),
        ("1.397", "EUR", False, False),  # a JSON number has a point
        ("0.105", "EUR", True, False),
        ("1.2345", "EUR", True, False),
        ("1,234.50", "EUR", True, False),
        ("1,234", "USD", True, False),
        ("1,397", "USD", False, True),  # no API groups digits, so this is a decimal comma
        ("1,234.50", "USD", False, True),
        ("4.916", "USD", True, False),
        ("1.234", "SEK", True, True),
    ],
)
def test_a_number_of_one_group_may_read_two_ways(
    number: str, currency: str, *, is_html: bool, doubtful: bool
) -> None:
    assert reads_two_ways(number, currency=currency, is_html=is_html) is doubtful


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("$", "USD"),
        ("US$", "USD"),
        ("CA$", "CAD"),
        ("C$", "CAD"),
        ("A$", "AUD"),
        ("AU$", "AUD"),
        ("NZ$", "NZD"),
        ("HK$", "HKD"),
        ("S$", "SGD"),
        ("R$", "BRL"),
        ("MX$", "MXN"),
        ("\u20ac", "EUR"),
        ("£", "GBP"),
        (" usd ", "USD"),
        ("EUR", "EUR"),
    ],
)
def test_a_currency_is_read_from_its_sign_or_code(text: str, code: str) -> None:
    assert currency_from_text(text) == code


@pytest.mark.parametrize("text", ["", "¥", "kr", "uakt", "USDT", "$$", "XYZ", "dollars"])
def test_a_sign_that_names_no_single_currency_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        currency_from_text(text)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$3.99", "3.99", "USD"),
        ("  $3.99 ", "3.99", "USD"),
        ("$ 3.99", "3.99", "USD"),
        ("\u20ac\u00a03.99", "3.99", "EUR"),
        ("3.99 \u20ac", "3.99", "EUR"),
        ("$39.33 USD", "39.33", "USD"),
        ("USD 3.99", "3.99", "USD"),
        ("3.99 usd", "3.99", "USD"),
        ("CA$4.10", "4.10", "CAD"),
        ("$1,234.50", "1234.50", "USD"),
        ("$3.99*", "3.99", "USD"),
        ("98.32", "98.32", ""),
    ],
)
def test_a_price_is_read_with_its_currency(text: str, amount: str, currency: str) -> None:
    price = price_from_text(text)
    assert (price.amount, price.currency) == (Decimal(amount), currency)
    assert price.unit == PrintedUnit()


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("$2.99/GPU/hr", PrintedUnit(period=Period.HOUR, basis=Basis.GPU)),
        ("$4.29/GPU-hr", PrintedUnit(period=Period.HOUR, basis=Basis.GPU)),
        ("$8.50/h", PrintedUnit(period=Period.HOUR)),
        ("$64.4400 / 1 hour", PrintedUnit(period=Period.HOUR)),
        ("$0.00240 per second", PrintedUnit(period=Period.SECOND)),
        ("$3.99/hr*", PrintedUnit(period=Period.HOUR)),
    ],
)
def test_a_unit_after_the_price_is_read(text: str, unit: PrintedUnit) -> None:
    assert price_from_text(text).unit == unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "N/A",
        "\u2014",
        "Contact sales",
        "Sold out",
        "free",
        "$",
        "NaN",
        "0",
        "$0",
        "$0.00",
        "from $2.49",
        "From $0",
        "starting at $1.99",
        "as low as $1.89",
        "up to $5",
    ],
)
def test_what_says_that_there_is_no_price_is_not_a_price(text: str) -> None:
    with pytest.raises(NotAPrice):
        price_from_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "-$3.99",
        "$-3.99",
        "\u22123.99",
        "~$3",
        "$3.99-$4.99",
        "$3.99 $2.99",
        "$1,23",
        "$1.234,50",
        "1e3",
        "1_000",
        "$3.99\u00b2",
        "$\u0663.\u0669\u0669",
        "\u00bd",
        "$$52.80",
        "$2 .0000",
        "\u20ac3.99 USD",
        "$3.99 CAD",
        "$3.99 / EUR hour",
        "3.99 bitcoin",
        "$3.99/vCPU",
        "$3.99/day",
        "$3.99/hour/month",
        "$3.99 or less",
        "about $3",
        "3.99 GPU",
        "$3.",
        "$ .5",
    ],
)
def test_an_unclear_price_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        price_from_text(text)


prices = st.text(max_size=25) | st.from_regex(r"[A-Z]{0,2}[$\u20ac]?[0-9.,]{1,9} ?[A-Za-z/]{0,8}")


@given(prices)
def test_any_text_is_a_finite_price_above_zero_or_refused(text: str) -> None:
    try:
        price = price_from_text(text)
    except (NotAPrice, Unreadable):
        return
    assert price.amount.is_finite()
    assert price.amount > 0


@given(st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2))
def test_a_printed_price_reads_back(amount: Decimal) -> None:
    assert price_from_text(f"${amount:,}").amount == amount
    assert price_from_text(f"{amount} EUR").amount == amount


HOUR, MINUTE = Period.HOUR, Period.MINUTE


@pytest.mark.parametrize(
    ("text", "period", "basis"),
    [
        ("PRICE/GPU/HR*", HOUR, Basis.GPU),
        ("1 Hour", HOUR, None),
        ("/ Hour", HOUR, None),
        ("GPU Per Hour", HOUR, Basis.GPU),
        ("minute", MINUTE, None),
        ("hour", HOUR, None),
        ("On-Demand Price (Per Hour)", HOUR, None),
        ("Spot Price (Per Hour)", HOUR, None),
        ("Inference Single GPU Price(Per Hour)²", HOUR, Basis.GPU),
        ("Inference Single GPU Price (Per Hour)2", HOUR, Basis.GPU),
        ("Effective Instance Hourly Rate", HOUR, Basis.INSTANCE),
        ("per node per month", Period.MONTH, Basis.INSTANCE),
        ("GPU-second", Period.SECOND, Basis.GPU),
        ("term", Period.TERM, None),
        ("gpu", None, Basis.GPU),
        ("instance", None, Basis.INSTANCE),
        ("", None, None),
    ],
)
def test_a_unit_is_read(text: str, period: Period | None, basis: Basis | None) -> None:
    assert unit_from_text(text) == PrintedUnit(period=period, basis=basis)


def test_a_unit_may_name_the_currency() -> None:
    assert unit_from_text("Price (USD) / hour").currency == "USD"
    assert unit_from_text("CA$/GPU/hour").currency == "CAD"


@pytest.mark.parametrize(
    "text",
    [
        "100 Hours",
        "11 hours",
        "1.5 hours",
        "per vCPU hour",
        "GB-month",
        "Resource Per Day",
        "hour/month",
        "GPU instance hour",
        "USD or EUR per hour",
        "week",
        "hour \u0661",
        "OCPU Per Hour",
        "hour # 2",
        "year",
    ],
)
def test_an_unclear_unit_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        unit_from_text(text)
