"""Filters over columns: which rows of a snapshot a tree of comparisons holds for.

Semantics: an offer that does not state a field fails every comparison with it but `!=`, which is
`NOT =`.
"""

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import CURRENCY, MICROSECOND, Column, Mask, Rows, micros_of, nanos_of
from service.catalog.snapshot import Snapshot
from service.domain.errors import InvalidRequest, Reason, Violation
from service.domain.filter import And, Comparison, Node, Not, Operator, Or
from service.domain.filter_values import Prefix
from service.domain.money import Money, rounded
from service.domain.offer_fields import FIELDS, Kind

Rates = Mapping[str, Decimal]

# Share of rows below which the next term looks at the hits alone.
_FEW = 8
_PER_GPU_HOUR_DIGITS = 6
_LISTED_WORDS = frozenset({Kind.TEXT, Kind.COUNTRY, Kind.REFERENCE})
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_COMPARE: Mapping[Operator, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        Operator.EQUAL: operator.eq,
        Operator.LESS: operator.lt,
        Operator.AT_MOST: operator.le,
        Operator.GREATER: operator.gt,
        Operator.AT_LEAST: operator.ge,
    }
)


class Evaluator:
    """Evaluates filters over one snapshot. `rates` are US dollars for one unit of a currency."""

    def __init__(self, snapshot: Snapshot, rates: Rates) -> None:
        self._snapshot = snapshot
        self._rates = rates

    def mask(self, node: Node, rows: Rows | None = None) -> Mask:
        """Tell for each of these rows, or for every row, whether the filter holds.

        Raises InvalidRequest for an amount in a currency without a rate.
        """
        match node:
            case And(terms=terms):
                return self._all(terms, rows)
            case Or(terms=terms):
                return self._any(terms, rows)
            case Not(term=term):
                return ~self.mask(term, rows)
            case Comparison():
                return self._compared(node, rows)

    def _all(self, terms: Sequence[Node], rows: Rows | None) -> Mask:
        if not terms:
            return np.ones(self._size(rows), dtype=np.bool_)
        mask = self.mask(terms[0], rows)
        for at, term in enumerate(terms[1:], start=1):
            if np.count_nonzero(mask) * _FEW < mask.size:
                return self._narrowed(mask, terms[at:], rows)
            mask &= self.mask(term, rows)
        return mask

    def _narrowed(self, mask: Mask, terms: Sequence[Node], rows: Rows | None) -> Mask:
        hits = np.flatnonzero(mask)
        mask[hits] = self._all(terms, hits if rows is None else rows[hits])
        return mask

    def _any(self, terms: Sequence[Node], rows: Rows | None) -> Mask:
        mask = np.zeros(self._size(rows), dtype=np.bool_)
        names, others = _alternatives(terms)
        for field, words in names.items():
            mask |= self._among(field, words, rows)
        for term in others:
            mask |= self.mask(term, rows)
        return mask

    def _size(self, rows: Rows | None) -> int:
        return len(self._snapshot.rows) if rows is None else rows.size

    def _compared(self, node: Comparison, rows: Rows | None) -> Mask:
        if node.operator is Operator.NOT_EQUAL:
            return ~self._holds(node, Operator.EQUAL, rows)
        return self._holds(node, node.operator, rows)

    def _holds(self, node: Comparison, sign: Operator, rows: Rows | None) -> Mask:
        kind = FIELDS[node.field].kind
        if kind is Kind.GEO:
            if isinstance(node.value, frozenset):
                return self._among("country_code", node.value, rows)
            return self._compared(replace(node, field="country_code"), rows)
        column = self._snapshot.column(node.field)
        values = column.values if rows is None else column.values[rows]
        if sign is Operator.STATED:
            return _stated(column, values)
        value = node.value
        if column.words is not None:
            return _text_mask(column.words, values, value)
        if kind is Kind.MONEY and isinstance(value, Money):
            return self._money_mask(node.field, sign, value, values, rows)
        threshold = self._threshold(node.field, kind, value)
        mask: Mask = np.asarray(_COMPARE[sign](values, threshold))
        if column.missing is not None and sign in {Operator.LESS, Operator.AT_MOST}:
            mask &= values != column.missing
        return mask

    def _threshold(self, field: str, kind: Kind, value: Any) -> int:
        match value:
            case Money():
                digits = _PER_GPU_HOUR_DIGITS if field == "price_per_gpu_hour" else 9
                return nanos_of(self._converted(value, "USD", digits))
            case bool():
                return int(value)
            case Decimal():
                return nanos_of(value)
            case datetime():
                return micros_of(value)
            case timedelta():
                return value // MICROSECOND
            case _:
                members = FIELDS[field].members
                if kind is not Kind.ENUM or value not in members:
                    raise ValueError(f"{field} cannot be compared with {value!r}")
                return members.index(value)

    def _among(self, field: str, wanted: Collection[str], rows: Rows | None) -> Mask:
        column = self._snapshot.column(field)
        values = column.values if rows is None else column.values[rows]
        table = np.array([word in wanted for word in column.words or ()], dtype=np.bool_)
        return table[values] if table.size else np.zeros(values.shape, dtype=np.bool_)

    def _money_mask(
        self, field: str, sign: Operator, value: Money, amounts: NDArray[Any], rows: Rows | None
    ) -> Mask:
        column = self._snapshot.column(field + CURRENCY)
        codes = column.values if rows is None else column.values[rows]
        mask = np.zeros(amounts.shape, dtype=np.bool_)
        self._rate(value.currency_code)
        for code, currency in enumerate(column.words or ()):
            if currency and (currency == value.currency_code or self._has_rate(currency)):
                threshold = nanos_of(self._converted(value, currency, 9))
                mask |= (codes == code) & _COMPARE[sign](amounts, threshold)
        return mask

    def _converted(self, money: Money, currency: str, digits: int) -> Decimal:
        if money.currency_code == currency:
            return money.amount
        with localcontext(_EXACT):
            amount = money.amount * self._rate(money.currency_code) / self._rate(currency)
        # Listed prices were converted and rounded to as many digits; equal ones must stay equal.
        return rounded(amount, digits=digits)

    def _has_rate(self, currency: str) -> bool:
        return currency == "USD" or currency in self._rates

    def _rate(self, currency: str) -> Decimal:
        if currency == "USD":
            return Decimal(1)
        rate = self._rates.get(currency)
        if rate is None:
            known = ", ".join(sorted({"USD", *self._rates}))
            text = f"there is no exchange rate for {currency}; known: {known}"
            raise InvalidRequest.of((Violation("filter", text, Reason.BAD_MONEY),))
        return rate


