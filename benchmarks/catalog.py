"""Engine figures of the catalogue: query times, rebuild times, resident memory.

    python -m benchmarks.catalog [--sizes 10000,100000,1000000] [--seconds 0.5]
    python -m benchmarks.catalog --memory 100000 [--json]

Synthetic offers, one thread, no gRPC or REST; the filters are parsed beforehand, since the
targets speak of the engine alone.
"""

import argparse
import gc
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from service.catalog.paging import PageTokenSigner
from service.catalog.query import OfferQuery, list_offers
from service.catalog.snapshot import Encode, Encoded, Segment, Snapshot, segment_of
from service.domain.filter import parse_filter
from service.domain.money import Money, rounded
from service.domain.offer import (
    Availability,
    AvailabilityState,
    DeliveryModel,
    ListedPrice,
    Offer,
    PriceUnit,
    PurchaseModel,
)
from service.domain.order import parse_order
from service.domain.provider import ProviderSnapshot
from service.encoding import OfferEncoder

NOW = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)
PROVIDER_COUNT = 30
MODELS = tuple((f"model-{at:02}-80gb", f"F{at % 20:02}") for at in range(60))
COUNTRIES = ("US", "DE", "FR", "NL", "GB", "CA", "JP", "SG", "IN", "")
PAGE = 25
RATES = {"EUR": Decimal("1.1614")}

_CHEAP = Encoded(proto=b"x")


def synthetic_offers(provider: str, count: int, chance: random.Random) -> Iterator[Offer]:
    """Make offers as a decoded snapshot has them: equal values are shared, ids are not."""
    prices = [rounded(Decimal(chance.uniform(0.2, 12)), digits=4) for _ in range(2000)]
    listed = [
        ListedPrice(
            text=f"${price} / GPU / hr", amount=Money(amount=price), unit=PriceUnit.GPU_HOUR
        )
        for price in prices
    ]
    counts = [Decimal(count) for count in (1, 2, 4, 8)]
    hourly = [[price * count for count in counts] for price in prices]
    stock = [Availability(state=state, observe_time=NOW) for state in AvailabilityState]
    regions = [f"{provider}-region-{at}" for at in range(20)]
    for number in range(count):
        model, family = chance.choice(MODELS)
        at, size = chance.randrange(len(prices)), chance.randrange(len(counts))
        yield Offer(
            offer_id=f"{provider}-{model}-{number:07}-on-demand-1a2b3c4d",
            provider=provider,
            sku=f"sku-{number}",
            part="prices",
            gpu_model=model,
            gpu_family=family,
            gpu_count=counts[size],
            vram_gb=80,
            purchase_model=chance.choice((PurchaseModel.ON_DEMAND, PurchaseModel.SPOT)),
            price_per_hour=hourly[at][size],
            price_per_gpu_hour=prices[at],
            listed=listed[at],
            observe_time=NOW,
            price_change_time=NOW - timedelta(hours=number % 400),
            first_seen_time=NOW - timedelta(days=90),
            source_uri=f"https://{provider}.example/prices",
            vcpu_count=16,
            memory_gib=counts[size],
            region_code=chance.choice(regions),
            country_code=chance.choice(COUNTRIES),
            delivery_model=DeliveryModel.VIRTUAL_MACHINE,
            availability=chance.choice(stock),
        )


class Cheap:
    """Encodes nothing, for sizes where only the columns matter."""

    def lasting(self, _: Offer) -> Encoded:
        """Encode nothing."""
        return _CHEAP

    def passing(self, *_: object) -> Encoded:
        """Encode nothing."""
        return _CHEAP


def synthetic_snapshots(count: int) -> Iterator[ProviderSnapshot]:
    """Make what the providers of a catalogue of `count` offers published."""
    chance = random.Random(7)
    for at in range(PROVIDER_COUNT):
        provider = f"provider{at:02}"
        size = count // PROVIDER_COUNT + (at < count % PROVIDER_COUNT)
        yield ProviderSnapshot(
            provider=provider,
            snapshot_id="s1",
            content_revision="c1",
            publish_time=NOW,
            interval=timedelta(hours=1),
            offers=tuple(synthetic_offers(provider, size, chance)),
        )


def synthetic_segments(count: int, encode: Encode) -> list[Segment]:
    """Make the segments of a catalogue of `count` offers."""
    return [segment_of(one, encode=encode, now=NOW) for one in synthetic_snapshots(count)]


