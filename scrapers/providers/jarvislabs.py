"""Jarvis Labs: containers and VMs by region with counts of free GPUs (needs a key).

A price is for one GPU and hour, in US dollars. Quirks: some numbers are texts; a card stands once
for each workload type, and rows of an older kind have none; a null spot price means that there is
no spot; names vary ("RTX-PRO6000", "RTX PRO 6000"). Its H100 are sold as SXM; of its A100 the form
is not stated.
"""

from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject, Request
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, PurchaseModel

SXM_GPUS = ("H100",)
DELIVERY = {"container": DeliveryModel.CONTAINER, "vm": DeliveryModel.VIRTUAL_MACHINE}
NONE_FREE, SOME_FREE = "0", ">0"

provider = Provider(
    id="jarvislabs",
    title="Jarvis Labs",
    home="https://jarvislabs.ai/pricing",
    pages={
        "servers": Request(
            url="https://backendn.jarvislabs.net/misc/server_meta",
            headers={"Authorization": "Bearer {JL_API_KEY}"},
        )
    },
    every=AVAILABILITY_EVERY,
    declared={"servers": Declared(currency="USD", unit=PriceUnit.GPU_HOUR)},
    stock_states={
        NONE_FREE: AvailabilityState.SOLD_OUT,
        SOME_FREE: AvailabilityState.AVAILABLE,
    },
    regions={
        "india-01": "IN",
        "india-noida-01": "IN",
        "india-chennai-01": "IN",
    },
)


@provider.parses("servers")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read each GPU on demand, and as spot where it has a spot price."""
    yield from each_row(page.json["server_meta"].each(), _prices)


def _prices(server: Json) -> Iterator[RawOffer]:
    counts = ("effective_num_free_devices", "num_free_devices")
    counted = next((key for key in counts if server.find(key)), "")
    yield _read(server, price="price_per_hour", counted=counted)
    if server.printed("spot_price"):
        yield _read(server, price="spot_price", counted="spot_num_free_devices")


def _read(server: Json, *, price: str, counted: str) -> RawOffer:
    gpu, workload = server.printed("gpu_type"), server.printed("workload_type")
    free = server.text_of(counted) if counted else ""
    vram, memory = server.printed("vram"), server.text_of("ram_per_gpu")
    return RawOffer(
        sku=f"{gpu} {workload}".strip(),
        gpu=f"{gpu} SXM" if gpu in SXM_GPUS else gpu,
        gpu_count="1",
        vram=f"{vram} GB" if vram else "",
        price=server.printed(price),
        purchase_model=PurchaseModel.SPOT if price == "spot_price" else PurchaseModel.ON_DEMAND,
        region=server.printed("region"),
        delivery_model=DELIVERY.get(workload),
        vcpus=server.text_of("cpus_per_gpu"),
        memory=f"{memory} GB" if memory else "",
        available_gpu_count=free,
        stock=free or None,
        stock_word=NONE_FREE if free == NONE_FREE else SOME_FREE,
        stock_evidence=counted if free else "",
    )
