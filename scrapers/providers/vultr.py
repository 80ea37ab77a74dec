"""Vultr: cloud GPU plans and bare metal, from its public API.

Quirks: a plan states its total VRAM, so 40 GB of an A100 is half a GPU and 384 GB of L40S are
eight; bare metal and dedicated ("vdm") plans may have no GPU fields, only an id such as
`vbm-256c-2048gb-8-mi300x-gpu` or `vcg-a40-24c-120g-48vram`; `locations`
says where a plan is sold, which is no statement of stock, but an empty list is sold nowhere;
hourly is not monthly / 730 (a month is capped at 672 hours), so only hourly prices are read.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, PurchaseModel

PLANS = "https://api.vultr.com/v2/plans?type=all&per_page=500"
PLANS_METAL = "https://api.vultr.com/v2/plans-metal?per_page=500"
USD_INSTANCE_HOUR = Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)
METAL_ID = re.compile(
    r"vbm-\d+c-\d+gb-(?:amd-)?(?:(?P<count>\d+)-)?(?P<gpu>[a-z]+\d+[a-z]*)(?:-.*)?"
)
CLOUD_ID = re.compile(r"vcg-(?P<gpu>[a-z]+\d+[a-z]*)-(?:.*-)?(?P<vram>\d+)vram")
# The id of the eight MI325X of 256 GB states the memory of six: (chip, GB) -> count.
MISNAMED = {("mi325x", "1536"): "8"}
NEAR = Decimal("0.08")
# Machines of one chip, whose ids state no count.
SUPERCHIPS = ("gh200",)
NOWHERE = "[]"
# What `deploy_ondemand` and `deploy_preemptible` say of a plan that is sold so; many lack them.
DEPLOYED = ("", "true")
# A month is capped at 672 hours and some plans are cheaper by the month; far from that, one of
# the two prices is something else.
MONTH = (300, 1500)

# The API names no form factor; these are the ones that Vultr is known to sell.
FORMS = {
    "a100": "A100 PCIe 80GB",
    "a100 sxm": "A100 SXM 80GB",
    "gh200": "GH200 96GB",
    "h100": "H100 SXM",
    "h200": "H200 SXM",
}
# Bare metal: eight A100 are an HGX board, and the plan that is called "l40" has the L40S.
METAL_FORMS = FORMS | {"8-a100": "A100 SXM 80GB", "8-l40": "L40S"}

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
    pages={"plans": PLANS, "plans_metal": PLANS_METAL},
    declared={"plans": USD_INSTANCE_HOUR, "plans_metal": USD_INSTANCE_HOUR},
    stock_states={NOWHERE: AvailabilityState.NOT_OFFERED},
    regions=REGIONS,
    billing_increment=timedelta(hours=1),
)


@provider.follows("plans")
def next_plans(page: Page) -> Iterator[str]:
    """Give the page after the cursor, while there is one."""
    yield from _next_page(page, PLANS)


@provider.follows("plans_metal")
def next_plans_metal(page: Page) -> Iterator[str]:
    """Give the page after the cursor, while there is one."""
    yield from _next_page(page, PLANS_METAL)


def _next_page(page: Page, address: str) -> Iterator[str]:
    meta = page.json.find("meta")
    cursor = meta["links"].printed("next") if meta else ""
    if cursor:
        yield f"{address}&cursor={quote(cursor, safe='')}"


@provider.parses("plans")
def parse_plans(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the plans with a GPU; the others are plain servers."""
    yield from each_row(_plans(page), _cloud_plan)


def _cloud_plan(plan: Json) -> Iterator[RawOffer | Reject]:
    plan_id, kind = plan["id"].text, plan.text_of("gpu_type")
    if not kind and not plan_id.startswith("vcg-"):
        return
    if not kind and plan.text_of("type") != "vdm":
        raise PageChanged(f"{plan.path}: the cloud GPU plan {plan_id} states no gpu_type")
    matched = CLOUD_ID.fullmatch(plan_id)
    chip, in_id = matched.groups() if matched else ("", "")
    vram = in_id
    if kind:
        chip, vram = _chip(kind), plan["gpu_vram_gb"].text
    count = MISNAMED.get((chip, vram), "")
    if not chip:
        yield Reject(reason="UNKNOWN_INSTANCE_TYPE", text=plan_id)
    elif in_id and _disagree(vram, in_id, chip=chip):
        yield Reject(reason="VRAM_CONFLICT", text=f"{plan_id}: {vram} GB")
    else:
        yield from _offers(
            plan,
            gpu=FORMS.get(chip, chip),
            gpu_count=count,
            total_vram="" if count else f"{vram} GB",
            vcpus=plan.text_of("vcpu_count"),
            delivery_model=DeliveryModel.VIRTUAL_MACHINE,
        )


