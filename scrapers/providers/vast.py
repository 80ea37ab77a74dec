"""Vast.ai: what verified hosts ask for their machines, from its search API.

A price is for an hour of the whole ask in US dollars, with the 8 GB of disk that are quoted by
default. Quirks: an answer holds 64 asks whatever is asked for, so each group of GPUs is asked for
by itself, cheapest first; a machine has asks of several sizes, and several of one size, which make
one offer with its depth; the memory tells an A100 of 40 GB from one of 80; `cpu_ram` is the
machine's, so it is only read where the ask is for all of it; a `min_bid` of 0 means no bids.
Excerpts may lack whatever is not about GPU and price: their asks are known by their own id, or by
their shape, but an ask with a place and no machine is refused.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject, Request
from scrapers.rows import each_row
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    PriceUnit,
    PurchaseModel,
    Trust,
)

LIMIT = 64
RENTABLE, RENTED = "rentable", "rented"
OTHERS = "others"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "blackwell": ("B200", "B300", "GB200", "GB300"),
    "h200": ("H200", "H200 NVL", "GH200 SXM"),
    "h100": ("H100 SXM", "H100 NVL", "H100 PCIE"),
    "a100": ("A100 SXM4", "A100 PCIE", "A100X", "A800 PCIE"),
    "l40": ("L40S", "L40", "L4", "RTX 6000Ada", "RTX 5880Ada", "RTX 5000Ada", "RTX 4500Ada"),
    "rtx-pro": ("RTX PRO 6000 WS", "RTX PRO 6000 S", "RTX PRO 6000 Max-Q", "RTX PRO 5000"),
    "ampere": ("A40", "A10", "RTX A6000", "RTX A5000", "RTX A4500", "RTX A4000"),
    "rtx-5090": ("RTX 5090",),
    "rtx-4090": ("RTX 4090", "RTX 4090D"),
}
# One row of an answer: its price on demand, and as spot where it takes bids.
Ask = tuple[RawOffer, ...]
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


def _search(gpu_name: Mapping[str, object]) -> Mapping[str, Request]:
    wanted = {
        "type": "on-demand",
        "verified": {"eq": True},
        "rentable": {"eq": True},
        "rented": {"eq": False},
        "gpu_name": gpu_name,
        "order": [["dph_total", "asc"]],
        "limit": LIMIT,
    }
    url = "https://console.vast.ai/api/v0/bundles/"
    return {"asks": Request(url=url, method="POST", json_body=wanted)}


provider = Provider(
    id="vast",
    title="Vast.ai",
    home="https://vast.ai/pricing",
    parts={
        **{group: _search({"in": list(names)}) for group, names in GROUPS.items()},
        OTHERS: _search({"notin": list(GROUP_OF)}),  # codespell:ignore notin
    },
    every=AVAILABILITY_EVERY,
    declared={"asks": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    stock_states={
        RENTABLE: AvailabilityState.AVAILABLE,
        RENTED: AvailabilityState.SOLD_OUT,
    },
    delivery_model=DeliveryModel.CONTAINER,
    trust=Trust.HOST,
)


@provider.parses("asks")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the cheapest asks of each machine and size; a GPU counts in its own group only."""
    every = tuple(page.json["offers"].each())
    by_sku: dict[tuple[str, str], list[Ask]] = defaultdict(list)
    for ask in each_row(every, partial(_asks, group=page.part)):
        if isinstance(ask, Reject):
            yield ask
        else:
            by_sku[ask[0].sku, ask[0].region].append(ask)
    for (sku, _), same in by_sku.items():
        lowest = min(same, key=_amount)
        depth = sum(_amount(ask) == _amount(lowest) for ask in same)
        yield from (_with_depth(row, depth) for row in lowest)
        if depth < len(same):
            text = f"{sku}: {len(same) - depth} above {lowest[0].price}"
            yield Reject(reason="DEARER_ASKS", text=text)
    if len(every) >= LIMIT:
        yield Reject(reason="MORE_ASKS_NOT_READ", text=f"{page.part}: {len(every)} asks")


