"""Together AI: GPU clusters, from the public price page.

Never run over a recording: compared with the page of 2026-08-22, of which the tests of
github.com/getcomputable/gpu-index keep the sections with GPUs.

Prices are per GPU and hour, as the section says. Quirks: the HTML is invalid (`<tr>` in `<div>`
in `<tbody>`, heads without a row), which lxml leaves as it stands; dedicated inference sells the
same chips at other prices in a section before; a hidden table repeats the on-demand prices; the
head has two rows, the second one with the commitments. A dash or "Contact us" is no price.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Element, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel

SECTION = "gpu-clusters"
ANCHORS = ".section-anchor[id]"
UNIT = re.compile(r"All prices (?:are )?(per GPU per hour)", re.IGNORECASE)
SENTENCES = "p, span, div:not(:has(*))"
# The captions of the head up to the commitments, without regard to case.
HEAD = ("hardware", "on-demand", "reserved", "pay as you go")

provider = Provider(
    id="together",
    title="Together AI",
    home="https://www.together.ai/pricing",
    pages={"prices": "https://www.together.ai/pricing"},
    unverified=True,
    delivery_model=DeliveryModel.CLUSTER,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the one visible table of the section; rows of other products are refused."""
    section, unit, tables = "", "", 0
    anchors = {id(anchor.tag) for anchor in page.html.all(ANCHORS)}
    hidden = {id(table.tag) for table in page.html.find_all(".hide table")}
    for place in page.html.all(f"{ANCHORS}, table, {SENTENCES}"):
        if id(place.tag) in anchors:
            section, unit = place.attr("id"), ""
        elif place.tag.name != "table":
            said = UNIT.search(place.text)
            unit = said[1] if said else unit
        elif id(place.tag) in hidden or not (_captions(place) or ("",))[0].startswith(HEAD[0]):
            continue
        elif section == SECTION:
            tables += 1
            yield from _clusters(place, unit=unit)
        else:
            for row in place.all("tbody tr"):
                yield Reject(reason="OTHER_PRODUCT", text=f"{section}: {row.text}"[:200])
    if tables != 1:
        raise PageChanged(f"{page.kind}: {tables} tables in the section {SECTION!r}")


def _captions(table: Element) -> tuple[str, ...]:
    return tuple(cell.text.lower() for cell in table.find_all("th"))


def _clusters(table: Element, *, unit: str) -> Iterator[RawOffer | Reject]:
    captions = _captions(table)
    terms = captions[len(HEAD) :]
    if captions[: len(HEAD)] != HEAD or not terms:
        raise PageChanged(f"{table.path}: the head is {', '.join(captions)!r}")
    for row in table.all("tbody tr"):
        name, *prices = row.all("td")
        column = 0
        for cell in prices:
            width = _width(cell)
            covered = ("on-demand", *terms)[column : column + width]
            column += width
            yield _offer(name.text, cell.text, covered, unit=unit)
        if column != len(terms) + 1:
            raise PageChanged(f"{row.path}: {column} cells under {len(terms) + 1} columns")


def _width(cell: Element) -> int:
    span = cell.attr("colspan") if cell.tag.has_attr("colspan") else "1"
    if not re.fullmatch(r"[1-9]", span):
        raise PageChanged(f"{cell.path}: a cell of {span!r} columns")
    return int(span)


def _offer(name: str, price: str, columns: tuple[str, ...], *, unit: str) -> RawOffer | Reject:
    shown = f"{name}, {', '.join(columns)}: {price}"
    if not re.search(r"\d", price):
        return Reject(reason="CONTACT_SALES", text=shown)
    if len(columns) != 1:
        return Reject(reason="UNKNOWN_TERM", text=shown)
    on_demand = columns == ("on-demand",)
    return RawOffer(
        sku=name,
        gpu=name,
        price=price,
        unit=unit,
        purchase_model=PurchaseModel.ON_DEMAND if on_demand else PurchaseModel.RESERVED_OTHER,
        # "181+ days" is written "181 days+" elsewhere.
        term="" if on_demand else re.sub(r"^(\d+)\+ (\w+)$", r"\1 \2+", columns[0]),
    )
