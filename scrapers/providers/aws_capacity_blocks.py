"""AWS: Capacity Blocks, GPU instances that are reserved for some days, from the price page.

Never held against a recording: the structure is that of two public readers of the page and their
tests (a feed of "pricing.json" with both formats of 2026-04, and a price monitor, read 2026-11).
The rates are the reservation fee, paid upfront; the operating system is charged besides, Linux at
nothing. The length of a block is chosen when it is bought and is not on the page, so that offers
have none.

Quirks: the tables stand in scripts, as texts of JSON within JSON, beside others (operating
systems) without a rate; a row names the group that holds its instance; a cell holds the rate of
the instance and, in brackets, that of one accelerator, which must agree, and the first may leave
out "USD". The row of a GB200 UltraServer says "72 x B200". Prices change on announced days.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from scrapers.errors import PageChanged
from scrapers.facts.aws_instances import REGIONS, accelerators_of, cpu_arch_of, region_of
from scrapers.page import Json, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel

ROWS, GROUPS = "itemTableData", "itemTableRowGroups"
# What the page calls the rates: "Effective hourly rate per instance (per accelerator)" or so.
HEADING = re.compile(r"effective\s+(?:\w+\s+){0,2}(hourly)\s+rate", re.IGNORECASE)
AMOUNT = r"\$[0-9][0-9.,]*"
RATES = re.compile(rf"({AMOUNT}(?: USD)?) ?\(({AMOUNT} USD)\)")
RATE = re.compile(rf"({AMOUNT} USD)")
# How a table of rates is told from others: the rate of an accelerator stands in brackets.
BRACKETED = "($"
TAG = re.compile(r"<[^>]*>")
CHIPS = re.compile(r"(\d+) ?x ([A-Za-z][\w ]*)")
# An UltraServer -> its GPU and how many it has.
ULTRA_SERVERS = {
    "u-p6e-gb200x36": ("GB200 NVL72", "36"),
    "u-p6e-gb200x72": ("GB200 NVL72", "72"),
}
# A local zone is named as a location, but is no region: UltraServers stand in Dallas.
LOCAL_ZONES = {
    "US East (Dallas)": "us-east-1-dfw-2",
    "US East (Atlanta)": "us-east-1-atl-2",
    "US West (Phoenix)": "us-west-2-phx-2",
}
AGREEMENT = Decimal("0.05")

provider = Provider(
    id="aws-capacity-blocks",
    title="Amazon Web Services (Capacity Blocks)",
    home="https://aws.amazon.com/ec2/capacityblocks/pricing/",
    pages={"prices": "https://aws.amazon.com/ec2/capacityblocks/pricing/"},
    unverified=True,
    regions={**REGIONS, **dict.fromkeys(LOCAL_ZONES.values(), "US")},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every table whose column is headed as rates."""
    scripts = [script.source for script in page.html.all("script") if ROWS in script.source]
    tables = [
        table
        for script in scripts
        for table in _tables(Json.loads(script, path=f"{page.kind} script"))
    ]
    if not tables:
        raise PageChanged(f"{page.kind}: no table of rates")
    for table in tables:
        heading = HEADING.search(_texts(table))
        if not heading and BRACKETED in table[ROWS].text:
            raise PageChanged(f"{table.path}: rates that no column is headed as")
        if not heading:
            yield Reject(reason="OTHER_TABLE", text=_texts(table)[:200])
            continue
        rows, groups = _inner(table, ROWS), _inner(table, GROUPS)
        labels = {group["id"].text: group["label"].text for group in groups.each()}
        for row in rows.each():
            group = row["idProperty"].text
            if group not in labels:
                raise PageChanged(f"{row.path}: no group {group!r} in {', '.join(labels)}")
            yield _read(row, labels[group], unit=heading[1])


def _tables(place: Json) -> Iterator[Json]:
    """Walk a document for the objects that hold a table."""
    if isinstance(place.value, dict):
        if place.find(ROWS):
            yield place
        for _, member in place.members():
            yield from _tables(member)
    elif isinstance(place.value, list):
        for item in place.each():
            yield from _tables(item)


def _texts(table: Json) -> str:
    """Return what is said about a table: its heading and those of its columns."""
    said = (
        member.text
        for key, member in table.members()
        if isinstance(member.value, str) and key not in (ROWS, GROUPS)
    )
    return TAG.sub(" ", " ".join(said))


def _inner(table: Json, key: str) -> Json:
    """Read JSON that stands in a text of JSON."""
    return Json.loads(table[key].text, path=f"{table.path}.{key}")


def _read(row: Json, label: str, *, unit: str) -> RawOffer | Reject:
    cells = [
        re.sub(r"\s+", " ", TAG.sub(" ", cell.text)).strip()
        for key, cell in row.members()
        if key not in ("id", "idProperty")
    ]
    shown = f"{label}: {' | '.join(cells)}"[:200]
    known = ULTRA_SERVERS.get(label) or accelerators_of(label)
    places = [place for cell in cells if (place := _place_of(cell))]
    rates = _rates(cells)
    if any("govcloud" in cell.lower() for cell in cells):
        return Reject(reason="GOVERNMENT_REGION", text=shown)
    if not known:
        return Reject(reason="UNKNOWN_INSTANCE_TYPE", text=shown)
    if len(places) != 1:
        return Reject(reason="UNKNOWN_REGION", text=shown)
    if not rates:
        return Reject(reason="NO_PRICE", text=shown)
    if _contradicts(cells, rates, count=known[1]):
        return Reject(reason="RATE_CONFLICT", text=f"{shown}; we know {known[1]}")
    return RawOffer(
        sku=label,
        instance_type=label,
        gpu=known[0],
        gpu_count=known[1],
        price=rates[0],
        unit=unit,
        per="instance",
        purchase_model=PurchaseModel.CAPACITY_BLOCK,
        region=places[0],
        cpu_arch="arm64" if label in ULTRA_SERVERS else cpu_arch_of(label),
    )


def _place_of(cell: str) -> str:
    location = cell.removesuffix(" Local Zone")
    return region_of(location) or LOCAL_ZONES.get(location, "")


def _contradicts(cells: list[str], rates: tuple[str, str], *, count: str) -> bool:
    """Say whether the row counts other accelerators, or its two rates do not agree."""
    chips = [found[1] for cell in cells if (found := CHIPS.fullmatch(cell))]
    instance, accelerator = (Decimal(re.sub(r"[^\d.]", "", rate)) for rate in rates)
    return chips != [count] or abs(instance / int(count) - accelerator) > AGREEMENT


def _rates(cells: list[str]) -> tuple[str, str] | None:
    """Return the rates of the instance and of one accelerator, in one cell or in two."""
    both = [found for cell in cells if (found := RATES.fullmatch(cell))]
    if len(both) == 1:
        return both[0][1], both[0][2]
    instance, *others = [found[1] for cell in cells if (found := RATE.fullmatch(cell))] or [""]
    return (instance, others[0]) if len(others) == 1 and not both else None
