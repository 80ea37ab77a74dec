"""AWS: EC2 on-demand Linux instances, from the JSON behind the public price page.

One document for each region. Quirk: it names no GPU, so model and count come from our own
table (AWS's instance type pages); an accelerator type that is missing there is a reject, never
a guess. P6e UltraServers are sold through Capacity Blocks only and are not in these documents.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import quote

from scrapers.facts.aws_instances import (
    ACCELERATED,
    LOCATIONS,
    REGIONS,
    accelerators_of,
    cpu_arch_of,
    region_of,
)
from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import DeliveryModel, PriceUnit

URL = (
    "https://b0.p.awsstatic.com/pricing/2.0/meteredUnitMaps/ec2/USD/current/"
    "ec2-ondemand-without-sec-sel/{location}/Linux/index.json"
)

provider = Provider(
    id="aws",
    title="Amazon Web Services",
    home="https://aws.amazon.com/ec2/pricing/on-demand/",
    parts={
        region: {"instances": URL.format(location=quote(location, safe=""))}
        for location, (region, _) in LOCATIONS.items()
    },
    large=True,
    declared={"instances": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    regions=REGIONS,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    billing_increment=timedelta(seconds=1),
)


@provider.parses("instances")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read one region's document; its own location names the region, not the address."""
    for location, rows in page.json["regions"].members():
        read = partial(_read, location=location)
        yield from each_row((row for _, row in rows.members()), read)


def _read(row: Json, *, location: str) -> Iterator[RawOffer | Reject]:
    instance_type = row["Instance Type"].text
    if ACCELERATED.match(instance_type) or "GPU" in row.text_of("Instance Family"):
        yield _instance(row, instance_type, location=location)


def _instance(row: Json, instance_type: str, *, location: str) -> RawOffer | Reject:
    shown = f"{instance_type} in {location}"
    found, region = accelerators_of(instance_type), region_of(location)
    if not found:
        return Reject(reason="UNKNOWN_INSTANCE_TYPE", text=shown)
    if not region:
        return Reject(reason="UNKNOWN_REGION", text=shown)
    system = row.text_of("Operating System")
    if system != "Linux":
        return Reject(reason="NOT_LINUX", text=f"{shown}: {system}")
    software = row.printed("Pre Installed S/W")
    if software not in ("NA", ""):
        return Reject(reason="LICENSED_SOFTWARE", text=f"{shown}: {software}")
    storage = row.text_of("Storage")
    return RawOffer(
        sku=instance_type,
        instance_type=instance_type,
        gpu=found[0],
        gpu_count=found[1],
        price=row.printed("price"),
        region=region,
        vcpus=row.text_of("vCPU"),
        memory=row.text_of("Memory"),
        storage="" if storage.startswith("EBS") else storage,
        cpu_arch=cpu_arch_of(instance_type),
        delivery_model=DeliveryModel.BARE_METAL if instance_type.endswith(".metal") else None,
    )
