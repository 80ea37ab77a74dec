"""Replicate: hardware for models by the second, from the table of its price page.

Held against the stored text of replicate.com/pricing (two versions of 2025-26), never against its
bytes. A table with the columns Hardware, Price, GPU, CPU, GPU RAM and RAM; the first cell names
the hardware and its sku ("Nvidia L40S GPU", `gpu-l40s`), the price cell says "$0.000975/sec" and
"$3.51/hr".

Quirks: below a row "Additional hardware" stands what is reserved for contracts, with a sentence in
place of its GPUs, and so does any second table; a price is for the whole row, of two or more GPUs
too; both prices must say the same; CPU hardware has a sku that begins with "cpu"; "A40 (Large)" is
the size of the machine around the same GPU.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from scrapers.errors import PageChanged
from scrapers.page import Cells, Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel

SKU = re.compile(r"\b(?P<kind>gpu|cpu)(?:-[a-z0-9]+)*\b")
NAME = re.compile(r"(?:(?P<count>\d+)x )?(?P<gpu>Nvidia .+?)(?: \((?:Large|Small)\))?(?: GPU)?")
AMOUNT = r"\d+(?:\.\d+)?"
PRICES = re.compile(
    rf"\$ ?(?P<second>{AMOUNT}) ?/ ?(?P<unit>sec) \(?\$ ?(?P<hour>{AMOUNT}) ?/ ?hr\)?", re.ASCII
)
CENT = Decimal("0.01")

provider = Provider(
    id="replicate",
    title="Replicate",
    home="https://replicate.com/pricing",
    pages={"prices": "https://replicate.com/pricing"},
    unverified=True,
    delivery_model=DeliveryModel.SERVERLESS,
    billing_increment=timedelta(seconds=1),
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the first table of hardware up to what is for contracts."""
    tables = [t for t in page.html.all("table") if "Hardware" in _heads(t)]
    if not tables:
        raise PageChanged(f"{page.kind}: no table has a column 'Hardware'")
    for number, table in enumerate(tables):
        heads, is_committed = _heads(table), number > 0
        for row in table.all("tbody tr"):
            texts = [cell.text for cell in row.find_all("td, th")]
            if len(texts) == 1:  # A heading within the table.
                is_committed = True
            elif is_committed:
                yield Reject(reason="COMMITTED_SPEND", text=": ".join(texts[:2])[:200])
            elif read := _read(row, texts, heads):
                yield read


def _heads(table: Element) -> tuple[str, ...]:
    return tuple(head.text for head in table.find_all("thead th"))


def _read(row: Element, texts: list[str], heads: tuple[str, ...]) -> RawOffer | Reject | None:
    if len(texts) != len(heads):
        raise PageChanged(f"{row.path}: {len(texts)} cells under {len(heads)} columns")
    # A cell may repeat the name of its column, for narrow screens.
    plain = [text.removeprefix(f"{h} ") for h, text in zip(heads, texts, strict=True)]
    cells = Cells(dict(zip(heads, plain, strict=True)), row.path)
    hardware, price = cells["Hardware"], cells["Price"]
    shown, sku = f"{hardware}: {price}", SKU.search(hardware)
    if sku and sku["kind"] == "cpu":
        return None
    named = NAME.fullmatch(hardware.replace(sku[0], "").strip()) if sku else None
    prices = PRICES.fullmatch(price)
    if not sku or not named or not prices:
        return Reject(reason="NO_PRICE" if named else "NO_GPU_NAMED", text=shown)
    count = named["count"] or "1"
    if cells["GPU"] != f"{count}x":
        return Reject(reason="COUNT_CONFLICT", text=f"{shown} for {cells['GPU']}")
    if abs(Decimal(prices["second"]) * 3600 - Decimal(prices["hour"])) > CENT:
        return Reject(reason="PRICE_CONFLICT", text=shown)
    return RawOffer(
        sku=sku[0],
        gpu=named["gpu"],
        gpu_count=count,
        total_vram=cells["GPU RAM"],
        price=f"${prices['second']}",
        unit=prices["unit"],
        per="instance",
        vcpus=cells.find("CPU").removesuffix("x"),
        memory=cells.find("RAM"),
    )
