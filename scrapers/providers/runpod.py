"""RunPod: pods by GPU, from its public GraphQL API. Opt-in: its terms were not read.

A price is for an hour of one of what a row lists: a GPU, or a slice of one. Secure Cloud runs in
data centres of vetted partners (VERIFIED_HOST), Community Cloud on anybody's machines (HOST).
Quirks: 0 means not offered and 0.5 is a placeholder, neither is a price; a spot price equal to the
other one is no spot price; MIG slices are listed like GPUs, with the slice's memory, which their
name must state too. A null stockStatus is no statement.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

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
from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel, Trust

QUERY = """query {
  gpuTypes {
    id displayName memoryInGb securePrice communityPrice secureSpotPrice communitySpotPrice
    secureStock: lowestPrice(input: {gpuCount: 1, secureCloud: true}) { stockStatus }
    communityStock: lowestPrice(input: {gpuCount: 1, secureCloud: false}) { stockStatus }
  }
}"""
# "… MIG 1g.24gb", or the profile alone; what stands before it is the GPU that was cut.
SLICE = re.compile(r"\s*(?:\bMIG\b|\b\d+g\.\d+gb\b).*", re.IGNORECASE)
SLICE_SIZE = re.compile(r"(\d+)\s?GB\b", re.IGNORECASE)
CLOUDS = (("secure", Trust.VERIFIED_HOST), ("community", Trust.HOST))
NO_PRICES: dict[Decimal | None, str] = {
    Decimal(0): "NOT_OFFERED",
    Decimal("0.5"): "PLACEHOLDER_PRICE",
}

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
    declared={"gpus": Declared(currency="USD", unit=None)},
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
    yield from each_row(page.json["data"]["gpuTypes"].each(), _type)


def _type(gpu: Json) -> Iterator[RawOffer | Reject]:
    if gpu["id"].text == "unknown":
        yield Reject(reason="PLACEHOLDER_ROW", text=f"unknown {gpu.text_of('displayName')}")
        return
    for cloud, trust in CLOUDS:
        yield from _prices(gpu, cloud, trust)


def _prices(gpu: Json, cloud: str, trust: Trust) -> Iterator[RawOffer | Reject]:
    price, spot = gpu.printed(f"{cloud}Price"), gpu.text_of(f"{cloud}SpotPrice")
    amount = _amount(price)
    prices = {PurchaseModel.ON_DEMAND: price}
    # A spot price beside no price is for what is not offered.
    if spot and amount and amount not in NO_PRICES and _amount(spot) != amount:
        prices[PurchaseModel.SPOT] = spot
    for purchase_model, text in prices.items():
        shown = f"{gpu['id'].text}: {cloud} {purchase_model} {text or 'null'}"
        reason = NO_PRICES.get(_amount(text or "0"))
        if reason:
            yield Reject(reason=reason, text=shown)
        elif _slice(gpu) and _memory(gpu) not in _sizes(gpu):
            yield Reject(reason="SLICE_SIZE_CONFLICT", text=f"{shown}, {_memory(gpu)}")
        else:
            yield _read(gpu, cloud, trust=trust, price=text, purchase_model=purchase_model)


def _read(
    gpu: Json, cloud: str, *, trust: Trust, price: str, purchase_model: PurchaseModel
) -> RawOffer:
    gpu_id, part = gpu["id"].text, _slice(gpu)
    status = _stock_status(gpu, cloud, price=price)
    return RawOffer(
        sku=f"{gpu_id} {cloud}",
        gpu=SLICE.sub("", part) or gpu_id,
        gpu_count="" if part else "1",
        vram="" if part else _memory(gpu),
        total_vram=_memory(gpu) if part else "",
        price=price,
        unit="hour",
        per="instance" if part else "gpu",
        purchase_model=purchase_model,
        trust=trust,
        stock=status or None,
        stock_evidence="stockStatus" if status else "",
    )


def _slice(gpu: Json) -> str:
    """Return the text that names a slice, "" for a whole GPU."""
    texts = (gpu["id"].text, gpu.text_of("displayName"))
    return next((text for text in texts if SLICE.search(text)), "")


def _sizes(gpu: Json) -> tuple[str, ...]:
    """Return the memory that the name of a slice states after the word that makes it one."""
    ends = (SLICE.search(text) for text in (gpu["id"].text, gpu.text_of("displayName")))
    return tuple(f"{size} GB" for end in ends if end for size in SLICE_SIZE.findall(end.group()))


def _memory(gpu: Json) -> str:
    memory = gpu.text_of("memoryInGb")
    return f"{memory} GB" if memory not in ("", "0") else ""


def _stock_status(gpu: Json, cloud: str, *, price: str) -> str:
    """Return the stock of a cloud; `lowestPrice` speaks of the cloud whose price it gives."""
    asked, lowest = gpu.find(f"{cloud}Stock"), gpu.find("lowestPrice")
    if asked:
        return asked.text_of("stockStatus")
    if not lowest or lowest.text_of("uninterruptablePrice") not in ("", price):
        return ""
    return lowest.text_of("stockStatus")


def _amount(price: str) -> Decimal | None:
    """Return a plain number; None for a text, which the common reader of prices is to refuse."""
    return Decimal(price) if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", price, re.ASCII) else None
