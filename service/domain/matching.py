"""Filters over single offers: what `service.catalog.masks` does for whole columns.

Amounts are rounded to the same digits before they are compared, so an offer passes here exactly
when it passes in a list; tests hold the two against each other.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from types import MappingProxyType
from typing import Any

from service.domain.filter import And, Comparison, Node, Not, Operator, Or
from service.domain.filter_values import Prefix
from service.domain.money import Money, rounded
from service.domain.offer import Freshness, Offer, Standing
from service.domain.offer_fields import FIELDS, Kind

Rates = Mapping[str, Decimal]
Test = Callable[[Offer], bool]

_DIGITS = 9
_PER_GPU_HOUR_DIGITS = 6
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        Operator.EQUAL: operator.eq,
        Operator.LESS: operator.lt,
        Operator.AT_MOST: operator.le,
        Operator.GREATER: operator.gt,
        Operator.AT_LEAST: operator.ge,
    }
)


def freshness_when_seen(offer: Offer) -> Freshness:
    """Return how far an offer could be relied upon at the moment it was seen.

    A change is told the same whenever it is read: the age that the offer has by then is no part
    of it.
    """
    if offer.standing is Standing.ACCEPTED:
        return Freshness.FRESH
    return Freshness(offer.standing.value)


def matcher(node: Node, rates: Rates) -> Test:
    """Make the test whether a filter holds for an offer as it was when it was seen.

    `rates` are US dollars for one unit of a currency, of every currency that the filter names.
    """
    match node:
        case And(terms=terms):
            every = [matcher(term, rates) for term in terms]
            return lambda offer: all(test(offer) for test in every)
        case Or(terms=terms):
            some = [matcher(term, rates) for term in terms]
            return lambda offer: any(test(offer) for test in some)
        case Not(term=term):
            inner = matcher(term, rates)
            return lambda offer: not inner(offer)
        case Comparison(operator=Operator.NOT_EQUAL):
            equal = _comparison(replace(node, operator=Operator.EQUAL), rates)
            return lambda offer: not equal(offer)
        case _:
            return _comparison(node, rates)


def _comparison(node: Comparison, rates: Rates) -> Test:
    field = FIELDS[node.field]
    value: Any = node.value
    if field.kind is Kind.GEO:
        if isinstance(value, frozenset):
            return lambda offer: offer.country_code in value
        return _comparison(replace(node, field="country_code"), rates)
    read = _READERS.get(field.name) or operator.attrgetter(field.name)
    if node.operator is Operator.STATED:
        return lambda offer: _is_stated(read(offer))
    if isinstance(value, Prefix):
        return lambda offer: bool(read(offer).startswith(value.text))
    if field.kind is Kind.MONEY and isinstance(value, Money):
        return _money_test(read, node.operator, value, rates)
    compare = _COMPARE[node.operator]
    if isinstance(value, Money):
        digits = _PER_GPU_HOUR_DIGITS if field.name == "price_per_gpu_hour" else _DIGITS
        value = _converted(value, "USD", digits=digits, rates=rates)
    return _plain_test(read, compare, value)


def _plain_test(
    read: Callable[[Offer], Any], compare: Callable[[Any, Any], bool], value: Any
) -> Test:
    if isinstance(value, Decimal):
        threshold = rounded(value, digits=_DIGITS)
        return lambda offer: _number_holds(compare, read(offer), threshold)
    return lambda offer: (found := read(offer)) is not None and compare(found, value)


def _number_holds(
    compare: Callable[[Any, Any], bool], found: Decimal | int | None, threshold: Decimal
) -> bool:
    return found is not None and compare(rounded(Decimal(found), digits=_DIGITS), threshold)


def _money_test(
    read: Callable[[Offer], Money | None], sign: Operator, value: Money, rates: Rates
) -> Test:
    compare = _COMPARE[sign]

    def holds(offer: Offer) -> bool:
        found = read(offer)
        if found is None:
            return False
        currency = found.currency_code
        if currency not in {value.currency_code, "USD", *rates}:
            return False
        threshold = _converted(value, currency, digits=_DIGITS, rates=rates)
        return compare(rounded(found.amount, digits=_DIGITS), rounded(threshold, digits=_DIGITS))

    return holds


def _converted(money: Money, currency: str, *, digits: int, rates: Rates) -> Decimal:
    if money.currency_code == currency:
        return money.amount
    with localcontext(_EXACT):
        amount = money.amount * _rate(money.currency_code, rates) / _rate(currency, rates)
    return rounded(amount, digits=digits)


def _rate(currency: str, rates: Rates) -> Decimal:
    return Decimal(1) if currency == "USD" else rates[currency]


def _is_stated(value: Any) -> bool:
    return value not in (None, "", "NOT_STATED")


_READERS: Mapping[str, Callable[[Offer], Any]] = MappingProxyType(
    {
        "name": lambda offer: offer.offer_id,
        "delisted": lambda offer: not offer.is_listed,
        "availability": lambda offer: offer.availability.state,
        "freshness": freshness_when_seen,
    }
)
