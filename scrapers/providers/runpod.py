"""RunPod: pods by GPU, from its public GraphQL API. Opt-in: its terms were not read.

A price is for a pod with one of what a row lists, a GPU or a slice of one. Secure Cloud runs in
data centres of vetted partners (VERIFIED_HOST), Community Cloud on anybody's machines (HOST).
Quirks: 0 means not offered and 0.5 is a placeholder, neither is a price; a spot price equal to the
other one is no spot price; MIG slices are listed like GPUs, with the slice's memory. A null
stockStatus is no statement.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from scrapers.page import Json, Page
from scrapers.provider import (
    AVAILABILITY_EVERY,
    Declared,
    Provider,
    RawOffer,
    Reject,
    Request,
)
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, PurchaseModel, Trust

QUERY = """query {
  gpuTypes {
    id displayName memoryInGb securePrice communityPrice secureSpotPrice communitySpotPrice
    secureStock: lowestPrice(input: {gpuCount: 1, secureCloud: true}) { stockStatus }
    communityStock: lowestPrice(input: {gpuCount: 1, secureCloud: false}) { stockStatus }
  }
}"""
# "… MIG 1g.24gb", or the profile alone; what stands before it is the GPU that was cut.
SLICE = re.compile(r"\s*(?:\bMIG\b|\b\d+g\.\d+gb\b).*", re.IGNORECASE)
CLOUDS = (("secure", Trust.VERIFIED_HOST), ("community", Trust.HOST))
NOT_OFFERED, PLACEHOLDER = Decimal(0), Decimal("0.5")

provider = Provider(
    id="runpod",
    title="RunPod",
    home="https://www.runpod.io/pricing",
    pages={
        "gpus": Request(
            url="https://api.runpod.io/graphql", method="POST", json_body={"query": QUERY}
        )
    },
    every=AVAILABILITY_EVERY,
    opt_in=True,
    declared={"gpus": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    stock_states={
        "high": AvailabilityState.AVAILABLE,
        "medium": AvailabilityState.AVAILABLE,
        "low": AvailabilityState.LIMITED,
        "none": AvailabilityState.SOLD_OUT,
    },
    delivery_model=DeliveryModel.CONTAINER,
    trust=Trust.HOST,
)


@provider.parses("gpus")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read up to four prices of each GPU type."""
    for gpu in page.json["data"]["gpuTypes"].each():
        if gpu["id"].text == "unknown":
            yield Reject(reason="PLACEHOLDER_ROW", text=f"unknown {gpu.text_of('displayName')}")
            continue
        for cloud, trust in CLOUDS:
            yield from _prices(gpu, cloud, trust)


def _prices(gpu: Json, cloud: str, trust: Trust) -> Iterator[RawOffer | Reject]:
    gpu[f"{cloud}Price"]  # A page without the key has changed; one with null offers nothing.
    price, spot = gpu.text_of(f"{cloud}Price"), gpu.text_of(f"{cloud}SpotPrice")
    prices = {PurchaseModel.ON_DEMAND: price}
    if spot and spot != price:
        prices[PurchaseModel.SPOT] = spot
    for purchase_model, text in prices.items():
        reason = _reason_to_refuse(text)
        if reason:
            shown = f"{gpu['id'].text}: {cloud} {purchase_model} {text or 'null'}"
            yield Reject(reason=reason, text=shown)
        else:
            yield _read(gpu, cloud, trust=trust, price=text, purchase_model=purchase_model)


def _read(
    gpu: Json, cloud: str, *, trust: Trust, price: str, purchase_model: PurchaseModel
) -> RawOffer:
    gpu_id, name = gpu["id"].text, gpu.text_of("displayName")
    memory = gpu.text_of("memoryInGb")
    vram = f"{memory} GB" if memory not in ("", "0") else ""
    sliced = next((text for text in (gpu_id, name) if SLICE.search(text)), "")
    stock = gpu.find(f"{cloud}Stock") or gpu.find("lowestPrice")
    status = stock.text_of("stockStatus") if stock else ""
    return RawOffer(
        sku=f"{gpu_id} {cloud}",
        gpu=SLICE.sub("", sliced) or gpu_id,
        gpu_count="" if sliced else "1",
        vram="" if sliced else vram,
        total_vram=vram if sliced else "",
        price=price,
        purchase_model=purchase_model,
        trust=trust,
        stock=status or None,
        stock_evidence="stockStatus" if status else "",
    )


def _reason_to_refuse(price: str) -> str:
    try:
        amount = Decimal(price or "0")
    except InvalidOperation:
        return ""  # Left to the common reader of numbers, which says what is wrong.
    return {NOT_OFFERED: "NOT_OFFERED", PLACEHOLDER: "PLACEHOLDER_PRICE"}.get(amount, "")
