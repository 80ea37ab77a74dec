"""Nebius: GPU instances, from the public price page.

Never held against a recording: written from public readers of its HTML (2026-07 and 2026-09) and
the texts of its tables of 2026-08-22 in the tests of github.com/getcomputable/gpu-index.

Prices are per GPU-hour, as vCPUs and memory are per GPU. Quirks: a change of price is announced
as a further column, "GPU-hour (Effective October 1, 2026)": the one in force on the day of the
page counts. "from $0.79" is a floor, "8-40" a range, "Contact us" no price, and a price with a
footnote ("**") is refused, as nobody read what the footnote says.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from scrapers.errors import PageChanged
from scrapers.page import Cells, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel

HEADINGS = "h2, h3, h4, .pc-title-item__text"
ROWS, CELLS = ".pc-highlight-table-block__row", ".pc-highlight-table-block__cell"
UNIT = "GPU-hour"
# What a column of prices may say beside its unit and its date.
KINDS = {
    "": None,
    "on-demand": PurchaseModel.ON_DEMAND,
    "preemptible": PurchaseModel.SPOT,
    "spot": PurchaseModel.SPOT,
    "price per": None,
}
EFFECTIVE = re.compile(r"\(?Effective ([A-Z][a-z]+ \d{1,2}, 20\d\d)\)?", re.ASCII)

provider = Provider(
    id="nebius",
    title="Nebius",
    home="https://nebius.com/prices",
    pages={"prices": "https://nebius.com/prices"},
    unverified=True,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceColumn:
    """A column of prices: what it sells, and from which day; None is until a dated one."""

    title: str
    purchase_model: PurchaseModel
    start: date | None


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the tables under a heading that names GPU instances."""
    heading, found = "", False
    columns: tuple[str, ...] = ()
    rows = {id(row.tag) for row in page.html.all(ROWS)}
    for place in page.html.all(f"{HEADINGS}, {ROWS}"):
        if id(place.tag) not in rows:
            heading, columns = place.text, ()
            continue
        if "GPU" not in heading:
            continue
        texts = tuple(cell.text for cell in place.all(CELLS))
        if texts[0] == "Item":
            columns = texts
        elif len(texts) != len(columns):
            raise PageChanged(f"{place.path}: {len(texts)} cells under {len(columns)} columns")
        else:
            found = True
            cells = Cells(dict(zip(columns, texts, strict=True)), place.path)
            yield from _row(cells, _price_columns(cells, heading), today=page.observe_time.date())
    if not found:
        raise PageChanged(f"{page.kind}: no table of GPU instances")


def _price_columns(cells: Cells, heading: str) -> tuple[PriceColumn, ...]:
    """Read the heads of the price columns. Raises PageChanged for one that is not understood."""
    is_spot = re.search("preemptible|spot", heading, re.IGNORECASE)
    usual = PurchaseModel.SPOT if is_spot else PurchaseModel.ON_DEMAND
    found: list[PriceColumn] = []
    for title in cells.cells:
        if UNIT not in title:
            continue
        effective = EFFECTIVE.search(title)
        said = EFFECTIVE.sub("", title).replace(UNIT, "").strip(" ,").lower()
        if said not in KINDS or (is_spot and KINDS[said] is PurchaseModel.ON_DEMAND):
            raise PageChanged(f"{cells.path}: the column {title!r} is not understood")
        start = _day(effective[1]) if effective else None
        found.append(PriceColumn(title=title, purchase_model=KINDS[said] or usual, start=start))
    if not found:
        raise PageChanged(f"{cells.path}: no column {UNIT!r} under {heading!r}")
    return tuple(found)


def _day(text: str) -> date:
    try:
        return datetime.strptime(f"{text} +0000", "%B %d, %Y %z").date()
    except ValueError as error:
        raise PageChanged(f"{text!r} is not a day such as 'October 1, 2026'") from error


def _row(
    cells: Cells, columns: tuple[PriceColumn, ...], *, today: date
) -> Iterator[RawOffer | Reject]:
    item = cells["Item"].rstrip("* ")
    for purchase_model in dict.fromkeys(column.purchase_model for column in columns):
        same = [column for column in columns if column.purchase_model is purchase_model]
        begun = [column for column in same if column.start is None or column.start <= today]
        coming = [c.start for c in same if c.start is not None and c.start > today]
        if not begun:
            yield Reject(reason="NOT_YET_IN_FORCE", text=f"{item}: {same[0].title}")
            continue
        column = max(begun, key=lambda c: c.start or date.min)
        price = cells[column.title]
        shown = f"{item}: {column.title} {price!r}"
        if not re.search(r"\d", price):
            yield Reject(reason="CONTACT_SALES", text=shown)
        elif price.lower().startswith("from"):
            yield Reject(reason="FLOOR_PRICE", text=shown)
        else:
            yield RawOffer(
                sku=item,
                gpu=re.sub(r" with \w+ CPU$", "", item),
                price=price,
                unit=UNIT,
                vcpus=cells.find("vCPUs"),
                memory=f"{cells.find('RAM, GB')} GB",
                purchase_model=purchase_model,
                valid_until=min(coming).isoformat() if coming else "",
            )
