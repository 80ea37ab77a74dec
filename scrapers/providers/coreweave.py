"""CoreWeave: GPU nodes, from the public price page. Opt-in: its terms were not read.

Prices are per node. Quirks (2026-08): the list stands once per region heading; a GPU count may
carry a footnote ("4^1"); the H100 row has a class of its own, so rows are never chosen by it;
each value stands twice in a row (wide and narrow layout); "Contact sales", "N/A" and an empty
cell are not prices. A row is believed only as far as its repeated prices agree, its count is one
that nodes have, and its price by count is near the price of a single GPU that stands beside it.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from scrapers.errors import PageChanged
from scrapers.page import Cells, Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import PurchaseModel

# Column -> (purchase model, what the price is for, ending of the sku, its repetition in the row).
PRICES = {
    "On-Demand Price": (PurchaseModel.ON_DEMAND, "instance", "", ".instance-price"),
    "Spot Price": (PurchaseModel.SPOT, "instance", "", ".spot-price"),
    "Inference Single": (PurchaseModel.ON_DEMAND, "gpu", " inference", ".inference-price"),
}
# A node, or a tray or rack of an NVL72; "41" is "4" with its footnote sign lost.
NODE_COUNTS = {"1", "2", "4", "8", "16", "72"}
HGX_COUNTS = {"4", "8", "16"}
# The A100 nodes are HGX machines (CoreWeave's instance type gd-8xa100-i128).
GPUS = {"NVIDIA A100": "NVIDIA A100 SXM"}
HEADINGS = "h2, h3, h4, h5, h6, .eyebrow"

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
    regions: list[str] = []
    region = ""
    for place in page.html.all(f".table-v2, {HEADINGS}"):
        heading = re.match(r"REGION:\s*(.+)", place.text)
        if heading:
            region = heading[1].strip().lower().replace(" ", "-")
            continue
        columns = tuple(cell.text for cell in place.find_all(".table-v2-header .table-v2-cell"))
        if "GPU Count" not in columns:
            continue
        regions.append(region)
        read = partial(_node, columns=columns, region=region)
        yield from each_row(place.all(".table-row-v2"), read)
        region = ""  # The next table needs a heading of its own.
    if not regions:
        raise PageChanged(f"{page.kind}: no table with a column 'GPU Count'")
    if len(regions) > 1 and "" in regions:
        raise PageChanged(f"{page.kind}: a table of GPUs without its region")


def _node(row: Element, *, columns: tuple[str, ...], region: str) -> Iterator[RawOffer | Reject]:
    cells = tuple(cell.text for cell in row.all(".table-v2-cell"))
    if len(cells) != len(columns):
        found = f"{len(cells)} cells under {len(columns)} columns"
        raise PageChanged(f"{row.path}: {found}: {' | '.join(cells)}")
    node = Cells(dict(zip(columns, cells, strict=True)), row.path)
    name, product = node["GPU Model"], row.one("[data-product]").attr("data-product")
    doubt = _doubt(node)
    for column, (purchase_model, per, ending, repetition) in PRICES.items():
        unit, price = node.starting(column)
        again = " ".join(place.text for place in row.find_all(f"{repetition} .item-value"))
        shown = f"{name} {region}: {column} {price!r}"
        if not re.search(r"\d", price):
            reason = "CONTACT_SALES" if "contact" in price.lower() else "NOT_OFFERED"
            yield Reject(reason=reason, text=shown)
        elif again not in ("", price):
            yield Reject(reason="PRICE_CONFLICT", text=f"{shown} or {again!r}")
        elif doubt:
            yield Reject(reason="COUNT_CONFLICT", text=f"{shown}, {doubt}")
        else:
            yield RawOffer(
                sku=product + ending,
                gpu=GPUS.get(name, name),
                gpu_count="1" if per == "gpu" else node["GPU Count"],
                vram=_with_unit(node, "VRAM"),
                vcpus="" if per == "gpu" else node["vCPUs"],
                memory="" if per == "gpu" else _with_unit(node, "System RAM"),
                storage="" if per == "gpu" else _with_unit(node, "Local Storage"),
                price=price,
                unit=_unit(row, repetition, unit),
                per=per,
                purchase_model=purchase_model,
                region=region,
            )


def _doubt(node: Cells) -> str:
    """Say why the count of a node is not believed, "" when it is."""
    count = re.sub(r"\^\d$|[¹²³]$", "", node["GPU Count"])
    if count not in (HGX_COUNTS if "HGX" in node["GPU Model"] else NODE_COUNTS):
        return f"{node['GPU Count']!r} GPUs are no node"
    whole, single = (_amount(node.starting(column)[1]) for column in ("On-Demand", "Inference"))
    if whole and single and not single / 2 < whole / int(count) < single * 2:
        return f"{count} GPUs beside a single GPU's {node.starting('Inference')[1]!r}"
    return ""


def _amount(price: str) -> Fraction | None:
    found = re.fullmatch(r"\D*(\d+\.\d+|\d+)\D*", price, re.ASCII)
    return Fraction(found[1]) if found else None


def _unit(row: Element, repetition: str, unit: str) -> str:
    """Join the unit of the column with that of the repeated price, which is to be the same."""
    periods = (place.text.partition("/")[2] for place in row.find_all(repetition))
    return " ".join((unit, *(f"/{period}" for period in periods if period)))


def _with_unit(node: Cells, column: str) -> str:
    """Join a cell with the unit that its column states: "2,048" under "System RAM (GB)"."""
    title, text = node.starting(column)
    unit = re.search(r"\((\w+)\)", title)
    return f"{text} {unit[1]}" if unit else ""
