"""Salad: containers on other people's machines, by GPU class and priority.

Never held against a recording: written from Salad's reference (docs.salad.com/reference
/saladcloud-api/organizations/list-gpu-classes, model `GpuClass`), its SDKs, where `gpu_count` may
be left out, and rows that public clients copied into their tests without it (2026). The list stands
under an organization and needs its key.

A class has a price an hour for each priority, as text, in US dollars; vCPUs and memory of a GPU
container are in it (docs.salad.com, "Salad Container Engine billing", 2026-04). Quirks: a machine
may leave at any moment, so all of it is spot; only clusters say how many GPUs they have; "secure"
classes stand in data centres; the VRAM stands in the name ("RTX 4090 (24 GB)").
"""

from collections.abc import Iterator
from datetime import timedelta

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject, Request
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    PriceUnit,
    PurchaseModel,
    Trust,
)

PRIORITIES = {"high", "medium", "low", "batch"}
TRUSTS = {"community": Trust.HOST, "secure": Trust.VERIFIED_HOST}

provider = Provider(
    id="salad",
    title="Salad",
    home="https://salad.com/pricing",
    pages={
        "classes": Request(
            url="https://api.salad.com/api/public/organizations/{SALAD_ORGANIZATION}/gpu-classes",
            headers={"Salad-Api-Key": "{SALAD_API_KEY}"},
        )
    },
    every=AVAILABILITY_EVERY,
    unverified=True,
    declared={"classes": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    # A class that is not in high demand may have no machine all the same.
    stock_states={"true": AvailabilityState.LIMITED},
    delivery_model=DeliveryModel.CONTAINER,
    trust=Trust.HOST,
    billing_increment=timedelta(seconds=1),
)


@provider.parses("classes")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read each class at each of its priorities."""
    classes = tuple(page.json["items"].each())
    if not classes:
        raise PageChanged(f"{page.kind}: no GPU class")
    for gpu_class in classes:
        prices = tuple(gpu_class["prices"].each())
        if not prices:
            yield Reject(reason="NO_PRICE", text=gpu_class["name"].text)
        for price in prices:
            yield _read(gpu_class, price)


def _read(gpu_class: Json, price: Json) -> RawOffer | Reject:
    name, priority = gpu_class["name"].text, price["priority"].text
    kind, demand = gpu_class.text_of("gpu_class_type"), gpu_class.text_of("is_high_demand")
    if priority not in PRIORITIES or kind not in TRUSTS:
        text = f"{name}, {kind}, at priority {priority}: {price.printed('price')}"
        return Reject(reason="UNKNOWN_PURCHASE_MODEL", text=text)
    return RawOffer(
        sku=f"{name} {kind} {priority}",
        gpu=name,
        # A machine of the community has one GPU, and need not say so.
        gpu_count=gpu_class.text_of("gpu_count") or ("1" if kind == "community" else ""),
        price=price.printed("price"),
        purchase_model=PurchaseModel.SPOT,
        trust=TRUSTS[kind],
        stock=demand or None,
        stock_evidence="is_high_demand" if demand == "true" else "",
    )