SHAPES: tuple[tuple[str, str, str], ...] = (
    ("gpu, by price", "gpu_model = model-07-80gb", ""),
    ("family, by price", "gpu_family = F07", ""),
    (
        "gpu + 3 conditions, by price",
        "gpu_model = model-07-80gb AND purchase_model = SPOT AND geo = EU AND gpu_count <= 4",
        "",
    ),
    ("everything, by price", "", ""),
    ("loose filter, by price", "country_code = US AND gpu_count >= 8", ""),
    (
        "rare filter, by price",
        "price_per_gpu_hour > 11.9 AND country_code = US AND gpu_count = 8 AND trust != HOST",
        "",
    ),
    ("no match, 1 term", "vcpu_count > 64", ""),
    (
        "no match, either of 8",
        " OR ".join(f"instance_type = nothing{at}" for at in range(8)),
        "",
    ),
    (
        "no match, 64 terms",
        " AND ".join(f"vram_gb != {at}" for at in range(63)) + " AND vcpu_count > 64",
        "",
    ),
    ("gpu, newest change first", "gpu_model = model-07-80gb", "price_change_time desc"),
    ("filter, newest change first", "country_code = US", "price_change_time desc"),
)


def timed(call: Callable[[], object], *, seconds: float) -> tuple[float, float]:
    """Return p50 and p99 of a call in microseconds; the clock's own cost is in it."""
    for _ in range(5):
        call()
    taken: list[int] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter_ns()
        call()
        taken.append(time.perf_counter_ns() - start)
    taken.sort()
    return statistics.median(taken) / 1e3, taken[int(len(taken) * 0.99)] / 1e3


def resident_megabytes() -> float:
    """Return what the process holds now, or its peak where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_row(label: str, size: int, call: Callable[[], object], *, seconds: float) -> None:
    """Time a call and print its line."""
    p50, p99 = timed(call, seconds=seconds)
    print(f"{label:30} {size:>9,} {p50:>10.1f} {p99:>10.1f}")


def print_queries(size: int, seconds: float) -> None:
    """Print the time of each shape at one size, and of a rebuild."""
    signer = PageTokenSigner(b"k" * 32)
    segments = synthetic_segments(size, Cheap())
    gc.collect()
    gc.freeze()
    snapshot = Snapshot(segments, now=NOW)
    for label, text, order in SHAPES:
        query = OfferQuery(
            filter=parse_filter(text) if text else None,
            order=parse_order(order),
            page_size=PAGE,
            arguments_digest=b"12345678",
        )
        ask = partial(list_offers, snapshot, query, signer=signer, rates=RATES, now=NOW)
        print_row(label, size, ask, seconds=seconds)
    print_row("find one", size, partial(snapshot.find, snapshot.names[size // 3]), seconds=seconds)
    rebuild = partial(Snapshot, segments, now=NOW)
    print_row("rebuild of the whole", size, rebuild, seconds=seconds)
    biggest = next(synthetic_snapshots(size))
    encode = OfferEncoder(with_json=True)
    label, count = "  one provider into a segment", len(biggest.offers)
    first = partial(segment_of, biggest, encode=encode, now=NOW)
    print_row(label, count, first, seconds=seconds)
    again = partial(segment_of, biggest, encode=encode, now=NOW, previous=first())
    print_row("  the same, seen again", count, again, seconds=seconds)


def print_memory(size: int, *, with_json: bool) -> None:
    """Print what a catalogue takes in this process, which should be new."""
    before = resident_megabytes()
    snapshot = Snapshot(synthetic_segments(size, OfferEncoder(with_json=with_json)), now=NOW)
    gc.collect()
    held = resident_megabytes()
    what = "protobuf and JSON rows" if with_json else "protobuf rows"
    print(f"{size:,} offers, {what}: {held:.0f} MB resident, {before:.0f} MB of it before")
    print(f"offers in it: {snapshot.offer_count:,}")


def main(arguments: list[str]) -> None:
    """Print the table that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.memory:
        print_memory(asked.memory, with_json=asked.json)
        return
    print(f"{'top ' + str(PAGE):30} {'offers':>9} {'p50 us':>10} {'p99 us':>10}")
    for size in asked.sizes.split(","):
        print_queries(int(size), asked.seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
