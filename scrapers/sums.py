"""The price of a whole row that is printed in parts: GPUs, vCPUs and memory, or a sum upfront.

All parts are in the row's currency. The sum stands in the row's own period and is for the
instance; it is exact until the offer is made.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from scrapers import printed
from scrapers.pricing import (
    PERIODS_PER_HOUR,
    Price,
    Purchase,
    Refused,
    RejectReason,
    printed_price,
    readable,
    term_hours,
)
from scrapers.printed import Basis, Period
from scrapers.provider import RawOffer, Summand
from service.domain.money import Money, count_text, divided

_AMOUNT_DIGITS = 12
_COUNT_DIGITS = 6


def summed(price: Price, raw: RawOffer, *, count: Fraction, purchase: Purchase) -> Price:
    """Return the price of the whole row with its summands and its share of what is upfront.

    A price without them is returned as it is. Raises Refused when any part cannot be read.
    """
    upfront = upfront_of(raw, row=price)
    if not raw.plus and upfront is None:
        return price
    is_per_gpu = price.basis is Basis.GPU
    exact = price.exact * (count if is_per_gpu else 1)
    shown = f"{_count_text(count)} x {price.text} GPU" if is_per_gpu and count != 1 else price.text
    texts = [shown]
    for summand in raw.plus:
        part, text = _part(summand, row=price)
        exact += part
        texts.append(text)
    if upfront is not None:
        exact += _by_period(upfront, row=price, purchase=purchase)
        texts.append(f"{raw.upfront.strip()} upfront")
    text = " + ".join(texts)
    amount = divided(Decimal(exact.numerator), Decimal(exact.denominator), digits=_AMOUNT_DIGITS)
    if not amount:
        raise Refused(RejectReason.BAD_PRICE, f"{text} is below any price")
    return replace(
        price,
        text=text,
        amount=Money(amount=amount, currency_code=price.amount.currency_code),
        exact=exact,
        basis=Basis.INSTANCE,
    )


def upfront_of(raw: RawOffer, *, row: Price) -> Decimal | None:
    """Return what is paid at the start for the whole row, in its currency; None for nothing.

    Raises Refused when it cannot be read.
    """
    if not raw.upfront.strip():
        return None
    price = printed_price(raw.upfront)
    if price.unit.period or price.unit.basis:
        raise Refused(RejectReason.UNIT_CONFLICT, f"{raw.upfront[:40]!r} has a unit")
    return row.beside(price)


def _by_period(upfront: Decimal, *, row: Price, purchase: Purchase) -> Fraction:
    """Spread what is paid at the start over the commitment."""
    if row.period is Period.TERM:
        detail = "a price for the whole term stands beside one upfront"
        raise Refused(RejectReason.UNIT_CONFLICT, detail)
    return Fraction(upfront) / term_hours(purchase) / PERIODS_PER_HOUR[row.period]


def _part(summand: Summand, *, row: Price) -> tuple[Fraction, str]:
    """Return what a summand adds in the row's period, and its text."""
    price = printed_price(summand.price)
    unit = readable(printed.unit_from_text, summand.unit, RejectReason.BAD_UNIT)
    times = readable(printed.number_from_text, summand.times.strip(), RejectReason.BAD_QUANTITY)
    if not times:
        raise Refused(RejectReason.BAD_QUANTITY, f"0 x {summand.what}")
    period = _period(price.unit, unit, what=summand.what, row=row)
    text = f"{summand.times.strip()} x {summand.price.strip()} {summand.what}"
    part = Fraction(row.beside(price)) * Fraction(times)
    if period is row.period:
        return part, text
    return part * PERIODS_PER_HOUR[period] / PERIODS_PER_HOUR[row.period], f"{text} a {period}"


def _period(*units: printed.PrintedUnit, what: str, row: Price) -> Period:
    """Return the period of a summand, the row's own when none is printed."""
    periods = {unit.period for unit in units if unit.period} or {row.period}
    currencies = {unit.currency for unit in units} - {"", row.amount.currency_code}
    if len(periods) > 1 or currencies or any(unit.basis is Basis.GPU for unit in units):
        raise Refused(RejectReason.UNIT_CONFLICT, f"the texts give {what} different units")
    (period,) = periods
    if period is not row.period and Period.TERM in {period, row.period}:
        detail = f"{what} is priced by {period} and its row by {row.period}"
        raise Refused(RejectReason.UNIT_CONFLICT, detail)
    return period


def _count_text(count: Fraction) -> str:
    number = divided(Decimal(count.numerator), Decimal(count.denominator), digits=_COUNT_DIGITS)
    return count_text(number)
