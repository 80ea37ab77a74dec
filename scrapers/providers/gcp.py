"""Google Cloud: accelerator-optimized machines, from the public page, with a key also from SKUs.

The page prints whole machines, in its default region only and without naming it. With
`GOOGLE_CLOUD_API_KEY` the Cloud Billing Catalog prices every region, part by part: a machine is its
GPUs, vCPUs, memory and bundled local SSD, each at its own price (scrapers/facts/gcp_machines.py and
gcp_skus.py). Machines whose parts all have SKUs are taken from them, everything else (calendar
mode, machines that we do not know) from the page, so that no machine has two prices for one way to
buy it; sums that the page contradicts are refused.

Quirks of the page (2026-09): header cells hold tooltips, so columns are found by how they start;
section rows have one cell with text; cells are dirty ("$2 .0000/ 1 hour"); "Nvidia A100" is 40 or
80 GB by machine; "GB" and "GiB" are one. Calendar mode is capacity reserved for some days.
Quirks of the SKUs: the description says what is sold, and some spot SKUs are filed as OnDemand;
A4 and G4 slices cover their host; an on-demand SKU exists for machines that are not sold so;
Reserved and calendar-mode SKUs are partly priced at zero.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from urllib.parse import quote

from scrapers.errors import PageChanged
from scrapers.facts.gcp_machines import MACHINES, REGIONS
from scrapers.facts.gcp_skus import CHIPS, ON_DEMAND, RESERVED, SPOT, Way, unit_of, way_of
from scrapers.page import Cells, Element, Json, Page
from scrapers.provider import Provider, RawOffer, Reject, Request, Summand
from scrapers.rows import each_row
from service.domain.offer import HOURS_PER_MONTH, DeliveryModel, PurchaseModel

PAGE = "https://cloud.google.com/products/compute/pricing/accelerator-optimized"
SKUS = "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus?pageSize=5000"

# The region of the page's prices, which it does not name: it only checks the sums of parts. They
# may differ by what rounding and a late page make.
PAGE_REGION = "us-central1"
AGREEMENT = Decimal("0.1")
# The columns of prices -> how the machine is bought. Flex-start waits in a queue for machines that
# end within a week: neither on demand nor spot.
COLUMNS = {
    "Price": ON_DEMAND,
    "DWS Flex-start price": None,
    "DWS Calendar Mode price": PurchaseModel.CAPACITY_BLOCK,
    "Current Spot pricing": SPOT,
    "Compute Resource CUDs - 1 Year": RESERVED["1"],
    "Compute Resource CUDs - 3 Year": RESERVED["3"],
}
# These machines are built of SXM modules, which the page does not say of those that we do not know.
GPUS = {"Nvidia H100": "Nvidia H100 SXM"}
COMPONENT = re.compile(r"(GPUs|vCPUs|Memory|SSD): ?([\d.,/]+) ?((?:[GT]i?B)?)")


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one unit of a part."""

    price: str
    currency: str


@dataclass(frozen=True, slots=True)
class Sold:
    """What a SKU says of a part; without a rate where its price could not be read."""

    way: Way
    rate: Rate | None = None
    regions: tuple[str, ...] = ()


@dataclass(slots=True)
class Catalogue:
    """The parts that have SKUs, and their rates by region: one, or several that contradict."""

    ways: set[Way] = field(default_factory=set[Way])
    rates: dict[tuple[Way, str], set[Rate]] = field(
        default_factory=dict[tuple[Way, str], set[Rate]]
    )

    def add(self, sold: Sold) -> None:
        """Take what a SKU says."""
        self.ways.add(sold.way)
        if sold.rate:
            for region in sold.regions:
                self.rates.setdefault((sold.way, region), set()).add(sold.rate)


