"""Hyperstack: VMs with GPUs, from the public price page; with a key also their stock.

Prices are per GPU, as are the vCPUs and the memory beside them. Quirks (2026-08): the cards share
all classes and are told apart by their headings; only the on-demand card prints its unit ("Pricing
Per Hour"), which is taken for the spot card too; reservations say "Starting from" and no term.
The API names the GPUs in another way and has the stock of each region as a floor ("10+"). Its
configurations overlap and are not added. Its price book is the account's own, so only the price
before discounts is compared: one that differs from the page is refused. What reads the API was
written from its documentation, never held against a recording.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

from scrapers.errors import PageChanged
from scrapers.page import Cells, Element, Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Provider, RawOffer, Reject, Request
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, GpuLink, PurchaseModel

API = "https://infrahub-api.nexgencloud.com/v1"
KEY = {"api_key": "{HYPERSTACK_API_KEY}"}
# How a card's heading begins -> what it sells, and the head of its price column.
CARDS = {
    "On-Demand GPU": (PurchaseModel.ON_DEMAND, "Pricing"),
    "Spot": (PurchaseModel.SPOT, "Spot"),
}
# The name on the page -> the name in the API, which says the form where the page does not. The
# bare chips are PCIe cards (flavors n3-H100, n3-A100), "NVLink" is a bridge between two of them.
NAMES = {
    "NVIDIA A4000": "RTX-A4000",
    "NVIDIA A6000": "RTX-A6000",
    "NVIDIA L40": "L40",
    "NVIDIA A100": "A100-80G-PCIe",
    "NVIDIA A100 PCIe": "A100-80G-PCIe",
    "NVIDIA A100 NVLink": "A100-80G-PCIe-NVLink",
    "NVIDIA A100 SXM": "A100-80G-SXM4",
    "NVIDIA RTX Pro 6000 SE": "RTX-PRO6000-SE",
    "NVIDIA H100": "H100-80G-PCIe",
    "NVIDIA H100 PCIe": "H100-80G-PCIe",
    "NVIDIA H100 NVLink": "H100-80G-PCIe-NVLink",
    "NVIDIA H100 SXM": "H100-80G-SXM5",
    "NVIDIA H200 SXM": "H200-141G-SXM5",
    "NVIDIA B200": "B200-SXM",
    "NVIDIA B300": "B300-SXM",
}

provider = Provider(
    id="hyperstack",
    title="Hyperstack",
    home="https://www.hyperstack.cloud/gpu-pricing",
    pages={
        "prices": "https://www.hyperstack.cloud/gpu-pricing",
        "stocks": Request(url=f"{API}/core/stocks", headers=KEY),
        "pricebook": Request(url=f"{API}/pricebook", headers=KEY),
    },
    every_with_keys=AVAILABILITY_EVERY,
    stock_states={
        "0": AvailabilityState.SOLD_OUT,
        **{str(count): AvailabilityState.LIMITED for count in range(1, 10)},
        **dict.fromkeys(("10+", "25+", "50+", "100+", "200+"), AvailabilityState.AVAILABLE),
    },
    regions={"CANADA-1": "CA", "CANADA-2": "CA", "NORWAY-1": "NO", "US-1": "US"},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    billing_increment=timedelta(minutes=1),
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the cards with a column of GPU models; the others are of CPUs and storage."""
    cards = [(card.one("h3").text, card) for card in page.html.all(".page-price_card")]
    gpus = [(title, card) for title, card in cards if _columns(card)[:1] == ("GPU Model",)]
    lost = [title for title, card in cards if _sold(title) and _columns(card)[:1] != ("GPU Model",)]
    if lost or not gpus:
        raise PageChanged(f"{page.kind}: no column 'GPU Model' in {', '.join(lost) or 'any card'}")
    units = [column for _, card in gpus for column in _columns(card) if "Per Hour" in column]
    for title, card in gpus:
        read = partial(_row, title=title, columns=_columns(card), unit=units[0] if units else "")
        yield from each_row(card.all(".page-price_card_row_item"), read)


