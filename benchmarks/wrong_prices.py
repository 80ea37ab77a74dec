"""Ways in which the price of one offer can be read wrongly, as a scraper's mistake would.

A corruption gives the offer as it would then be read, None where it changes nothing of it (the
price of a node of one GPU), and raises what an offer itself refuses: no price at all.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from service.domain.money import Money
from service.domain.offer import ExchangeRate, Offer, PriceUnit

Neighbours = Sequence[Offer]
_EURO = ExchangeRate(currency_code="EUR", rate=Decimal("1.16"), source="fixed", date="2026-10-08")
_OTHER_UNITS = {
    PriceUnit.GPU_HOUR: PriceUnit.INSTANCE_HOUR,
    PriceUnit.INSTANCE_HOUR: PriceUnit.GPU_HOUR,
}

Wrong = Callable[[Offer, Neighbours, random.Random], Offer | None]


@dataclass(frozen=True, slots=True)
class WrongPrice:
    """One way to misread. `apply` gets the offer and the offers of its page."""

    name: str
    apply: Wrong


def repriced(offer: Offer, per_gpu: Decimal) -> Offer | None:
    """Return an offer at another price per GPU-hour, as if the page had printed it."""
    if per_gpu == offer.price_per_gpu_hour:
        return None
    factor = per_gpu / offer.price_per_gpu_hour
    listed = offer.listed.amount
    return replace(
        offer,
        price_per_gpu_hour=per_gpu,
        price_per_hour=per_gpu * offer.gpu_count,
        listed=replace(
            offer.listed,
            amount=Money(amount=listed.amount * factor, currency_code=listed.currency_code),
        ),
    )


def _times(name: str, factor: str) -> WrongPrice:
    by = Decimal(factor)
    return WrongPrice(name, lambda offer, _, __: repriced(offer, offer.price_per_gpu_hour * by))


def _over(name: str, divisor: str) -> WrongPrice:
    by = Decimal(divisor)
    return WrongPrice(name, lambda offer, _, __: repriced(offer, offer.price_per_gpu_hour / by))


def _node_as_gpu(offer: Offer, _: Neighbours, __: random.Random) -> Offer | None:
    if offer.gpu_count <= 1:
        return None
    return repriced(offer, offer.price_per_gpu_hour * offer.gpu_count)


def _gpu_as_node(offer: Offer, _: Neighbours, __: random.Random) -> Offer | None:
    if offer.gpu_count <= 1:
        return None
    return repriced(offer, offer.price_per_gpu_hour / offer.gpu_count)


def _ram_column(offer: Offer, _: Neighbours, __: random.Random) -> Offer | None:
    return repriced(offer, offer.memory_gib / offer.gpu_count) if offer.memory_gib else None


def _vcpu_column(offer: Offer, _: Neighbours, __: random.Random) -> Offer | None:
    return (
        repriced(offer, Decimal(offer.vcpu_count) / offer.gpu_count) if offer.vcpu_count else None
    )


def _neighbour(offer: Offer, page: Neighbours, chance: random.Random) -> Offer | None:
    other = chance.choice(page)
    return repriced(offer, other.price_per_hour / offer.gpu_count)


def _other_currency(offer: Offer, _: Neighbours, __: random.Random) -> Offer | None:
    """Print the same amount in euros, or in dollars where it was in another currency."""
    amount = offer.listed.amount.amount
    if offer.exchange_rate:
        rate, currency, factor = None, "USD", 1 / offer.exchange_rate.rate
    else:
        rate, currency, factor = _EURO, _EURO.currency_code, _EURO.rate
    return replace(
        offer,
        listed=replace(offer.listed, amount=Money(amount=amount, currency_code=currency)),
        exchange_rate=rate,
        price_per_hour=offer.price_per_hour * factor,
        price_per_gpu_hour=offer.price_per_gpu_hour * factor,
    )


def _other_unit(offer: Offer, _: Neighbours, __: random.Random) -> Offer | None:
    """Print the same amount for the instance instead of the GPU, or the other way round."""
    other = _OTHER_UNITS.get(offer.listed.unit)
    if other is None or offer.gpu_count == 1:
        return None
    factor = offer.gpu_count if other is PriceUnit.GPU_HOUR else 1 / offer.gpu_count
    return replace(
        offer,
        listed=replace(offer.listed, unit=other),
        price_per_hour=offer.price_per_hour * factor,
        price_per_gpu_hour=offer.price_per_gpu_hour * factor,
    )


WRONG_PRICES: tuple[WrongPrice, ...] = (
    _times("month as hour", "730"),
    _times("year as hour", "8760"),
    _over("hour as month", "730"),
    _times("rupees as dollars", "88"),
    _times("zero", "0"),
    _times("negative", "-1"),
    _times("NaN", "NaN"),
    _times("x100: cents, lost point", "100"),
    _over("/1000: separator as point", "1000"),
    _over("per minute", "60"),
    WrongPrice("RAM column", _ram_column),
    WrongPrice("vCPU column", _vcpu_column),
    WrongPrice("node as GPU", _node_as_gpu),
    WrongPrice("GPU as node", _gpu_as_node),
    _times("x10", "10"),
    _over("/10", "10"),
    _times("EUR as USD (x0.86)", "0.86"),
    WrongPrice("same amount, other currency", _other_currency),
    WrongPrice("same amount, GPU or instance", _other_unit),
    _times("CAD as USD (x1.38)", "1.38"),
    _times("spot as on-demand (x0.4)", "0.4"),
    _times("reserved as on-demand (x0.6)", "0.6"),
    WrongPrice("neighbour's price", _neighbour),
    _over("two GPUs as one (/2)", "2"),
    _times("x3", "3"),
)
