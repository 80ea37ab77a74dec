"""QuantaCloud: GPU boxes by region that are in stock, from its public API.

Never held against a recording: written from a public client that was checked against its
documentation (docs.quantacloud.net/api-reference, 2026-10).

A price is for an hour of the whole box, in US dollars. Quirks: ids of offers are short-lived, so
GPU, count and region name one, the cheapest of several; the list has only what is in stock, and an
empty one must agree with the count of the families; "-mig-48gb" in the name of a GPU is a slice.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import parse_qs, urlencode, urlsplit

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, Trust

API = "https://core.quantacloud.net/api/v1"
PER_PAGE = 100
SLICE = re.compile(r"(?P<gpu>.+)-mig(?:-.*)?-(?P<size>\d+)gb", re.IGNORECASE)

provider = Provider(
    id="quantacloud",
    title="QuantaCloud",
    home="https://quantacloud.net/",
    pages={
        "offers": f"{API}/offers?page=0&size={PER_PAGE}",
        "families": f"{API}/gpu-families",
    },
    every=AVAILABILITY_EVERY,
    unverified=True,
    declared={"offers": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    stock_states={
        "true": AvailabilityState.AVAILABLE,
        "false": AvailabilityState.SOLD_OUT,
    },
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    trust=Trust.VERIFIED_HOST,
)


@provider.follows("offers")
def next_page(page: Page) -> Iterator[str]:
    """Give the next page after a full one; the first is 0."""
    parts = urlsplit(page.url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    if sum(1 for _ in page.json["offers"].each()) >= PER_PAGE:
        number = int(query.get("page", "0")) + 1
        yield parts._replace(query=urlencode(query | {"page": str(number)})).geturl()


@provider.joins("offers", "families")
def parse(offers: tuple[Page, ...], families: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
    """Read every box. Raises PageChanged for no boxes while a family has some."""
    rows = [row for page in offers for row in page.json["offers"].each()]
    counts = [
        row.printed("availableCount") for page in families for row in page.json["data"].each()
    ]
    if not rows and any(count not in ("", "0") for count in counts):
        raise PageChanged("no offers, while families have some")
    known: set[tuple[str, str]] = set()
    for row in sorted(rows, key=_amount):
        sku, region = f"{row['gpu']['slug'].text}:{row['gpu']['count'].text}", row["region"].text
        shown = f"{sku} in {region}: {row.printed('priceHourly')}"
        if not _amount(row):
            yield Reject(reason="NO_PRICE", text=shown)
        elif _is_torn(row):
            per_gpu = row["pricePerGpu"].text
            yield Reject(reason="PRICE_CONFLICT", text=f"{shown} or {per_gpu} a GPU")
        elif (sku, region) in known:
            yield Reject(reason="CHEAPER_OFFER_OF_THE_SAME", text=shown)
        else:
            known.add((sku, region))
            yield _read(row, sku)


def _read(row: Json, sku: str) -> RawOffer | Reject:
    gpu, specs = row["gpu"], row["specs"]
    slug, count, memory = gpu["slug"].text, gpu["count"].text, gpu["vramGB"].text
    part = SLICE.fullmatch(slug)
    if "mig" in slug.lower().split("-") and (not part or (count, part["size"]) != ("1", memory)):
        return Reject(reason="SLICE_SIZE_CONFLICT", text=f"{sku}: {memory} GB")
    return RawOffer(
        sku=sku,
        gpu=part["gpu"] if part else slug,
        gpu_count="" if part else count,
        vram="" if part else f"{memory} GB",
        total_vram=f"{memory} GB" if part else "",
        price=row.printed("priceHourly"),
        region=row["region"].text,
        vcpus=specs.text_of("vcpu"),
        memory=f"{specs['ram'].text} GB",
        stock=row["isAvailable"].text,
        stock_evidence="isAvailable",
    )


def _is_torn(row: Json) -> bool:
    """Say whether the price of a GPU contradicts that of the box by more than a per cent."""
    if not row.printed("pricePerGpu"):
        return False
    whole = row["priceHourly"].number
    return abs(row["pricePerGpu"].number * row["gpu"]["count"].number - whole) * 100 > whole


def _amount(row: Json) -> Decimal:
    price = row.printed("priceHourly")
    return row["priceHourly"].number if price else Decimal(0)
