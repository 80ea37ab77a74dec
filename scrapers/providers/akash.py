"""Akash: what the hosts of its open market ask for each GPU, from the public API of its console.

A price is the median of the current bids for one GPU and hour, in US dollars: half of the hosts ask
less, and the lowest bid may be for a single GPU of many. The bids in AKT beside it are not read.
Quirks: a null price means that nobody bids now; a model stands once for each memory size and
socket; laptop GPUs are listed ("rtx5090m"). Availability counts GPUs over all hosts.
"""

from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, Trust

NONE_FREE, SOME_FREE = "0", ">0"

provider = Provider(
    id="akash",
    title="Akash",
    home="https://akash.network/pricing/gpus/",
    pages={"prices": "https://console-api.akash.network/v1/gpu-prices"},
    every=AVAILABILITY_EVERY,
    declared={"prices": Declared(currency="USD", unit=PriceUnit.GPU_HOUR)},
    stock_states={
        NONE_FREE: AvailabilityState.SOLD_OUT,
        SOME_FREE: AvailabilityState.AVAILABLE,
    },
    delivery_model=DeliveryModel.CONTAINER,
    trust=Trust.HOST,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every model that has bids."""
    yield from each_row(page.json["models"].each(), _read)


def _read(row: Json) -> Iterator[RawOffer | Reject]:
    model, memory, socket = (row.printed(key) for key in ("model", "ram", "interface"))
    sku = f"{model} {memory} {socket}".strip()
    free, total = (row["availability"][key].text for key in ("available", "total"))
    if row["price"].value is None:
        yield Reject(reason="NO_BIDS", text=f"{sku}: {free} of {total} GPUs are free")
    else:
        yield RawOffer(
            sku=sku,
            gpu=f"{row.printed('vendor')} {model} {socket}".strip(),
            gpu_count="1",
            vram=f"{memory}B",
            price=row["price"].printed("med"),
            currency=row["price"].printed("currency"),
            available_gpu_count=free,
            stock=free,
            stock_word=NONE_FREE if free == NONE_FREE else SOME_FREE,
            stock_evidence="availability.available",
        )
