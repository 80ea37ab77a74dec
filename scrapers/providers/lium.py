"""Lium: nodes of its hosts that can be rented now, from the public feed (fields are only added).

Held against four nodes of the feed of 2026-09-10, which the tests of github.com/dstackai/gpuhunt
keep; it is documented at docs.lium.io/developers/public-nodes-feed.

A price is for one GPU and hour, in US dollars. Any count from the smallest order up to what is free
can be rented, with its share of the node, so an offer is the smallest order of a node and its
memory is only read where that is the whole node. Quirks: only id and rent_url are never null, and a
node without a smallest order is refused; the "spot" tier can be taken back.
"""

from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    PriceUnit,
    PurchaseModel,
    Trust,
)

TIERS = {"secure": PurchaseModel.ON_DEMAND, "spot": PurchaseModel.SPOT}
NEEDED = (
    *("gpu_model", "gpu_count", "gpu_memory_gb", "tier", "price_per_gpu_hour"),
    *("available_gpu_count", "min_rentable_gpu_count"),
)
NONE_FREE, TOO_FEW_FREE, ENOUGH_FREE = "0", "below the smallest order", ">= the smallest order"

provider = Provider(
    id="lium",
    title="Lium",
    home="https://lium.io/pricing",
    pages={"nodes": "https://lium.io/api/public/v1/nodes"},
    every=AVAILABILITY_EVERY,
    declared={"nodes": Declared(currency="USD", unit=PriceUnit.GPU_HOUR)},
    stock_states={
        NONE_FREE: AvailabilityState.SOLD_OUT,
        TOO_FEW_FREE: AvailabilityState.SOLD_OUT,
        ENOUGH_FREE: AvailabilityState.AVAILABLE,
    },
    delivery_model=DeliveryModel.CONTAINER,
    trust=Trust.HOST,
)


@provider.parses("nodes")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every node that states its GPUs, its price and its tier."""
    for node in page.json["nodes"].each():
        missing = [key for key in NEEDED if not node.printed(key)]
        shown = f"{node['id'].text} {node.printed('gpu_model')}"
        if missing:
            yield Reject(reason="NOT_STATED", text=f"{shown}: no {', '.join(missing)}")
        elif node["tier"].text not in TIERS:
            yield Reject(reason="UNKNOWN_TIER", text=f"{shown}: {node['tier'].text}")
        elif _is_torn(node):
            yield Reject(
                reason="PRICE_CONFLICT",
                text=f"{shown}: {node['gpu_count'].text} x {node['price_per_gpu_hour'].text}"
                f" or {node['price_per_node_hour'].text}",
            )
        else:
            yield _read(node)


def _is_torn(node: Json) -> bool:
    """Say whether the prices of a GPU and of the node contradict each other by a per cent."""
    if not node.printed("price_per_node_hour"):
        return False
    whole = node["price_per_node_hour"].number
    return abs(node["gpu_count"].number * node["price_per_gpu_hour"].number - whole) * 100 > whole


def _read(node: Json) -> RawOffer:
    whole, order = node["gpu_count"], node["min_rentable_gpu_count"]
    is_whole = order.text == whole.text
    free, country = node["available_gpu_count"], node.printed("country_code")
    enough = ENOUGH_FREE if free.number >= order.number else TOO_FEW_FREE
    return RawOffer(
        sku=node["id"].text,
        gpu=node["gpu_model"].text,
        gpu_count=order.text,
        vram=f"{node['gpu_memory_gb'].text} GB",
        price=node["price_per_gpu_hour"].text,
        purchase_model=TIERS[node["tier"].text],
        region=country,
        country=country,
        vcpus=node.text_of("cpu_count") if is_whole else "",
        memory=f"{node.text_of('ram_gb')} GB" if is_whole else "",
        available_gpu_count=free.text,
        stock=free.text,
        stock_word=enough if free.number else NONE_FREE,
        stock_evidence="available_gpu_count",
    )
