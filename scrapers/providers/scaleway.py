"""Scaleway: GPU instances, zone by zone, from three public endpoints.

`products/servers` prints the hourly price and the GPU but no currency; the public catalogue
prints currency and unit; `availability` prints the stock. Quirks: the catalogue prices some
products per minute and others per hour, so its price must agree with the hourly one after
conversion or the row is refused; memory is in bytes; most zones sell no GPUs, which is no fault.
Prices are without VAT and without storage.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from urllib.parse import parse_qs, urlencode, urlsplit

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Provider, RawOffer, Reject
from service.domain.offer import AvailabilityState, DeliveryModel, TaxTreatment

ZONES = {
    "fr-par-1": "FR",
    "fr-par-2": "FR",
    "fr-par-3": "FR",
    "nl-ams-1": "NL",
    "nl-ams-2": "NL",
    "nl-ams-3": "NL",
    "pl-waw-1": "PL",
    "pl-waw-2": "PL",
    "pl-waw-3": "PL",
}
API = "https://api.scaleway.com"
PER_PAGE = 100
# What is asked for, and what the API gives when it is not asked.
FULL_PAGES = (PER_PAGE, 50)
MAX_PAGES = 10
# The instances are PCIe cards unless the name of the type says SXM.
FORMS = {"H100": "PCIe", "P100": "PCIe"}
UNITS_PER_HOUR = {"minute": 60, "hour": 1}
NANO = Decimal("0.000000001")
ROUNDING = Decimal("0.001")

provider = Provider(
    id="scaleway",
    title="Scaleway",
    home="https://www.scaleway.com/en/pricing/gpu/",
    parts={
        zone: {
            "catalog": f"{API}/product-catalog/v2alpha1/public-catalog/products"
            f"?product_types=instance&zone={zone}&page_size={PER_PAGE}&page=1",
            "servers": f"{API}/instance/v1/zones/{zone}/products/servers"
            f"?per_page={PER_PAGE}&page=1",
            "availability": f"{API}/instance/v1/zones/{zone}/products/servers/availability"
            f"?per_page={PER_PAGE}&page=1",
        }
        for zone in ZONES
    },
    every=AVAILABILITY_EVERY,
    stock_states={
        "available": AvailabilityState.AVAILABLE,
        "scarce": AvailabilityState.LIMITED,
        "shortage": AvailabilityState.SOLD_OUT,
    },
    regions=ZONES,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    tax=TaxTreatment.EXCLUDED,
)


@provider.follows("catalog")
def next_catalog_page(page: Page) -> Iterator[str]:
    """Give the next page until the stated total is reached."""
    total, number = page.json.find("total_count"), _page_number(page)
    if total and any(page.json["products"].each()) and number * PER_PAGE < total.number:
        yield _with_page_number(page, number + 1)


@provider.follows("servers")
@provider.follows("availability")
def next_server_page(page: Page) -> Iterator[str]:
    """Give the next page after a full one: the total stands in a header only."""
    count, number = sum(1 for _ in page.json["servers"].members()), _page_number(page)
    if count in FULL_PAGES and number < MAX_PAGES:
        yield _with_page_number(page, number + 1)


@provider.joins("catalog", "servers", "availability")
def parse(
    catalog: tuple[Page, ...], servers: tuple[Page, ...], availability: tuple[Page, ...]
) -> Iterator[RawOffer | Reject]:
    """Read one zone; a GPU server without a price in the catalogue is refused."""
    zone = catalog[0].part
    products = {
        product["product"].text: product
        for page in catalog
        for product in page.json["products"].each()
        if product["locality"].text_of("zone") == zone
    }
    stock = _by_name(availability)
    for name, server in _by_name(servers).items():
        if server.text_of("gpu") in ("", "0"):
            continue
        if name not in products:
            yield Reject(reason="NOT_IN_CATALOG", text=f"{name} in {zone}")
            continue
        yield _read(name, server, products[name], zone=zone, stock=stock.get(name))


def _read(
    name: str, server: Json, product: Json, *, zone: str, stock: Json | None
) -> RawOffer | Reject:
    price, measure = product["price"]["retail_price"], product["unit_of_measure"]
    unit, hourly = measure["unit"].text, server["hourly_price"]
    shown = f"{name} in {zone}: {hourly.text} an hour"
    if server.text_of("end_of_service") == "true":
        return Reject(reason="END_OF_SERVICE", text=shown)
    if server.find("mig_profile"):
        return Reject(reason="MIG_SLICE", text=shown)
    if unit not in UNITS_PER_HOUR:
        return Reject(reason="UNKNOWN_UNIT", text=f"{shown}, catalogue per {unit}")
    listed = price["units"].number + price["nanos"].number * NANO
    sold, listed_hour = measure["size"].number * hourly.number, listed * UNITS_PER_HOUR[unit]
    if abs(listed_hour - sold) > ROUNDING * listed_hour:
        return Reject(reason="PRICE_CONFLICT", text=f"{shown}, catalogue {listed} per {unit}")
    gpu = server["gpu_info"]
    chip = gpu["gpu_name"].text.replace("-", " ")
    form = "SXM" if "-SXM-" in name else FORMS.get(chip, "")
    return RawOffer(
        sku=name,
        instance_type=name,
        gpu=chip if "SXM" in chip else f"{chip} {form}".strip(),
        gpu_count=server["gpu"].text,
        vram=f"{gpu['gpu_memory'].text} B",
        price=hourly.text,
        currency=price["currency_code"].text,
        unit="hour",
        per="instance",
        region=zone,
        vcpus=server.text_of("ncpus"),
        memory=f"{server['ram'].text} B",
        cpu_arch=server.text_of("arch"),
        stock=stock["availability"].text if stock else None,
        stock_evidence="products/servers/availability" if stock else "",
    )


def _by_name(pages: tuple[Page, ...]) -> Mapping[str, Json]:
    return {name: server for page in pages for name, server in page.json["servers"].members()}


def _page_number(page: Page) -> int:
    return int(parse_qs(urlsplit(page.url).query).get("page", ["1"])[0])


def _with_page_number(page: Page, number: int) -> str:
    parts = urlsplit(page.url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(query | {"page": str(number)})).geturl()
