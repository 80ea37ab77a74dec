"""AWS: EC2 spot prices of Linux instances, from the JSON behind the public spot page.

Undocumented, so opt-in; written from descriptions. It prints its currency ("USD") and its unit
("perhr"); both are demanded. Quirks: the oldest regions have names of their own ("us-east"); local
zones stand among the regions; "N/A*" is no price; each instance has a Windows price beside.
"""

from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.facts.aws_instances import ACCELERATED, REGIONS, accelerators_of, cpu_arch_of
from scrapers.page import Json, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel

# As the page's own script knows them.
OLD_NAMES = {
    "us-east": "us-east-1",
    "us-west": "us-west-1",
    "eu-ireland": "eu-west-1",
    "apac-sin": "ap-southeast-1",
    "apac-syd": "ap-southeast-2",
    "apac-tokyo": "ap-northeast-1",
}
UNITS = {"perhr": "per hr"}

provider = Provider(
    id="aws-spot",
    title="Amazon Web Services (spot)",
    home="https://aws.amazon.com/ec2/spot/pricing/",
    pages={"spot": "https://website.spot.ec2.aws.a2z.com/spot.json"},
    opt_in=True,
    unverified=True,
    large=True,
    regions=REGIONS,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@provider.parses("spot")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every accelerated instance of every region."""
    config = page.json["config"]
    unit, currencies = config["rate"].text, [each.text for each in config["currencies"].each()]
    if unit not in UNITS or len(currencies) != 1:
        raise PageChanged(f"{page.kind}: rates {unit!r} in {', '.join(currencies) or 'nothing'}")
    for entry in config["regions"].each():
        name = entry["region"].text
        region = OLD_NAMES.get(name, name)
        for family in entry["instanceTypes"].each():
            for size in family["sizes"].each():
                if ACCELERATED.match(size["size"].text):
                    yield from _read(size, region, unit=UNITS[unit], currency=currencies[0])


def _read(size: Json, region: str, *, unit: str, currency: str) -> Iterator[RawOffer | Reject]:
    name = size["size"].text
    found = accelerators_of(name)
    for column in size["valueColumns"].each():
        system, price = column["name"].text, column["prices"].printed(currency)
        shown = f"{name} in {region}, {system}: {price}"
        if system != "linux":
            yield Reject(reason="NOT_LINUX", text=shown)
        elif not found:
            yield Reject(reason="UNKNOWN_INSTANCE_TYPE", text=shown)
        elif region not in REGIONS:
            yield Reject(reason="UNKNOWN_REGION", text=shown)
        else:
            yield RawOffer(
                sku=name,
                instance_type=name,
                gpu=found[0],
                gpu_count=found[1],
                price=price,
                currency=currency,
                unit=unit,
                per="instance",
                purchase_model=PurchaseModel.SPOT,
                region=region,
                cpu_arch=cpu_arch_of(name),
                delivery_model=DeliveryModel.BARE_METAL if name.endswith(".metal") else None,
            )
