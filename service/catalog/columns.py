"""Columns: the values of one field over many offers, as numpy arrays.

Numbers and US dollar prices are int64 nanos, times and durations int64 microseconds, enum values
their index, text an index into the column's sorted words. Sorted words make an index a rank, so
text sorts and is searched by prefix without looking at the strings again.
"""

import operator
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.catalog.paging import KeyValue
from service.domain.money import MAX_NANOS, Money, rounded
from service.domain.offer import Offer
from service.domain.offer_fields import FIELDS, Kind, OfferField
from service.domain.order import OrderKey

# Below every real value: thresholds are held above it, so `>` never finds it.
NOT_STATED = -(2**63)
LAST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURRENCY = ".currency_code"
PASSING = frozenset({"availability", "observe_time", "freshness"})
_NOT_LASTING = PASSING | {"name"}

Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One value for each row; `missing` is the value of rows that state nothing, None if all do.

    `words` is set for text only: sorted, and `values` point into it.
    """

    values: NDArray[Any]
    missing: int | None = None
    words: Sequence[str] | None = None

    def sort_values(self, rows: Rows, *, descending: bool) -> NDArray[np.int64]:
        """Return numbers that put the rows in order when ascending; not stated comes last."""
        values = self.values[rows].astype(np.int64)
        ranked = -values if descending else values
        if self.missing is not None:
            ranked[values == self.missing] = LAST
        return ranked

    def cursor_value(self, row: int) -> KeyValue:
        """Return the value of a row as page tokens carry it: independent of this column."""
        value = int(self.values[row])
        return value if self.words is None else self.words[value]

    def rank(self, row: int, *, descending: bool) -> int:
        """Return where a row stands, on the scale of `rank_of_cursor`."""
        value = int(self.values[row])
        if value == self.missing:
            return LAST
        rank = value if self.words is None else 2 * value
        return -rank if descending else rank

    def rank_of_cursor(self, value: KeyValue, *, descending: bool) -> int:
        """Return where a value of a page token stands, though no row may have it any more.

        Words are at even ranks; one that is gone stands at the odd rank between its neighbours.
        Raises ValueError for a value of the wrong type.
        """
        if self.words is None:
            rank = _int_or_raise(value)
            is_missing = rank in {NOT_STATED, self.missing}
        else:
            word = _str_or_raise(value)
            at = bisect_left(self.words, word)
            is_there = at < len(self.words) and self.words[at] == word
            rank, is_missing = 2 * at - (0 if is_there else 1), not word
        if is_missing:
            return LAST
        return -rank if descending else rank


def _int_or_raise(value: KeyValue) -> int:
    if isinstance(value, str):
        raise ValueError(f"{value[:40]!r} where a number was expected")  # noqa: TRY004 - one kind
    return value


def _str_or_raise(value: KeyValue) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value} where text was expected")  # noqa: TRY004 - one kind
    return value


def nanos_of(amount: Decimal) -> int:
    """Turn an amount into nanos, rounded half-even and held within int64.

    Columns and thresholds are rounded alike, so equal amounts stay equal.
    """
    nanos = int(rounded(amount, digits=9).scaleb(9))
    return max(-MAX_NANOS, min(MAX_NANOS, nanos))


def micros_of(moment: datetime) -> int:
    """Turn a time into microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def time_of(micros: int) -> datetime:
    """Turn microseconds since 1970 into a time."""
    return EPOCH + micros * MICROSECOND


def columns_of(offers: Sequence[Offer]) -> Mapping[str, Column]:
    """Make every column but `name` that lasts from one look at a page to the next."""
    found: dict[str, Column] = {}
    for field in FIELDS.values():
        if field.name in _NOT_LASTING or field.kind is Kind.GEO:
            continue
        values = list(map(_getter(field), offers))
        if field.kind is Kind.MONEY:
            codes = ["" if money is None else money.currency_code for money in values]
            found[field.name + CURRENCY] = _filled(codes, _text_column)
        found[field.name] = _filled(values, partial(_column, field))
    return MappingProxyType(found)


