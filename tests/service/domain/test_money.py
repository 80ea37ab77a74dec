"""Exact money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.money import (
    MAX_NANOS,
    BadMoney,
    Money,
    count_text,
    decimal_from_text,
    divided,
    nanos_from_decimal,
    rounded,
    text_from_decimal,
)

amounts = st.decimals(
    min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False, places=12
)


@given(st.integers(min_value=-MAX_NANOS, max_value=MAX_NANOS))
def test_every_nano_that_fits_is_exact(nanos: int) -> None:
    assert nanos_from_decimal(Decimal(nanos).scaleb(-9)) == nanos


@given(amounts)
def test_text_survives_the_round_trip(amount: Decimal) -> None:
    assert decimal_from_text(text_from_decimal(amount)) == amount


@given(st.text(max_size=30))
def test_any_text_is_a_finite_decimal_or_refused(text: str) -> None:
    try:
        assert decimal_from_text(text).is_finite()
    except BadMoney:
        assert not (text.isascii() and text.isdigit() and len(text) <= 15)


@pytest.mark.parametrize("text", ["2.49", "-0.5", "0", "007.5", "999999999999999.999999999999"])
def test_a_plain_decimal_is_read_exactly(text: str) -> None:
    assert decimal_from_text(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e3",
        "1_000",
        "1,5",
        "1,000",
        "+1",
        " 1",
        "1 ",
        ".5",
        "5.",
        "NaN",
        "Infinity",
        "-",
        "\u0661",
        "1\u0660",
        "0x10",
        "1" * 16,
        "0." + "1" * 13,
        "--1",
        "1.2.3",
        "1\n",
    ],
)
def test_anything_else_is_no_decimal(text: str) -> None:
    with pytest.raises(BadMoney):
        decimal_from_text(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("2", "2.00"),
        ("2.5", "2.50"),
        ("0.0875", "0.0875"),
        ("1E+3", "1000.00"),
        ("1.2345678901235", "1.234567890124"),
        ("0.0000000000005", "0.00"),
        ("-3.10", "-3.10"),
    ],
)
def test_an_amount_is_written_with_2_to_12_digits(amount: str, text: str) -> None:
    assert text_from_decimal(Decimal(amount)) == text


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_money(amount: str) -> None:
    with pytest.raises(BadMoney):
        text_from_decimal(Decimal(amount))
    with pytest.raises(BadMoney):
        Money(amount=Decimal(amount))


@pytest.mark.parametrize("code", ["usd", "US", "USDT", "", "U$D", "\u0415UR"])
def test_a_currency_is_a_code_of_three_capitals(code: str) -> None:
    with pytest.raises(BadMoney):
        Money(amount=Decimal(1), currency_code=code)
    assert Money(amount=Decimal(1), currency_code="EUR").currency_code == "EUR"


@pytest.mark.parametrize(
    ("count", "text"),
    [("8", "8"), ("8.0", "8"), ("0.1250", "0.125"), ("100", "100"), ("1E+2", "100")],
)
def test_a_count_is_written_without_trailing_zeros(count: str, text: str) -> None:
    assert count_text(Decimal(count)) == text


@pytest.mark.parametrize(
    ("amount", "digits", "result"),
    [("0.5", 0, "0"), ("1.5", 0, "2"), ("2.675", 2, "2.68"), ("2.665", 2, "2.66"), ("7", 2, "7")],
)
def test_rounding_is_half_even(amount: str, digits: int, result: str) -> None:
    assert rounded(Decimal(amount), digits=digits) == Decimal(result)


def test_a_quotient_is_rounded_once() -> None:
    assert divided(Decimal(1134310), Decimal(26280), digits=12) == Decimal("43.162480974125")
    with pytest.raises(ZeroDivisionError):
        divided(Decimal(1), Decimal(0), digits=2)


@pytest.mark.parametrize(
    ("amount", "nanos"),
    [
        ("2.49", 2_490_000_000),
        ("0.0000000005", 0),
        ("0.0000000015", 2),
        ("9223372036.854775807", MAX_NANOS),
    ],
)
def test_nanos_are_rounded_half_even(amount: str, nanos: int) -> None:
    assert nanos_from_decimal(Decimal(amount)) == nanos


def test_an_amount_beyond_64_bits_has_no_nanos() -> None:
    with pytest.raises(BadMoney):
        nanos_from_decimal(Decimal("9223372036.854775808"))