def _asks(row: Json, *, group: str) -> Iterator[Ask | Reject]:
    """Read one row of the answer: an ask, or nothing where it belongs to another group."""
    count, name, memory = (row.printed(key) for key in ("num_gpus", "gpu_name", "gpu_ram"))
    if GROUP_OF.get(name, OTHERS) != group:
        return
    machine, ask_id = row.text_of("machine_id"), row.text_of("id")
    shape, stated = f"{count}x {name} {memory} MiB", {key for key, _ in row.members()}
    if row.text_of("is_bid") == "true":
        yield Reject(reason="IS_BID", text=f"{shape}: {row.printed('dph_total')}")
    elif re.fullmatch(r"[1-9][0-9]*", machine, re.ASCII):
        place = row.printed("geolocation")
        yield tuple(_prices(row, sku=f"machine {machine} {count}x {name}", place=place))
    elif {"machine_id", "geolocation"} & stated:
        yield Reject(reason="MACHINE_NOT_STATED", text=f"{shape}: ask {ask_id}")
    else:
        yield tuple(
            _prices(row, sku=f"ask {ask_id} {count}x {name}" if ask_id else shape, place="")
        )


def _prices(ask: Json, *, sku: str, place: str) -> Iterator[RawOffer]:
    prices = {PurchaseModel.ON_DEMAND: ask.printed("dph_total")}
    if ask.text_of("min_bid") not in ("", "0", "0.0"):
        prices[PurchaseModel.SPOT] = ask["min_bid"].text
    verification, is_whole = ask.text_of("verification"), ask.text_of("gpu_frac") in ("1", "1.0")
    is_verified = verification == "verified" or ask.text_of("verified") == "true"
    is_free = ask.text_of("rentable") == "true" and ask.text_of("rented") != "true"
    is_stated = bool(ask.text_of("rentable"))
    for purchase_model, price in prices.items():
        yield RawOffer(
            sku=sku,
            gpu=ask.printed("gpu_name"),
            gpu_count=ask.printed("num_gpus"),
            vram=f"{ask.printed('gpu_ram')} MiB",
            price=price,
            purchase_model=purchase_model,
            region=place.strip(", "),
            country=place.rpartition(",")[2].strip(),
            vcpus=ask.text_of("cpu_cores_effective"),
            memory=_sized(ask, "cpu_ram", "MiB") if is_whole else "",
            storage=_sized(ask, "disk_space", "GB"),
            cpu_arch=ask.text_of("cpu_arch"),
            storage_price=ask.text_of("storage_cost"),
            egress_price=ask.text_of("inet_up_cost"),
            reliability=ask.text_of("reliability") or ask.text_of("reliability2"),
            stock=(RENTABLE if is_free else RENTED) if is_stated else None,
            stock_evidence="rentable, rented" if is_stated else "",
            trust=Trust.VERIFIED_HOST if is_verified else Trust.HOST,
        )


def _with_depth(row: RawOffer, depth: int) -> RawOffer:
    """Add how many GPUs all asks of this size and price hold, where they are said to be free."""
    if row.stock != RENTABLE or not re.fullmatch(r"[0-9]{1,3}", row.gpu_count, re.ASCII):
        return row
    return replace(row, available_gpu_count=f"{int(row.gpu_count) * depth}")


def _sized(ask: Json, key: str, unit: str) -> str:
    return f"{ask.text_of(key)} {unit}" if ask.text_of(key) else ""


def _amount(ask: Ask) -> Decimal:
    """Return the price for comparing; zero and what is no number come last: they are no prices."""
    plain = re.fullmatch(r"\d{1,9}(?:\.\d{1,20})?", ask[0].price, re.ASCII)
    return (Decimal(ask[0].price) if plain else Decimal(0)) or Decimal("Infinity")
