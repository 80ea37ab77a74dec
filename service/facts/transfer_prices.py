"""What providers take for traffic to the internet and for storage, where their offers do not say.

Both tables keep every row of the lists that they were put together from. A row that is used names
our provider; every other one says why it is not: it contradicts the provider's own page, is of
another service, or cannot be told apart by provider.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from service.domain.money import decimal_from_text
from service.facts.rows import Row, above_zero, rows_of

_FOLDER = Path(__file__).parent
_UNLIMITED = "unlimited"
_WHOLE_RANGE = frozenset({"internet", "instances"})
_NO_END = Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressTier:
    """Dollars for each GB from `from_gb` up to the next tier, in a month."""

    from_gb: Decimal
    dollars_per_gb: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPrice:
    """What traffic to the internet costs: the first `free_gb` of a month nothing, then by tier."""

    provider: str
    free_gb: Decimal
    tiers: tuple[EgressTier, ...]
    source: str
    date: str

    def dollars(self, gb: Decimal) -> Decimal:
        """Return what `gb` in one month cost; tiers count from the first GB that is charged."""
        charged = max(Decimal(0), gb - self.free_gb)
        ends = [*(tier.from_gb for tier in self.tiers[1:]), _NO_END]
        return sum(
            (
                max(Decimal(0), min(charged, end) - tier.from_gb) * tier.dollars_per_gb
                for tier, end in zip(self.tiers, ends, strict=True)
            ),
            Decimal(0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePrice:
    """What a GB of the provider's storage for data in use costs for a month."""

    provider: str
    product: str
    dollars_per_gb_month: Decimal
    source: str
    date: str


@cache
def load_egress_prices(path: Path = _FOLDER / "egress.csv") -> Mapping[str, EgressPrice]:
    """Read the price of traffic to the internet by provider, once in a process.

    Raises BadFacts for a row that neither names a provider nor says why not, or does both, and
    for tiers that overlap, leave a gap, or differ in their free GB.
    """
    found: dict[str, list[Row]] = {}
    for row in rows_of(path):
        if provider := _provider(row):
            found.setdefault(provider, []).append(row)
    return MappingProxyType({provider: _egress(provider, rows) for provider, rows in found.items()})


@cache
def load_storage_prices(path: Path = _FOLDER / "storage.csv") -> Mapping[str, StoragePrice]:
    """Read the price of storage by provider, once in a process.

    Raises BadFacts as `load_egress_prices`, and for a provider with two rows.
    """
    found: dict[str, StoragePrice] = {}
    for row in rows_of(path):
        provider = _provider(row)
        if provider is None:
            continue
        if provider in found:
            raise row.bad("provider_id", f"{provider} has two prices")
        found[provider] = StoragePrice(
            provider=provider,
            product=row.read("product", str),
            dollars_per_gb_month=row.read("usd_per_gb_month", above_zero),
            source=row.read("source", str),
            date=row.read("date", str),
        )
    return MappingProxyType(found)


def _provider(row: Row) -> str | None:
    provider, why_not = row.find("provider_id", str), row.find("why_not", str)
    if (provider is None) == (why_not is None):
        raise row.bad("provider_id", "and why_not: exactly one must be filled in")
    return provider


def _egress(provider: str, rows: Sequence[Row]) -> EgressPrice:
    ranges = [row.read("tier", _range) for row in rows]
    if ranges[0][0] != 0 or ranges[-1][1] != _NO_END:
        raise rows[0].bad("tier", f"tiers of {provider} do not reach from 0 to inf")
    for row, (one, other) in zip(rows[1:], pairwise(ranges), strict=True):
        if one[1] != other[0]:
            raise row.bad("tier", "does not begin where the one before it ends")
    free = {row.read("free_gb_month", str) for row in rows}
    if len(free) > 1:
        raise rows[0].bad("free_gb_month", f"tiers of {provider} differ in it")
    prices = [row.read("usd_per_gb", _not_negative) for row in rows]
    free_gb = rows[0].read("free_gb_month", _free_gb)
    if free_gb == _NO_END and any(prices):
        raise rows[0].bad("free_gb_month", "is unlimited beside a price")
    return EgressPrice(
        provider=provider,
        free_gb=Decimal(0) if free_gb == _NO_END else free_gb,
        tiers=tuple(
            EgressTier(from_gb=begin, dollars_per_gb=price)
            for (begin, _), price in zip(ranges, prices, strict=True)
        ),
        source=rows[0].read("source", str),
        date=rows[0].read("date", str),
    )


def _range(text: str) -> tuple[Decimal, Decimal]:
    if text in _WHOLE_RANGE:
        return Decimal(0), _NO_END
    bounds, unit = text.split(" GB ", maxsplit=1)
    if unit != "internet":
        raise ValueError("is no tier of traffic to the internet")
    begin, end = bounds.split("-", maxsplit=1)
    return decimal_from_text(begin), _NO_END if end == "inf" else decimal_from_text(end)


def _free_gb(text: str) -> Decimal:
    return _NO_END if text == _UNLIMITED else _not_negative(text)


def _not_negative(text: str) -> Decimal:
    number = decimal_from_text(text)
    if number < 0:
        raise ValueError("is below zero")
    return number
