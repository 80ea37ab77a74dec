"""A bot that follows changes over months of prices, across a restart of the service."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.history_import import ImportClock, Importer, looks_of
from service.domain.change import changes_between
from service.domain.offer import Availability, AvailabilityState, Offer
from service.store.embedded import open_embedded
from service.store.redis_store import RedisStore
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.test_up import Program, running, stop, wait_for

# What it follows runs in processes of its own.
pytestmark = [pytest.mark.e2e, pytest.mark.no_cover]

SECONDS = 20.0
HISTORY = Path(__file__).parents[3] / "shared" / "history"
# About two months; all of them go through the importer's own tests.
LOOKS = 700
Move = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One server-sent event: its id, its name, its data."""

    id: str
    name: str
    data: Any


def events_of(answer: Any) -> Iterator[Event]:
    """Read a stream as a browser does: events without data only move the last id."""
    fields: dict[str, str] = {}
    for raw in answer:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        data = json.loads(fields["data"]) if "data" in fields else None
        yield Event(id=fields.get("id", ""), name=fields.get("event", ""), data=data)
        fields = {}


class Bot:
    """Follows changes over a stream and writes down every price; knows only its last event id."""

    def __init__(self) -> None:
        self.last_id = ""
        self.moves: list[Move] = []

    def follow(self, program: Program, *, until: Callable[[], bool]) -> None:
        """Read until it has seen enough, coming back as often as the service ends the stream."""
        deadline = time.monotonic() + SECONDS
        while not until():
            assert time.monotonic() < deadline, self.moves[-3:]
            headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
            request = urllib.request.Request(f"{program.rest}/v1/changes:watch", headers=headers)
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                for event in events_of(answer):
                    self.last_id = event.id or self.last_id
                    if event.data is not None:
                        self.moves.append(move_of(event.data))
                    if until():
                        return


def move_of(change: Any) -> Move:
    """Say of a change which offer it is and what it costs, or that it went or sold out."""
    after = change.get("after")
    if after is None:
        return change["offer"], "gone"
    price = after["pricePerHour"]["amount"]
    return change["offer"], f"{price} {after['availability']['state']}"


def listed_moves(program: Program) -> list[Move]:
    """Read the whole log by its pages."""
    moves: list[Move] = []
    cursor = ""
    while True:
        page = program.get(f"/v1/changes?pageSize=7&cursor={cursor}")[2]
        moves += [move_of(change) for change in page["changes"]]
        cursor = page["nextCursor"]
        if not page["more"]:
            return moves


class Series:
    """Publishes what one provider offered from look to look, and knows what a bot must see."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._before = a_snapshot(snapshot_id="", provider="nimbus")
        self._number = 0
        self.moves: list[Move] = []

    def look(self, at: datetime, *offers: Offer) -> None:
        """Publish one look at the page."""
        self._number += 1
        after = a_snapshot(*offers, snapshot_id=f"look-{self._number}", publish_time=at)
        changes = changes_between(self._before.offers, offers, now=at)
        self._store.publish(after, previous_id=self._before.snapshot_id, changes=changes, fence=1)
        for change in changes:
            offer = change.after
            text = f"{offer.price_per_hour:.2f} {offer.availability.state}" if offer else "gone"
            self.moves.append((f"offers/{change.offer_id}", text))
        self._before = after


def months(days: range) -> Iterator[tuple[datetime, tuple[Offer, ...]]]:
    """Make up three offers on these days: one creeps, one jumps, both sell out, one goes."""
    for day in days:
        at = NOW + timedelta(days=day)
        sold_out = day % 9 in {4, 5}
        state = AvailabilityState.SOLD_OUT if sold_out else AvailabilityState.AVAILABLE
        stock = Availability(state=state, evidence="a badge", raw_value="x", observe_time=at)
        creeping = an_offer(offer_id="creeping", price=str(Decimal("1.99") + day // 5 * 2))
        jumping = an_offer(offer_id="jumping", price="2.49" if day % 14 < 7 else "3.29")
        offers = [replace(offer, availability=stock) for offer in (creeping, jumping)]
        if day % 30 < 20:
            offers.append(an_offer(offer_id="leaving", price="0.75"))
        yield at, tuple(offers)


@contextmanager
def a_gateway(data_dir: Path, url: str) -> Iterator[Program]:
    with running(data_dir, "gateway", GPUQUOTE_REDIS_URL=url) as program:
        wait_for(program, collected=False)
        yield program
        code, said = stop(program)
        assert code == 0, said


def test_a_bot_sees_every_change_once_and_in_order_across_a_restart(tmp_path: Path) -> None:
    bot = Bot()
    with (
        open_embedded(tmp_path / "store") as server,
        RedisStore.connect(server.url, op_timeout_seconds=5) as store,
    ):
        series = Series(store)
        with a_gateway(tmp_path / "one", server.url) as first:
            bot.follow(first, until=lambda: bool(bot.last_id))
            for look in months(range(40)):
                series.look(look[0], *look[1])
            seen = len(series.moves) - 5
            # It stops in the middle: what it has read is where it goes on.
            bot.follow(first, until=lambda: len(bot.moves) >= seen)
            assert bot.moves == series.moves[:seen]
        for look in months(range(40, 80)):  # while nobody serves
            series.look(look[0], *look[1])
        with a_gateway(tmp_path / "two", server.url) as second:
            for look in months(range(80, 120)):
                series.look(look[0], *look[1])
            bot.follow(second, until=lambda: len(bot.moves) >= len(series.moves))
            assert bot.moves == series.moves
            assert listed_moves(second) == series.moves
    assert len(series.moves) > 100


@pytest.mark.skipif(not HISTORY.is_dir(), reason="no imported series beside the project")
def test_a_bot_sees_every_price_of_the_imported_months(tmp_path: Path) -> None:
    (file,) = HISTORY.glob("lambda_*.csv.gz")
    bot = Bot()
    with (
        open_embedded(tmp_path / "store") as server,
        RedisStore.connect(server.url, op_timeout_seconds=5) as store,
    ):
        looks = list(looks_of(file))[-LOOKS:]
        importer = Importer(store, ImportClock())
        with a_gateway(tmp_path / "one", server.url) as program:
            bot.follow(program, until=lambda: bool(bot.last_id))
            for look in looks:
                importer.publish(look)
            logged = [
                change
                for entry in store.log_entries(since=(0, 0), limit=100_000)
                for change in entry.changes
            ]
            bot.follow(program, until=lambda: len(bot.moves) >= len(logged))
    assert [offer for offer, _ in bot.moves] == [f"offers/{one.offer_id}" for one in logged]
    prices = [one.after.price_per_hour for one in logged if one.after]
    told = [Decimal(text.split()[0]) for _, text in bot.moves if text != "gone"]
    assert told == prices
