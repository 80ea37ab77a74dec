"""What the price of a printed row is: amount, currency, unit and commitment, all settled.

Currency and unit are printed, or declared for a documented JSON endpoint; where both exist they
must agree. Whatever is missing or contradicts itself is refused with a reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from scrapers import printed, quantities
from scrapers.printed import Basis, NotAPrice, Period, PrintedPrice, Unreadable
from scrapers.provider import Declared, RawOffer
from scrapers.quantities import Term
from service.domain.money import Money
from service.domain.offer import (
    HOURS_PER_MONTH,
    HOURS_PER_YEAR,
    ExchangeRate,
    PriceUnit,
    PurchaseModel,
)

USD = "USD"
_MAX_AMOUNT = Decimal(1_000_000_000)
# A divisor that leaves a fraction without an end is a mistake of the provider's file.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, DivisionByZero])

T = TypeVar("T")


class RejectReason(StrEnum):
    """Why a row gave no offer; stable, counted in GetProvider."""

    UNKNOWN_GPU = "UNKNOWN_GPU"
    AMBIGUOUS_GPU = "AMBIGUOUS_GPU"
    FRACTIONAL_GPU = "FRACTIONAL_GPU"
    NO_PRICE = "NO_PRICE"
    BAD_PRICE = "BAD_PRICE"
    CURRENCY_NOT_STATED = "CURRENCY_NOT_STATED"
    CURRENCY_CONFLICT = "CURRENCY_CONFLICT"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    NO_EXCHANGE_RATE = "NO_EXCHANGE_RATE"
    UNIT_NOT_STATED = "UNIT_NOT_STATED"
    UNIT_CONFLICT = "UNIT_CONFLICT"
    BAD_UNIT = "BAD_UNIT"
    BAD_GPU_COUNT = "BAD_GPU_COUNT"
    BAD_QUANTITY = "BAD_QUANTITY"
    VRAM_CONFLICT = "VRAM_CONFLICT"
    BAD_TERM = "BAD_TERM"
    BAD_TIME = "BAD_TIME"
    BAD_TEXT = "BAD_TEXT"


_UNITS = {
    (Basis.GPU, Period.HOUR): PriceUnit.GPU_HOUR,
    (Basis.GPU, Period.MINUTE): PriceUnit.GPU_MINUTE,
    (Basis.GPU, Period.SECOND): PriceUnit.GPU_SECOND,
    (Basis.INSTANCE, Period.HOUR): PriceUnit.INSTANCE_HOUR,
    (Basis.INSTANCE, Period.MINUTE): PriceUnit.INSTANCE_MINUTE,
    (Basis.INSTANCE, Period.SECOND): PriceUnit.INSTANCE_SECOND,
    (Basis.INSTANCE, Period.MONTH): PriceUnit.INSTANCE_MONTH,
    (Basis.GPU, Period.TERM): PriceUnit.TERM,
    (Basis.INSTANCE, Period.TERM): PriceUnit.TERM,
}
_DECLARED = {unit: key for key, unit in _UNITS.items()}  # TERM is for the instance
PERIODS_PER_HOUR = {
    Period.SECOND: Fraction(3600),
    Period.MINUTE: Fraction(60),
    Period.HOUR: Fraction(1),
    Period.MONTH: Fraction(1, HOURS_PER_MONTH),
}
_YEARS = {
    PurchaseModel.RESERVED_1Y: timedelta(hours=HOURS_PER_YEAR),
    PurchaseModel.RESERVED_3Y: timedelta(hours=3 * HOURS_PER_YEAR),
}
_RESERVED = frozenset({*_YEARS, PurchaseModel.RESERVED_OTHER})


class Refused(Exception):
    """A row gives no offer, for `reason`; the message shows why."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A printed price whose currency and unit are settled; `rate` is None for dollars.

    `exact` is the amount as a fraction: what a sum of several periods makes is no decimal.
    `divisor` and `is_html` say how the other amounts of the row are read.
    """

    text: str
    amount: Money
    exact: Fraction
    basis: Basis
    period: Period
    rate: ExchangeRate | None
    divisor: int
    is_html: bool

    @property
    def unit(self) -> PriceUnit:
        """What the printed amount is for."""
        return _UNITS[self.basis, self.period]

    @property
    def usd(self) -> Fraction:
        """US dollars for one period, exactly."""
        return self.in_usd(self.exact)

    def in_usd(self, amount: Decimal | Fraction) -> Fraction:
        """Convert an amount in the row's currency, exactly."""
        return Fraction(amount) * (Fraction(self.rate.rate) if self.rate else 1)

    def beside(self, price: PrintedPrice) -> Decimal:
        """Return the amount of another price of the row, in its currency. Raises Refused."""
        return _amount(
            price,
            currency=self.amount.currency_code,
            divisor=self.divisor,
            is_html=self.is_html,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """How the row is bought: the model that its term makes of it, and the term itself."""

    model: PurchaseModel
    code: str = ""
    commitment: timedelta | None = None
    range: Term | None = None


def readable(read: Callable[[str], T], text: str, reason: RejectReason) -> T:
    """Return what `read` makes of a text; what it cannot read is refused for `reason`."""
    try:
        return read(text)
    except Unreadable as error:
        raise Refused(reason, str(error)) from error


def price_of(
    raw: RawOffer, *, declared: Declared | None, is_html: bool, rates: Mapping[str, ExchangeRate]
) -> Price:
    """Settle the `price` of a row; zero only where something is paid upfront. Raises Refused."""
    price = printed_price(raw.price, may_be_zero=bool(raw.upfront.strip()))
    period, basis, unit_currency = _unit(raw, price=price, declared=declared)
    currency = _currency(raw, price=price, also=unit_currency, declared=declared)
    divisor = declared.divisor if declared else 1
    amount = _amount(price, currency=currency, divisor=divisor, is_html=is_html)
    rate = None if currency == USD else rates.get(currency)
    if currency != USD and rate is None:
        raise Refused(RejectReason.NO_EXCHANGE_RATE, f"no dollar rate for {currency}")
    return Price(
        text=raw.price.strip(),
        amount=Money(amount=amount, currency_code=currency),
        exact=Fraction(amount),
        basis=basis,
        period=period,
        rate=rate,
        divisor=divisor,
        is_html=is_html,
    )


def printed_price(text: str, *, may_be_zero: bool = False) -> PrintedPrice:
    """Read a printed price. Raises Refused where there is none or it is not clear."""
    try:
        return printed.price_from_text(text, may_be_zero=may_be_zero)
    except NotAPrice as error:
        raise Refused(RejectReason.NO_PRICE, str(error)) from error
    except Unreadable as error:
        raise Refused(RejectReason.BAD_PRICE, str(error)) from error


def _amount(price: PrintedPrice, *, currency: str, divisor: int, is_html: bool) -> Decimal:
    """Return a printed price in units of its currency, exactly. Raises Refused.

    A contract that prints cents prints no sign beside them: "$399" is not 3.99 dollars.
    """
    if price.currency not in {"", currency}:
        raise Refused(RejectReason.CURRENCY_CONFLICT, f"currencies {currency}, {price.currency}")
    if price.currency and divisor != 1:
        raise Refused(
            RejectReason.CURRENCY_CONFLICT, f"{price.number} of {divisor} carries {currency}"
        )
    if printed.reads_two_ways(price.number, currency=currency, is_html=is_html):
        raise Refused(RejectReason.BAD_PRICE, f"{price.number} reads two ways in {currency}")
    amount = _EXACT.divide(price.amount, Decimal(divisor)) if divisor != 1 else price.amount
    if amount >= _MAX_AMOUNT:
        raise Refused(RejectReason.BAD_PRICE, f"{price.number} is beyond any price")
    return amount


def _unit(
    raw: RawOffer, *, price: PrintedPrice, declared: Declared | None
) -> tuple[Period, Basis, str]:
    """Settle period and basis from the price, the unit, `per` and the declaration."""
    unit = readable(printed.unit_from_text, raw.unit, RejectReason.BAD_UNIT)
    per = readable(printed.unit_from_text, raw.per, RejectReason.BAD_UNIT)
    known_basis, known_period = (
        _DECLARED[declared.unit] if declared and declared.unit else (None, None)
    )
    stated = {price.unit.period, unit.period, per.period} - {None}
    # A price for the whole commitment stands beside hourly rows of one declared endpoint (Azure).
    periods = stated if stated == {Period.TERM} else (stated | {known_period}) - {None}
    bases = {price.unit.basis, unit.basis, per.basis, known_basis} - {None}
    if periods == {Period.TERM} and not bases:
        bases = {Basis.INSTANCE}
    if not periods or not bases:
        missing = "for what" if periods else "for how long"
        raise Refused(RejectReason.UNIT_NOT_STATED, f"{missing} the price is, is not stated")
    if len(periods) > 1 or len(bases) > 1:
        raise Refused(RejectReason.UNIT_CONFLICT, "the texts give different units")
    (period,), (basis,) = periods, bases
    if period is None or basis is None or (basis, period) not in _UNITS:
        raise Refused(RejectReason.BAD_UNIT, f"a price by {basis} and {period} is not supported")
    return period, basis, unit.currency


def _currency(raw: RawOffer, *, price: PrintedPrice, also: str, declared: Declared | None) -> str:
    stated = {price.currency, also}
    if raw.currency.strip():
        stated.add(
            readable(printed.currency_from_text, raw.currency, RejectReason.UNKNOWN_CURRENCY)
        )
    if declared:
        stated.add(declared.currency)
    stated -= {""}
    if not stated:
        raise Refused(RejectReason.CURRENCY_NOT_STATED, "no currency is printed or declared")
    if len(stated) > 1:
        raise Refused(RejectReason.CURRENCY_CONFLICT, f"currencies {', '.join(sorted(stated))}")
    return stated.pop()


def purchase_of(raw: RawOffer) -> Purchase:
    """Derive purchase model and commitment from the printed term.

    An exact year or three are RESERVED_1Y and RESERVED_3Y. A term with a range or an open end is
    RESERVED_OTHER, and its least length the commitment.
    """
    asked = raw.purchase_model
    if not raw.term.strip():
        if asked is PurchaseModel.RESERVED_OTHER:
            raise Refused(RejectReason.BAD_TERM, "the length of the commitment is not stated")
        return Purchase(model=asked, commitment=_YEARS.get(asked))
    term = readable(quantities.term_from_text, raw.term, RejectReason.BAD_TERM)
    if asked is PurchaseModel.CAPACITY_BLOCK:
        return Purchase(model=asked, code=term.code, commitment=term.least, range=term)
    if asked not in _RESERVED:
        raise Refused(RejectReason.BAD_TERM, f"{asked.value} has a term of {raw.term!r}")
    years = {length: model for model, length in _YEARS.items()}
    model = years.get(term.least, PurchaseModel.RESERVED_OTHER)
    if not term.is_exact:
        model = PurchaseModel.RESERVED_OTHER
    if asked in _YEARS and asked is not model:
        raise Refused(RejectReason.BAD_TERM, f"{asked.value} has a term of {raw.term!r}")
    if model in _YEARS:
        return Purchase(model=model, commitment=term.least)
    return Purchase(model=model, code=term.code, commitment=term.least, range=term)


def hourly_usd(price: Price, *, purchase: Purchase, count: Fraction) -> Fraction:
    """Return US dollars an hour for the whole row, exactly."""
    per_period = price.usd * (count if price.basis is Basis.GPU else 1)
    if price.period is not Period.TERM:
        return per_period * PERIODS_PER_HOUR[price.period]
    return per_period / term_hours(purchase)


def term_hours(purchase: Purchase) -> Fraction:
    """Return the one length of a commitment in hours. Raises Refused when there is not one."""
    if purchase.commitment is None or (purchase.range and not purchase.range.is_exact):
        raise Refused(RejectReason.BAD_TERM, "a price for a term needs the one length of it")
    return Fraction(purchase.commitment // timedelta(hours=1))