def passing_columns_of(
    values: Mapping[str, list[Any]], numbers: NDArray[np.uint32]
) -> Mapping[str, Column]:
    """Make the columns of `PASSING` from the different values, and the number of each row's."""
    found: dict[str, Column] = {}
    for name in PASSING:
        one = _filled(values[name], partial(_column, FIELDS[name]))
        is_same = one.values.size and (one.values == one.values[0]).all()
        rows = np.broadcast_to(one.values[0], numbers.shape) if is_same else one.values[numbers]
        found[name] = replace(one, values=rows)
    return found


def joined(columns: Sequence[Column], order: Rows | None) -> Column:
    """Put columns of segments one after the other, then their rows in `order`, None as is."""
    values, words = aligned(columns)
    missing = next((c.missing for c in columns if c.missing is not None), None)
    if words is not None:
        missing = 0 if words and not words[0] else None
    whole = np.concatenate(values)
    return Column(values=whole if order is None else whole[order], missing=missing, words=words)


def sort_key_of(
    keys: Sequence[OrderKey], column: Callable[[str], Column]
) -> Callable[[int], tuple[int, ...]]:
    """Return the function that gives a row's ranks under an order."""
    ranked = [(column(key.field), key.descending) for key in keys]

    def ranks(row: int) -> tuple[int, ...]:
        return tuple(one.rank(row, descending=down) for one, down in ranked)

    return ranks


def aligned(columns: Sequence[Column]) -> tuple[list[NDArray[Any]], tuple[str, ...] | None]:
    """Return the values of columns, those of text pointing into common words."""
    if any(column.words is None for column in columns):
        return [column.values for column in columns], None
    words = tuple(sorted(set().union(*(column.words or () for column in columns))))
    index = {word: at for at, word in enumerate(words)}
    return [
        np.array([index[word] for word in column.words or ()], dtype=np.int32)[column.values]
        for column in columns
    ], words


def _getter(field: OfferField) -> Callable[[Offer], Any]:
    return _GETTERS.get(field.name) or operator.attrgetter(field.name)


_GETTERS: Mapping[str, Callable[[Offer], Any]] = MappingProxyType(
    {
        "delisted": lambda offer: not offer.is_listed,
    }
)


def _column(field: OfferField, values: list[Any]) -> Column:
    if field.kind in {Kind.TEXT, Kind.REFERENCE, Kind.COUNTRY}:
        return _text_column(values)
    if field.kind is Kind.ENUM:
        return _enum_column(field, values)
    if field.kind is Kind.BOOLEAN:
        return Column(values=np.fromiter(values, np.int8, len(values)))
    return _number_column(values, _CONVERSIONS.get(field.kind, _number_nanos))


def _filled(values: list[Any], make: Callable[[list[Any]], Column]) -> Column:
    # Most fields of most providers have one value: that takes no memory, and little time.
    if not values or values.count(values[0]) < len(values):
        return make(values)
    one = make(values[:1])
    return replace(one, values=np.broadcast_to(one.values[0], (len(values),)))


def _micros_of_span(span: timedelta) -> int:
    return span // MICROSECOND


def _money_nanos(money: Money) -> int:
    return nanos_of(money.amount)


def _number_nanos(number: Decimal | int) -> int:
    return nanos_of(Decimal(number))


_CONVERSIONS: Mapping[Kind, Callable[[Any], int]] = MappingProxyType(
    {Kind.TIME: micros_of, Kind.DURATION: _micros_of_span, Kind.MONEY: _money_nanos}
)


def _number_column(values: list[Any], convert: Callable[[Any], int]) -> Column:
    # One conversion for each different value: few columns have many.
    numbers = {value: convert(value) for value in set(values) if value is not None}
    numbers[None] = NOT_STATED
    array = np.fromiter(map(numbers.__getitem__, values), np.int64, len(values))
    return Column(values=array, missing=NOT_STATED if None in values else None)


def _enum_column(field: OfferField, values: list[Any]) -> Column:
    index = {member: at for at, member in enumerate(field.members)}
    array = np.fromiter(map(index.__getitem__, values), np.int8, len(values))
    return Column(values=array, missing=index.get("NOT_STATED"))


def _text_column(texts: Sequence[str]) -> Column:
    words = tuple(sorted(set(texts)))
    index = {word: at for at, word in enumerate(words)}
    array = np.fromiter(map(index.__getitem__, texts), np.int32, len(texts))
    return Column(values=array, missing=0 if words and not words[0] else None, words=words)
