"""Massed Compute: VMs with GPUs, from what the public price page pushes to its scripts.

A price is for the whole named configuration ("x8"). Quirks (2026-08): there is no table; each row
stands twice, for wide and narrow screens, under the keys "H100 (80GB)-x 1-0" and "H100
(80GB)-mobile-x 1-0"; a cell may be deferred to another line ("$L2f"), which then may stand before
the next key and must not be read as this row's; "Request" is no price.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel

# Texts of the pushed data; \u00d7 is the times sign.
KEY = re.compile(r'"(?P<label>[^"\n]{1,60}?)(?:-mobile)?-x (?P<count>\d+)-\d+",')
COUNT = re.compile(r'"\u00d7","(\d+)"')
PRICE = re.compile(r'\["([^"]*)",\["\$","small",null,\{[^{}]*"children":"([^"]*)"')
VCPUS_AND_MEMORY = re.compile(
    r'"children":"(\d+)"\}\],\["\$","td",null,\{[^{}]*"children":"(\d+ GB)"'
)
# SXM modules and NVL cards are named so; the bare chips beside them are PCIe cards.
GPUS = {"A100 (80GB)": "A100 PCIe (80GB)", "H100 (80GB)": "H100 PCIe (80GB)"}

provider = Provider(
    id="massedcompute",
    title="Massed Compute",
    home="https://massedcompute.com/pricing",
    pages={"prices": "https://massedcompute.com/pricing"},
    delivery_model=DeliveryModel.VIRTUAL_MACHINE,
)


@dataclass(slots=True, kw_only=True)
class Configuration:
    """What all copies of one row say together."""

    counts: set[str] = field(default_factory=set[str])
    prices: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    vcpus: str = ""
    memory: str = ""


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read every row by its key, up to the next key or the end of its line."""
    text = page.flight
    keys = tuple(KEY.finditer(text))
    if not keys:
        raise PageChanged(f"{page.kind}: no key of a row such as 'H100 (80GB)-x 1-0'")
    found: dict[tuple[str, str], Configuration] = {}
    for key, following in zip(keys, (*keys[1:], None), strict=True):
        row = text[key.end() : following.start() if following else len(text)].partition("\n")[0]
        read = found.setdefault((key["label"].strip(), key["count"]), Configuration())
        read.counts |= set(COUNT.findall(row))
        read.prices |= set(_prices(row))
        sizes = VCPUS_AND_MEMORY.search(row)
        if sizes:
            read.vcpus, read.memory = sizes.groups()
    for (label, count), read in found.items():
        yield _read(label, count, read)


def _read(label: str, count: str, read: Configuration) -> RawOffer | Reject:
    shown = f"{count}x {label}: {', '.join(' '.join(price) for price in sorted(read.prices))}"
    if not read.prices:
        return Reject(reason="CONTACT_SALES", text=shown)
    if len(read.prices) > 1:
        return Reject(reason="PRICE_CONFLICT", text=shown)
    if read.counts != {count}:
        said = ", ".join(sorted(read.counts)) or "nothing"
        return Reject(reason="COUNT_CONFLICT", text=f"{shown}, but its cell says {said}")
    ((price, unit),) = read.prices
    name = re.sub(r" \[[^\]]*\]$", "", label)  # "[Premium]" is another machine with the same GPU.
    return RawOffer(
        sku=f"{count}x {label}",
        gpu=GPUS.get(name, name),
        gpu_count=count,
        price=price,
        unit=unit,
        per="instance",
        vcpus=read.vcpus,
        memory=read.memory,
    )


def _prices(row: str) -> Iterator[tuple[str, str]]:
    """Give the prices of a row with their units; "$$" is a dollar sign, "$L2f" another line."""
    for text, unit in PRICE.findall(row):
        if text.startswith("$$"):
            yield text[1:], unit
        elif not text.startswith("$"):
            yield text, unit
