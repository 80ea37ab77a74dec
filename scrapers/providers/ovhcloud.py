"""OVHcloud: GPU instances of the Public Cloud, from two public order catalogues.

Never run over a recording: written from OVHcloud's API (api.ovh.com/console, GET
/order/catalog/public/cloud) and what the tests of github.com/getcomputable/gpu-index say of 28 rows
of both catalogues on 2026-08-22. `price` counts 1e-8 of the currency of the subsidiary, without
VAT, for the whole instance; `formattedPrice` repeats it rounded.

Quirks: the period is the suffix of the plan code, since `intervalUnit` says "none" for both; AI
products carry a GPU too but cost by the minute, so rows are chosen by their brick; "win-" plans
hold a licence, "-le-" ones repeat older plans, and what is tagged "coming_soon" or not "active"
has a price all the same. The two catalogues are price books, not regions: the subsidiary is part
of the sku.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel, TaxTreatment

PER_UNIT = 10**8
# "2.80 €", "$1.56 USD"; a number with groups or without cents would be another notation.
ROUNDED = re.compile(r"[^\d.,]*(\d+\.\d{2})[^\d.,]*")
CENT = Decimal("0.01")
HOURLY, MONTHLY = ".consumption", ".monthly.postpaid"
# The cards of OVHcloud's instances are PCIe, by its pages of the H100, A100 and V100 instances.
FORMS = {"H100": "PCIe", "A100": "PCIe", "Tesla V100": "PCIe", "Tesla V100S": "PCIe"}

provider = Provider(
    id="ovhcloud",
    title="OVHcloud",
    home="https://www.ovhcloud.com/en/public-cloud/prices/",
    pages={
        "fr": "https://api.ovh.com/1.0/order/catalog/public/cloud?ovhSubsidiary=FR",
        "us": "https://api.us.ovhcloud.com/1.0/order/catalog/public/cloud?ovhSubsidiary=US",
    },
    unverified=True,
    large=True,
    declared={
        "fr": Declared(currency="EUR", unit=None, divisor=PER_UNIT),
        "us": Declared(currency="USD", unit=None, divisor=PER_UNIT),
    },
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    tax=TaxTreatment.EXCLUDED,
)


@provider.parses("fr")
@provider.parses("us")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the addons of brick "gpu"; other bricks are no GPU instances."""
    locale, gpus = page.json["locale"], 0
    if locale["subsidiary"].text.lower() != page.kind:
        raise PageChanged(f"{page.kind}: the catalogue of {locale['subsidiary'].text}")
    for addon in page.json["addons"].each():
        blobs = addon.find("blobs")
        commercial = blobs.find("commercial") if blobs else None
        if blobs and commercial and commercial.text_of("brick") == "gpu":
            gpus += 1
            yield _read(addon, blobs, locale)
    if not gpus:
        raise PageChanged(f"{page.kind}: no addon of brick 'gpu'")


def _read(addon: Json, blobs: Json, locale: Json) -> RawOffer | Reject:
    code, technical = addon["planCode"].text, blobs["technical"]
    prices = tuple(addon["pricings"].each())
    tags = [tag.text for tag in (blobs.find("tags") or Json([], "no tags")).each()]
    if len(prices) != 1 or not code.endswith((HOURLY, MONTHLY)):
        return Reject(reason="UNKNOWN_PURCHASE_MODEL", text=f"{code}: {len(prices)} prices")
    price, formatted = prices[0], prices[0]["formattedPrice"].text
    shown = f"{code}: {formatted}"
    if technical["os"]["family"].text != "linux":
        return Reject(reason="WINDOWS", text=shown)
    if "active" not in tags or "coming_soon" in tags:
        return Reject(reason="NOT_ACTIVE", text=f"{shown}, {', '.join(tags)}")
    if "-le-" in code:
        return Reject(reason="OLD_VARIANT", text=shown)
    rounded = ROUNDED.fullmatch(formatted)
    if not rounded or abs(Decimal(rounded[1]) - price["price"].number / PER_UNIT) >= CENT:
        return Reject(reason="PRICE_CONFLICT", text=f"{shown} or {price['price'].text}")
    gpu = technical["gpu"]
    model = gpu["model"].text
    return RawOffer(
        sku=f"{locale['subsidiary'].text} {code}",
        instance_type=code.removesuffix(HOURLY).removesuffix(MONTHLY),
        gpu=f"{model} {FORMS.get(model, '')}".strip(),
        gpu_count=gpu["number"].text,
        vram=f"{gpu['memory']['size'].text} GB",
        price=price["price"].text,
        currency=locale["currencyCode"].text,
        unit="hour" if code.endswith(HOURLY) else "month",
        per="instance",
        purchase_model=PurchaseModel.ON_DEMAND
        if code.endswith(HOURLY)
        else PurchaseModel.RESERVED_OTHER,
        term="" if code.endswith(HOURLY) else "1 month",
        vcpus=technical["cpu"].text_of("cores"),
        memory=f"{technical['memory']['size'].text} GB",
    )
