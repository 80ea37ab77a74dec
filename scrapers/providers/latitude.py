"""Latitude.sh: bare-metal GPU servers by site, from its price page; with a key also from its API.

Never run over a recording: compared with what the page pushed on 2026-08-22, which the tests of
github.com/getcomputable/gpu-index keep (17 plans, 3 with GPUs).

Both hold the same objects, the page in what it pushes to its scripts. A price is for an hour of the
whole server and stands under its currency, as "USD" and "hour". Quirks: the price in reais is a
list price of its own and is not read; prices of a month and a year are for commitments whose terms
are not stated, so they are not read either; a site that is `available` sells the server, one
`in_stock` has it now, at the stock level of its region; a plan without GPUs has an empty `gpu`.
A key gives fresher stock; prices that it sees may be an account's own, so they must agree.
"""

from collections.abc import Iterator
from dataclasses import replace

from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Provider, RawOffer, Reject, Request
from service.domain.offer import AvailabilityState, DeliveryModel

IN_STOCK, NOT_IN_STOCK = "in_stock", "not in_stock"
# Its regions are countries.
COUNTRIES = {
    "Argentina": "AR",
    "Australia": "AU",
    "Brazil": "BR",
    "Canada": "CA",
    "Chile": "CL",
    "Colombia": "CO",
    "Germany": "DE",
    "Japan": "JP",
    "Mexico": "MX",
    "Netherlands": "NL",
    "Singapore": "SG",
    "United Kingdom": "GB",
    "United States": "US",
}

provider = Provider(
    id="latitude",
    title="Latitude.sh",
    home="https://www.latitude.sh/pricing",
    pages={
        "prices": "https://www.latitude.sh/pricing",
        "plans": Request(
            url="https://api.latitude.sh/plans?filter%5Bgpu%5D=true",
            headers={"Authorization": "Bearer {LATITUDESH_API_KEY}"},
        ),
    },
    every_with_keys=AVAILABILITY_EVERY,
    unverified=True,
    stock_states={
        "high": AvailabilityState.AVAILABLE,
        "medium": AvailabilityState.AVAILABLE,
        "low": AvailabilityState.LIMITED,
        "unavailable": AvailabilityState.SOLD_OUT,
        IN_STOCK: AvailabilityState.AVAILABLE,
        NOT_IN_STOCK: AvailabilityState.SOLD_OUT,
    },
    delivery_model=DeliveryModel.BARE_METAL,
)


@provider.parses("prices")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the servers of the page."""
    yield from _plans(page.pushed("plansData")["servers"])


@provider.joins("prices", "plans")
def parse_with_stock(
    prices: tuple[Page, ...], plans: tuple[Page, ...]
) -> Iterator[RawOffer | Reject]:
    """Read the servers of the page with the stock of the API, and those that only this lists."""
    known = {
        (row.sku, row.region): replace(row, printed_on="plans")
        for page in plans
        for row in _plans(page.json["data"])
        if isinstance(row, RawOffer)
    }
    for row in (row for page in prices for row in parse(page)):
        again = None if isinstance(row, Reject) else known.pop((row.sku, row.region), None)
        if isinstance(row, Reject) or again is None:
            yield row
        elif again.price != row.price:
            text = f"{row.sku} in {row.region}: {row.price} or {again.price}"
            yield Reject(reason="PRICE_CONFLICT", text=text)
        else:
            yield replace(row, stock=again.stock)
    yield from known.values()


def _plans(rows: Json) -> Iterator[RawOffer | Reject]:
    """Read every plan with GPUs, once for each site that sells it."""
    for row in rows.each():
        plan = row["attributes"]
        if not plan["specs"]["gpu"].value:
            continue
        found = [offer for region in plan["regions"].each() for offer in _servers(plan, region)]
        yield from found
        if not found:
            yield Reject(reason="NOT_OFFERED", text=f"{plan['slug'].text} is sold at no site")


def _servers(plan: Json, region: Json) -> Iterator[RawOffer | Reject]:
    slug, prices = plan["slug"].text, region["pricing"]
    sites = {site.text: NOT_IN_STOCK for site in region["locations"]["available"].each()}
    level = region.printed("stock_level") or IN_STOCK
    sites |= {site.text: level for site in region["locations"]["in_stock"].each()}
    dollars = prices.find("USD")
    if not dollars or not dollars.printed("hour"):
        yield Reject(reason="NO_PRICE", text=f"{slug} in {region['name'].text}")
        return
    specs = plan["specs"]
    for site, stock in sites.items():
        yield RawOffer(
            sku=slug,
            instance_type=slug,
            gpu=specs["gpu"]["type"].text,
            gpu_count=specs["gpu"]["count"].text,
            vram=f"{specs['gpu']['vram_per_gpu'].text} GB",
            price=dollars["hour"].text,
            currency="USD",
            unit="hour",
            per="instance",
            region=site,
            country=COUNTRIES.get(region["name"].text, ""),
            memory=f"{specs['memory']['total'].text} GB",
            stock=stock,
            stock_evidence="locations.in_stock, stock_level",
        )
