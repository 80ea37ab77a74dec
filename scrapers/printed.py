"""The grammar of printed prices: numbers, currencies, units. Text in, exact values out.

Digits are ASCII and every character must be understood: what is not in the grammar is refused,
never skipped. `float()` would read "1_000", Arabic digits, "1e400" and "nan".
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Unreadable(ValueError):
    """The text is not in the grammar."""


class NotAPrice(Exception):
    """The text says that there is no price: empty, zero, "N/A", "Contact sales", "from $2"."""


class Period(StrEnum):
    """The time that a price is for; TERM is the whole commitment."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    MONTH = "month"
    TERM = "term"


class Basis(StrEnum):
    """The thing that a price is for."""

    GPU = "gpu"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedUnit:
    """What a text says about the unit; None and "" where it says nothing."""

    period: Period | None = None
    basis: Basis | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPrice:
    """A price as printed. `number` is its text, which may read differently in other countries."""

    amount: Decimal
    number: str
    currency: str
    unit: PrintedUnit


_CODES = frozenset(
    {"AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF"}
    | {"IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN"}
    | {"RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR"}
)
# "¥" and "kr" name several currencies and are left out: such a price needs its code.
_SIGNS = {
    "$": "USD",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "SG$": "SGD",
    "R$": "BRL",
    "MX$": "MXN",
    "NT$": "TWD",
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
}
_MARKS = _SIGNS | {code: code for code in _CODES}
# Where people write "1.234,50" and "1,234" is one and a quarter.
_COMMA_CURRENCIES = frozenset(
    {"BRL", "CHF", "CZK", "DKK", "EUR", "HUF", "IDR", "ISK", "NOK", "PLN", "RON", "RUB"}
    | {"SEK", "TRY", "UAH", "VND", "ZAR"}
)

_NUMBER = re.compile(
    r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|0|[1-9][0-9]{0,14})(?:\.[0-9]{1,20})?", re.ASCII
)
_ONE_GROUP_OF_THREE = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_PRICE = re.compile(r"(?P<lead>[^0-9]*)(?P<number>[0-9][0-9.,]*)(?P<tail>.*)", re.ASCII)
_MARK = "|".join(re.escape(mark) for mark in sorted(_MARKS, key=len, reverse=True))
_TAIL = re.compile(
    rf"\s*(?P<mark>(?i:{_MARK}))?\s*[*†‡]?\s*(?P<unit>(?:/|(?i:per)\b).*)?", re.ASCII
)
_NO_BOUND = re.compile(r"(?i)\b(?:from|starting|start|as low as|up to|upto)\b", re.ASCII)
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009\t\r\n", " "))

_PERIODS = {
    **dict.fromkeys(("second", "seconds", "sec", "secs"), Period.SECOND),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), Period.MINUTE),
    **dict.fromkeys(("hour", "hours", "hourly", "hr", "hrs", "h"), Period.HOUR),
    **dict.fromkeys(("month", "months", "monthly", "mo"), Period.MONTH),
    "term": Period.TERM,
}
_BASES = {
    **dict.fromkeys(("gpu", "gpus", "accelerator"), Basis.GPU),
    **dict.fromkeys(("instance", "instances", "vm", "node", "nodes"), Basis.INSTANCE),
    **dict.fromkeys(("server", "machine", "host", "system"), Basis.INSTANCE),
}
_NEUTRAL_WORDS = frozenset(
    {"a", "an", "the", "per", "each", "on", "demand", "spot", "reserved", "price"}
    | {"prices", "pricing", "rate", "cost", "list", "effective", "current", "single"}
    | {"inference", "1", "one"}
)
_UNIT_WORD = re.compile(rf"(?P<sign>{'|'.join(map(re.escape, _SIGNS))})|[A-Za-z]+|[0-9.,]+|\S")
_UNIT_PUNCTUATION = frozenset("/()-\u2013\u2014:|*†‡¹²³")
# The footnote of a heading such as "(Per Hour)2".
_HEADING_FOOTNOTE = re.compile(r"(?<=\))[0-9]$", re.ASCII)


