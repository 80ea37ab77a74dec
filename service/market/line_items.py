"""The exact parts of what a workload costs at one offer, in the middle of its hours."""

from dataclasses import dataclass
from decimal import Decimal

from service.catalog.masks import Rates
from service.catalog.segment import Row
from service.domain.money import divided, rounded, text_from_decimal
from service.domain.offer import HOURS_PER_MONTH, Offer
from service.market.agreements import Agreement
from service.market.answers import LineItem
from service.market.billing import hours_billed
from service.market.charges import Charges
from service.market.tariffs import egress_tariff, exact_dollars, storage_tariff

_DIGITS = 9
_RATE_DIGITS = 6
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Itemized:
    """The lines of a cost at an offer, and what a GPU costs there for an hour after discounts.

    `node_count` nodes are bought. What is needed and has no price is told, and counted as 0.
    """

    row: Row
    offer: Offer
    node_count: int
    lines: tuple[LineItem, ...]
    dollars_per_gpu_hour: Decimal
    lacks_storage_price: bool
    lacks_egress_price: bool

    @property
    def dollars(self) -> Decimal:
        """The sum of the lines, never below zero."""
        return sum((line.dollars for line in self.lines), _ZERO)


def itemized(charges: Charges, number: int, *, row: Row, rates: Rates) -> Itemized:
    """Return the parts of the cost at the row with this number in the pick of the charges.

    Each line is rounded half-even to a nano-dollar, so the lines sum exactly to the whole.
    """
    pick = charges.pick
    lot = pick.lot(number)
    offer, need = row.offer, charges.need_of(number)
    node_dollars = Decimal(int(charges.node_nanos[number])).scaleb(-_DIGITS)
    used = Decimal(str(need.hours.p50))
    billed = hours_billed(offer, used)
    least = exact_dollars(offer.minimum_charge, rates) or _ZERO
    node_count, paid = int(charges.node_counts[lot]), int(charges.paid_counts[lot])
    compute = paid * max(node_dollars * billed, least)
    hourly = f"{text_from_decimal(node_dollars)} USD/h"
    basis = f"{_count(paid, 'node')} x {figure(billed)} h x {hourly}"
    if paid < node_count:
        basis += f"; {_count(node_count - paid, 'node')} paid for anyway"
    if node_dollars * billed < least:
        basis += f", least charge {text_from_decimal(least)} USD a node"
    lines = [_line("compute", compute, basis)]
    store, carry = storage_tariff(offer, rates), egress_tariff(offer, rates)
    if store is not None and need.storage_gb:
        gb = Decimal(str(need.storage_gb))
        months = used / HOURS_PER_MONTH
        basis = f"{figure(gb)} GB x {figure(months)} months; {store.source}"
        lines.append(_line("storage", store.dollars(gb) * months, basis))
    if carry is not None and need.egress_gb:
        gb = Decimal(str(need.egress_gb))
        basis = f"{figure(gb)} GB to the internet; {carry.source}"
        lines.append(_line("egress", carry.dollars(gb), basis))
    credit = _credit(charges.agreement_of(number), lines)
    size = int(pick.sheet.gpus_per_node[pick.lots[lot]])
    return Itemized(
        row=row,
        offer=offer,
        node_count=node_count,
        lines=(*lines, *credit),
        dollars_per_gpu_hour=divided(node_dollars, Decimal(size), digits=_RATE_DIGITS),
        lacks_storage_price=store is None and need.storage_gb > 0,
        lacks_egress_price=carry is None and need.egress_gb > 0,
    )


def figure(number: Decimal) -> str:
    """Write a figure of a basis with six significant digits."""
    return f"{float(number):,.6g}"


def _line(label: str, dollars: Decimal, basis: str) -> LineItem:
    return LineItem(label=label, dollars=rounded(dollars, digits=_DIGITS), basis=basis)


def _credit(agreement: Agreement, lines: list[LineItem]) -> tuple[LineItem, ...]:
    used = min(agreement.credit, sum((line.dollars for line in lines), _ZERO))
    if not used:
        return ()
    left = text_from_decimal(agreement.credit)
    return (_line("credit", -used, f"of {left} USD that are left"),)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