@provider.joins("prices", "stocks", "pricebook")
def parse_with_stock(
    prices: tuple[Page, ...], stocks: tuple[Page, ...], pricebook: tuple[Page, ...]
) -> Iterator[RawOffer | Reject]:
    """Give each row of the page once for each region that lists it, with its stock there."""
    book = {entry["name"].text: entry for page in pricebook for entry in page.json.each()}
    regions: dict[str, dict[str, Json]] = {}
    for page in stocks:
        for region in page.json["stocks"].each():
            for model in region["models"].each():
                regions.setdefault(model["model"].text, {})[region["region"].text] = model
    if not regions:
        raise PageChanged("stocks: no model in any region")
    for page in prices:
        for row in parse(page):
            if isinstance(row, Reject):
                yield row
                continue
            spot = "-spot" if row.purchase_model is PurchaseModel.SPOT else ""
            name = f"{row.gpu}{spot}"
            conflict = _conflict(row, book.get(name))
            if conflict:
                yield conflict
            else:
                yield from _in_regions(row, regions.get(name, {}))


def _columns(card: Element) -> tuple[str, ...]:
    return tuple(cell.text for cell in card.find_all(".page-price_card_head_item"))


def _sold(title: str) -> tuple[PurchaseModel, str] | None:
    return next((sold for words, sold in CARDS.items() if title.startswith(words)), None)


def _row(
    row: Element, *, title: str, columns: tuple[str, ...], unit: str
) -> Iterator[RawOffer | Reject]:
    texts = tuple(cell.text for cell in row.all(".page-price_card_row_item_col"))
    if len(texts) != len(columns):
        found = f"{len(texts)} cells under {len(columns)} columns"
        raise PageChanged(f"{row.path}: {found}: {' | '.join(texts)}")
    yield _read(title, Cells(dict(zip(columns, texts, strict=True)), row.path), unit=unit)


def _read(title: str, cells: Cells, *, unit: str) -> RawOffer | Reject:
    name = cells["GPU Model"]
    gpu = NAMES.get(name, name)
    sold = _sold(title)
    if sold is None:
        reason = "STARTING_FROM" if any("from" in c for c in cells.cells) else "UNKNOWN_CARD"
        return Reject(reason=reason, text=f"{title}, {' '.join(cells.cells.values())}")
    purchase_model, head = sold
    _, price = cells.starting(head)
    if not re.search(r"\d", price):
        return Reject(reason="CONTACT_SALES", text=f"{title}, {name}: {price!r}")
    vram, memory = cells.find("VRAM (GB)"), cells.find("Max RAM (GB) per GPU")
    return RawOffer(
        sku=name,
        gpu=gpu,
        gpu_link=GpuLink.NVLINK_PAIR if gpu.endswith("PCIe-NVLink") else GpuLink.NOT_STATED,
        vram=f"{vram} GB" if vram else "",
        vcpus=cells.find("Max pCPUs per GPU"),
        memory=f"{memory} GB" if memory else "",
        price=price,
        unit=unit,
        per="gpu",
        purchase_model=purchase_model,
    )


def _conflict(row: RawOffer, entry: Json | None) -> Reject | None:
    """Compare the page with the price book, where that has the GPU."""
    if entry is None:
        return None
    listed = entry.find("original_value") or entry["value"]
    amount = re.fullmatch(r"\D*(\d+(?:\.\d+)?)\D*", row.price, re.ASCII)
    if amount and Decimal(amount[1]) == listed.number:
        return None
    return Reject(reason="PRICE_CONFLICT", text=f"{row.sku}: {row.price} or {listed.text}")


def _in_regions(row: RawOffer, regions: Mapping[str, Json]) -> Iterator[RawOffer]:
    if not regions:
        yield row
    for region, model in regions.items():
        floor = model.printed("available")
        yield replace(
            row,
            region=region,
            stock=floor,
            stock_evidence="core/stocks available",
            available_gpu_count=floor if re.fullmatch(r"\d+\+?", floor, re.ASCII) else "",
        )
