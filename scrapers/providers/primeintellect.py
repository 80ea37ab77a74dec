"""Prime Intellect: boxes of many clouds by data centre, from its documented API (needs a key).

A price is for an hour of the whole box in the currency of its row. Quirks: it holds the default
disk although the row denies that (RunPod's price and 120 GB make it, to the cent); `gpuMemory` is
the total; the endpoint now and then answers 200 without rows, which is no sold-out market while the
summary has prices; the socket only tells models apart that are sold in several forms.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Provider, RawOffer, Reject, Request
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, Fabric, PurchaseModel, Trust

API = "https://api.primeintellect.ai/api/v1/availability"
KEY = {"Authorization": "Bearer {PRIME_API_KEY}"}
PER_PAGE = 100
SEVERAL_FORMS = re.compile(r"(?:[AH]100|[AH]800|H200|[PV]100)(?![0-9])")
FABRICS = {"infiniband": Fabric.INFINIBAND, "roce": Fabric.ROCE, "ethernet": Fabric.ETHERNET}

provider = Provider(
    id="primeintellect",
    title="Prime Intellect",
    home="https://app.primeintellect.ai/",
    pages={
        "gpus": Request(url=f"{API}/gpus?page=1&page_size={PER_PAGE}", headers=KEY),
        "summary": Request(url=f"{API}/gpu-summary", headers=KEY),
    },
    every=AVAILABILITY_EVERY,
    stock_states={
        "available": AvailabilityState.AVAILABLE,
        "high": AvailabilityState.AVAILABLE,
        "medium": AvailabilityState.AVAILABLE,
        "low": AvailabilityState.LIMITED,
        "unavailable": AvailabilityState.SOLD_OUT,
    },
    trust=Trust.VERIFIED_HOST,
)


@provider.follows("gpus")
def next_page(page: Page) -> Iterator[str]:
    """Give the next page after a full one until the stated total is reached."""
    parts = urlsplit(page.url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    number, count = int(query.get("page", "1")), sum(1 for _ in page.json["items"].each())
    if count >= PER_PAGE and number * PER_PAGE < page.json["totalCount"].number:
        yield parts._replace(query=urlencode(query | {"page": str(number + 1)})).geturl()


@provider.joins("gpus", "summary")
def parse(gpus: tuple[Page, ...], summary: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
    """Read every box. Raises PageChanged for no boxes while the summary has prices."""
    rows = [row for page in gpus for row in page.json["items"].each()]
    priced = [name for page in summary for name, counts in page.json.members() if _priced(counts)]
    if not rows and priced:
        raise PageChanged(f"no boxes, while the summary has prices of {', '.join(priced)}")
    yield from each_row(rows, _boxes)
    total = gpus[0].json["totalCount"]
    if len(rows) < total.number:
        yield Reject(reason="MORE_ROWS_NOT_READ", text=f"{len(rows)} of {total.text}")


def _priced(counts: Json) -> bool:
    """Say whether the summary has a price of a GPU, whatever the count and the region."""
    regions = (region for _, by_region in counts.members() for _, region in by_region.members())
    return any(region.text_of("onDemand") not in ("", "0") for region in regions)


def _boxes(row: Json) -> Iterator[RawOffer | Reject]:
    names = tuple(row.printed(key) for key in ("provider", "cloudId", "gpuCount"))
    is_community = row.printed("security") == "community_cloud"
    sku = f"{' '.join(names)}x" + (" community_cloud" if is_community else "")
    prices = row["prices"]
    # A community price is for machines of anybody.
    offered = {
        sku: (prices.printed("onDemand"), None),
        f"{sku} community": (prices.printed("communityPrice"), Trust.HOST),
    }
    found = {name: price for name, price in offered.items() if price[0]}
    if row.printed("gpuType") == "CPU_NODE":
        yield Reject(reason="NO_GPU", text=f"{sku} in {row.text_of('dataCenter')}")
    elif not all(names):
        yield Reject(reason="BOX_NOT_NAMED", text=f"{sku} in {row.text_of('dataCenter')}")
    elif row.printed("prepaidTime"):
        yield Reject(reason="PREPAID", text=f"{sku}: for {row['prepaidTime'].text}")
    elif not found:
        yield Reject(reason="NO_PRICE", text=f"{sku} in {row.text_of('dataCenter')}")
    else:
        for name, (price, trust) in found.items():
            yield _read(row, name, price=price, trust=Trust.HOST if is_community else trust)


def _read(row: Json, sku: str, *, price: str, trust: Trust | None) -> RawOffer:
    name, socket, count = (row.printed(key) for key in ("gpuType", "socket", "gpuCount"))
    return RawOffer(
        sku=sku,
        instance_type=row.printed("cloudId"),
        gpu=f"{name} {socket}".strip() if SEVERAL_FORMS.match(name) else name,
        gpu_count=count,
        total_vram=f"{row.printed('gpuMemory')} GB" if count else "",
        price=price,
        currency=row["prices"].printed("currency"),
        unit="hour",
        per="instance",
        purchase_model=(
            PurchaseModel.SPOT if row.printed("isSpot") == "true" else PurchaseModel.ON_DEMAND
        ),
        region=row.printed("dataCenter") or row.printed("region"),
        country=row.text_of("country"),
        vcpus=_default(row, "vcpu"),
        memory=_default(row, "memory", unit="GB"),
        storage=_default(row, "disk", unit="GB"),
        fabric=FABRICS.get(row.text_of("interconnectType").lower(), Fabric.NOT_STATED),
        trust=trust,
        stock=row.printed("stockStatus") or None,
        stock_evidence="stockStatus" if row.printed("stockStatus") else "",
    )


def _default(row: Json, key: str, *, unit: str = "") -> str:
    """Return what a box has of something when nothing is asked for, "" where none is stated."""
    resource = row.find(key)
    count = resource.text_of("defaultCount") if resource else ""
    return f"{count} {unit}".strip() if count else ""