def _alternatives(terms: Sequence[Node]) -> tuple[Mapping[str, set[str]], Sequence[Node]]:
    """Take apart `a = x OR a = y …` on text, which one look-up answers, and the other terms."""
    names: dict[str, set[str]] = {}
    others: list[Node] = []
    for term in terms:
        if (
            isinstance(term, Comparison)
            and term.operator is Operator.EQUAL
            and FIELDS[term.field].kind in _LISTED_WORDS
            and term.field != "name"  # as many words as rows: no table of them
            and isinstance(term.value, str)
        ):
            names.setdefault(term.field, set()).add(term.value)
        else:
            others.append(term)
    return names, others


def _stated(column: Column, values: NDArray[Any]) -> Mask:
    if column.missing is None:
        return np.ones(values.shape, dtype=np.bool_)
    return np.asarray(values != column.missing)


def _text_mask(words: Sequence[str], values: NDArray[Any], value: Any) -> Mask:
    if isinstance(value, Prefix):
        size = len(value.text)
        low = bisect_left(words, value.text)
        high = bisect_right(words, value.text, lo=low, key=lambda word: word[:size])
        return np.asarray((values >= low) & (values < high))
    at = bisect_left(words, value)
    if at < len(words) and words[at] == value:
        return np.asarray(values == at)
    return np.zeros(values.shape, dtype=np.bool_)
