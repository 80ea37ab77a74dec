"""CloudRift: virtual machines by data centre, from the public list of instance types.

Never held against a recording: written from public clients and the answers in their tests
(github.com/dstackai/gpuhunt, CloudRift's Terraform provider, 2025-26). A price is in US cents an
hour for the whole machine (`Declared.divisor`); sizes are in bytes, `vram` that of one GPU.
Quirks: nodes are counted for each data centre, newer answers count the free ones apart; the name
of a data centre says its country ("eu-central-it-gv-1", "ap_northeast_kr_se_1"), or a state of the
US ("us-east-nc-nr-1").
"""

from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject, Request
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, Trust

NONE_FREE, SOME_FREE, NOWHERE = "0", ">0", "{}"

provider = Provider(
    id="cloudrift",
    title="CloudRift",
    home="https://www.cloudrift.ai/pricing",
    pages={
        "types": Request(
            url="https://api.cloudrift.ai/api/v1/instance-types/list",
            method="POST",
            json_body={
                "version": "2025-03-21",
                "data": {"selector": {"ByServiceAndLocation": {"services": ["vm"]}}},
            },
        )
    },
    every=AVAILABILITY_EVERY,
    unverified=True,
    declared={"types": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR, divisor=100)},
    stock_states={
        NONE_FREE: AvailabilityState.SOLD_OUT,
        SOME_FREE: AvailabilityState.AVAILABLE,
        NOWHERE: AvailabilityState.NOT_OFFERED,
    },
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    trust=Trust.VERIFIED_HOST,
)


@provider.parses("types")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every variant with GPUs, once for each data centre."""
    for kind in page.json["data"]["instance_types"].each():
        for variant in kind["variants"].each():
            if variant["gpu_count"].text != "0":
                yield from _machines(kind["brand_short"].text, variant)


def _machines(brand: str, variant: Json) -> Iterator[RawOffer | Reject]:
    free = variant.find("available_nodes_per_dc")
    evidence = "available_nodes_per_dc" if free else "nodes_per_dc"
    nodes = dict((free or variant["nodes_per_dc"]).members())
    # A data centre that has nodes but none that are free.
    listed = variant.find("nodes_per_dc")
    taken = [dc for dc, _ in listed.members() if dc not in nodes] if listed else []
    for dc, count in nodes.items():
        yield _read(brand, variant, dc=dc, nodes=count, evidence=evidence)
    for dc in taken or ([] if nodes else [""]):
        yield _read(brand, variant, dc=dc, nodes=None, evidence=evidence)


def _read(brand: str, variant: Json, *, dc: str, nodes: Json | None, evidence: str) -> RawOffer:
    count = variant["gpu_count"].text
    free = f"{nodes.number * variant['gpu_count'].number}" if nodes else "0"
    return RawOffer(
        sku=variant["name"].text,
        instance_type=variant["name"].text,
        gpu=brand,
        gpu_count=count,
        vram=f"{variant['vram'].text} B",
        price=variant.printed("cost_per_hour"),
        region=dc,
        country=_country(dc),
        vcpus=variant.text_of("cpu_count"),
        memory=f"{variant['dram'].text} B",
        storage=f"{variant['disk'].text} B",
        available_gpu_count=free if dc else "",
        stock=nodes.text if nodes else NOWHERE,
        stock_word=(NONE_FREE if free == "0" else SOME_FREE) if dc else NOWHERE,
        stock_evidence=evidence,
    )


def _country(dc: str) -> str:
    world, _, country, *_ = (*dc.replace("_", "-").split("-"), "", "", "")
    return "US" if world == "us" else country
