"""Linode (Akamai): GPU plans, from the public list of types.

Never held against a recording: written from Akamai's reference of `GET /v4/linode/types`
(techdocs.akamai.com/linode-api/reference/get-linode-types) and from rows that public clients and
their tests copied from it until 2026-09. Its prices are US dollars without tax, hourly up to a
monthly cap of 672 hours or so, where there still is one: Akamai announced its end for 2026-07.

Quirks: the GPU stands only in the label ("RTX4000 Ada x1 Small", "RTX PRO 6000 Blackwell x1",
"Dedicated 32GB + RTX6000 GPU x1"); `price` holds wherever `region_prices` does not say otherwise;
the catalogue may print 0 or null, which is no price; video cards are of class "accelerated".
Stock is a list of its own (regions/availability) that is not read.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PriceUnit, TaxTreatment

LABEL = re.compile(r"(?:.+ \+ )?(?P<gpu>.+?) x(?P<count>\d+)(?: .+)?")
# What Akamai's own documentation calls the GPU of the g1 plans.
GPUS = {"RTX6000 GPU": "Quadro RTX 6000"}
# A plan's hours until its monthly cap, where it has one.
CAP_HOURS = range(600, 745)

provider = Provider(
    id="linode",
    title="Linode (Akamai)",
    home="https://www.linode.com/pricing/",
    pages={"types": "https://api.linode.com/v4/linode/types?page_size=500"},
    unverified=True,
    declared={"types": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    tax=TaxTreatment.EXCLUDED,
)


@provider.parses("types")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the plans of class "gpu": one row for all regions and one for each with its own."""
    gpu_plans = 0
    for plan in page.json["data"].each():
        if plan["class"].text != "gpu":
            continue
        gpu_plans += 1
        yield _read(plan, plan["price"], region="")
        for price in plan["region_prices"].each():
            yield _read(plan, price, region=price["id"].text)
    if not gpu_plans:
        raise PageChanged(f"{page.kind}: no plan of class 'gpu'")
    if page.json["pages"].text != "1":
        yield Reject(reason="MORE_PAGES_NOT_READ", text=f"{page.json['pages'].text} pages")


def _read(plan: Json, price: Json, *, region: str) -> RawOffer | Reject:
    label, count = plan["label"].text, plan["gpus"].text
    hourly, monthly = price.printed("hourly"), price.printed("monthly")
    said = f"{hourly or 'nothing'} an hour, {monthly or 'nothing'} a month"
    shown = f"{plan['id'].text} ({label}) {region}: {said}"
    named = LABEL.fullmatch(label)
    if not named:
        return Reject(reason="NO_GPU_NAMED", text=shown)
    if named["count"] != count:
        return Reject(reason="COUNT_CONFLICT", text=f"{shown}, {count} GPUs")
    if not hourly or not price["hourly"].number:
        return Reject(reason="NOT_PUBLISHED", text=shown)
    capped = price["monthly"].number if monthly else 0
    if capped and int(capped / price["hourly"].number) not in CAP_HOURS:
        return Reject(reason="PRICE_CONFLICT", text=shown)
    return RawOffer(
        sku=plan["id"].text,
        instance_type=plan["id"].text,
        gpu=GPUS.get(named["gpu"], named["gpu"]),
        gpu_count=count,
        price=hourly,
        region=region,
        country=region.partition("-")[0],  # "id-cgk"; the old "eu-west" and "ap-west" have none.
        vcpus=plan.text_of("vcpus"),
        memory=f"{plan['memory'].text} MB",
        storage=f"{plan['disk'].text} MB",
    )
