"""Vultr: cloud GPU plans and bare metal, from its public API.

Quirks: a plan states its total VRAM, so 40 GB of an A100 is half a GPU and 384 GB of L40S are
eight; bare metal has no GPU fields, only an id such as `vbm-256c-2048gb-8-mi300x-gpu`; `locations`
says where a plan is sold, which is no statement of stock, but an empty list is sold nowhere;
hourly is not monthly / 730 (a month is capped at 672 hours), so only hourly prices are read.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, PurchaseModel

API = "https://api.vultr.com/v2"
USD_INSTANCE_HOUR = Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)
METAL_ID = re.compile(
    r"vbm-\d+c-\d+gb-(?:amd-)?(?:(?P<count>\d+)-)?(?P<gpu>[a-z]+\d+[a-z]*)(?:-.*)?"
)
# Machines of one chip, whose ids state no count.
SUPERCHIPS = ("gh200",)
NOWHERE = "[]"

# The API names no form factor; these are the ones that Vultr is known to sell.
FORMS = {
    "a100": "A100 PCIe 80GB",
    "gh200": "GH200 96GB",
    "h100": "H100 SXM",
    "h200": "H200 SXM",
}

# Vultr's location codes are airports' -> ISO country.
REGIONS = {
    **dict.fromkeys(("ewr", "ord", "dfw", "sea", "lax", "atl", "sjc", "hnl", "mia"), "US"),
    **dict.fromkeys(("del", "blr", "bom"), "IN"),
    **dict.fromkeys(("nrt", "itm"), "JP"),
    **dict.fromkeys(("lhr", "man"), "GB"),
    **dict.fromkeys(("syd", "mel"), "AU"),
    "ams": "NL",
    "cdg": "FR",
    "fra": "DE",
    "icn": "KR",
    "jnb": "ZA",
    "mad": "ES",
    "mex": "MX",
    "sao": "BR",
    "scl": "CL",
    "sgp": "SG",
    "sto": "SE",
    "tlv": "IL",
    "waw": "PL",
    "yto": "CA",
}

provider = Provider(
    id="vultr",
    title="Vultr",
    home="https://www.vultr.com/pricing/",
    pages={
        "plans": f"{API}/plans?type=all&per_page=500",
        "plans_metal": f"{API}/plans-metal?per_page=500",
    },
    declared={"plans": USD_INSTANCE_HOUR, "plans_metal": USD_INSTANCE_HOUR},
    stock_states={NOWHERE: AvailabilityState.NOT_OFFERED},
    regions=REGIONS,
    billing_increment=timedelta(hours=1),
)


@provider.follows("plans")
def next_plans(page: Page) -> Iterator[str]:
    """Give the page after the cursor, while there is one."""
    yield from _next_page(page, f"{API}/plans?type=all&per_page=500")


@provider.follows("plans_metal")
def next_plans_metal(page: Page) -> Iterator[str]:
    """Give the page after the cursor, while there is one."""
    yield from _next_page(page, f"{API}/plans-metal?per_page=500")


def _next_page(page: Page, address: str) -> Iterator[str]:
    meta = page.json.find("meta")
    links = meta.find("links") if meta else None
    cursor = links.text_of("next") if links else ""
    if cursor:
        yield f"{address}&cursor={cursor}"


@provider.parses("plans")
def parse_plans(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the plans that state a GPU; the others are plain servers."""
    for plan in page.json["plans"].each():
        kind = plan.text_of("gpu_type")
        if not kind:
            continue
        vendor, _, chip = kind.partition("_")
        gpu = FORMS.get(chip.lower(), f"{vendor} {chip}".replace("_", " "))
        yield from _offers(
            plan,
            gpu=gpu,
            total_vram=f"{plan['gpu_vram_gb'].text} GB",
            vcpus=plan.text_of("vcpu_count"),
            delivery_model=DeliveryModel.VIRTUAL_MACHINE,
        )


@provider.parses("plans_metal")
def parse_plans_metal(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the machines whose id names GPUs; the others have none."""
    for plan in page.json["plans_metal"].each():
        plan_id = plan["id"].text
        matched = METAL_ID.fullmatch(plan_id)
        if not plan_id.endswith("gpu") and "vram" not in plan_id:
            continue
        if not matched:
            yield Reject(reason="UNKNOWN_INSTANCE_TYPE", text=plan_id)
            continue
        yield from _offers(
            plan,
            gpu=FORMS.get(matched["gpu"], matched["gpu"]),
            gpu_count=matched["count"] or ("1" if matched["gpu"] in SUPERCHIPS else ""),
            vcpus=plan.text_of("cpu_threads"),
            delivery_model=DeliveryModel.BARE_METAL,
        )


def _offers(
    plan: Json,
    *,
    gpu: str,
    vcpus: str,
    delivery_model: DeliveryModel,
    gpu_count: str = "",
    total_vram: str = "",
) -> Iterator[RawOffer | Reject]:
    places = tuple(place.text for place in plan["locations"].each() if place.text)
    prices = {PurchaseModel.ON_DEMAND: plan["hourly_cost"].text}
    preemptible = plan.text_of("hourly_cost_preemptible")
    if preemptible not in ("", "0"):
        prices[PurchaseModel.SPOT] = preemptible
    if plan.text_of("deploy_ondemand") == "false":
        del prices[PurchaseModel.ON_DEMAND]
        yield Reject(reason="NOT_OFFERED", text=f"{plan['id'].text}: deploy_ondemand false")
    for purchase_model, price in prices.items():
        for place in places or ("",):
            yield RawOffer(
                sku=plan["id"].text,
                instance_type=plan["id"].text,
                gpu=gpu,
                gpu_count=gpu_count,
                total_vram=total_vram,
                vcpus=vcpus,
                memory=f"{plan['ram'].text} MB",
                storage=f"{plan.text_of('disk_count') or '1'} x {plan['disk'].text} GB",
                price=price,
                region=place,
                purchase_model=purchase_model,
                delivery_model=delivery_model,
                stock=None if places else NOWHERE,
                stock_evidence="" if places else "locations",
            )
