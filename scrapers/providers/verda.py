"""Verda (formerly DataCrunch): instances, clusters and containers, from its page's JSON-LD.

With `VERDA_CLIENT_ID` and `VERDA_CLIENT_SECRET` the instances come from the API, which knows where
they can be had now: a row for each location that lists the type, and one without a location for
what is sold out. Clusters and containers still come from the page.

A price is for the whole named configuration ("8x ..."). Quirks of the page (2026-08): the families
share names and are told apart by the description; names may be blank; "CC" marks confidential
variants of the same GPU; storage is listed among them.
Quirks of the API: prices are texts, and "0" means that there is none; `gpu_memory` is the total;
dynamic prices are another way to pay and left out, as on the page.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import (
    AVAILABILITY_EVERY,
    Declared,
    Provider,
    RawOffer,
    Reject,
    Request,
)
from scrapers.rows import each_row
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, PurchaseModel

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

API = "https://api.verda.com/v1"
SIGNED_IN = {"Authorization": "Bearer {access_token}"}
LISTED, NOT_LISTED = "listed", "not listed"
PRICES = {PurchaseModel.ON_DEMAND: "price_per_hour", PurchaseModel.SPOT: "spot_price"}
COUNTED = re.compile(r"(?P<count>\d+)x (?P<gpu>.+)")

provider = Provider(
    id="verda",
    title="Verda",
    home="https://verda.com/pricing",
    pages={
        "prices": "https://verda.com/pricing",
        "types": Request(url=f"{API}/instance-types", headers=SIGNED_IN),
        "stock": Request(url=f"{API}/instance-availability?is_spot=false", headers=SIGNED_IN),
        "spot": Request(url=f"{API}/instance-availability?is_spot=true", headers=SIGNED_IN),
    },
    sign_in=Request(
        url=f"{API}/oauth2/token",
        method="POST",
        json_body={
            "grant_type": "client_credentials",
            "client_id": "{VERDA_CLIENT_ID}",
            "client_secret": "{VERDA_CLIENT_SECRET}",
        },
    ),
    every_with_keys=AVAILABILITY_EVERY,
    declared={"types": Declared(currency="USD", unit=PriceUnit.INSTANCE_HOUR)},
    stock_states={LISTED: AvailabilityState.AVAILABLE, NOT_LISTED: AvailabilityState.SOLD_OUT},
    regions={"FIN-01": "FI", "FIN-02": "FI", "FIN-03": "FI", "ICE-01": "IS", "ICL-01": "IS"},
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the Offer nodes of every JSON-LD graph."""
    graphs = (script.find("@graph") for script in page.scripts("application/ld+json"))
    nodes = (node for graph in graphs if graph for node in graph.each())
    offers = tuple(node for node in nodes if node.text_of("@type") == "Offer")
    if not offers:
        raise PageChanged(f"{page.kind}: no Offer in its JSON-LD")
    yield from each_row(offers, _read)


def _read(node: Json) -> Iterator[RawOffer | Reject]:
    if "storage" not in node["description"].text.lower():
        yield _offer(node)


def _offer(node: Json) -> RawOffer | Reject:
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
        gpu=_gpu(matched["gpu"]),
        gpu_count=matched["count"],
        price=price,
        currency=currency,
        # The description says "Hourly" too; the two must agree.
        unit=" ".join((specification["unitText"].text, *PERIOD.findall(words))),
        per="instance",
        purchase_model=PurchaseModel.SPOT if is_spot else PurchaseModel.ON_DEMAND,
        delivery_model=FAMILIES[family],
    )


@provider.joins("types", "stock", "spot", "prices")
def parse_with_stock(
    types: tuple[Page, ...],
    stock: tuple[Page, ...],
    spot: tuple[Page, ...],
    prices: tuple[Page, ...],
) -> Iterator[RawOffer | Reject]:
    """Read the instances and their stock from the API, everything else from the page."""
    places = {PurchaseModel.ON_DEMAND: _places(stock), PurchaseModel.SPOT: _places(spot)}
    for page in types:
        yield from each_row(page.json.each(), partial(_sold, places=places))
    for page in prices:
        for row in parse(page):
            if isinstance(row, Reject):
                yield row
            elif row.delivery_model is not DeliveryModel.VIRTUAL_MACHINE:
                yield replace(row, printed_on="prices")


def _sold(
    entry: Json, *, places: Mapping[PurchaseModel, Mapping[str, list[str]]]
) -> Iterator[RawOffer | Reject]:
    row = _instance(entry)
    if isinstance(row, Reject):
        yield row
    elif row:
        for model, key in PRICES.items():
            sold = replace(row, purchase_model=model, price=entry.printed(key))
            yield from _in_stock(sold, places[model].get(row.sku, []))


def _places(pages: tuple[Page, ...]) -> dict[str, list[str]]:
    """Return the locations that list each type."""
    places: dict[str, list[str]] = {}
    for page in pages:
        for entry in page.json.each():
            for instance_type in entry["availabilities"].each():
                places.setdefault(instance_type.text, []).append(entry["location_code"].text)
    return places


def _instance(entry: Json) -> RawOffer | Reject | None:
    """Read a type without its prices; None for one without a GPU."""
    name, gpu = entry["instance_type"].text, entry["gpu"]
    count, said = gpu["number_of_gpus"].text, COUNTED.fullmatch(gpu["description"].text)
    if count == "0" and not said:
        return None
    if not said or said["count"] != count:
        text = f"{name}: {gpu['description'].text}, {count} GPUs"
        return Reject(reason="COUNT_CONFLICT", text=text)
    return RawOffer(
        sku=name,
        instance_type=name,
        gpu=_gpu(said["gpu"]),
        gpu_count=count,
        total_vram=f"{entry['gpu_memory']['size_in_gigabytes'].text} GB",
        price="",
        currency=entry["currency"].text,
        vcpus=entry["cpu"]["number_of_cores"].text,
        memory=f"{entry['memory']['size_in_gigabytes'].text} GB",
        delivery_model=DeliveryModel.VIRTUAL_MACHINE,
    )


def _gpu(name: str) -> str:
    """Return a name without "CC"; the API says of the V100 that they have NVLink: SXM2 modules."""
    return re.sub(r"V100(?= \d)", "V100 SXM2", re.sub(r"\s+CC\b", "", name))


def _in_stock(row: RawOffer, places: list[str]) -> Iterator[RawOffer]:
    """Give a row for each place that lists it, or one that says that none does."""
    row = replace(row, stock=NOT_LISTED, stock_evidence="instance-availability")
    for place in places:
        yield replace(row, region=place, stock="|".join(places), stock_word=LISTED)
    if not places:
        yield row
