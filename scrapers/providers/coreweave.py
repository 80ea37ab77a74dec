"""CoreWeave: GPU nodes, from the public price page. Opt-in: its terms were not read.

Prices are per node. Quirks (2026-08): the list stands once per region heading; a GPU count may
carry a footnote ("4^1"); the H100 row has a class of its own, so rows are never chosen by it;
each value stands twice in a row (wide and narrow layout); "Contact sales", "N/A" and an empty
cell are not prices.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Cells, Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import PurchaseModel

# Column -> (purchase model, what the price is for, ending of the sku).
PRICES = {
    "On-Demand Price": (PurchaseModel.ON_DEMAND, "instance", ""),
    "Spot Price": (PurchaseModel.SPOT, "instance", ""),
    "Inference Single": (PurchaseModel.ON_DEMAND, "gpu", " inference"),
}

provider = Provider(
    id="coreweave",
    title="CoreWeave",
    home="https://www.coreweave.com/pricing",
    pages={"prices": "https://www.coreweave.com/pricing"},
    opt_in=True,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the GPU tables under each region heading; tables without a GPU count are others'."""
    region, gpu_tables = "", 0
    for place in page.html.all(".table-v2, h4, h5, .eyebrow"):
        heading = re.match(r"REGION:\s*(.+)", place.text)
        if heading:
            region = heading[1].strip().lower().replace(" ", "-")
            continue
        columns = tuple(cell.text for cell in place.find_all(".table-v2-header .table-v2-cell"))
        if "GPU Count" not in columns:
            continue
        gpu_tables += 1
        for row in place.all(".table-row-v2"):
            yield from _node(row, columns, region=region)
    if not gpu_tables:
        raise PageChanged(f"{page.kind}: no table with a column 'GPU Count'")


def _node(row: Element, columns: tuple[str, ...], *, region: str) -> Iterator[RawOffer | Reject]:
    cells = tuple(cell.text for cell in row.all(".table-v2-cell"))
    if len(cells) != len(columns):
        raise PageChanged(f"{row.path}: {len(cells)} cells under {len(columns)} columns")
    node = Cells(dict(zip(columns, cells, strict=True)), row.path)
    name, product = node["GPU Model"], row.one("[data-product]").attr("data-product")
    for column, (purchase_model, per, ending) in PRICES.items():
        unit, price = node.starting(column)
        if not re.search(r"\d", price):
            reason = "CONTACT_SALES" if "contact" in price.lower() else "NOT_OFFERED"
            yield Reject(reason=reason, text=f"{name} {region}: {column} {price!r}")
            continue
        yield RawOffer(
            sku=product + ending,
            gpu=name,
            gpu_count="1" if per == "gpu" else node["GPU Count"],
            vram=_with_unit(node, "VRAM"),
            vcpus="" if per == "gpu" else node["vCPUs"],
            memory="" if per == "gpu" else _with_unit(node, "System RAM"),
            storage="" if per == "gpu" else _with_unit(node, "Local Storage"),
            price=price,
            unit=unit,
            per=per,
            purchase_model=purchase_model,
            region=region,
        )


def _with_unit(node: Cells, column: str) -> str:
    """Join a cell with the unit that its column states: "2,048" under "System RAM (GB)"."""
    title, text = node.starting(column)
    unit = re.search(r"\((\w+)\)", title)
    return f"{text} {unit[1]}" if unit else ""
