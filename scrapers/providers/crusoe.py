"""Crusoe: GPU instances, from the public price page.

Quirks (2026-08): two "NVIDIA A100" differ only by their tags; the same chips stand again under
other headings (self-serve deployments), and CPU rows look alike, so the heading above a row
decides; "Contact sales" is no price. The spot column printed prices before and may again.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import DeliveryModel, PurchaseModel

HEADING = "GPU instances pricing"
COLUMNS = {
    "On-demand": PurchaseModel.ON_DEMAND,
    "Current spot": PurchaseModel.SPOT,
    "Spot": PurchaseModel.SPOT,
}

provider = Provider(
    id="crusoe",
    title="Crusoe",
    home="https://www.crusoe.ai/cloud/pricing",
    pages={"prices": "https://www.crusoe.ai/cloud/pricing"},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the rows under the heading of the GPU instances, each with all of its columns."""
    heading = ""
    columns: tuple[str, ...] = ()
    found: list[tuple[Element, tuple[str, ...]]] = []
    for place in page.html.all("h3, .pricing-table-heading, .pricing_gpu-item"):
        if place.tag.name == "h3":
            heading, columns = place.text, ()
        elif not place.find_all("h4"):
            columns = tuple(cell.text for cell in place.find_all(".pricing-heading"))
        elif heading == HEADING:
            found.append((place, columns))
        elif "CPU" not in heading:
            yield Reject(reason="OTHER_PRODUCT", text=f"{heading}: {place.text}"[:200])
    if not found:
        raise PageChanged(f"{page.kind}: no rows under {HEADING!r}")
    yield from each_row(found, _row)


def _row(item: tuple[Element, tuple[str, ...]]) -> Iterator[RawOffer | Reject]:
    row, columns = item
    prices = tuple(cell.text for cell in row.all(".pricing-rich"))
    if columns[:2] != ("GPU model", "On-demand") or len(prices) != len(columns) - 1:
        raise PageChanged(f"{row.path}: {len(prices)} prices under {', '.join(columns)!r}")
    tags = tuple(tag.text for tag in row.all(".pricing-tag") if tag.text)
    name = row.one("h4").text
    sku = " ".join((name, *tags))
    vram = next((tag for tag in tags if re.fullmatch(r"[\d.]+ ?GB", tag)), "")
    gpu = " ".join((name, *(tag for tag in tags if tag != vram)))
    for column, price in zip(columns[1:], prices, strict=True):
        shown = f"{sku}: {column} {price!r}"
        if column not in COLUMNS:
            yield Reject(reason="UNKNOWN_PURCHASE_MODEL", text=shown)
        elif not re.search(r"\d", price):
            yield Reject(reason="CONTACT_SALES", text=shown)
        else:
            yield RawOffer(
                sku=sku,
                gpu=gpu,
                vram=vram,
                price=price,
                purchase_model=COLUMNS[column],
            )
