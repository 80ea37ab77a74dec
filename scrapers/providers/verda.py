"""Verda (formerly DataCrunch): instances, clusters and containers, from its page's JSON-LD.

A price is for the whole named configuration ("8x ..."). Quirks (2026-08): the families share
names and are told apart by the description; names may be blank; "CC" marks confidential
variants of the same GPU; storage is listed among them.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Provider, RawOffer, Reject
from service.domain.offer import DeliveryModel, PurchaseModel

NAME = re.compile(r"(?P<config>(?P<count>\d+)x (?P<gpu>.+?))(?: (?P<how>on[- ]demand|spot))?")
FAMILIES = {
    "cluster": DeliveryModel.CLUSTER,
    "serverless": DeliveryModel.SERVERLESS,
    "container": DeliveryModel.SERVERLESS,
    "instance": DeliveryModel.VIRTUAL_MACHINE,
}
# Offers that are bought in other ways than by the hour at a fixed price, or at a price that moves.
OTHERWISE = ("reserved", "commit", "contract", "month", "year", "long-term", "dynamic")
PERIOD = re.compile(r"\b(?:second|minute|hour|day|dai|week)(?:s|ly)?\b")

provider = Provider(
    id="verda",
    title="Verda",
    home="https://verda.com/pricing",
    pages={"prices": "https://verda.com/pricing"},
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the Offer nodes of every JSON-LD graph."""
    offers = 0
    for script in page.scripts("application/ld+json"):
        graph = script.find("@graph")
        for node in graph.each() if graph else ():
            if node.text_of("@type") != "Offer":
                continue
            offers += 1
            if "storage" not in node["description"].text.lower():
                yield _read(node)
    if not offers:
        raise PageChanged(f"{page.kind}: no Offer in its JSON-LD")


def _read(node: Json) -> RawOffer | Reject:
    name, description = node["name"].text, node["description"].text
    price, specification = node.printed("price"), node["priceSpecification"]
    shown = f"{name} ({description}): {price}"
    matched = NAME.fullmatch(name)
    if not name or not matched:
        return Reject(reason="NO_GPU_NAMED" if name else "BLANK_NAME", text=shown)
    words = description.lower()
    family = next((word for word in FAMILIES if word in words), "")
    if not family:
        return Reject(reason="UNKNOWN_PRODUCT", text=shown)
    if any(word in words for word in OTHERWISE):
        return Reject(reason="UNKNOWN_PURCHASE_MODEL", text=shown)
    if specification.text_of("price") not in ("", price):
        return Reject(reason="PRICE_CONFLICT", text=f"{shown} or {specification.text_of('price')}")
    currency, again = node["priceCurrency"].text, specification.text_of("priceCurrency")
    if again not in ("", currency):
        return Reject(reason="CURRENCY_CONFLICT", text=f"{shown} {currency} or {again}")
    is_spot = matched["how"] == "spot" or re.search(r"\bspot\b", words)
    return RawOffer(
        sku=f"{FAMILIES[family]} {matched['config']}",
        gpu=re.sub(r"\s+CC\b", "", matched["gpu"]),
        gpu_count=matched["count"],
        price=price,
        currency=currency,
        # The description says "Hourly" too; the two must agree.
        unit=" ".join((specification["unitText"].text, *PERIOD.findall(words))),
        per="instance",
        purchase_model=PurchaseModel.SPOT if is_spot else PurchaseModel.ON_DEMAND,
        delivery_model=FAMILIES[family],
    )
