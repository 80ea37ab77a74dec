"""DigitalOcean: GPU Droplets by region, from the documented list of sizes (needs a token).

A price is for the whole Droplet, in US dollars. Quirks: `vram.amount` is the total of all GPUs
(640 for eight H100), which the documentation does not say, so it must fit the model when divided;
a size is on sale in the regions that it lists, an empty list means nowhere; its H100 and H200 are
HGX machines, so SXM modules, which the model id leaves out.
"""

from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import (
    AVAILABILITY_EVERY,
    Declared,
    Provider,
    RawOffer,
    Reject,
    Request,
)
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit

SXM_MODELS = ("nvidia_h100", "nvidia_h200")
LISTED, NOWHERE, NOT_AVAILABLE = "in regions", "[]", "available: false"
COUNTRIES = {
    "US": ("atl1", "nyc1", "nyc2", "nyc3", "sfo1", "sfo2", "sfo3", "ric1"),
    "NL": ("ams2", "ams3"),
    "AU": ("syd1",),
    "CA": ("tor1",),
    "DE": ("fra1",),
    "GB": ("lon1",),
    "IN": ("blr1",),
    "SG": ("sgp1",),
}

provider = Provider(
    id="digitalocean",
    title="DigitalOcean",
    home="https://www.digitalocean.com/pricing/gpu-droplets",
    pages={
        "sizes": Request(
            url="https://api.digitalocean.com/v2/sizes?per_page=200",
            headers={"Authorization": "Bearer {DIGITALOCEAN_TOKEN}"},
        )
    },
    every=AVAILABILITY_EVERY,
    declared={"sizes": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    stock_states={
        LISTED: AvailabilityState.AVAILABLE,
        NOWHERE: AvailabilityState.NOT_OFFERED,
        NOT_AVAILABLE: AvailabilityState.SOLD_OUT,
    },
    regions={region: country for country, regions in COUNTRIES.items() for region in regions},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.follows("sizes")
def next_page(page: Page) -> Iterator[str]:
    """Give the next page that the answer links to."""
    pages = page.json["links"].find("pages")
    if pages and pages.text_of("next"):
        yield pages["next"].text


@provider.parses("sizes")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every size with GPUs, once for each region that sells it."""
    yield from each_row(page.json["sizes"].each(), _read)


def _read(size: Json) -> Iterator[RawOffer | Reject]:
    slug = size["slug"].text
    if size.find("gpu_info"):
        yield from _droplets(size, slug)
    elif slug.startswith("gpu-"):
        yield Reject(reason="GPU_NOT_STATED", text=slug)


def _droplets(size: Json, slug: str) -> Iterator[RawOffer]:
    gpu, model = size["gpu_info"], size["gpu_info"]["model"].text
    vram, count = gpu["vram"], gpu.printed("count")
    on_sale = size["available"].text == "true"
    regions = [region.text for region in size["regions"].each()]
    for region in regions or [""]:
        yield RawOffer(
            sku=slug,
            instance_type=slug,
            gpu=f"{model} sxm" if model in SXM_MODELS else model,
            gpu_count=count,
            total_vram=f"{vram.printed('amount')} {vram.printed('unit')}" if count else "",
            price=size.printed("price_hourly"),
            region=region,
            vcpus=size.text_of("vcpus"),
            memory=f"{size.text_of('memory')} MiB",
            storage=_storage(size),
            stock=("|".join(regions) if on_sale else NOT_AVAILABLE) if regions else NOWHERE,
            stock_word=(LISTED if on_sale else NOT_AVAILABLE) if regions else NOWHERE,
            stock_evidence="regions" if on_sale or not regions else "available",
        )


def _storage(size: Json) -> str:
    """Return the boot disk and the scratch disk together, "" for units that differ."""
    disks = size.find("disk_info")
    sizes = [disk["size"] for disk in disks.each()] if disks else []
    units = {each["unit"].text for each in sizes}
    return (
        f"{sum(each['amount'].number for each in sizes)} {units.pop()}" if len(units) == 1 else ""
    )
