"""Thunder Compute: GPU instances, from the price list and the specifications of its API.

Never held against a recording: written from Thunder's own command line (github.com/Thunder-Compute
/thunder-cli, which reads GET /v1/pricing and GET /v1/specs without a key) and from answers that
public readers copied into their tests (2026-05 to 2026-09).

Quirks: both are objects by "<gpu>_x<count>", with "_production" or "_prototyping" behind it for
older names; where a name without mode exists, its prototyping twin is the same machine. The price
holds the fewest vCPUs of `vcpuOptions` and the least disk, by its command line (others read its
price page as four vCPUs); more of them cost extra, by keys that stand among the GPUs. Names of a
GPU alone repeat the machine with one.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PriceUnit

API = "https://api.thundercompute.com:8443/v1"
KEY = re.compile(r"(?P<gpu>[a-z0-9]+)_x(?P<count>\d+)(?:_(?P<mode>production|prototyping))?")
EXTRAS = {"additional_vcpus", "disk_gb", "ephemeral_disk_gb", "snapshot_gb"}
# Its price page says "H100 PCIe"; nothing says what its A100 and its production H100 are.
GPUS = {"NVIDIA H100": "NVIDIA H100 PCIe"}

provider = Provider(
    id="thunder",
    title="Thunder Compute",
    home="https://www.thundercompute.com/pricing",
    pages={"pricing": f"{API}/pricing", "specs": f"{API}/specs"},
    unverified=True,
    # A row stands on the page of the prices.
    declared={"pricing": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.joins("pricing", "specs")
def parse(pricing: tuple[Page, ...], specs: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
    """Read every price of a machine with its specification."""
    prices, machines = dict(pricing[0].json["pricing"].members()), specs[0].json["specs"]
    if not any(KEY.fullmatch(key) for key in prices):
        raise PageChanged("pricing: no key names a GPU and a count")
    for key, price in prices.items():
        named = KEY.fullmatch(key)
        shown = f"{key}: {price.text}"
        if (
            named
            and named["mode"] == "prototyping"
            and f"{named['gpu']}_x{named['count']}" in prices
        ):
            yield Reject(reason="OLD_NAME", text=shown)
        elif named and machines.find(key):
            yield _read(key, price, machines[key], count=named["count"], mode=named["mode"])
        elif key not in EXTRAS:
            yield Reject(reason="NO_SPECIFICATION", text=shown)


def _read(
    key: str, price: Json, machine: Json, *, count: str, mode: str | None
) -> RawOffer | Reject:
    name, vcpus = machine["displayName"].text, [v.number for v in machine["vcpuOptions"].each()]
    if machine["gpuCount"].text != count or not vcpus:
        text = f"{key}: {machine['gpuCount'].text} GPUs, {len(vcpus)} vCPU options"
        return Reject(reason="COUNT_CONFLICT", text=text)
    return RawOffer(
        sku=key,
        gpu=name if mode == "production" else GPUS.get(name, name),
        gpu_count=count,
        vram=f"{machine['vramGB'].text} GB",
        price=price.text,
        vcpus=f"{min(vcpus)}",
        memory=f"{min(vcpus) * machine['ramPerVCPUGiB'].number} GiB",
        storage=f"{machine['storageGB']['min'].text} GB",
    )
