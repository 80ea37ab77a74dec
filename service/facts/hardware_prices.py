"""What servers with GPUs cost, from dated listings.

`hardware_prices.csv` keeps apart what is sold: a card, a bare baseboard, a server, a rack. Of some
listings nobody can say whether they are a baseboard or a server; these, and rows with a reason in
`left_out`, stay in the table and price nothing. Rows of Epoch AI are CC-BY.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.facts.periods import first_day, is_within_months
from service.facts.quantities import amount
from service.facts.rows import Row, parts, rows_of, whole
from service.facts.spread import joined

_PATH = Path(__file__).with_name("hardware_prices.csv")
_UNIT = "USD/server"
# Listings of one model moved by half within four years (DGX A100: 300,000 in 2021, 148,390 in
# 2023): what is older than two years beside the newest says little about its price.
_LISTED_TOGETHER_MONTHS = 24
_SERVES_FOR_MONTHS = 36
_ENOUGH_FOR_A_RANGE = 3


class HardwareKind(StrEnum):
    """What a price buys."""

    CARD = "card"
    USED_CARD = "used_card"
    BASEBOARD = "baseboard"
    SERVER = "server"
    SERVER_OR_BASEBOARD = "server_or_baseboard"
    RACK = "rack"
    CLUSTER_SHARE = "cluster_share"


_WHOLE_SYSTEMS = frozenset({HardwareKind.SERVER, HardwareKind.RACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwarePrice:
    """One listing: `price_usd` for `gpu_count` GPUs, of `period` as its source dates it.

    `gpu_model_ids` are all models that the text may mean. `left_out` says why a row prices
    nothing, and is empty for the others.
    """

    item: str
    gpu_model_ids: tuple[str, ...]
    gpu_count: int
    kind: HardwareKind
    price_usd: float
    period: str
    listed_from: date
    source: str
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPrice:
    """What one server (or rack) of `gpu_count` GPUs costs in USD, without tax.

    `listings` are what the range is from; `left_out` are listings of the same GPU that are not
    believed, newest first, for whoever asks why they are missing.
    """

    gpu_count: int
    price: Figure
    listings: tuple[HardwarePrice, ...]
    left_out: tuple[HardwarePrice, ...]


@cache
def load_hardware_prices(path: Path = _PATH) -> tuple[HardwarePrice, ...]:
    """Read the listings, oldest first, once in a process. Raises BadFacts."""
    return tuple(sorted((_price(row) for row in rows_of(path)), key=lambda one: one.listed_from))


def server_price(
    prices: Sequence[HardwarePrice], gpu_model_id: str, *, today: date
) -> ServerPrice | None:
    """Return what a server with this GPU costs, None where no listing serves.

    A listing serves from its date on, and all forms of a GPU where it does not say which. The
    size of server is that of the newest listing; it and those of that size in the 24 months
    before it give the smallest, median and largest price. Fewer than three are widened by the
    relative range of the model with the most listings. A model whose newest listing is older than
    36 months has no price.
    """
    listings = _listings(prices, gpu_model_id, today=today)
    if not listings:
        return None
    return ServerPrice(
        gpu_count=listings[-1].gpu_count,
        price=_figure(listings, prices, today=today),
        listings=listings,
        left_out=tuple(
            one
            for one in reversed(prices)
            if one.left_out and gpu_model_id in one.gpu_model_ids and one.listed_from <= today
        ),
    )


def _listings(
    prices: Sequence[HardwarePrice], gpu_model_id: str, *, today: date
) -> tuple[HardwarePrice, ...]:
    serving = [
        one
        for one in prices
        if gpu_model_id in one.gpu_model_ids
        and one.kind in _WHOLE_SYSTEMS
        and not one.left_out
        and one.listed_from <= today
    ]
    if not serving:
        return ()
    newest = serving[-1]
    if not is_within_months(newest.listed_from, today, months=_SERVES_FOR_MONTHS):
        return ()
    return tuple(
        one
        for one in serving
        if one.gpu_count == newest.gpu_count
        and is_within_months(one.listed_from, newest.listed_from, months=_LISTED_TOGETHER_MONTHS)
    )


def _figure(
    listings: Sequence[HardwarePrice], prices: Sequence[HardwarePrice], *, today: date
) -> Figure:
    values = [one.price_usd for one in listings]
    base = median(values)
    low, high = min(values), max(values)
    source = joined(one.source for one in reversed(listings))
    if len(listings) < _ENOUGH_FOR_A_RANGE:
        known = _best_known(prices, today=today)
        if known is not None:
            middle = median(one.price_usd for one in known)
            low = min(low, base * min(one.price_usd for one in known) / middle)
            high = max(high, base * max(one.price_usd for one in known) / middle)
            source += f" | range as that of {known[-1].gpu_model_ids[0]}, {len(known)} listings"
    return Figure(
        name="server_price",
        low=low,
        base=base,
        high=high,
        unit=_UNIT,
        source=source,
        date=listings[-1].period,
    )


def _best_known(
    prices: Sequence[HardwarePrice], *, today: date
) -> tuple[HardwarePrice, ...] | None:
    """Return the listings of the model that has most of them, None where none has enough."""
    models = {name: None for one in prices for name in one.gpu_model_ids}
    found = (_listings(prices, name, today=today) for name in models)
    most = max(found, key=len, default=())
    return most if len(most) >= _ENOUGH_FOR_A_RANGE else None


def _price(row: Row) -> HardwarePrice:
    period = row.read("date", str)
    return HardwarePrice(
        item=row.read("item", str),
        gpu_model_ids=row.find("gpu_models", parts) or (),
        gpu_count=row.read("gpus", whole),
        kind=row.read("kind", HardwareKind),
        price_usd=row.read("price_usd", amount),
        period=period,
        listed_from=row.read("date", first_day),
        source=row.read("source", str),
        left_out=row.find("left_out", str) or "",
    )