provider = Provider(
    id="gcp",
    title="Google Cloud",
    home=PAGE,
    pages={
        "prices": PAGE,
        "skus": Request(url=SKUS, headers={"X-Goog-Api-Key": "{GOOGLE_CLOUD_API_KEY}"}),
    },
    large=True,
    regions=REGIONS,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.parses("prices")
def parse_page(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every table of machine types on the page."""
    tables = [table for table in page.html.all("table") if "Machine type" in _headers(table)[:1]]
    if not tables:
        raise PageChanged(f"{page.kind}: no table of machine types")
    for table in tables:
        yield from _read_table(table)


@provider.follows("skus")
def next_skus(page: Page) -> Iterator[str]:
    """Give the next page of the catalogue."""
    token = _answer(page).text_of("nextPageToken")
    if token:
        yield f"{SKUS}&pageToken={quote(token, safe='')}"


@provider.joins("skus", "prices")
def parse(skus: tuple[Page, ...], prices: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
    """Price the machines of every region from their parts, and read the rest from the page."""
    catalogue = Catalogue()
    for page in skus:
        for sold in each_row(_answer(page)["skus"].each(), _sold):
            if isinstance(sold, Reject):
                yield sold
            else:
                catalogue.add(sold)
    sums = tuple(_machines(catalogue))
    if not any(isinstance(row, RawOffer) for row in sums):
        raise PageChanged("skus: no price of any machine that we know")
    printed = tuple(row for page in prices for row in parse_page(page))
    for row in printed:
        if isinstance(row, Reject):
            yield row
        elif not _ways_of(row) or not _ways_of(row) <= catalogue.ways:
            yield replace(row, printed_on="prices")
    yield from _agreeing(sums, printed)


def _agreeing(
    sums: Sequence[RawOffer | Reject], printed: Iterable[RawOffer | Reject]
) -> Iterator[RawOffer | Reject]:
    """Give the sums, but none with a part of one that the page contradicts, whatever the region."""
    here = {
        _way_of(row): row for row in sums if isinstance(row, RawOffer) and row.region == PAGE_REGION
    }
    contradicted = {
        _chip_of(row)
        for row in printed
        if isinstance(row, RawOffer) and _way_of(row) in here and _differ(here[_way_of(row)], row)
    }
    refused: set[Way] = set()
    for row in sums:
        if isinstance(row, Reject) or _chip_of(row) not in contradicted:
            yield row
        elif _way_of(row) not in refused:
            refused.add(_way_of(row))
            text = f"{row.sku}, {row.purchase_model.value}: the page prints another sum"
            yield Reject(reason="PRICE_CONFLICT", text=text)


def _read_table(table: Element) -> Iterator[RawOffer | Reject]:
    headers = _headers(table)
    if not any(re.match(r"Price \([A-Z]{3}\)", header) for header in headers):
        raise PageChanged(f"{table.path}: no column 'Price'; found {', '.join(headers)}")
    for row in table.all("tr"):
        cells = [cell.text for cell in row.find_all("td")]
        if not any(cells[1:]):  # the headers, and the headings of sections
            continue
        if len(cells) != len(headers):
            yield Reject(reason="ODD_ROW", text=" | ".join(cells))
            continue
        for header, cell in zip(headers, cells, strict=True):
            column = re.match(r"(?P<name>[^()]+) \((?P<currency>[A-Z]{3})\)", header)
            if column and (column["name"] in COLUMNS or re.search(r"\d", cell)):
                columns = Cells(dict(zip(headers, cells, strict=True)), table.path)
                yield _machine(columns, column["name"], currency=column["currency"], cell=cell)


def _headers(table: Element) -> list[str]:
    return [header.text for header in table.find_all("th")]


def _machine(columns: Cells, name: str, *, currency: str, cell: str) -> RawOffer | Reject:
    machine, gpu = columns["Machine type"], columns["GPU"]
    shown = f"{machine}, {name}: {cell or 'nothing'}"
    if name not in COLUMNS:
        return Reject(reason="UNKNOWN_PURCHASE_MODEL", text=shown)
    way = COLUMNS[name]
    if not re.search(r"\d", cell):
        return Reject(reason="NOT_OFFERED", text=shown)
    if way is None:
        return Reject(reason="FLEX_START", text=shown)
    parts = {part: (size, unit) for part, size, unit in COMPONENT.findall(columns["Components"])}
    count = parts.get("GPUs", ("", ""))[0]
    known = MACHINES.get(machine)
    if known and (known[1] != count or not set(gpu.split()[-1:]) & set(known[0].gpu.split())):
        return Reject(reason="GPU_CONFLICT", text=f"{shown}; {count} x {gpu}")
    return RawOffer(
        sku=machine,
        instance_type=machine,
        gpu=known[0].gpu if known else GPUS.get(gpu, gpu),
        gpu_count=count,
        price=re.sub(r"(?<=\d) (?=\.\d)", "", cell),
        currency=currency,
        per="machine",
        purchase_model=way,
        vcpus=parts.get("vCPUs", ("", ""))[0],
        memory=" ".join(parts.get("Memory", ())),
        storage=" ".join(parts.get("SSD", ())),
    )


def _answer(page: Page) -> Json:
    """Read a page of the catalogue anew each time: ten of them in memory would be too much."""
    return replace(page).json


def _sold(sku: Json) -> Iterator[Sold | Reject]:
    """Read the price of a part; a GPU that is none of our parts is refused."""
    way = way_of(sku["description"].text, usage=sku["category"]["usageType"].text)
    if way:
        rate = _rate(sku, unit=unit_of(way[0])[0])
        if isinstance(rate, Reject):
            yield Sold(way)
            yield rate
        else:
            yield Sold(way, rate, tuple(each.text for each in sku["serviceRegions"].each()))
    elif sku["category"].text_of("resourceGroup") == "GPU":
        text = sku["description"].text
        is_ours = any(chip in text for chip in CHIPS)
        reason = "OTHER_PURCHASE_MODEL" if is_ours else "NO_FIXED_MACHINE"
        yield Reject(reason=reason, text=text)


def _rate(sku: Json, *, unit: str) -> Rate | Reject:
    """Read the price of a part, the newest one where there are several."""
    shown = sku["description"].text
    timeline = list(sku["pricingInfo"].each())
    expression = timeline[-1]["pricingExpression"] if timeline else None
    tiers = list(expression["tieredRates"].each()) if expression else []
    if not expression or len(tiers) != 1:
        return Reject(reason="NO_PRICE", text=f"{shown}: {len(tiers)} prices")
    if expression["usageUnit"].text != unit:
        return Reject(reason="UNKNOWN_UNIT", text=f"{shown}: per {expression['usageUnit'].text}")
    price = tiers[0]["unitPrice"]
    if not price["units"].number and not price["nanos"].number:
        return Reject(reason="NO_PRICE", text=f"{shown}: zero")
    amount = f"{price['units'].text}.{price['nanos'].text:0>9}"
    return Rate(amount, price["currencyCode"].text)


def _machines(catalogue: Catalogue) -> Iterator[RawOffer | Reject]:
    """Add up every machine wherever its GPU has a price."""
    for machine, (family, count, vcpus, memory, storage) in MACHINES.items():
        ways = [(model, region) for (part, model), region in catalogue.rates if part == family.part]
        if any(model is ON_DEMAND for model, _ in ways) and not family.on_demand:
            yield Reject(reason="NOT_ON_DEMAND", text=f"{machine}: its GPU alone has a price")
            ways = [way for way in ways if way[0] is not ON_DEMAND]
        for model, region in ways:
            shown = f"{machine} in {region}, {model.value}"
            others = _other_parts(machine)
            found = {
                name: catalogue.rates.get(((name, model), region), set())
                for name in (family.part, *(name for name, _ in others))
            }
            unpriced = [name for name, prices in found.items() if len(prices) != 1]
            if unpriced:
                reason = "RATE_CONFLICT" if any(found[n] for n in unpriced) else "PART_NOT_PRICED"
                yield Reject(reason=reason, text=f"{shown}: {', '.join(unpriced)}")
                continue
            each = {name: next(iter(prices)) for name, prices in found.items()}
            if len({rate.currency for rate in each.values()}) > 1:
                yield Reject(reason="CURRENCY_CONFLICT", text=shown)
                continue
            yield RawOffer(
                sku=machine,
                instance_type=machine,
                gpu=family.gpu,
                gpu_count=count,
                price=each[family.part].price,
                currency=each[family.part].currency,
                unit="hour",
                per="gpu",
                plus=tuple(
                    Summand(what=name, price=each[name].price, times=times, unit=unit_of(name)[1])
                    for name, times in others
                ),
                region=region,
                purchase_model=model,
                vcpus=str(vcpus),
                memory=f"{memory} GiB",
                storage=f"{storage} GiB" if storage else "",
            )


def _other_parts(machine: str) -> tuple[tuple[str, str], ...]:
    """Return what a machine is made of beside its GPUs: parts with how many of each."""
    family, _, vcpus, memory, storage = MACHINES[machine]
    if not family.host:
        return ()
    disks = (("Local SSD", str(storage)),) if storage else ()
    return ((f"{family.host} Core", str(vcpus)), (f"{family.host} Ram", str(memory)), *disks)


def _way_of(row: RawOffer) -> Way:
    return row.sku, row.purchase_model


def _chip_of(row: RawOffer) -> Way:
    return MACHINES[row.sku][0].part, row.purchase_model


def _ways_of(row: RawOffer) -> set[Way]:
    """Return what SKUs would price a row of the page, nothing where they cannot."""
    family = MACHINES[row.sku][0] if row.sku in MACHINES else None
    if family is None or (row.purchase_model is ON_DEMAND and not family.on_demand):
        return set()
    parts = (family.part, *(name for name, _ in _other_parts(row.sku)))
    return {(part, row.purchase_model) for part in parts}


def _differ(added: RawOffer, printed: RawOffer) -> bool:
    """Say whether the page prints something else than the sum of the parts in its region."""
    price = re.search(r"\d+(?:\.\d+)?", printed.price.replace(",", ""))
    total = Decimal(added.price) * int(added.gpu_count)
    for part in added.plus:
        hours = HOURS_PER_MONTH if part.unit == "month" else 1
        total += Decimal(part.price) * int(part.times) / hours
    return (
        added.currency != printed.currency
        or price is None
        or abs(total - Decimal(price.group())) > AGREEMENT * total
    )
