"""Azure: GPU virtual machines, from the public retail prices API.

One walk over all regions. Quirks: a Reservation row says "1 Hour" but its price is for the whole
term; Windows, Spot and Low Priority rows share the armSkuName of the Linux row; GPU model and
count stand only in the name of the size, so they come from the table below (Azure's pages on
sizes). A Spot price that equals the pay-as-you-go price is what Azure charges in that region, so
it stays, as SPOT.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel

FILTER = "serviceName eq 'Virtual Machines' and contains(armSkuName, 'Standard_N')"
URL = "https://prices.azure.com/api/retail/prices?api-version=2023-01-01-preview&$filter="

NCV6 = {"36": "1/4", "72": "1/2", "144": "1", "288": "2"}
# (size in lower case with {} for its first number, GPU, number -> count). A fraction is a share of
# one; one K80 or M60 is the board, whose two devices Azure counts apart.
SERIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("standard_nc{}", "K80", {"6": "1/2", "12": "1", "24": "2"}),
    ("standard_nc{}r", "K80", {"24": "2"}),
    ("standard_nc{}s_v2", "P100 PCIe 16GB", {"6": "1", "12": "2", "24": "4"}),
    ("standard_nc{}rs_v2", "P100 PCIe 16GB", {"24": "4"}),
    ("standard_nc{}s_v3", "V100 PCIe 16GB", {"6": "1", "12": "2", "24": "4"}),
    ("standard_nc{}rs_v3", "V100 PCIe 16GB", {"24": "4"}),
    ("standard_nc{}as_t4_v3", "T4", {"4": "1", "8": "1", "16": "1", "64": "4"}),
    ("standard_nc{}ads_a10_v4", "A10", {"8": "1/2", "16": "1", "32": "2"}),
    ("standard_nc{}ads_a100_v4", "A100 PCIe 80GB", {"24": "1", "48": "2", "96": "4"}),
    ("standard_nc{}ads_h100_v5", "H100 NVL", {"40": "1"}),
    ("standard_nc{}adis_h100_v5", "H100 NVL", {"80": "2"}),
    ("standard_ncc{}ads_h100_v5", "H100 NVL", {"40": "1"}),
    ("standard_nc{}ds_xl_rtxpro6000bse_v6", "RTX PRO 6000", NCV6),
    ("standard_nc{}lds_xl_rtxpro6000bse_v6", "RTX PRO 6000", NCV6 | {"24": "1/4"}),
    ("standard_nd{}s", "P40", {"6": "1", "12": "2", "24": "4"}),
    ("standard_nd{}rs", "P40", {"24": "4"}),
    ("standard_nd{}s_v2", "V100 SXM 32GB", {"40": "8"}),
    ("standard_nd{}rs_v2", "V100 SXM 32GB", {"40": "8"}),
    ("standard_nd{}asr_v4", "A100 SXM 40GB", {"96": "8"}),
    ("standard_nd{}asr_a100_v4", "A100 SXM 40GB", {"96": "8"}),
    ("standard_nd{}amsr_a100_v4", "A100 SXM 80GB", {"96": "8"}),
    ("standard_nd{}ams_a100_v4", "A100 SXM 80GB", {"96": "8"}),
    ("standard_nd{}isr_h100_v5", "H100 SXM", {"96": "8"}),
    ("standard_nd{}is_h100_v5", "H100 SXM", {"96": "8"}),
    ("standard_nd{}isr_h200_v5", "H200 SXM", {"96": "8"}),
    ("standard_nd{}is_h200_v5", "H200 SXM", {"96": "8"}),
    ("standard_nd{}isr_mi300x_v5", "MI300X", {"96": "8"}),
    ("standard_nd{}is_mi300x_v5", "MI300X", {"96": "8"}),
    ("standard_nd{}isr_ndr_gb200_v6", "GB200", {"128": "4"}),
    ("standard_nd{}isr_gb300_v6", "GB300", {"128": "4"}),
    ("standard_nv{}", "M60", {"6": "1/2", "12": "1", "24": "2"}),
    ("standard_nv{}s_v3", "M60", {"12": "1/2", "24": "1", "48": "2"}),
    ("standard_nv{}as_v4", "MI25", {"4": "1/8", "8": "1/4", "16": "1/2", "32": "1"}),
    (
        "standard_nv{}ads_a10_v5",
        "A10",
        {"6": "1/6", "12": "1/3", "18": "1/2", "36": "1", "72": "2"},
    ),
    ("standard_nv{}adms_a10_v5", "A10", {"36": "1"}),
    (
        "standard_nv{}ads_v710_v5",
        "Radeon Pro V710",
        {"4": "1/6", "8": "1/3", "12": "1/2", "24": "1"},
    ),
    ("standard_nv{}adms_v710_v5", "Radeon Pro V710", {"28": "1"}),
    ("standard_ng{}ads_v620_v1", "Radeon Pro V620", {"8": "1/4", "16": "1/2", "32": "1"}),
    ("standard_ng{}adms_v620_v1", "Radeon Pro V620", {"32": "1"}),
)
SIZES = {
    name.format(number): (gpu, count)
    for name, gpu, counts in SERIES
    for number, count in counts.items()
}
# Every N series is accelerated; only NP has FPGAs.
GPU_SIZES, FPGA_SIZES = "standard_n", "standard_np"
GOVERNMENT = ("usgov", "usdod", "ussec", "usnat")
TERMS = {
    "1 Year": PurchaseModel.RESERVED_1Y,
    "3 Years": PurchaseModel.RESERVED_3Y,
    "5 Years": PurchaseModel.RESERVED_OTHER,
}

# Region -> ISO country, as on Azure's list of geographies.
REGIONS = {
    **dict.fromkeys(("australiacentral", "australiacentral2", "australiaeast"), "AU"),
    **dict.fromkeys(("australiasoutheast",), "AU"),
    **dict.fromkeys(("brazilsouth", "brazilsoutheast"), "BR"),
    **dict.fromkeys(("canadacentral", "canadaeast"), "CA"),
    **dict.fromkeys(("centralus", "eastus", "eastus2", "eastus3", "northcentralus"), "US"),
    **dict.fromkeys(
        ("southcentralus", "southcentralus2", "westcentralus", "westus", "westus2", "westus3"), "US"
    ),
    **dict.fromkeys(("centralindia", "southindia", "westindia"), "IN"),
    **dict.fromkeys(("jioindiacentral", "jioindiawest"), "IN"),
    **dict.fromkeys(("francecentral", "francesouth"), "FR"),
    **dict.fromkeys(("germanynorth", "germanywestcentral"), "DE"),
    **dict.fromkeys(("japaneast", "japanwest"), "JP"),
    **dict.fromkeys(("koreacentral", "koreasouth"), "KR"),
    **dict.fromkeys(("malaysiawest",), "MY"),
    **dict.fromkeys(("norwayeast", "norwaywest"), "NO"),
    **dict.fromkeys(("southafricanorth", "southafricawest"), "ZA"),
    **dict.fromkeys(("swedencentral", "swedensouth"), "SE"),
    **dict.fromkeys(("switzerlandnorth", "switzerlandwest"), "CH"),
    **dict.fromkeys(("uaecentral", "uaenorth"), "AE"),
    **dict.fromkeys(("uksouth", "ukwest"), "GB"),
    "austriaeast": "AT",
    "belgiumcentral": "BE",
    "chilecentral": "CL",
    "denmarkeast": "DK",
    "eastasia": "HK",
    "indonesiacentral": "ID",
    "israelcentral": "IL",
    "italynorth": "IT",
    "mexicocentral": "MX",
    "newzealandnorth": "NZ",
    "northeurope": "IE",
    "polandcentral": "PL",
    "qatarcentral": "QA",
    "southeastasia": "SG",
    "spaincentral": "ES",
    "westeurope": "NL",
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
    billed_in = page.json.text_of("BillingCurrency")
    for row in page.json["Items"].each():
        size = row.printed("armSkuName")
        if not size.lower().startswith(GPU_SIZES) or size.lower().startswith(FPGA_SIZES):
            continue
        reason = _reason_to_refuse(
            row, billed_in=billed_in, today=page.observe_time.date().isoformat()
        )
        if reason:
            region, product = row.text_of("armRegionName"), row.text_of("productName")
            text = f"{size} in {region}: {product}, {row.text_of('meterName')}"
            yield Reject(reason=reason, text=text)
        else:
            yield _read(row, size)


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
        "PRICE_CONFLICT": row.text_of("unitPrice") not in ("", price),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _read(row: Json, size: str) -> RawOffer:
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
