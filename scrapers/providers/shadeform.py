"""Shadeform: instances of many clouds by region, from its documented API (needs a key).

A price is in US cents an hour for the whole instance, as it is resold here (`Declared.divisor`).
Quirks: the GPU's name and its socket stand apart, and the socket only tells models apart that are
sold in several forms ("sxm5" is also said of an MI300X); "nvlink" is false for SXM machines, so
only true says something; cloud names are anonymised. Its home page shows the same rows in cents
without a unit, so it is not read.
"""

import re
from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject, Request
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, GpuLink, PriceUnit, Trust

SEVERAL_FORMS = re.compile(r"(?:[AH]100|[AH]800|H200|[PV]100)(?![0-9])")
DELIVERY = {
    "vm": DeliveryModel.VIRTUAL_MACHINE,
    "container": DeliveryModel.CONTAINER,
    "baremetal": DeliveryModel.BARE_METAL,
}
NOWHERE = "[]"

provider = Provider(
    id="shadeform",
    title="Shadeform",
    home="https://www.shadeform.ai/",
    pages={
        "types": Request(
            url="https://api.shadeform.ai/v1/instances/types",
            headers={"X-API-KEY": "{SHADEFORM_API_KEY}"},
        )
    },
    every=AVAILABILITY_EVERY,
    declared={"types": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR, divisor=100)},
    stock_states={
        "true": AvailabilityState.AVAILABLE,
        "false": AvailabilityState.SOLD_OUT,
        NOWHERE: AvailabilityState.NOT_OFFERED,
    },
    trust=Trust.VERIFIED_HOST,
)


@provider.parses("types")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every instance type, once for each region that it lists."""
    yield from each_row(page.json["instance_types"].each(), _type)


def _type(row: Json) -> Iterator[RawOffer | Reject]:
    size, sku = row["configuration"], f"{row['cloud'].text} {row['shade_instance_type'].text}"
    count, places = size.printed("num_gpus"), tuple(row["availability"].each())
    if row.text_of("num_gpus") not in ("", count):
        text = f"{sku}: {count} or {row.text_of('num_gpus')} GPUs"
        yield Reject(reason="COUNT_CONFLICT", text=text)
    elif count != "0":  # A plain CPU machine has none.
        for place in places or (None,):
            yield _read(row, size, sku=sku, place=place)


def _read(row: Json, size: Json, *, sku: str, place: Json | None) -> RawOffer:
    name, socket = size.printed("gpu_type"), size.text_of("interconnect")
    is_linked = size.text_of("nvlink") == "true" and socket.lower().startswith("sxm")
    # "US, Dallas, TX"; some regions only repeat their id.
    country, comma, _ = (place.text_of("display_name") if place else "").partition(",")
    return RawOffer(
        sku=sku,
        instance_type=row.text_of("cloud_instance_type"),
        gpu=f"{name} {socket}".strip() if SEVERAL_FORMS.match(name) else name,
        gpu_count=size.printed("num_gpus"),
        vram=f"{size.printed('vram_per_gpu_in_gb')} GB",
        price=row.printed("hourly_price"),
        region=place["region"].text if place else "",
        country=country if comma else "",
        vcpus=size.text_of("vcpus"),
        memory=f"{size.text_of('memory_in_gb')} GB",
        storage=f"{size.text_of('storage_in_gb')} GB",
        gpu_link=GpuLink.NVLINK if is_linked else GpuLink.NOT_STATED,
        delivery_model=DELIVERY.get(row.text_of("deployment_type")),
        stock=place["available"].text if place else NOWHERE,
        stock_evidence="availability.available" if place else "availability",
    )
