"""Figures of the history: bytes a point, and the time that writing and summarising take.

    python -m benchmarks.history [--months FILE.csv.gz]

Synthetic series, an embedded Valkey in a temporary folder, and, where a file of observations is
named, what benchmarks.history_import makes of it. The mark for packed points is 2.9 bytes.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import redis

from benchmarks.catalog import synthetic_snapshots
from benchmarks.history_import import GPU_MODELS, ImportClock, Importer, looks_of
from service.domain.change import Change, changes_between
from service.domain.history import (
    ModelHistory,
    Point,
    Series,
    Span,
    index_of_days,
    summarize_prices,
)
from service.domain.offer import AvailabilityState, Offer, PurchaseModel
from service.domain.provider import ProviderSnapshot
from service.domain.stock import summarize_stock
from service.store import keys
from service.store.embedded import open_embedded
from service.store.history_writes import HISTORY_KEPT_FOR, Stored, candidates_of, plan_of
from service.store.points import HEAD_SIZE, pack, unpack
from service.store.redis_store import RedisStore

NOW = datetime(2026, 10, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CENT = 10_000_000
ONE = Decimal(1)
MARK = 2.9
_STOCK = (AvailabilityState.AVAILABLE, AvailabilityState.SOLD_OUT)


def series_of(
    chance: random.Random,
    *,
    days: int,
    look: timedelta,
    price_moves: float,
    stock_moves: float,
    step: int = CENT,
) -> tuple[Point, ...]:
    """Make the changes of one offer that is looked at again and again, with some jitter."""
    price, stock = 249 * CENT, 0
    moment = NOW - days * DAY
    points = [Point(moment, price, _STOCK[stock])]
    while moment < NOW:
        moment += look + timedelta(seconds=chance.randint(-60, 60))
        moves = chance.random() < price_moves
        if moves:
            price = max(price + chance.choice((-1, 1)) * step * chance.randint(1, 40), CENT)
        if chance.random() < stock_moves:
            stock = 1 - stock
        if moves or points[-1].state is not _STOCK[stock]:
            points.append(Point(moment, price, _STOCK[stock]))
    return tuple(points)


def print_packed(label: str, histories: Sequence[Sequence[Point]]) -> None:
    """Print what points take: their records alone, and with the heads of their histories."""
    count = sum(map(len, histories))
    sizes = [len(pack(points, gpu_count=ONE)) for points in histories]
    body = sum(sizes) - HEAD_SIZE * len(sizes)
    verdict = "met" if body / count <= MARK else "MISSED"
    print(
        f"{label:44} {count:>9,} points {body / count:6.2f} B each <= {MARK} {verdict}; "
        f"{sum(sizes) / count:.2f} B with heads"
    )


def synthetic() -> Iterator[tuple[str, list[tuple[Point, ...]]]]:
    """Make series of some kinds of providers."""
    chance = random.Random(7)
    hour = timedelta(hours=1)
    kinds: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("stock looked at every 10 minutes", 20, {"look": hour / 6, "stock_moves": 0.1}),
        ("stock looked at every hour", 50, {"look": hour, "stock_moves": 0.2}),
        ("marketplace: a cent-wise price each hour", 50, {"look": hour, "price_moves": 0.6}),
        (
            "marketplace: prices of 4 digits, and stock",
            50,
            {"look": hour, "price_moves": 0.3, "stock_moves": 0.2, "step": CENT // 100},
        ),
        ("a price list that moves twice a month", 400, {"look": DAY, "price_moves": 0.07}),
    )
    for label, count, given in kinds:
        arguments = {"price_moves": 0.0, "stock_moves": 0.0} | given
        yield label, [series_of(chance, days=400, **arguments) for _ in range(count)]


def timed(call: Callable[[], object], *, rounds: int = 5) -> float:
    """Return the median of some rounds in milliseconds."""
    taken: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def print_summaries(label: str, history: ModelHistory) -> None:
    """Print how long summaries take once a history is read."""
    count = sum(len(series.points) for series in history.series)
    print(f"{label}: {len(history.series)} series, {count:,} points")
    for days in (30, 400):
        window = Span(NOW - days * DAY, NOW)

        def ask_prices(window: Span = window) -> object:
            return summarize_prices(history, window, percents=(0, 10, 25, 50, 75, 90, 100))

        def ask_index(window: Span = window) -> object:
            return index_of_days(history, window, percents=(25, 50, 75))

        def ask_stock(window: Span = window) -> object:
            return summarize_stock(history, window)

        figures = [timed(ask) for ask in (ask_prices, ask_index, ask_stock)]
        print(
            f"  {days:>3} days: prices {figures[0]:.0f} ms, index {figures[1]:.0f} ms, "
            f"availability {figures[2]:.0f} ms"
        )


def print_months(file: Path, folder: Path) -> None:
    """Import a file into a server of its own, and print what it takes there."""
    clock = ImportClock()
    with (
        open_embedded(folder) as server,
        RedisStore.connect(server.url, op_timeout_seconds=10, clock=clock) as store,
        redis.Redis.from_url(server.url) as raw,
    ):
        importer = Importer(store=store, clock=clock)
        start = time.perf_counter()
        for look in looks_of(file):
            importer.publish(look)
        seconds = time.perf_counter() - start
        histories = [
            series.points
            for gpu_model, _, _ in GPU_MODELS.values()
            for series in store.model_history(gpu_model).series
        ]
        print_packed("imported months", histories)
        names = list(raw.scan_iter(match=keys.points("*"), count=1000))
        held = sum(int(raw.memory_usage(name, samples=0) or 0) for name in names)
        count = sum(map(len, histories))
        print(
            f"  in the server {held / count:.2f} B each with keys, heads and spare room; "
            f"{importer.count:,} looks in {seconds:.1f} s"
        )


def print_publishing(folder: Path) -> None:
    """Print how long a provider of 5,000 offers takes to publish, by how many changed."""
    first = next(synthetic_snapshots(150_000))
    before: tuple[Offer, ...] = ()
    previous_id = ""
    with (
        open_embedded(folder) as server,
        RedisStore.connect(server.url, op_timeout_seconds=10) as store,
    ):
        for number, changed in enumerate((len(first.offers), 0, 50, len(first.offers))):
            at = NOW + number * timedelta(hours=1)
            dearer = [_dearer(offer) for offer in (before or first.offers)[:changed]]
            offers = (*dearer, *before[changed:])
            snapshot = replace(first, snapshot_id=f"s{number}", offers=offers, publish_time=at)
            changes = changes_between(before, offers, now=at)
            start = time.perf_counter()
            store.publish(snapshot, previous_id=previous_id, changes=changes, fence=1)
            taken = (time.perf_counter() - start) * 1000
            plan = _planning(snapshot, changes)
            print(
                f"publish {len(offers):,} offers, {len(changes):,} changes: {taken:.0f} ms, "
                f"of which working out the history {plan:.0f} ms"
            )
            before, previous_id = offers, snapshot.snapshot_id


def _dearer(offer: Offer) -> Offer:
    return replace(offer, price_per_hour=offer.price_per_hour + Decimal("0.01"))


def _planning(snapshot: ProviderSnapshot, changes: tuple[Change, ...]) -> float:
    stored = Stored(watched=b"", provisional=(), heads={}, histories={})

    def plan() -> object:
        candidates = candidates_of(snapshot, changes, provisional=())
        return plan_of(snapshot, candidates, stored, previous_id="", kept_for=HISTORY_KEPT_FOR)

    return timed(plan, rounds=3)


def main(arguments: list[str]) -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=Path, help="a file that history_import reads")
    asked = parser.parse_args(arguments)
    every: list[tuple[Point, ...]] = []
    for label, histories in synthetic():
        print_packed(label, histories)
        every.extend(histories)
    print_packed("all of these", every)
    longest = pack(max(every, key=len), gpu_count=ONE)
    print(f"read {len(unpack(longest)):,} points: {timed(lambda: unpack(longest)):.1f} ms")
    series = tuple(
        Series(
            offer_id=f"o{at}",
            provider=f"provider{at % 20}",
            purchase_model=PurchaseModel.ON_DEMAND,
            gpu_count=ONE,
            region_code=f"region{at % 7}",
            points=points,
        )
        for at, points in enumerate(every[20:70])
    )
    print_summaries("stock looked at every hour", ModelHistory(series=series, watched={}))
    with tempfile.TemporaryDirectory() as folder:
        print_publishing(Path(folder))
    if asked.months:
        with tempfile.TemporaryDirectory() as folder:
            print_months(asked.months, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
