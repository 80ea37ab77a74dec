"""`python -m service export --to DIR`: the history as Parquet, a folder for each UTC day.

    DIR/date=2026-10-08/part-0.parquet

One row for each point of history: what began to hold of an offer, and when. Files take their place
whole, so that whoever reads meanwhile sees the old or the new; the same history gives the same
files. Days that the store no longer holds whole are left as an earlier run wrote them.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from service.config import Settings
from service.domain.history import Series, price_per_gpu
from service.storage import open_store, utc_now
from service.store.embedded import ServerFailed
from service.store.ports import HistoryStore, StoreUnreachable
from service.store.redis_link import BadStoreUrl, UnsuitableStore

MARKER = "_gpuquote_export"
"""A file in every folder that an export wrote; readers of Parquet pass over such names."""
PART = "part-0.parquet"
_DAY = timedelta(days=1)
# Plain names and places only: what reads Parquet reads these.
_COLUMNS: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("change_time", "timestamp", ("us", "UTC")),
    ("offer_id", "string", ()),
    ("provider", "string", ()),
    ("gpu_model", "string", ()),
    ("purchase_model", "string", ()),
    ("region_code", "string", ()),
    ("country_code", "string", ()),
    ("gpu_count", "decimal128", (18, 6)),
    ("price_usd_per_hour", "decimal128", (28, 9)),
    ("price_usd_per_gpu_hour", "decimal128", (25, 6)),
    ("availability", "string", ()),
    ("provisional", "bool_", ()),
)


class CannotExport(Exception):
    """Nothing was written; the message says why."""


FAULTS = (BadStoreUrl, CannotExport, ServerFailed, StoreUnreachable, UnsuitableStore)


class Row(NamedTuple):
    """One row of a file, in the order of its columns."""

    change_time: datetime
    offer_id: str
    provider: str
    gpu_model: str
    purchase_model: str
    region_code: str
    country_code: str
    gpu_count: Decimal
    price_usd_per_hour: Decimal
    price_usd_per_gpu_hour: Decimal
    availability: str
    provisional: bool


class Exported(NamedTuple):
    """What an export wrote."""

    row_count: int
    day_count: int


def run(settings: Settings, *, store_dir: Path, to: Path, since: str) -> int:
    """Export the history of the store that the settings name. Raises FAULTS."""
    first = _date_from(since)
    with open_store(settings, store_dir) as store:
        found = export_history(
            store,
            to=to,
            since=first,
            kept_for=timedelta(days=settings.history_days),
            now=utc_now(),
        )
    print(f"{found.row_count:,} points of {found.day_count:,} days in {to}")  # noqa: T201 - a command
    return 0


def export_history(
    store: HistoryStore, *, to: Path, since: date, kept_for: timedelta, now: datetime
) -> Exported:
    """Write the days from `since` on; `kept_for` is how long the store keeps points.

    Every point is in memory meanwhile, some 0.3 kB each. Raises CannotExport when `to` holds
    something else or pyarrow is missing, and StoreUnreachable.
    """
    arrow, parquet = _arrow("pyarrow"), _arrow("pyarrow.parquet")
    days: defaultdict[date, list[Row]] = defaultdict(list)
    for gpu_model in store.models_with_history():
        for series in store.model_history(gpu_model).series:
            for row in _rows_of(series, gpu_model):
                if row.change_time.date() >= since:
                    days[row.change_time.date()].append(row)
    _claim(to)
    first_whole = (now - kept_for).date() + _DAY
    written = {
        day: rows
        for day, rows in days.items()
        if day >= first_whole or not (_folder(to, day) / PART).exists()
    }
    schema = arrow.schema([(name, getattr(arrow, kind)(*size)) for name, kind, size in _COLUMNS])
    for day, rows in sorted(written.items()):
        rows.sort(key=lambda row: (row.change_time, row.offer_id))
        table = arrow.table(
            dict(zip(Row._fields, map(list, zip(*rows, strict=True)), strict=True)), schema=schema
        )
        _put_in_place(table, _folder(to, day), parquet)
    return Exported(sum(map(len, written.values())), len(written))


def _rows_of(series: Series, gpu_model: str) -> Iterator[Row]:
    for point in series.points:
        yield Row(
            change_time=point.change_time,
            offer_id=series.offer_id,
            provider=series.provider,
            gpu_model=gpu_model,
            purchase_model=series.purchase_model.value,
            region_code=series.region_code,
            country_code=series.country_code,
            gpu_count=series.gpu_count,
            price_usd_per_hour=Decimal(point.price_nanos).scaleb(-9),
            price_usd_per_gpu_hour=price_per_gpu(point.price_nanos, series.gpu_count),
            availability=point.state.value,
            provisional=point.is_provisional,
        )


def _put_in_place(table: Any, folder: Path, parquet: Any) -> None:
    folder.mkdir(exist_ok=True)
    for left_over in folder.glob(f".{PART}.*"):
        left_over.unlink(missing_ok=True)
    path = folder / f".{PART}.{os.getpid()}"
    with path.open("wb") as file:
        parquet.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    path.replace(folder / PART)


def _claim(to: Path) -> None:
    """Make the folder ours. Raises CannotExport where something else is in it."""
    to.mkdir(parents=True, exist_ok=True)
    if (to / MARKER).exists():
        return
    if any(to.iterdir()):
        raise CannotExport(f"{to} is not empty and was not written by an export; name another")
    (to / MARKER).touch()


def _folder(to: Path, day: date) -> Path:
    return to / f"date={day.isoformat()}"


def _date_from(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.min
    except ValueError:
        raise CannotExport(f"--since {text}: a date is written 2026-10-08") from None


def _arrow(name: str) -> Any:
    # Forty megabytes that no other command needs.
    try:
        return import_module(name)
    except ImportError:
        raise CannotExport("an export needs pyarrow: pip install pyarrow") from None
