"""Voltage Park: instant VMs and bare metal, from the API behind its console.

Opt-in: the API is undocumented. Quirks: prices are decimal strings, per whole VM for presets and
per GPU for bare metal; a preset is in stock where a location id is listed; sold out rows keep
their price. Storage is charged apart, so the price here is for compute alone.
"""

from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, Fabric, PriceUnit

API = "https://cloud-api.voltagepark.com/api/v1"
FABRICS = {"ethernet": Fabric.ETHERNET, "infiniband": Fabric.INFINIBAND}
# The stock as these pages say it: a list or a count, empty or not.
NO_LOCATION, SOME_LOCATION = "[]", "[...]"
NONE_FREE, SOME_FREE = "0", ">0"

provider = Provider(
    id="voltagepark",
    title="Voltage Park",
    home="https://www.voltagepark.com/pricing",
    pages={
        "presets": f"{API}/virtual-machines/instant/presets",
        "bare_metal": f"{API}/bare-metal/locations",
    },
    every=AVAILABILITY_EVERY,
    opt_in=True,
    declared={
        "presets": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR),
        "bare_metal": Declared(currency="USD", unit=PriceUnit.GPU_HOUR),
    },
    stock_states={
        NO_LOCATION: AvailabilityState.SOLD_OUT,
        SOME_LOCATION: AvailabilityState.AVAILABLE,
        NONE_FREE: AvailabilityState.SOLD_OUT,
        SOME_FREE: AvailabilityState.AVAILABLE,
    },
)


@provider.parses("presets")
def parse_presets(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the VM presets; one without GPUs is a plain VM."""
    yield from each_row(page.json.each(), _preset)


def _preset(preset: Json) -> Iterator[RawOffer | Reject]:
    resources = preset["resources"]
    gpus = tuple(resources["gpus"].members())
    if len(gpus) > 1:
        yield Reject(reason="MIXED_GPUS", text=", ".join(name for name, _ in gpus))
    elif gpus:
        ((gpu, details),) = gpus
        places = tuple(preset["location_ids_with_availability"].each())
        yield RawOffer(
            sku=preset["id"].text,
            gpu=gpu,
            gpu_count=details["count"].text,
            price=preset.printed("compute_rate_hourly"),
            stock="|".join(place.text for place in places) or NO_LOCATION,
            stock_word=SOME_LOCATION if places else NO_LOCATION,
            stock_evidence="location_ids_with_availability",
            delivery_model=DeliveryModel.VIRTUAL_MACHINE,
            vcpus=resources.text_of("vcpu_count"),
            memory=_gigabytes(resources, "ram_gb"),
            storage=_gigabytes(resources, "storage_gb"),
        )


@provider.parses("bare_metal")
def parse_bare_metal(page: Page) -> Iterator[RawOffer | Reject]:
    """Read each location's node price by fabric; the count is GPUs that are free now."""
    yield from each_row(page.json["results"].each(), _location)
    if page.json.text_of("has_next") == "true":
        yield Reject(reason="MORE_PAGES_NOT_READ", text=page.json.text_of("total_result_count"))


def _location(place: Json) -> Iterator[RawOffer | Reject]:
    node = place["specs_per_node"]
    for name, fabric in FABRICS.items():
        price, free = place[f"gpu_price_{name}"], place.text_of(f"gpu_count_{name}")
        if price.value in (None, ""):
            yield Reject(reason="NOT_OFFERED", text=f"{place['id'].text}: {name} has no price")
        else:
            yield RawOffer(
                sku=f"{node['gpu_model'].text} {name}",
                gpu=node["gpu_model"].text,
                gpu_count=f"{node['gpu_count'].number}",
                price=price.text,
                fabric=fabric,
                available_gpu_count=free,
                stock=free or None,
                stock_word=NONE_FREE if free == NONE_FREE else SOME_FREE,
                stock_evidence=f"gpu_count_{name}" if free else "",
                delivery_model=DeliveryModel.BARE_METAL,
                region=place["id"].text,
                vcpus=node.text_of("cpu_count"),
                memory=_gigabytes(node, "ram_gb"),
                storage=_gigabytes(node, "storage_gb"),
            )


def _gigabytes(resources: Json, key: str) -> str:
    amount = resources.text_of(key)
    return f"{amount} GB" if amount else ""