@provider.parses("plans_metal")
def parse_plans_metal(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the machines whose id or fields name GPUs; the others have none."""
    yield from each_row(_plans(page), _metal_plan)


def _metal_plan(plan: Json) -> Iterator[RawOffer | Reject]:
    plan_id, kind = plan["id"].text, plan.text_of("gpu_type")
    matched = METAL_ID.fullmatch(plan_id)
    in_id, chip = (matched["count"] or "", matched["gpu"]) if matched else ("", "")
    if not kind and not in_id and not plan_id.endswith("gpu") and "vram" not in plan_id:
        return
    chip = _chip(kind) if kind else chip
    counts = {plan.text_of("gpu_count"), in_id} - {""}
    count = next(iter(counts), "")
    if not chip:
        yield Reject(reason="UNKNOWN_INSTANCE_TYPE", text=plan_id)
    elif len(counts) > 1:
        yield Reject(reason="COUNT_CONFLICT", text=f"{plan_id}: {' or '.join(sorted(counts))}")
    else:
        yield from _offers(
            plan,
            gpu=METAL_FORMS.get(f"{count}-{chip}") or METAL_FORMS.get(chip, chip),
            gpu_count=count or ("1" if chip in SUPERCHIPS else ""),
            vcpus=plan.text_of("cpu_threads"),
            delivery_model=DeliveryModel.BARE_METAL,
        )


def _disagree(vram: str, in_id: str, *, chip: str) -> bool:
    """Say whether the memory of a plan is not what its id says, within GB for GiB."""
    near = vram.isdecimal() and abs(int(vram) - int(in_id)) <= NEAR * int(in_id)
    return not near and (chip, in_id) not in MISNAMED


def _plans(page: Page) -> tuple[Json, ...]:
    """Return the plans of a page. Raises PageChanged for none: there are always plain servers."""
    plans = tuple(page.json[page.kind].each())
    if not plans:
        raise PageChanged(f"{page.kind}: no plans at all")
    return plans


def _chip(kind: str) -> str:
    """Return the chip of a gpu_type such as "NVIDIA_A100" as ids write it: "a100"."""
    return kind.partition("_")[2].replace("_", " ").lower() or kind


def _offers(
    plan: Json,
    *,
    gpu: str,
    vcpus: str,
    delivery_model: DeliveryModel,
    gpu_count: str = "",
    total_vram: str = "",
) -> Iterator[RawOffer | Reject]:
    if not _months_agree(plan):
        costs = f"{plan.text_of('hourly_cost')} and {plan.text_of('monthly_cost')}"
        yield Reject(reason="PRICE_CONFLICT", text=f"{plan['id'].text}: {costs} a month")
        return
    places = tuple(place.text for place in plan["locations"].each() if place.text)
    prices = {PurchaseModel.ON_DEMAND: plan.printed("hourly_cost")}
    preemptible = plan.text_of("hourly_cost_preemptible")
    if preemptible not in ("", "0") and plan.text_of("deploy_preemptible") in DEPLOYED:
        prices[PurchaseModel.SPOT] = preemptible
    if plan.text_of("deploy_ondemand") not in DEPLOYED:
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


def _months_agree(plan: Json) -> bool:
    """Say whether the monthly price can be that of the hourly one, where both are there."""
    texts = (plan.text_of("hourly_cost"), plan.text_of("monthly_cost"))
    if not all(texts):
        return True
    if not all(re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII) for text in texts):
        return False
    hourly, monthly = map(Decimal, texts)
    least, most = MONTH
    return not hourly or not monthly or hourly * least <= monthly <= hourly * most
