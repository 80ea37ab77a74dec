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
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, TaxTreatment

ZONES = {
    "fr-par-1": "FR",
    "fr-par-2": "FR",
    "fr-par-3": "FR",
    "it-mil-1": "IT",
    "nl-ams-1": "NL",
    "nl-ams-2": "NL",
    "nl-ams-3": "NL",
    "pl-waw-1": "PL",
    "pl-waw-2": "PL",
    "pl-waw-3": "PL",
}
API = "https://api.scaleway.com"
PER_PAGE = 100
# What is asked for, and what the APIs give when they are not asked.
FULL_PAGES = (PER_PAGE, 50, 20)
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
    # A row stands on the page of the catalogue, whose own currency must agree.
    declared={"catalog": Declared(currency="EUR", unit=PriceUnit.INSTANCE_HOUR)},
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
    count = sum(1 for _ in page.json["products"].each())
    # How full the first page was is not known on a later one that is not full.
    is_full = count in FULL_PAGES or (count > 0 and number == 1)
    if total and is_full and number * count < total.number:
        yield _with_page_number(page, number + 1)


@provider.follows("servers")
@provider.follows("availability")
def next_server_page(page: Page) -> Iterator[str]:
    """Give the next page after a full one: the total stands in a header only."""
    count, number = sum(1 for _ in page.json["servers"].members()), _page_number(page)
    if count in FULL_PAGES and number < MAX_PAGES:
        yield _with_page_number(page, number + 1)


@provider.joins("catalog", "servers")
def parse_prices(
    catalog: tuple[Page, ...], servers: tuple[Page, ...]
) -> Iterator[RawOffer | Reject]:
    """Read one zone of a recording that lacks the stock."""
    yield from parse(catalog, servers, ())


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

    def read(named: tuple[str, Json]) -> Iterator[RawOffer | Reject]:
        name, server = named
        if server.text_of("gpu") in ("", "0") and not server.find("gpu_info"):
            return
        if name in products:
            yield _read(name, server, products[name], zone=zone, stock=stock.get(name))
        else:
            yield Reject(reason="NOT_IN_CATALOG", text=f"{name} in {zone}")

    yield from each_row(_by_name(servers).items(), read)


def _read(
    name: str, server: Json, product: Json, *, zone: str, stock: Json | None
) -> RawOffer | Reject:
    hourly, price = server.printed("hourly_price"), product["price"].find("retail_price")
    shown = f"{name} in {zone}: {hourly or 'nothing'} an hour"
    if server["end_of_service"].text != "false":
        return Reject(reason="END_OF_SERVICE", text=shown)
    if server.find("mig_profile") or "-MIG-" in name:
        return Reject(reason="MIG_SLICE", text=shown)
    if not hourly or not price:
        return Reject(reason="NO_PRICE", text=shown)
    conflict = _conflict(server, product, price)
    if conflict:
        reason, detail = conflict
        return Reject(reason=reason, text=f"{shown}, catalogue {detail}")
    gpu = server["gpu_info"]
    chip = gpu["gpu_name"].text.replace("-", " ")
    form = "SXM" if "-SXM-" in name else FORMS.get(chip, "")
    return RawOffer(
        sku=name,
        instance_type=name,
        gpu=chip if "SXM" in chip else f"{chip} {form}".strip(),
        gpu_count=server["gpu"].text,
        vram=f"{gpu['gpu_memory'].text} B",
        price=hourly,
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


def _conflict(server: Json, product: Json, price: Json) -> tuple[str, str] | None:
    """Return in what the catalogue does not agree with the list of servers, as reason and detail.

    Its price may be for a minute or an hour, and for more than one of them.
    """
    unit, size = (product["unit_of_measure"][key] for key in ("unit", "size"))
    if unit.text not in UNITS_PER_HOUR:
        return "UNKNOWN_UNIT", f"per {unit.text}"
    listed = price["units"].number + price["nanos"].number * NANO
    listed_hour = listed * UNITS_PER_HOUR[unit.text]
    sold = server["hourly_price"].number * size.number
    if abs(listed_hour - sold) > ROUNDING * listed_hour:
        return "PRICE_CONFLICT", f"{listed} per {unit.text}"
    if _count(product) not in ("", server["gpu"].text):
        return "COUNT_CONFLICT", f"{_count(product)} GPUs"
    return None


def _count(product: Json) -> str:
    """Return the number of GPUs that the catalogue states, "" for none."""
    found: Json | None = product
    for key in ("properties", "hardware", "gpu"):
        found = found.find(key) if found else None
    return found.text_of("count") if found else ""


def _by_name(pages: tuple[Page, ...]) -> Mapping[str, Json]:
    return {name: server for page in pages for name, server in page.json["servers"].members()}


def _page_number(page: Page) -> int:
    return int(parse_qs(urlsplit(page.url).query).get("page", ["1"])[0])


def _with_page_number(page: Page, number: int) -> str:
    parts = urlsplit(page.url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(query | {"page": str(number)})).geturl()
