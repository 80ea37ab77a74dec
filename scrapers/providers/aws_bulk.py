"""AWS: reserved GPU instances, from the public bulk price list of each region.

The list is documented (AWS Price List Bulk API) and holds every price of EC2 in one CSV of
hundreds of megabytes, of which the fetcher keeps the lines of Linux on shared GPU instances. It is
opt-in for its size alone: all regions are several gigabytes a day. On-demand prices stand in it too
and are not read: the provider `aws` has them from a thousandth of the bytes, and no offer may exist
twice. Trainium and Inferentia are left to `aws` as well. Never held against a recording: the
columns and their order are those of the list of 2025-09-12 as public readers show its first lines.

Quirks: five lines of disclaimers come before the columns. An offer is up to two lines, one by the
hour and one "Quantity" paid upfront; all upfront has an hourly price of zero. `usageType` and
`operation` stand side by side, and "RunInstances" alone is Linux without software. The GPU column
counts the two devices of a K80 and M60 board.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

from scrapers.facts.aws_instances import FAMILIES, REGIONS, accelerators_of, cpu_arch_of
from scrapers.page import Cells, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject, Request
from service.domain.offer import DeliveryModel, PriceUnit, PurchaseModel

URL = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/{}/index.csv"
# Where the large GPU instances are sold; a run over all regions would not end in time.
LARGE = (
    *("us-east-1", "us-east-2", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1"),
    *("eu-west-2", "eu-central-1", "eu-north-1", "ap-northeast-1", "ap-northeast-2"),
    *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
)
TYPES = tuple(
    f"{family}.{size}"
    for family, (_, counts) in FAMILIES.items()
    if family.startswith(("p", "g"))
    for size in counts
)
HEADER_LINES = 6
WANTED = {
    "Tenancy": ("Shared",),
    "Operating System": ("Linux",),
    "CapacityStatus": ("Used",),
    "Pre Installed S/W": ("", "NA"),
    "MarketOption": ("", "OnDemand"),
}
MODELS = {"1yr": PurchaseModel.RESERVED_1Y, "3yr": PurchaseModel.RESERVED_3Y}
# Whether something is paid at the start, and by the hour.
PAYMENTS = {
    "No Upfront": (False, True),
    "Partial Upfront": (True, True),
    "All Upfront": (True, False),
}
DEVICES = {"p2": 2, "g3": 2, "g3s": 2}

provider = Provider(
    id="aws-bulk",
    title="Amazon Web Services (reserved)",
    home="https://aws.amazon.com/ec2/pricing/reserved-instances/pricing/",
    parts={
        region: {
            "list": Request(
                url=URL.format(region),
                only_lines=tuple(f'BoxUsage:{name}","RunInstances"' for name in TYPES),
                header_lines=HEADER_LINES,
            )
        }
        for region in LARGE
    },
    every=timedelta(hours=24),
    opt_in=True,
    unverified=True,
    large=True,
    declared={"list": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    regions=REGIONS,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    billing_increment=timedelta(seconds=1),
)


@provider.parses("list")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the lines of a region, those of one offer together."""
    offers: dict[tuple[str, str], list[Cells]] = defaultdict(list)
    for row in page.csv(header_lines=HEADER_LINES):
        other = [name for name, texts in WANTED.items() if row[name] not in texts]
        if row["TermType"] != "Reserved" or row["Instance Type"] not in TYPES or other:
            continue
        offers[row["SKU"], row["OfferTermCode"]].append(row)
    for rows in offers.values():
        yield _read(rows)


def _read(rows: list[Cells]) -> RawOffer | Reject:
    row = rows[0]
    name, length, payment = row["Instance Type"], row["LeaseContractLength"], row["PurchaseOption"]
    shown = f"{name} in {row['Region Code']}, {length} {payment} {row['OfferingClass']}"
    found = accelerators_of(name)
    hourly = [each for each in rows if each["Unit"] == "Hrs"]
    upfront = [each for each in rows if each["Unit"] == "Quantity"]
    if not found or length not in MODELS or payment not in PAYMENTS:
        return Reject(reason="UNKNOWN_PURCHASE_MODEL", text=shown)
    if len(hourly) != 1 or len(upfront) > 1 or len(hourly) + len(upfront) != len(rows):
        units = ", ".join(each["Unit"] for each in rows)
        return Reject(reason="RATE_CONFLICT", text=f"{shown}: prices per {units}")
    at_start = upfront[0]["PricePerUnit"] if upfront else ""
    by_hour = hourly[0]["PricePerUnit"]
    if (bool(at_start.strip("0.")), bool(by_hour.strip("0."))) != PAYMENTS[payment]:
        text = f"{shown}: {at_start or 'nothing'} upfront, {by_hour} an hour"
        return Reject(reason="PAYMENT_CONFLICT", text=text)
    if not _agrees(row["GPU"], name, count=found[1]):
        return Reject(reason="COUNT_CONFLICT", text=f"{shown}: {row['GPU']} GPUs")
    storage = row["Storage"]
    return RawOffer(
        sku=f"{name} {row['OfferingClass']} {payment}",
        instance_type=name,
        gpu=found[0],
        gpu_count=found[1],
        price=by_hour,
        unit=hourly[0]["Unit"],
        currency=row["Currency"],
        upfront=at_start if at_start.strip("0.") else "",
        purchase_model=MODELS[length],
        term=length,
        region=row["Region Code"],
        vcpus=row["vCPU"],
        memory=row["Memory"],
        storage="" if storage.startswith("EBS") else storage,
        cpu_arch=cpu_arch_of(name),
        delivery_model=DeliveryModel.BARE_METAL if name.endswith(".metal") else None,
    )


def _agrees(printed: str, name: str, *, count: str) -> bool:
    """Say whether the list counts the GPUs that we know, where it counts them."""
    devices = DEVICES.get(name.partition(".")[0], 1)
    try:
        return printed in {"", "NA"} or Fraction(printed) == Fraction(count) * devices
    except ValueError:
        return False
