# ruff: noqa: N999 - a file is named as its provider, and importlib reads it all the same
"""Lambda: on-demand instances and 1-Click Clusters, from the public price page.

Quirks (2026-08): the committed cluster table stands before the instance tables and looks the
same, so tables are told apart by their columns; prices are per GPU and differ by tab ("8x" to
"1x"); two "NVIDIA A100 SXM" rows differ only by VRAM; class names change with every build, so
rows are found by data-plan and cells by data-label; scripts repeat each table and are ignored.
A cluster's commitment is a range ("2 weeks" to "1 year"), bought in counts such as "16" and "256+".
"""

import re
from collections.abc import Iterator

from scrapers.page import Cells, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel, TaxTreatment

# Clusters are built of HGX machines, so a bare "H100" there is the SXM module; so is the V100 of
# the eight-GPU instances.
CLUSTER_GPUS = {"NVIDIA H100": "NVIDIA H100 SXM", "NVIDIA H200": "NVIDIA H200 SXM"}
INSTANCE_GPUS = {"NVIDIA Tesla V100": "NVIDIA Tesla V100 SXM2"}

provider = Provider(
    id="lambda",
    title="Lambda",
    home="https://lambda.ai/pricing",
    pages={"prices": "https://lambda.ai/pricing"},
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
    for row in page.html.all("tr[data-plan]"):
        cells, plan = row.labelled("[data-label]", label="data-label"), row.attr("data-plan")
        if cells.find("DURATION"):
            yield _cluster(cells, plan)
        else:
            yield _instance(cells, plan, tab=labels.get(id(row.tag), ""))


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
        min_gpu_count=count,
        price=price,
        unit=unit,
        purchase_model=PurchaseModel.ON_DEMAND if on_demand else PurchaseModel.RESERVED_OTHER,
        term="" if on_demand else duration,
        delivery_model=DeliveryModel.CLUSTER,
    )
