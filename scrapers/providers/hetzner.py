"""Hetzner: dedicated servers with a GPU from the server auction, by the month.

Opt-in: the file is what the auction's own page reads, and documented nowhere. Never held against
a recording: written from public readers of it. The price is euros a month without VAT and without
a public IPv4 address; it only falls until somebody takes the server, and listed means free.

Quirks: most servers have no GPU; the others say "GPU" among their `specials` and name it in the
free text of their description ("GPU - GeForce GTX 1080"). `hourly_price` is the same price by the
hour, and must be about a month's share.
"""

import re
from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import AVAILABILITY_EVERY, Declared, Provider, RawOffer, Reject
from service.domain.offer import AvailabilityState, DeliveryModel, PriceUnit, TaxTreatment

GPU = re.compile(r"(?:(?P<before>\d+) ?x )?GPU - (?:(?P<count>\d+) ?x )?(?P<gpu>.+)")
# Hetzner's hourly prices are the monthly ones over 624 hours or more.
HOURS = range(600, 745)
LISTED = "listed"
COUNTRIES = {"FSN1": "DE", "NBG1": "DE", "HEL1": "FI"}

provider = Provider(
    id="hetzner",
    title="Hetzner (server auction)",
    home="https://www.hetzner.com/sb/",
    pages={"auction": "https://www.hetzner.com/_resources/app/data/app/live_data_sb_EUR.json"},
    every=AVAILABILITY_EVERY,
    opt_in=True,
    unverified=True,
    declared={"auction": Declared(currency="EUR", unit=PriceUnit.INSTANCE_MONTH)},
    stock_states={LISTED: AvailabilityState.AVAILABLE},
    delivery_model=DeliveryModel.BARE_METAL,
    tax=TaxTreatment.EXCLUDED,
)


@provider.parses("auction")
def parse(page: Page) -> Iterator[RawOffer | Reject]:
    """Read the servers that say that they have a GPU."""
    servers = tuple(page.json["server"].each())
    if not servers:
        raise PageChanged(f"{page.kind}: no server is listed")
    for server in servers:
        specials = [special.text for special in server["specials"].each()]
        lines = [line.text for line in server["description"].each()]
        named = [found for line in lines if (found := GPU.fullmatch(line))]
        if "GPU" not in specials and not named:
            continue
        yield _read(server, named)


def _read(server: Json, named: list[re.Match[str]]) -> RawOffer | Reject:
    number, price, hourly = (
        server["id"].text,
        server.printed("price"),
        server.printed("hourly_price"),
    )
    gpus = ", ".join(found[0] for found in named)
    shown = f"server {number} ({gpus}): {price} a month, {hourly} an hour"
    if not server["id"].number:
        return Reject(reason="NO_NUMBER", text=shown)
    if len(named) != 1:
        return Reject(reason="MIXED_GPUS" if named else "NO_GPU_NAMED", text=shown)
    if server["setup_price"].number:
        return Reject(reason="SETUP_FEE", text=f"{shown}, {server['setup_price'].text} at first")
    if not server["price"].number or (
        hourly and server["price"].number // (server["hourly_price"].number or 1) not in HOURS
    ):
        return Reject(reason="PRICE_CONFLICT", text=shown)
    place = server["datacenter"].text
    return RawOffer(
        sku=number,
        gpu=named[0]["gpu"],
        gpu_count=named[0]["count"] or named[0]["before"] or "1",
        price=price,
        region=place,
        country=COUNTRIES.get(place.partition("-")[0], ""),
        memory=f"{server['ram_size'].text} GB",
        stock=LISTED,
        stock_evidence="server",
    )
