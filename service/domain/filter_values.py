"""Values in a filter: their text, read by the kind of the field that they are compared with."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from service.domain.errors import Reason
from service.domain.geo import COUNTRIES, GEO_GROUPS, UnknownGeoGroup, countries_of
from service.domain.money import BadMoney, Money, decimal_from_text
from service.domain.offer_fields import Kind, OfferField

_MONEY = re.compile(r"(\S+?) *([A-Z]{3})?", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)
_MICROSECOND_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Any text that begins with `text`; written "text*"."""

    text: str


Value = str | Prefix | bool | Decimal | Money | datetime | timedelta | frozenset[str]


class BadValue(ValueError):
    """The field cannot take this text; the message is for the caller of the API."""

    def __init__(self, message: str, *, reason: Reason = Reason.BAD_FILTER) -> None:
        super().__init__(message)
        self.reason = reason


def value_from_text(field: OfferField, text: str) -> Value:
    """Read the text as a value of the field. Raises BadValue.

    Text, references, countries and enum values become str or Prefix; numbers Decimal; prices
    Money; a geo group the set of its country codes.
    """
    return _READERS[field.kind](field, text)


def _text(_: OfferField, text: str) -> str | Prefix:
    body = text.removesuffix("*")
    if "*" in body:
        raise BadValue(f"{_shown(text)}: * may only stand at the end")
    return text if body == text else Prefix(text=body)


def _reference(field: OfferField, text: str) -> str | Prefix:
    collection, slash, identifier = text.rpartition("/")
    if slash and collection != field.collection:
        raise BadValue(
            f"{_shown(text)} is no name of this kind; write an id or {field.collection}/…"
        )
    return _text(field, identifier)


def _country(_: OfferField, text: str) -> str:
    if text.upper() not in COUNTRIES:
        raise BadValue(f"{_shown(text)} is not an ISO 3166-1 alpha-2 code such as US")
    return text.upper()


def _geo(_: OfferField, text: str) -> frozenset[str]:
    try:
        return countries_of(text)
    except UnknownGeoGroup:
        known = ", ".join(GEO_GROUPS)
        raise BadValue(f"{_shown(text)} is no group of countries; known: {known}") from None


def _enum(field: OfferField, text: str) -> str:
    value = text.removeprefix(field.prefix)
    if value not in field.members:
        raise BadValue(f"{_shown(text)} is not one of {', '.join(field.members)}")
    return value


def _boolean(_: OfferField, text: str) -> bool:
    if text not in {"true", "false"}:
        raise BadValue(f"{_shown(text)} is neither true nor false")
    return text == "true"


def _decimal(_: OfferField, text: str) -> Decimal:
    try:
        return decimal_from_text(text)
    except BadMoney:
        raise BadValue(f"{_shown(text)} is not a plain number such as 8 or 0.125") from None


def _integer(field: OfferField, text: str) -> Decimal:
    number = _decimal(field, text)
    if number != number.to_integral_value():
        raise BadValue(f"{_shown(text)} is not a whole number")
    return number


def _money(_: OfferField, text: str) -> Money:
    parts = _MONEY.fullmatch(text)
    try:
        amount = decimal_from_text(parts[1] if parts else text)
    except BadMoney:
        raise BadValue(
            f'{_shown(text)} is not a plain amount such as 2.50 or "2.50 EUR"',
            reason=Reason.BAD_MONEY,
        ) from None
    if amount.is_signed():
        raise BadValue(f"{_shown(text)}: a price may not be negative", reason=Reason.BAD_MONEY)
    return Money(amount=amount, currency_code=(parts and parts[2]) or "USD")


def _time(_: OfferField, text: str) -> datetime:
    refusal = BadValue(f"{_shown(text)} is not an RFC 3339 time such as 2026-10-08T12:00:00Z")
    parts = _TIME.fullmatch(text)
    if parts is None:
        raise refusal
    day, clock, fraction, zone = parts.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{_micros(fraction)}{zone.upper()}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusal from None


def _duration(_: OfferField, text: str) -> timedelta:
    parts = _DURATION.fullmatch(text)
    if parts is None:
        raise BadValue(f"{_shown(text)} is not a duration in seconds such as 60s")
    return timedelta(seconds=int(parts[1]), microseconds=int(_micros(parts[2])))


def _micros(fraction: str | None) -> str:
    return (fraction or "").ljust(_MICROSECOND_DIGITS, "0")[:_MICROSECOND_DIGITS]


def _shown(text: str) -> str:
    return repr(text[:40])


_READERS: Mapping[Kind, Callable[[OfferField, str], Value]] = MappingProxyType(
    {
        Kind.TEXT: _text,
        Kind.REFERENCE: _reference,
        Kind.COUNTRY: _country,
        Kind.GEO: _geo,
        Kind.ENUM: _enum,
        Kind.BOOLEAN: _boolean,
        Kind.DECIMAL: _decimal,
        Kind.INTEGER: _integer,
        Kind.PRICE: _money,
        Kind.MONEY: _money,
        Kind.TIME: _time,
        Kind.DURATION: _duration,
    }
)
