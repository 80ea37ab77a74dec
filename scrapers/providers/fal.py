"""fal: GPUs by the hour, serverless and compute, from the public price page.

Quirks (2026-08): beside the list price stands "As low as", the floor of a contract, which the
headline of the page repeats; the price of a single GPU is printed as "$4.50/h". The tables of
model APIs on the same page have no column "GPU".
"""

import re
from collections.abc import Iterator
from functools import partial

from scrapers.errors import PageChanged
from scrapers.page import Cells, Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.rows import each_row

PRICE, FLOOR = "List Price", "As low as"
# The machine types of its documentation: 3.4 TB/s and NVLink at 900 GB/s are the SXM module's.
GPUS = {"H100": "H100 SXM"}

provider = Provider(
    id="fal",
    title="fal",
    home="https://fal.ai/pricing",
    pages={"prices": "https://fal.ai/pricing"},
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every table with a column "GPU"; a row is one GPU."""
    tables = [table for table in page.html.all("table") if "GPU" in _columns(table)]
    if not tables:
        raise PageChanged(f"{page.kind}: no table with a column 'GPU'")
    for table in tables:
        yield from each_row(table.all("tbody tr"), partial(_row, columns=_columns(table)))


def _columns(table: Element) -> tuple[str, ...]:
    return tuple(cell.text for cell in table.find_all("thead th"))


def _row(row: Element, *, columns: tuple[str, ...]) -> Iterator[RawOffer | Reject]:
    texts = tuple(cell.text for cell in row.all("td"))
    if len(texts) != len(columns):
        found = f"{len(texts)} cells under {len(columns)} columns"
        raise PageChanged(f"{row.path}: {found}: {' | '.join(texts)}")
    cells = Cells(dict(zip(columns, texts, strict=True)), row.path)
    gpu, price = cells["GPU"], cells[PRICE]
    if not re.search(r"\d", price):
        yield Reject(reason="CONTACT_SALES", text=f"{gpu}: {PRICE} {price!r}")
    else:
        yield RawOffer(
            sku=f"{gpu} {cells['VRAM']}",
            gpu=GPUS.get(gpu, gpu),
            vram=cells["VRAM"],
            price=price,
            per="gpu",
        )
    floor = cells.find(FLOOR)
    if re.search(r"\d", floor):
        yield Reject(reason="CONTRACT_FLOOR", text=f"{gpu}: {FLOOR} {floor}")
