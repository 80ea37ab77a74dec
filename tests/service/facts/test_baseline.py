"""The bundled baseline: what is written is read back, and what may not stand in it is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from service.domain.money import Money
from service.domain.offer import (
    Availability,
    AvailabilityState,
    ExchangeRate,
    Freshness,
    ListedPrice,
    Offer,
    PriceUnit,
    PurchaseModel,
    Standing,
    freshness_at,
)
from service.domain.provider import ProviderState
from service.facts.baseline import (
    BadBaseline,
    BaselineProvider,
    load_baseline,
    load_baseline_statuses,
    write_baseline,
)
from tests.builders import an_offer

RECORDED = datetime(2026, 8, 22, tzinfo=UTC)
NIMBUS = BaselineProvider(
    provider="nimbus",
    title="Nimbus",
    home="https://nimbus.example",
    interval=timedelta(minutes=60),
)
CORONA = replace(NIMBUS, provider="corona", title="Corona", interval=timedelta(minutes=10))
SHY = replace(NIMBUS, provider="shy", title="Shy", opt_in=True)


def a_baseline_offer(**overrides: Any) -> Offer:
    dated: dict[str, Any] = {
        "standing": Standing.BASELINE,
        "observe_time": RECORDED,
        "price_change_time": RECORDED,
        "first_seen_time": RECORDED,
    }
    return an_offer(**(dated | overrides))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    full = a_baseline_offer(
        offer_id="full",
        gpu_count="0.5",
        purchase_model=PurchaseModel.RESERVED_3Y,
        commitment_term=timedelta(days=1095),
        upfront=Money(amount=Decimal("1134310.0"), currency_code="EUR"),
        listed=ListedPrice(
            text="€2.10 / h",
            amount=Money(amount=Decimal("2.10"), currency_code="EUR"),
            unit=PriceUnit.INSTANCE_HOUR,
        ),
        exchange_rate=ExchangeRate(
            currency_code="EUR", rate=Decimal("1.16"), source="ECB", date="2026-08-21"
        ),
        memory_gib=Decimal("1800.5"),
        vcpu_count=208,
        availability=Availability(
            state=AvailabilityState.SOLD_OUT,
            evidence="stock",
            raw_value="shortage",
            observe_time=RECORDED,
        ),
    )
    plain = a_baseline_offer()
    path = tmp_path / "baseline.jsonl"
    write_baseline(path, [plain, full], providers=[NIMBUS])
    (snapshot,) = load_baseline(path)
    assert snapshot.offers == (full, plain)
    assert snapshot.interval == timedelta(minutes=60)
    assert snapshot.publish_time == RECORDED
    assert not snapshot.replayed


def test_providers_are_apart_and_ordered(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    offers = [a_baseline_offer(), a_baseline_offer(provider="corona", offer_id="corona-1")]
    write_baseline(path, offers, providers=[NIMBUS, SHY, CORONA])
    corona, nimbus = load_baseline(path)
    assert (corona.provider, nimbus.provider) == ("corona", "nimbus")
    assert corona.snapshot_id.startswith("baseline-")
    assert corona.snapshot_id != nimbus.snapshot_id


def test_equal_offers_give_equal_bytes_in_any_order(tmp_path: Path) -> None:
    offers = [a_baseline_offer(offer_id=f"n-{n}") for n in range(9)]
    one, other = tmp_path / "one", tmp_path / "other"
    write_baseline(one, offers, providers=[NIMBUS, CORONA])
    write_baseline(other, offers[::-1], providers=[CORONA, NIMBUS])
    assert one.read_bytes() == other.read_bytes()


def test_another_price_gives_another_snapshot_id(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    ids = set()
    for price in ("2.49", "2.50"):
        write_baseline(path, [a_baseline_offer(price=price)], providers=[NIMBUS])
        ids.add(load_baseline(path)[0].snapshot_id)
    assert len(ids) == 2


def test_every_provider_is_known_before_a_collector_ran(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    write_baseline(path, [a_baseline_offer()], providers=[NIMBUS, SHY])
    statuses = {status.provider: status for status in load_baseline_statuses(path)}
    assert statuses["nimbus"].state is ProviderState.PENDING
    assert statuses["shy"].state is ProviderState.DISABLED
    assert statuses["shy"].opt_in
    assert statuses["nimbus"].title == "Nimbus"
    assert statuses["nimbus"].last_success_time is None


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (a_baseline_offer(provider="shy"), "shy may not"),
        (a_baseline_offer(provider="stranger"), "stranger may not"),
        (a_baseline_offer(standing=Standing.ACCEPTED), "not a baseline offer"),
        (a_baseline_offer(replayed=True), "not a baseline offer"),
        (a_baseline_offer(delist_time=RECORDED), "not a baseline offer"),
    ],
    ids=["opt-in", "unknown", "accepted", "replayed", "delisted"],
)
def test_what_is_no_baseline_is_refused(offer: Offer, why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        write_baseline(tmp_path / "b", [offer], providers=[NIMBUS, SHY])
    assert not (tmp_path / "b").exists()


def test_an_empty_baseline_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without offers"):
        write_baseline(tmp_path / "b", [], providers=[NIMBUS])


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (lambda _: [], "empty"),
        (lambda lines: [b"{}", *lines[1:]], "line 1"),
        (lambda lines: [lines[0], lines[1][:-9]], "line 2"),
        (lambda lines: [lines[0].replace(b'"format":1', b'"format":9'), lines[1]], "format 9"),
        (lambda lines: [lines[0], lines[1].replace(b'"2.49"', b'"-2.49"')], "line 2"),
    ],
    ids=["empty", "header", "cut", "newer", "negative"],
)
def test_a_damaged_file_names_the_line(damage: object, where: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    write_baseline(path, [a_baseline_offer()], providers=[NIMBUS])
    lines = damage(path.read_bytes().splitlines())  # type: ignore[operator]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(BadBaseline, match=where):
        load_baseline(path)


def test_the_bundled_baseline_is_whole() -> None:
    snapshots = load_baseline()
    statuses = {status.provider: status for status in load_baseline_statuses()}
    now = datetime.now(UTC)
    assert sum(len(snapshot.offers) for snapshot in snapshots) > 50
    for snapshot in snapshots:
        assert not statuses[snapshot.provider].opt_in
        for offer in snapshot.offers:
            assert offer.observe_time <= now
            assert offer.source_uri.startswith("https://")
            freshness = freshness_at(offer, interval=snapshot.interval, now=now)
            assert freshness is Freshness.BASELINE
