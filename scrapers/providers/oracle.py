"""Oracle: OCI GPU shapes, from the public price list.

Prices are per GPU and without region. Quirks: the list also holds lookalikes that are not the
public cloud (Cloud@Customer, Roving Edge, VMware nodes); spelling of names varies; old parts name
a generation of servers ("X7", "V2", "E3") and not the chip, so they are refused. Most parts are
sold only as whole machines, which the list does not say: SHAPES knows (OCI's page on shapes).
"""

import re
from collections.abc import Iterator

from scrapers.page import Json, Page
from scrapers.provider import Declared, Provider, RawOffer, Reject
from scrapers.rows import each_row
from service.domain.offer import DeliveryModel, PriceUnit

# Chip as the list names it -> (GPU, smallest shape that has it, GPUs in that shape).
SHAPES = {
    "A10": ("A10", "VM.GPU.A10.1", "1"),
    "A100 V2": ("A100 SXM 80GB", "BM.GPU.A100-v2.8", "8"),
    "L40S": ("L40S", "BM.GPU.L40S.4", "4"),
    "H100": ("H100 SXM", "BM.GPU.H100.8", "8"),
    "H200": ("H200 SXM", "BM.GPU.H200.8", "8"),
    "B200": ("B200 SXM", "BM.GPU.B200.8", "8"),
    "GB200": ("GB200", "BM.GPU.GB200.4", "4"),
    "B300": ("B300 SXM", "BM.GPU.B300.8", "8"),
    "GB300": ("GB300", "BM.GPU.GB300.4", "4"),
    "MI300X": ("MI300X", "BM.GPU.MI300X.8", "8"),
    "MI355X": ("MI355X", "BM.GPU.MI355X.8", "8"),
}
CURRENCY = "USD"
# Names of server generations that stand where a chip should.
GENERATIONS = re.compile(r"[XVE]\d+")
NOT_PUBLIC = ("Cloud@Customer", "Roving Edge", "Dedicated Region", "Alloy")

provider = Provider(
    id="oracle",
    title="Oracle Cloud Infrastructure",
    home="https://www.oracle.com/cloud/price-list/",
    pages={
        "products": "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/"
        f"?currencyCode={CURRENCY}"
    },
    declared={"products": Declared(currency=CURRENCY, unit=PriceUnit.GPU_HOUR)},
)


@provider.parses("products")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the GPU rows of the list; the part number is the sku."""
    yield from each_row(page.json["items"].each(), _product)


def _product(product: Json) -> Iterator[RawOffer | Reject]:
    part, name = product["partNumber"].text, product["displayName"].text
    category, metric = product["serviceCategory"].text, product["metricName"].text
    shown = f"{part} {name} ({category}, {metric})"
    if not re.search(r"\bGPU\b", f"{name} {category} {metric}"):
        return
    chip = " ".join(re.split(r"\bGPU(?: Standard)?\s*-?", name)[-1].split()).upper()
    chip = re.sub(r"\s*-\s*(?=V\d)", " ", chip)
    if any(word in f"{category} {name}" for word in NOT_PUBLIC):
        yield Reject(reason="NOT_PUBLIC_CLOUD", text=shown)
    elif metric != "GPU Per Hour" or not category.startswith("Compute - GPU"):
        yield Reject(reason="OTHER_PRODUCT", text=shown)
    elif GENERATIONS.fullmatch(chip):
        yield Reject(reason="CHIP_NOT_NAMED", text=shown)
    else:
        yield from _prices(product, chip, shown=shown)


def _prices(product: Json, chip: str, *, shown: str) -> Iterator[RawOffer | Reject]:
    """Read the pay-as-you-go price; a price in dollars may stand beside other currencies."""
    gpu, shape, whole = SHAPES.get(chip, (chip, "", ""))
    localizations = tuple(product["currencyCodeLocalizations"].each())
    currencies = [localization["currencyCode"].text for localization in localizations]
    found = False
    for currency, localization in zip(currencies, localizations, strict=True):
        if currency != CURRENCY and CURRENCY in currencies:
            continue
        for price in localization["prices"].each():
            model = price["model"].text
            found = True
            if model != "PAY_AS_YOU_GO":
                yield Reject(reason="OTHER_PRICE_MODEL", text=f"{shown} {model}")
            else:
                yield RawOffer(
                    sku=product["partNumber"].text,
                    gpu=gpu,
                    gpu_count="1",
                    min_gpu_count=whole,
                    instance_type=shape,
                    price=price.printed("value"),
                    unit=product["metricName"].text,
                    currency=currency,
                    delivery_model=DeliveryModel.BARE_METAL if shape.startswith("BM.") else None,
                )
    if not found:
        yield Reject(reason="NO_PRICE", text=shown)
