"""Azure: GPU virtual machines, from the public retail prices API.

One walk over all regions. Quirks: a Reservation row says "1 Hour" but its price is for the whole
term; Windows, Spot and Low Priority rows share the armSkuName of the Linux row; GPU model and
count stand only in the name of the size, so they come from our own table
(scrapers/facts/azure_sizes.py). A Spot price that equals the pay-as-you-go price is what Azure
charges in that region, so it stays, as SPOT.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from urllib.parse import quote

from scrapers.errors import PageChanged
from scrapers.facts.azure_sizes import REGIONS, SIZES
from scrapers.page import Json, Page
from scrapers.provider import Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import DeliveryModel, PurchaseModel

FILTER = "serviceName eq 'Virtual Machines' and contains(armSkuName, 'Standard_N')"
URL = "https://prices.azure.com/api/retail/prices?api-version=2023-01-01-preview&$filter="

# Every N series is accelerated; only NP has FPGAs.
GPU_SIZES, FPGA_SIZES = "standard_n", "standard_np"
GOVERNMENT = ("usgov", "usdod", "ussec", "usnat")
TERMS = {
    "1 Year": PurchaseModel.RESERVED_1Y,
    "3 Years": PurchaseModel.RESERVED_3Y,
    "5 Years": PurchaseModel.RESERVED_OTHER,
}

provider = Provider(
    id="azure",
    title="Microsoft Azure",
    home="https://azure.microsoft.com/en-us/pricing/details/virtual-machines/linux/",
    pages={"prices": URL + quote(FILTER)},
    large=True,
    regions=REGIONS,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.follows("prices")
def next_pages(page: Page) -> Iterator[str]:
    """Give the address that the answer itself names as the next page."""
    link = page.json.printed("NextPageLink")  # Without the key, pages would be lost unseen.
    if link and not link.startswith("https://"):
        raise PageChanged(f"{page.kind}: the next page {link[:40]!r} is no address")
    if link:
        yield link


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read one page of price rows; currency and unit stand in each row."""
    read = partial(
        _read,
        billed_in=page.json.text_of("BillingCurrency"),
        today=page.observe_time.date().isoformat(),
    )
    yield from each_row(page.json["Items"].each(), read)


def _read(row: Json, *, billed_in: str, today: str) -> Iterator[RawOffer | Reject]:
    size = row.printed("armSkuName")
    if not size.lower().startswith(GPU_SIZES) or size.lower().startswith(FPGA_SIZES):
        return
    reason = _reason_to_refuse(row, billed_in=billed_in, today=today)
    if reason:
        region, product = row.text_of("armRegionName"), row.text_of("productName")
        text = f"{size} in {region}: {product}, {row.text_of('meterName')}"
        yield Reject(reason=reason, text=text)
    else:
        yield _machine(row, size)


def _reason_to_refuse(row: Json, *, billed_in: str, today: str) -> str:
    labels = f"{row['productName'].text} {row['skuName'].text} {row['meterName'].text}".lower()
    region, currency = row["armRegionName"].text.lower(), row["currencyCode"].text
    kind, term = row["type"].text, row.text_of("reservationTerm")
    start, end = row.text_of("effectiveStartDate")[:10], row.text_of("effectiveEndDate")[:10]
    price = row.printed("retailPrice")
    reasons = {
        "WINDOWS": re.search(r"windows|\bwin\b", labels),
        "LOW_PRIORITY": re.search(r"low\s?priority", labels),
        "CLOUD_SERVICES": re.search(r"cloud\s?services", labels),
        "DEDICATED_HOST": "dedicated" in labels,
        "EXPIRED": "expired" in labels or "" < end < today,
        "NO_REGION": not region,
        "GOVERNMENT_REGION": region.startswith(GOVERNMENT),
        "DUPLICATE": row.text_of("isPrimaryMeterRegion") == "false",
        "NOT_YET_EFFECTIVE": start > today,
        "UNKNOWN_INSTANCE_TYPE": row["armSkuName"].text.lower() not in SIZES,
        "OTHER_PRICE_TYPE": kind not in ("Consumption", "Reservation"),
        "OTHER_TERM": term not in (TERMS if kind == "Reservation" else ("",)),
        "OTHER_TIER": row.text_of("tierMinimumUnits") not in ("", "0", "0.0"),
        "OTHER_UNIT": row["unitOfMeasure"].text != "1 Hour",
        "CURRENCY_CONFLICT": billed_in not in ("", currency),
        "PRICE_CONFLICT": _number(row.text_of("unitPrice")) not in ("", _number(price)),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _number(text: str) -> Decimal | str:
    """Return a plain number, for which "98" is "98.0"; any other text as it is."""
    return Decimal(text) if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII) else text


def _machine(row: Json, size: str) -> RawOffer:
    gpu, count = SIZES[size.lower()]
    term = row.text_of("reservationTerm") if row["type"].text == "Reservation" else ""
    is_spot = "spot" in f"{row['meterName'].text} {row['skuName'].text}".lower()
    model = PurchaseModel.SPOT if is_spot else PurchaseModel.ON_DEMAND
    return RawOffer(
        sku=size,
        instance_type=size,
        gpu=gpu,
        gpu_count=count,
        price=row.printed("retailPrice"),
        currency=row["currencyCode"].text,
        unit="term" if term else row["unitOfMeasure"].text,
        per="instance",
        purchase_model=TERMS[term] if term else model,
        term=term,
        region=row["armRegionName"].text.lower(),
    )
