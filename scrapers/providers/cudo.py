"""CUDO Compute: virtual machines by data centre, from the machine types of its REST API.

Never held against a whole recording: written from the API's description (rest.compute.cudo.org,
`ListVMMachineTypes`), from a row of it in the tests of github.com/dstackai/gpuhunt (2024, where
the path ended in "-2") and from public clients of 2026, which call it without a key.

Quirks: prices are texts in an object, per GPU, per vCPU and per GiB of memory, and add up. A row
here is the smallest machine with one GPU: the vCPUs that one GPU needs at least, and the memory
that they need at least. Disk and a public address are not in it. Types without a GPU stand among
the others; their model is "". "(compute mode)" is how the card is set up, not which one it is.
"""

import math
from collections.abc import Iterator
from decimal import Decimal

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject, Summand
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, Trust

NONE_FREE, SOME_FREE = "0", ">0"

provider = Provider(
    id="cudo",
    title="CUDO Compute",
    home="https://www.cudocompute.com/pricing",
    pages={"machine_types": "https://rest.compute.cudo.org/v1/vms/machine-types"},
    every=AVAILABILITY_EVERY,
    unverified=True,
    declared={"machine_types": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    stock_states={
        NONE_FREE: AvailabilityState.SOLD_OUT,
        SOME_FREE: AvailabilityState.AVAILABLE,
    },
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    trust=Trust.VERIFIED_HOST,
)


@provider.parses("machine_types")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the machine types that name a GPU."""
    gpu_types = 0
    for machine in page.json["machineTypes"].each():
        if machine["gpuModel"].text:
            gpu_types += 1
            yield _read(machine)
    if not gpu_types:
        raise PageChanged(f"{page.kind}: no machine type with a GPU")


def _read(machine: Json) -> RawOffer | Reject:
    name, place = machine["machineType"].text, machine["dataCenterId"].text
    vcpus, free = machine["minVcpuPerGpu"].number, machine["totalGpuFree"].text
    prices = [machine[f"{part}PriceHr"] for part in ("gpu", "vcpu", "memoryGib")]
    gpu, vcpu, memory_gib = (price.printed("value") for price in prices)
    vcpus_per_gib = machine["maxVcpuPerMemoryGib"].number
    if not vcpus or not vcpus_per_gib or vcpus != int(vcpus):
        return Reject(reason="NO_SMALLEST_MACHINE", text=f"{name} in {place}: {vcpus} vCPUs")
    memory = Decimal(math.ceil(vcpus / vcpus_per_gib))
    said = {key for price in prices for key, _ in price.members()}
    if said - {"value", "currency"}:
        text = f"{name} in {place}: a price also has {', '.join(sorted(said))}"
        return Reject(reason="UNKNOWN_PRICE", text=text)
    currencies = {price.text_of("currency").upper() for price in prices}
    return RawOffer(
        sku=f"{name} {machine['gpuModel'].text}",
        instance_type=name,
        gpu=machine["gpuModel"].text.removesuffix(" (compute mode)"),
        gpu_count="1",
        price=gpu,
        currency=" ".join(sorted(currencies)).strip(),
        plus=(
            Summand(what="vCPU", price=vcpu, times=f"{vcpus}"),
            Summand(what="GiB memory", price=memory_gib, times=f"{memory}"),
        ),
        region=place,
        country=place.partition("-")[0],
        vcpus=f"{vcpus}",
        memory=f"{memory} GiB",
        available_gpu_count=free,
        stock=free,
        stock_word=NONE_FREE if free == NONE_FREE else SOME_FREE,
        stock_evidence="totalGpuFree",
    )
