"""Exact money: plain decimals in, plain decimals out, nano-dollars in columns."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

MAX_NANOS = 2**63 - 1

_PLAIN_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?", re.ASCII)
_CURRENCY_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class BadMoney(ValueError):
    """The text is not a plain decimal, or the currency is not an ISO 4217 code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount in one currency. `currency_code` is ISO 4217; `amount` is finite."""

    amount: Decimal
    currency_code: str = "USD"

    def __post_init__(self) -> None:
        """Refuse what is not money. Raises BadMoney."""
        if not self.amount.is_finite():
            raise BadMoney(f"{self.amount} is not a finite amount")
        if not _CURRENCY_CODE.fullmatch(self.currency_code):
            raise BadMoney(f"{self.currency_code!r} is not an ISO 4217 code")


def decimal_from_text(text: str) -> Decimal:
    """Read a plain decimal such as "2.49" or "-0.5".

    At most 15 digits before and 12 after the point. Raises BadMoney for exponents, grouping,
    spaces, a plus sign, digits that are not ASCII, NaN and infinities.
    """
    if not _PLAIN_DECIMAL.fullmatch(text):
        raise BadMoney(f"{text[:40]!r} is not a plain decimal")
    return Decimal(text)


def text_from_decimal(amount: Decimal) -> str:
    """Write an amount with 2 to 12 fraction digits, trailing zeros cut down to 2.

    More than 12 fraction digits are rounded half-even. Raises BadMoney for NaN and infinities.
    """
    if not amount.is_finite():
        raise BadMoney(f"{amount} is not a finite amount")
    text = f"{amount.quantize(Decimal('1E-12'), context=_EXACT):f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def count_text(count: Decimal) -> str:
    """Write a count as a plain decimal without trailing zeros: "8", "0.125"."""
    text = f"{count:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(amount: Decimal, *, digits: int) -> Decimal:
    """Round half-even to `digits` fraction digits."""
    return amount.quantize(Decimal(1).scaleb(-digits), context=_EXACT)


def divided(amount: Decimal, by: Decimal, *, digits: int) -> Decimal:
    """Divide and round half-even once, to `digits` fraction digits. Raises on a zero divisor."""
    with localcontext(_EXACT):
        return rounded(amount / by, digits=digits)


def nanos_from_decimal(amount: Decimal) -> int:
    """Turn an amount into nano-units, rounded half-even. Raises BadMoney beyond int64."""
    nanos = int(rounded(amount.scaleb(9, context=_EXACT), digits=0))
    if abs(nanos) > MAX_NANOS:
        raise BadMoney(f"{amount} does not fit 64-bit nano-units")
    return nanos
