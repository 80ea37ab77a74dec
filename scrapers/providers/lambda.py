# ruff: noqa: N999 - a file is named as its provider, and importlib reads it all the same
"""Lambda: on-demand instances and 1-Click Clusters, from the public price page.

With `LAMBDA_API_KEY` the instances come from the API, which knows where they can be had now: a row
for each region that has capacity, and one without a region for a type that is sold out. The
clusters still come from the page.

Quirks of the page (2026-08): the committed cluster table stands before the instance tables and
looks the same, so tables are told apart by their columns; prices are per GPU and differ by tab
("8x" to "1x"); two "NVIDIA A100 SXM" rows differ only by VRAM; class names change with every build,
so rows are found by data-plan and cells by data-label; scripts repeat each table and are ignored.
A cluster's commitment is a range ("2 weeks" to "1 year"), bought in counts such as "16" and "256+".
Quirks of the API: prices are cents for the whole instance; types without a GPU are listed too.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from scrapers.page import Cells, Element, Json, Page
from scrapers.provider import (
    AVAILABILITY_EVERY,
    Declared,
    Provider,
    RawOffer,
    Reject,
    Request,
)
from scrapers.rows import each_row
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    PriceUnit,
    PurchaseModel,
    TaxTreatment,
)

# Clusters are built of HGX machines, so a bare "H100" there is the SXM module; so is the V100 of
# the eight-GPU instances.
CLUSTER_GPUS = {"NVIDIA H100": "NVIDIA H100 SXM", "NVIDIA H200": "NVIDIA H200 SXM"}
INSTANCE_GPUS = {
    "NVIDIA Tesla V100": "NVIDIA Tesla V100 SXM2",
    "Tesla V100 (16 GB)": "Tesla V100 SXM2 (16 GB)",
}
REGIONS = {
    **dict.fromkeys(("us-east-1", "us-east-2", "us-east-3", "us-midwest-1", "us-midwest-2"), "US"),
    **dict.fromkeys(("us-south-1", "us-south-2", "us-south-3"), "US"),
    **dict.fromkeys(("us-west-1", "us-west-2", "us-west-3"), "US"),
    **dict.fromkeys(("asia-northeast-1", "asia-northeast-2"), "JP"),
    "asia-south-1": "IN",
    "australia-east-1": "AU",
    "europe-central-1": "DE",
    "europe-south-1": "IT",
    "me-west-1": "IL",
}
LISTED, NOT_LISTED = "listed", "not listed"

provider = Provider(
    id="lambda",
    title="Lambda",
    home="https://lambda.ai/pricing",
    pages={
        "prices": "https://lambda.ai/pricing",
        "types": Request(
            url="https://cloud.lambda.ai/api/v1/instance-types",
            headers={"Authorization": "Bearer {LAMBDA_API_KEY}"},
        ),
    },
    every_with_keys=AVAILABILITY_EVERY,
    declared={"types": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR, divisor=100)},
    stock_states={LISTED: AvailabilityState.AVAILABLE, NOT_LISTED: AvailabilityState.SOLD_OUT},
    regions=REGIONS,
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    tax=TaxTreatment.EXCLUDED,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every row; the label of its tab gives the GPU count of an instance."""
    tabs = {tab.attr("aria-controls"): tab.text for tab in page.html.find_all('[role="tab"]')}
    labels = {
        id(row.tag): tabs.get(panel.attr("id"), "")
        for panel in page.html.find_all('[role="tabpanel"]')
        for row in panel.find_all("tr[data-plan]")
    }

    def read(row: Element) -> Iterator[RawOffer | Reject]:
        cells, plan = row.labelled("[data-label]", label="data-label"), row.attr("data-plan")
        if cells.find("DURATION"):
            yield _cluster(cells, plan)
        else:
            yield _instance(cells, plan, tab=labels.get(id(row.tag), ""))

    yield from each_row(page.html.all("tr[data-plan]"), read)


def _instance(cells: Cells, plan: str, *, tab: str) -> RawOffer | Reject:
    count = re.fullmatch(r"(\d+)x", tab)
    if not count:
        return Reject(reason="UNKNOWN_TABLE", text=f"{plan} under the tab {tab!r}")
    unit, price = cells.starting("PRICE/")
    if not re.search(r"\d", price):  # An em dash: the price is for talks.
        return Reject(reason="CONTACT_SALES", text=f"{tab} {plan}: {price}")
    return RawOffer(
        sku=f"{tab} {plan} {cells['VRAM/GPU']}",
        gpu=INSTANCE_GPUS.get(plan, plan),
        gpu_count=count[1],
        vram=cells["VRAM/GPU"],
        vcpus=cells.find("vCPUs"),
        memory=cells.find("RAM"),
        storage=cells.find("STORAGE"),
        price=price,
        unit=unit,
    )


def _cluster(cells: Cells, plan: str) -> RawOffer | Reject:
    duration, count = cells["DURATION"], cells["GPU COUNT"]
    unit, price = cells.starting("PRICE/")
    if not re.search(r"\d", price):  # An em dash: the price is for talks.
        return Reject(reason="CONTACT_SALES", text=f"{plan}, {count} GPUs, {duration}: {price}")
    on_demand = duration.lower() == "on-demand"
    return RawOffer(
        sku=f"cluster {plan} {count}",
        gpu=CLUSTER_GPUS.get(plan, plan),
        gpu_count="1",
        min_gpu_count=re.split(r"\s*[-\u2013]\s*", count)[0],  # also of "16-1.5k"
        price=price,
        unit=unit,
        purchase_model=PurchaseModel.ON_DEMAND if on_demand else PurchaseModel.RESERVED_OTHER,
        term="" if on_demand else duration,
        delivery_model=DeliveryModel.CLUSTER,
    )


@provider.joins("types", "prices")
def parse_with_stock(
    types: tuple[Page, ...], prices: tuple[Page, ...]
) -> Iterator[RawOffer | Reject]:
    """Read the instances and their stock from the API, the clusters from the page."""
    for page in types:
        yield from each_row(page.json["data"].members(), _type)
    for page in prices:
        for row in parse(page):
            if isinstance(row, Reject):
                yield row
            elif row.delivery_model is DeliveryModel.CLUSTER:
                yield replace(row, printed_on="prices")


def _type(named: tuple[str, Json]) -> Iterator[RawOffer | Reject]:
    name, entry = named
    instance, specs = entry["instance_type"], entry["instance_type"]["specs"]
    gpu, count = instance["gpu_description"].text, specs["gpus"].text
    said = re.match(r"(\d+)x ", instance["description"].text)
    if count == "0" and (gpu == "N/A" or name.startswith("cpu_")):
        return
    if not said or said[1] != count or not name.startswith(f"gpu_{count}x_"):
        text = f"{name}: {instance['description'].text}, {count} GPUs"
        yield Reject(reason="COUNT_CONFLICT", text=text)
        return
    row = RawOffer(
        sku=name,
        instance_type=name,
        gpu=INSTANCE_GPUS.get(gpu, gpu),
        gpu_count=count,
        price=instance.printed("price_cents_per_hour"),
        vcpus=specs["vcpus"].text,
        memory=f"{specs['memory_gib'].text} GiB",
        storage=f"{specs['storage_gib'].text} GiB",
        cpu_arch="arm64" if "GH200" in gpu else "",
        stock=NOT_LISTED,
        stock_evidence="regions_with_capacity_available",
    )
    regions = [region["name"].text for region in entry["regions_with_capacity_available"].each()]
    for region in regions:
        yield replace(row, region=region, stock="|".join(regions), stock_word=LISTED)
    if not regions:
        yield row
