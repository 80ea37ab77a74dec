"""Paperspace (DigitalOcean): machines by the hour, from the tables of its documentation.

Never held against a recording: written from the text of docs.digitalocean.com/products/paperspace
/pricing, where a table "GPU Machine | Hourly Price | Subscription Plan" names machines of one GPU
and one headed "Multi-GPU Machine" those of several (A100-80G times 8), "$3.18/hr" each.

Quirks: a price of several GPUs is that of one, times their number; rows that say 8 and cost four
times as much contradict themselves. Names are Paperspace's own; what they mean stands under
/products/paperspace/machines/details/machine-types. The tables of CPU and free machines, disks
and plans are no GPU rows. Storage is charged apart.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from scrapers.errors import PageChanged
from scrapers.page import Cells, Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel

ONE, SEVERAL, PRICE = "GPU Machine", "Multi-GPU Machine", "Hourly Price"
NAME = re.compile(r"(?P<machine>.+?)(?: ?[x\u00d7](?P<count>\d+))?")
AMOUNT = re.compile(r"\$(?P<number>\d+(?:\.\d+)?)/hr")
# By the documentation's machine types: the H100 is the SXM5, machines of several A100-80G and
# V100-32G are joined by NVLink, and the P and RTX series are Quadros.
GPUS = {
    "GPU+ (M4000)": "Quadro M4000",
    "P4000": "Quadro P4000",
    "P5000": "Quadro P5000",
    "P6000": "Quadro P6000",
    "RTX4000": "Quadro RTX 4000",
    "RTX5000": "Quadro RTX 5000",
    "V100-32G": "V100 SXM2 32GB",
    "A100-80G": "A100 SXM4 80GB",
    "H100": "H100 SXM5 80GB",
}

provider = Provider(
    id="paperspace",
    title="Paperspace (DigitalOcean)",
    home="https://www.paperspace.com/pricing",
    pages={"prices": "https://docs.digitalocean.com/products/paperspace/pricing/"},
    unverified=True,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the machines of one GPU, then those of several against them."""
    singles = _rows(page, ONE)
    base = {row[ONE]: row[PRICE] for row in singles}
    for row in singles:
        yield _offer(row[ONE], row[PRICE], count="1")
    for row in _rows(page, SEVERAL):
        named, price = NAME.fullmatch(row[SEVERAL]), row[PRICE]
        if not named or not named["count"]:
            yield Reject(reason="NO_COUNT", text=f"{row[SEVERAL]}: {price}")
        elif _times(price, base.get(named["machine"], "")) != Decimal(named["count"]):
            yield Reject(reason="COUNT_CONFLICT", text=f"{row[SEVERAL]}: {price}")
        else:
            yield _offer(named["machine"], price, count=named["count"])


def _offer(machine: str, price: str, *, count: str) -> RawOffer:
    return RawOffer(
        sku=machine if count == "1" else f"{machine} x{count}",
        gpu=GPUS.get(machine, machine),
        gpu_count=count,
        price=price,
        unit=PRICE,
        per="instance",
    )


def _times(price: str, base: str) -> Decimal | None:
    """Return how many times the base price a price is; None where either cannot be read."""
    amount, one = AMOUNT.fullmatch(price), AMOUNT.fullmatch(base)
    if not amount or not one or not Decimal(one["number"]):
        return None
    return Decimal(amount["number"]) / Decimal(one["number"])


def _rows(page: Page, first: str) -> list[Cells]:
    """Return the rows of the tables whose first column is so named. Raises PageChanged for none."""
    tables = [t for t in page.html.all("table") if _texts(t, "thead th")[:1] == [first]]
    if not tables:
        raise PageChanged(f"{page.kind}: no table begins with {first!r}")
    found: dict[tuple[str, ...], Cells] = {}
    for table in tables:
        heads = _texts(table, "thead th")
        for row in table.all("tbody tr"):
            texts = _texts(row, "td")
            if len(texts) != len(heads):
                raise PageChanged(f"{row.path}: a row does not fit its columns")
            cells = Cells(dict(zip(heads, texts, strict=True)), row.path)
            # Machines and notebooks may each have a table of the same machines.
            found.setdefault((cells[first], cells[PRICE]), cells)
    return list(found.values())


def _texts(element: Element, css: str) -> list[str]:
    return [cell.text for cell in element.find_all(css)]
