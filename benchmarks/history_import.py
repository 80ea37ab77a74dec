"""Publishes the Lambda rows of a file of hourly observations, look by look, into a store.

    python -m benchmarks.history_import FILE.csv.gz --store redis://127.0.0.1:6379/0

Columns used: timestamp (UTC), provider, gpu, median_price_hr (per GPU), availability, top_regions.
A row has no id of its own: rows of one GPU keep their order from look to look, and where one is
missing the others are told by their prices. The file states neither GPU counts nor a region for
each row, so every offer is one GPU without a region.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations, groupby
from pathlib import Path

from service.domain.change import changes_between
from service.domain.money import Money, decimal_from_text
from service.domain.offer import (
    Availability,
    AvailabilityState,
    ListedPrice,
    Offer,
    PriceUnit,
    PurchaseModel,
)
from service.domain.provider import ProviderSnapshot
from service.store.ports import CatalogStore, PublishOutcome
from service.store.redis_store import RedisStore

PROVIDER = "lambda"
LOOKS_EVERY = timedelta(hours=2)
"""The looks of the file are 5 minutes to 9 hours apart, half of them within 100 minutes."""
GPU_MODELS = {
    "A10": ("a10-24gb", "A10", 24),
    "B200": ("b200-sxm-180gb", "B200", 180),
    "H100": ("h100-sxm-80gb", "H100", 80),
    "H200": ("h200-sxm-141gb", "H200", 141),
    "RTX A6000": ("rtx-a6000-48gb", "RTX A6000", 48),
}
STATES = {"Available": AvailabilityState.AVAILABLE, "Unavailable": AvailabilityState.SOLD_OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One row of a look."""

    gpu: str
    price: Decimal
    availability: str
    regions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All rows of one moment."""

    time: datetime
    rows: tuple[Seen, ...]


@dataclass
class ImportClock:
    """The clock of the store that is imported into: it is always at the last look."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@dataclass
class Importer:
    """Publishes looks in their order; `count` is how many were published."""

    store: CatalogStore
    clock: ImportClock
    fence: int = 1
    count: int = 0
    _before: ProviderSnapshot | None = None
    _slots: dict[str, list[Decimal]] = field(default_factory=dict[str, list[Decimal]])

    def publish(self, look: Look) -> None:
        """Publish one look. Raises RuntimeError when somebody else publishes, too."""
        self.clock.now = look.time
        known = {o.offer_id: o for o in self._before.offers} if self._before else {}
        offers = tuple(_continued(o, known.get(o.offer_id)) for o in self._offers(look))
        snapshot = ProviderSnapshot(
            provider=PROVIDER,
            snapshot_id=f"{look.time:%Y%m%d%H%M%S}",
            content_revision=f"{look.time:%Y%m%d%H%M%S}",
            publish_time=look.time,
            interval=LOOKS_EVERY,
            offers=offers,
        )
        outcome = self.store.publish(
            snapshot,
            previous_id=self._before.snapshot_id if self._before else "",
            changes=changes_between(known.values(), offers, now=look.time),
            fence=self.fence,
        )
        if outcome is not PublishOutcome.PUBLISHED:
            raise RuntimeError(f"the look of {look.time} is {outcome}")
        self._before = snapshot
        self.count += 1

    def _offers(self, look: Look) -> Iterator[Offer]:
        for gpu, rows in groupby(
            sorted(look.rows, key=lambda row: row.gpu), key=lambda row: row.gpu
        ):
            seen = list(rows)
            slots = self._slots.setdefault(gpu, [])
            for slot, row in zip(_places(seen, slots), seen, strict=True):
                slots[slot:] = [row.price, *slots[slot + 1 :]]
                yield _offer(row, slot, at=look.time)


def looks_of(file: Path) -> Iterator[Look]:
    """Read the looks of a gzipped file."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from looks_from(lines)


def looks_from(lines: Iterable[str]) -> Iterator[Look]:
    """Read the looks of CSV lines, which are ordered by time; other providers are passed over."""
    rows = (row for row in csv.DictReader(lines) if row["provider"] == "Lambda")
    for stamp, of_moment in groupby(rows, key=lambda row: row["timestamp"]):
        yield Look(
            time=datetime.fromisoformat(stamp).replace(tzinfo=UTC),
            rows=tuple(
                Seen(
                    gpu=row["gpu"],
                    price=decimal_from_text(row["median_price_hr"]),
                    availability=row["availability"],
                    regions=row["top_regions"],
                )
                for row in of_moment
            ),
        )


def _places(rows: Sequence[Seen], slots: Sequence[Decimal]) -> Sequence[int]:
    """Say which slot each row is: in order, the nearest prices where some are missing."""
    if len(rows) >= len(slots):
        return range(len(rows))
    return min(
        combinations(range(len(slots)), len(rows)),
        key=lambda places: sum(
            abs(slots[at] - row.price) for at, row in zip(places, rows, strict=True)
        ),
    )


def _offer(row: Seen, slot: int, *, at: datetime) -> Offer:
    gpu_model, family, vram_gb = GPU_MODELS[row.gpu]
    price = ListedPrice(
        text=f"{row.price}", amount=Money(amount=row.price), unit=PriceUnit.GPU_HOUR
    )
    return Offer(
        offer_id=f"{PROVIDER}-{gpu_model}-{slot}",
        provider=PROVIDER,
        sku=f"{row.gpu} {slot}",
        part="history",
        gpu_model=gpu_model,
        gpu_family=family,
        gpu_count=Decimal(1),
        vram_gb=vram_gb,
        purchase_model=PurchaseModel.ON_DEMAND,
        price_per_hour=row.price,
        price_per_gpu_hour=row.price,
        listed=price,
        observe_time=at,
        price_change_time=at,
        first_seen_time=at,
        source_uri="https://lambda.ai/pricing",
        availability=Availability(
            state=STATES[row.availability],
            evidence=row.regions or "no region",
            raw_value=row.availability,
            observe_time=at,
        ),
        replayed=True,
    )


def _continued(offer: Offer, before: Offer | None) -> Offer:
    if before is None:
        return offer
    is_same = before.price_per_hour == offer.price_per_hour
    return replace(
        offer,
        first_seen_time=before.first_seen_time,
        price_change_time=before.price_change_time if is_same else offer.price_change_time,
    )


def main(arguments: list[str]) -> None:
    """Import a file into the named store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--store", required=True, help="redis://, rediss:// or unix:// address")
    asked = parser.parse_args(arguments)
    clock = ImportClock()
    with RedisStore.connect(asked.store, clock=clock) as store:
        lease = store.acquire(holder="history import", length=timedelta(hours=1))
        if lease is None:
            sys.exit("a collector leads this store; stop it first")
        importer = Importer(store=store, clock=clock, fence=lease.fence)
        for look in looks_of(asked.file):
            importer.publish(look)
        store.release(lease)
    print(f"{importer.count:,} looks up to {clock.now:%Y-%m-%d %H:%M} UTC")


if __name__ == "__main__":
    main(sys.argv[1:])
