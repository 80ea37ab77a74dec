"""Hot Aisle: AMD virtual machines and bare metal, from its price page; with a key also their stock.

Quirks (2026-08): each price stands twice, in a summary and on the card of a plan, which must
agree; a third one is for customers of old only; a card may name several sizes ("2x & 4x"); bare
metal has a least term, printed behind its price.

The API lists the virtual machines that are free now, with an empty list or null for none. Several
entries of one size may be the same GPUs and are not added. Its prices may be an account's own, so
the page's count. What reads the API was compared with the types that public readers copied into
their tests on 2026-06-13, never run over a recording.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import AVAILABILITY_EVERY, Provider, RawOffer, Reject, Request
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel

KINDS = {"VM": DeliveryModel.VIRTUAL_MACHINE, "Bare metal": DeliveryModel.BARE_METAL}
PRICE = re.compile(r"(?P<price>\S*\d\S*/GPU/\w+)(?P<terms>.*)", re.IGNORECASE)
SIZES = re.compile(r"\d+x(?: & \d+x)*")
# The stock as the API says it: by listing what is free.
NOT_LISTED, LISTED = "not listed", "listed"
LEAST_TERM = re.compile(r"\b(\w+-month) minimum\b")

provider = Provider(
    id="hotaisle",
    title="Hot Aisle",
    home="https://hotaisle.xyz/pricing",
    pages={
        "prices": "https://hotaisle.xyz/pricing",
        "available": Request(
            url="https://admin.hotaisle.app/api/teams/{HOTAISLE_TEAM_HANDLE}"
            "/virtual_machines/available/",
            headers={"Authorization": "Token {HOTAISLE_API_KEY}"},
        ),
    },
    every_with_keys=AVAILABILITY_EVERY,
    stock_states={
        NOT_LISTED: AvailabilityState.SOLD_OUT,
        LISTED: AvailabilityState.AVAILABLE,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The plan of one card: "VM", "Small", "1x", "MI300x", and what its price line says."""

    kind: str
    plan: str
    sizes: str
    gpu: str
    price: str
    terms: str


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the cards of the plans; a price within a sentence is not for new customers."""
    for text in (place.text for place in page.html.all("p")):
        if "/GPU/" in text and not PRICE.fullmatch(text):
            reason = "GRANDFATHERED" if "grandfathered" in text else "UNKNOWN_PRICE"
            yield Reject(reason=reason, text=text[:200])
    cards, summary = _cards(page)
    yield from each_row(cards, partial(_offers, summary=summary))


@provider.joins("prices", "available")
def parse_with_stock(
    prices: tuple[Page, ...], available: tuple[Page, ...]
) -> Iterator[RawOffer | Reject]:
    """Add to each size of virtual machine whether it is listed as free."""
    free: dict[tuple[str, str], Decimal] = {}
    for page in available:
        for machine in () if page.json.value is None else page.json.each():
            quantity = machine["Quantity"].number
            for gpu in machine["Specs"]["gpus"].each():
                count = gpu["count"].number
                size = (gpu["model"].text.lower(), f"{count}x")
                free[size] = max(free.get(size, Decimal(0)), quantity * count)
    rows = [row for page in prices for row in parse(page)]
    machines = [
        row
        for row in rows
        if isinstance(row, RawOffer) and row.delivery_model is DeliveryModel.VIRTUAL_MACHINE
    ]
    if free and not free.keys() & {(row.gpu.lower(), row.gpu_count) for row in machines}:
        raise PageChanged(f"available: the page has none of {sorted(free)}")
    yield from (row for row in rows if row not in machines)
    for row in machines:
        gpus_free = free.get((row.gpu.lower(), row.gpu_count), Decimal(0))
        yield replace(
            row,
            stock=LISTED if gpus_free else NOT_LISTED,
            stock_evidence="virtual_machines/available",
            available_gpu_count=f"{gpus_free}",
        )


def _cards(page: Page) -> tuple[list[Card], set[str]]:
    """Return the cards, and the prices of the summary, which stand on none."""
    cards: list[Card] = []
    summary: set[str] = set()
    kind = plan = sizes = gpu = ""
    for place in page.html.all("p, h2, span"):
        text, tag = place.text, place.tag.name
        price = PRICE.fullmatch(text) if tag == "p" else None
        if tag == "p" and text in KINDS:
            kind, plan, sizes, gpu = text, "", "", ""
        elif price and kind:
            said = {"price": price["price"], "terms": price["terms"].strip()}
            cards.append(Card(kind=kind, plan=plan, sizes=sizes, gpu=gpu, **said))
            kind = ""
        elif price:
            summary.add(price["price"])
        elif tag == "h2":
            plan = text
        elif SIZES.fullmatch(text):
            sizes = text
        elif tag == "span" and sizes and not gpu:
            gpu = text
    if not cards:
        raise PageChanged(f"{page.kind}: no card of a plan with its price")
    return cards, summary


def _offers(card: Card, *, summary: set[str]) -> Iterator[RawOffer | Reject]:
    shown = f"{card.kind} {card.plan}, {card.sizes} {card.gpu}: {card.price} {card.terms}".strip()
    if not (card.plan and card.sizes and card.gpu):
        raise PageChanged(f"a card lacks its plan, size or GPU: {shown}")
    least = LEAST_TERM.search(card.terms)
    if summary and card.price not in summary:
        yield Reject(reason="PRICE_CONFLICT", text=f"{shown}, or {', '.join(sorted(summary))}")
    elif not least and (card.terms or card.kind != "VM"):
        yield Reject(reason="UNKNOWN_TERMS", text=shown)
    else:
        for size in card.sizes.split("&"):
            yield RawOffer(
                sku=f"{card.kind} {card.plan} {size.strip()} {card.gpu}",
                gpu=card.gpu,
                gpu_count=size.strip(),
                price=card.price,
                delivery_model=KINDS[card.kind],
                purchase_model=PurchaseModel.RESERVED_OTHER if least else PurchaseModel.ON_DEMAND,
                term=f"{least[1]}+" if least else "",
            )