def number_from_text(text: str) -> Decimal:
    """Read "1234.5" or "1,234.5". Raises Unreadable for anything else.

    No sign, no exponent, no underscore, no digit beyond ASCII, groups of exactly three.
    """
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"{text[:40]!r} is not a plain number")
    return Decimal(text.replace(",", ""))


def reads_two_ways(number: str, *, currency: str, is_html: bool) -> bool:
    """Say whether the text of a number may be read in two ways, as "1,234" in euros.

    No machine-readable answer groups digits, so a comma there is a decimal one or a mistake, and
    a point is a point. On a page, one group of three may be a thousand or a fraction where the
    currency's countries write a decimal comma.
    """
    if not is_html:
        return "," in number
    return currency in _COMMA_CURRENCIES and bool(_ONE_GROUP_OF_THREE.fullmatch(number))


def currency_from_text(text: str) -> str:
    """Read a currency sign or code and return its ISO 4217 code. Raises Unreadable."""
    mark = text.strip()
    code = _MARKS.get(mark) or _MARKS.get(mark.upper())
    if code is None:
        raise Unreadable(f"{mark[:40]!r} is not a currency")
    return code


def price_from_text(text: str, *, may_be_zero: bool = False) -> PrintedPrice:
    """Read a price such as "$2.49", "1,234.50 EUR", "$2.99/GPU/hr" or a bare "0.7875".

    Zero means that there is none, but for the hours of what is paid at the start. Raises NotAPrice
    when the text says that there is none, Unreadable for what is unclear: ranges, two numbers,
    signs, unknown words.
    """
    plain = text.translate(_SPACES).strip()
    if not re.search("[0-9]", plain, re.ASCII) and not any(c.isnumeric() for c in plain):
        raise NotAPrice(f"{plain[:40]!r} is no price")
    match = _PRICE.fullmatch(plain)
    if match is None:
        raise Unreadable(f"{plain[:40]!r} is not a price")
    if _NO_BOUND.search(match["lead"]):
        raise NotAPrice(f"{plain[:40]!r} is a bound, no price")
    tail = _TAIL.fullmatch(match["tail"])
    if tail is None:
        raise Unreadable(f"{match['tail'][:40]!r} after the price is not understood")
    marks = {currency_from_text(mark) for mark in (match["lead"].strip(), tail["mark"]) if mark}
    unit = unit_from_text(tail["unit"] or "")
    marks |= {unit.currency} - {""}
    if len(marks) > 1:
        raise Unreadable(f"{plain[:40]!r} names two currencies")
    amount = number_from_text(match["number"])
    if amount == 0 and not may_be_zero:
        raise NotAPrice(f"{plain[:40]!r} is zero, which means none")
    return PrintedPrice(
        amount=amount, number=match["number"], currency=next(iter(marks), ""), unit=unit
    )


def unit_from_text(text: str) -> PrintedUnit:
    """Read a printed unit such as "PRICE/GPU/HR*", "1 Hour", "/ Hour" or "GPU Per Hour".

    Raises Unreadable for words that are not known ("vCPU", "GB", "day"), numbers other than 1,
    and texts that name two periods, two things or two currencies.
    """
    periods: set[Period] = set()
    bases: set[Basis] = set()
    currencies: set[str] = set()
    for match in _UNIT_WORD.finditer(_HEADING_FOOTNOTE.sub("", text.strip())):
        word = match.group()
        lower = word.lower()
        if match["sign"] or word in _CODES:
            currencies.add(_MARKS[word])
        elif lower in _PERIODS:
            periods.add(_PERIODS[lower])
        elif lower in _BASES:
            bases.add(_BASES[lower])
        elif lower not in _NEUTRAL_WORDS and word not in _UNIT_PUNCTUATION:
            raise Unreadable(f"{word!r} in the unit {text[:40]!r} is not understood")
    if max(len(periods), len(bases), len(currencies)) > 1:
        raise Unreadable(f"{text[:40]!r} names two units")
    return PrintedUnit(
        period=next(iter(periods), None),
        basis=next(iter(bases), None),
        currency=next(iter(currencies), ""),
    )
