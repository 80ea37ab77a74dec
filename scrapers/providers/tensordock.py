"""TensorDock: a marketplace of GPU machines, from the locations of its API v2.

Never held against a recording: written from TensorDock's documentation
(dashboard.tensordock.com/api/docs: getting-started, fetch-hostnodes, instance-creation) and from
public clients of 2026, which read the same keys. Every request needs a bearer token; at most 100 a
minute.

Quirks: the price of a GPU comes without vCPUs, memory and disk, which are priced beside it and
may be chosen freely. A row here is the smallest machine of the documented example, half of its
two GPUs, 4 vCPUs and 8 GB, with the least disk that may be ordered. Small prices may be printed
as "5e-05", as its first API did. `max_count` is known to be wrong and machines to be gone, so no
stock is stated.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject, Request, Summand
from service.domain.offer import DeliveryModel, PriceUnit, Trust

VCPUS, MEMORY_GB, STORAGE_GB = "2", "4", "100"
SMALL = re.compile(r"[1-9](?:\.[0-9]{1,6})?e-0[1-9]", re.ASCII)
COUNTRIES = {
    "United States": "US",
    "Canada": "CA",
    "United Kingdom": "GB",
    "Germany": "DE",
    "France": "FR",
    "Netherlands": "NL",
    "Poland": "PL",
    "Iceland": "IS",
    "India": "IN",
    "Australia": "AU",
}

provider = Provider(
    id="tensordock",
    title="TensorDock",
    home="https://www.tensordock.com/",
    pages={
        "locations": Request(
            url="https://dashboard.tensordock.com/api/v2/locations",
            headers={"Authorization": "Bearer {TENSORDOCK_API_KEY}"},
        )
    },
    unverified=True,
    declared={"locations": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    trust=Trust.HOST,
)


@provider.parses("locations")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read each GPU of each location as a machine with one of it."""
    locations = tuple(page.json["data"]["locations"].each())
    if not locations:
        raise PageChanged(f"{page.kind}: no location; an account without a deposit sees none")
    for location in locations:
        for gpu in location["gpus"].each():
            yield _read(gpu, location)


def _read(gpu: Json, location: Json) -> RawOffer | Reject:
    name, place, parts = gpu["v0Name"].text, location["id"].text, gpu["pricing"]
    if not gpu["max_count"].number:
        return Reject(reason="NOT_OFFERED", text=f"{name} in {place}")
    return RawOffer(
        sku=name,
        gpu=gpu["displayName"].text,
        gpu_count="1",
        price=gpu.printed("price_per_hr"),
        plus=(
            Summand(what="vCPU", price=_rate(parts, "vcpu"), times=VCPUS),
            Summand(what="GB memory", price=_rate(parts, "gb_ram"), times=MEMORY_GB),
            Summand(what="GB storage", price=_rate(parts, "gb_storage"), times=STORAGE_GB),
        ),
        region=place,
        country=COUNTRIES.get(location["country"].text, ""),
        vcpus=VCPUS,
        memory=f"{MEMORY_GB} GB",
        storage=f"{STORAGE_GB} GB",
    )


def _rate(parts: Json, part: str) -> str:
    """Return the price of a part with its digits written out: "5e-05" is "0.00005"."""
    printed = parts.printed(f"per_{part}_hr")
    return f"{Decimal(printed):f}" if SMALL.fullmatch(printed) else printed
