"""The export of history: files that other programs read, whole at every moment."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis

from service.__main__ import main
from service.domain.offer import Availability, AvailabilityState
from service.export import MARKER, PART, CannotExport, Exported, export_history
from service.store.embedded import EmbeddedServer
from service.store.memory_store import MemoryStore
from service.store.redis_store import RedisStore
from tests.builders import NOW, an_offer
from tests.service.store.history_contract import Publisher

parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an optional package")

DAY = timedelta(days=1)
KEPT = timedelta(days=400)


@pytest.fixture
def store() -> MemoryStore:
    found = MemoryStore()
    publisher = Publisher(found)
    sold_out = Availability(state=AvailabilityState.SOLD_OUT, observe_time=NOW)
    eight = an_offer(offer_id="b", price="2.123456789", gpu_count="8", region_code="us-1")
    publisher.at(0, an_offer(offer_id="a", gpu_model="l4-24gb", price="0.80"), eight)
    publisher.at(24, an_offer(offer_id="a", gpu_model="l4-24gb", price="0.90"), eight)
    publisher.at(49, an_offer(offer_id="a", gpu_model="l4-24gb", availability=sold_out))
    return found


def export(
    store: MemoryStore, to: Path, *, since: date = date.min, now: datetime = NOW
) -> Exported:
    return export_history(store, to=to, since=since, kept_for=KEPT, now=now)


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.ParquetFile(path).read().to_pylist()
    return found


def files(to: Path) -> dict[str, bytes]:
    return {f"{path.relative_to(to)}": path.read_bytes() for path in to.rglob("*.*")}


def test_each_day_has_a_file_with_its_points(store: MemoryStore, tmp_path: Path) -> None:
    assert export(store, tmp_path) == Exported(row_count=5, day_count=3)
    assert sorted(files(tmp_path)) == [
        f"date=2026-10-{day}/part-0.parquet" for day in ("08", "09", "10")
    ]
    first, second = rows(tmp_path / "date=2026-10-08" / "part-0.parquet")
    assert (first["offer_id"], first["gpu_model"]) == ("a", "l4-24gb")
    assert second == {
        "change_time": NOW,
        "offer_id": "b",
        "provider": "nimbus",
        "gpu_model": "h100-sxm-80gb",
        "purchase_model": "ON_DEMAND",
        "region_code": "us-1",
        "country_code": "",
        "gpu_count": Decimal(8),
        "price_usd_per_hour": Decimal("16.987654312"),
        "price_usd_per_gpu_hour": Decimal("2.123457"),
        "availability": "NOT_STATED",
        "provisional": False,
    }
    last = rows(tmp_path / "date=2026-10-10" / "part-0.parquet")
    assert [row["availability"] for row in last] == ["SOLD_OUT", "NOT_OFFERED"]


def test_money_is_exact_and_times_are_utc(store: MemoryStore, tmp_path: Path) -> None:
    export(store, tmp_path)
    schema = parquet.read_schema(tmp_path / "date=2026-10-08" / "part-0.parquet")
    kinds = {name: f"{schema.field(name).type}" for name in schema.names}
    assert kinds["price_usd_per_hour"] == "decimal128(28, 9)"
    assert kinds["change_time"] == "timestamp[us, tz=UTC]"


def test_another_run_writes_the_same(store: MemoryStore, tmp_path: Path) -> None:
    export(store, tmp_path)
    before = files(tmp_path)
    assert export(store, tmp_path) == Exported(5, 3)
    assert files(tmp_path) == before


def test_only_days_from_a_date_on_are_written(store: MemoryStore, tmp_path: Path) -> None:
    assert export(store, tmp_path, since=date(2026, 10, 10)) == Exported(2, 1)
    assert len(files(tmp_path)) == 1


def test_days_that_the_store_no_longer_holds_whole_stay_as_they_are(
    store: MemoryStore, tmp_path: Path
) -> None:
    export(store, tmp_path)
    old = tmp_path / "date=2026-10-08" / "part-0.parquet"
    old.write_bytes(b"as an earlier run wrote it")
    # Noon of the ninth is the oldest that is kept: the tenth is the first whole day.
    late = datetime(2026, 10, 9, 12, tzinfo=UTC) + KEPT
    assert export(store, tmp_path, now=late) == Exported(2, 1)
    assert old.read_bytes() == b"as an earlier run wrote it"


def test_a_folder_with_something_else_in_it_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(CannotExport, match="not empty"):
        export(store, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_run_that_broke_off_leaves_no_half_file(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(store, tmp_path)
    before = files(tmp_path)

    def breaks(_: Any, file: Any, **__: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(parquet, "write_table", breaks)
        with pytest.raises(KeyboardInterrupt):
            export(store, tmp_path)
    seen = {
        f"{path.relative_to(tmp_path)}": path.read_bytes() for path in tmp_path.rglob("*.parquet")
    }
    assert seen == before
    export(store, tmp_path)
    assert files(tmp_path) == before


def test_without_pyarrow_it_says_what_is_missing(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CannotExport, match="needs pyarrow"):
        export(store, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.redis
def test_the_command_exports_the_store_that_the_settings_name(
    valkey: EmbeddedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis.Redis.from_url(valkey.url) as raw:
        for key in raw.scan_iter(count=1000):
            raw.delete(key)
    with RedisStore.connect(valkey.url, op_timeout_seconds=5) as store:
        Publisher(store).at(0, an_offer(offer_id="exported", gpu_model="a10-24gb"))
    environ = {"GPUQUOTE_REDIS_URL": valkey.url}
    assert main(["export", "--to", str(tmp_path / "out"), "--since", "2026-10-08"], environ) == 0
    assert " points of 1 days in " in capsys.readouterr().out
    (found,) = rows(tmp_path / "out" / "date=2026-10-08" / PART)
    assert found["offer_id"] == "exported"
    assert main(["export", "--to", str(tmp_path), "--since", "8.10."], environ) == 2
    assert "a date is written 2026-10-08" in capsys.readouterr().err


def test_a_history_without_points_writes_no_day(tmp_path: Path) -> None:
    assert export(MemoryStore(), tmp_path / "new") == Exported(0, 0)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [MARKER]
