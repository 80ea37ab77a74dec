"""Corrupts real offers and counts what the gate makes of them; `gate.py` prints it."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from benchmarks.gate_offers import NOW, Feed, registry
from benchmarks.wrong_prices import WRONG_PRICES, WrongPrice
from scrapers.gate import judge
from scrapers.market import Market, medians_of
from scrapers.verdict import Background, Verdict
from service.domain.offer import Offer, PurchaseModel, Standing

HELD_OUT = frozenset({"dataoorts", "jarvislabs", "novita", "oracle", "tensordock", "verda"})
"""Providers that no rule and no threshold was tuned on."""

_HOUR = timedelta(hours=1)
_IN_RANGE = Decimal("1.35")
_GROSS = Decimal(2)
_ROW_PAGE = 25
_MISSING_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SEED = 3


@dataclass(slots=True)
class Count:
    """How many of how many."""

    hits: int = 0
    of: int = 0

    def add(self, *, hit: bool) -> None:
        """Count one more."""
        self.hits += hit
        self.of += 1

    def plus(self, other: "Count") -> "Count":
        """Return the sum of both."""
        return Count(self.hits + other.hits, self.of + other.of)

    @property
    def share(self) -> float:
        """The hits in percent; 100 of nothing."""
        return 100 * self.hits / self.of if self.of else 100.0

    def __str__(self) -> str:
        """Write the percentage, "-" for none at all."""
        if not self.of:
            return "-"
        return f"{self.share:.2f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Table:
    """Counts by corruption, one column."""

    rows: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    gross: Count = field(default_factory=Count)
    gross_spot: int = 0
    gross_provisional: int = 0
    on_trial: int = 0
    shown: Count = field(default_factory=Count)

    def total(self) -> Count:
        """Add all rows up."""
        whole = Count()
        for count in self.rows.values():
            whole = whole.plus(count)
        return whole


class Bench:
    """The feeds and the market that they make."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.feeds = feeds
        self.market = Market(medians={f.provider: medians_of(f.offers) for f in feeds})

    def judged(
        self,
        feed: Feed,
        seen: Sequence[Offer],
        *,
        previous: Sequence[Offer] = (),
        now: datetime = NOW,
    ) -> Verdict:
        """Judge one run of a feed."""
        return judge(
            seen=tuple(seen),
            previous=tuple(previous),
            complete_parts=frozenset({offer.part for offer in (*seen, *previous)}),
            parser_reject_count=0,
            registry=registry(),
            marketplace=feed.is_marketplace,
            now=now,
            background=Background(market=self.market, page_digest="d", last_page_digest="d"),
        )


def corrupted(
    offers: Sequence[Offer], wrong: WrongPrice, page: Sequence[Offer], chance: random.Random
) -> tuple[list[Offer], list[Offer], int]:
    """Corrupt offers; return them as read, the wrong ones, and how many are no offers at all."""
    read: list[Offer] = []
    bad: list[Offer] = []
    refused = 0
    for offer in offers:
        try:
            other = wrong.apply(offer, page, chance)
        except (ValueError, InvalidOperation):
            refused += 1  # an offer of no price cannot even be made
            continue
        read.append(other or offer)
        if other:
            bad.append(other)
    return read, bad, refused


def is_in_range(true: Offer, read: Offer) -> bool:
    """Say whether a wrong price moved no further than right ones may."""
    return _is_within(true, read, _IN_RANGE)


def _is_within(true: Offer, read: Offer, band: Decimal) -> bool:
    one, other = true.price_per_gpu_hour, read.price_per_gpu_hour
    return one <= band * other and other <= band * one


def note(
    table: Table, name: str, *, verdict: Verdict, bad: Sequence[Offer], true: Mapping[str, Offer]
) -> None:
    """Count what became of wrong offers."""
    published = {offer.offer_id: offer for offer in verdict.offers}
    reviewed = {held.offer.offer_id for held in verdict.held_rows}
    rejected = {reject.text.partition(":")[0] for reject in verdict.rejects}
    for wrong in bad:
        got = published.get(wrong.offer_id)
        passed = (
            not verdict.held
            and got is not None
            and got.is_listed
            and got.price_per_gpu_hour == wrong.price_per_gpu_hour
        )
        table.rows[name].add(hit=not passed or wrong.offer_id in reviewed)
        table.on_trial += passed and wrong.offer_id in reviewed
        if not passed:
            table.shown.add(hit=verdict.held or wrong.offer_id in reviewed | rejected)
        is_gross = not _is_within(true[wrong.offer_id], wrong, _GROSS)
        if not is_gross:
            continue
        if passed and got is not None and got.standing is Standing.PROVISIONAL:
            table.gross_provisional += 1
        elif passed and wrong.purchase_model is PurchaseModel.SPOT:
            table.gross_spot += 1
        else:
            table.gross.add(hit=passed)


@dataclass(slots=True)
class Levels:
    """The tables of one set of feeds. `row_in_range` has what moved within the band of R2."""

    page_warm: Table = field(default_factory=Table)
    page_cold: Table = field(default_factory=Table)
    row_warm: Table = field(default_factory=Table)
    row_cold: Table = field(default_factory=Table)
    row_in_range: Table = field(default_factory=Table)
    spot_warm: Table = field(default_factory=Table)
    half_baseline: Table = field(default_factory=Table)
    persisting: Table = field(default_factory=Table)

    def gross(self) -> Count:
        """Add up the gross errors that were published as sure."""
        whole = Count()
        for table in self.tables():
            whole = whole.plus(table.gross)
        return whole

    def tables(self) -> tuple[Table, ...]:
        """Return the tables of one corrupted run."""
        return (
            self.page_warm,
            self.page_cold,
            self.row_warm,
            self.row_cold,
            self.row_in_range,
            self.spot_warm,
            self.half_baseline,
        )


def measure(bench: Bench, feeds: Sequence[Feed], *, rows_of_feed: int) -> Levels:
    """Corrupt every page of some feeds, and up to so many rows of each, one at a time."""
    levels = Levels()
    for feed in feeds:
        on_demand = [o for o in feed.offers if o.purchase_model is not PurchaseModel.SPOT]
        for wrong in WRONG_PRICES:
            _page(bench, feed, on_demand, wrong, levels)
        _rows(bench, feed, on_demand, levels, rows_of_feed=rows_of_feed)
        _spot(bench, feed, levels, rows_of_feed=rows_of_feed)
    return levels


def _page(bench: Bench, feed: Feed, offers: list[Offer], wrong: WrongPrice, levels: Levels) -> None:
    """Corrupt a whole page: warm, cold, cold beside half a baseline, and cold twice."""
    if not offers:
        return
    true = {offer.offer_id: offer for offer in offers}
    read, bad, refused = corrupted(offers, wrong, offers, _chance(feed, wrong))
    for table in (levels.page_warm, levels.page_cold):
        for _ in range(refused):
            table.rows[wrong.name].add(hit=True)
    warm = bench.judged(feed, read, previous=offers)
    note(levels.page_warm, wrong.name, verdict=warm, bad=bad, true=true)
    cold = bench.judged(feed, read)
    note(levels.page_cold, wrong.name, verdict=cold, bad=bad, true=true)
    half = [replace(o, standing=Standing.BASELINE) for o in offers[::2]]
    verdict = bench.judged(feed, read, previous=half)
    note(levels.half_baseline, wrong.name, verdict=verdict, bad=bad, true=true)
    again = bench.judged(feed, read, previous=() if cold.held else cold.offers, now=NOW + _HOUR)
    note(levels.persisting, wrong.name, verdict=again, bad=bad, true=true)


def _rows(
    bench: Bench, feed: Feed, offers: list[Offer], levels: Levels, *, rows_of_feed: int
) -> None:
    """Corrupt single rows of a page of sound ones; of a long page a part stands for all."""
    chance = random.Random(f"{feed.provider} {_SEED}")
    for offer in chance.sample(offers, min(rows_of_feed, len(offers))):
        others = [o for o in offers if o is not offer]
        page = [offer, *chance.sample(others, min(_ROW_PAGE - 1, len(others)))]
        true = {o.offer_id: o for o in page}
        for wrong in WRONG_PRICES:
            read, bad, refused = corrupted([offer], wrong, page, _chance(feed, wrong))
            for table in (levels.row_warm, levels.row_cold):
                for _ in range(refused):
                    table.rows[wrong.name].add(hit=True)
            if not bad:
                continue
            seen = [*read, *page[1:]]
            in_range = is_in_range(offer, bad[0])
            warm = levels.row_in_range if in_range else levels.row_warm
            verdict = bench.judged(feed, seen, previous=page)
            note(warm, wrong.name, verdict=verdict, bad=bad, true=true)
            verdict = bench.judged(feed, seen)
            note(levels.row_cold, wrong.name, verdict=verdict, bad=bad, true=true)
            half = [replace(o, standing=Standing.BASELINE) for o in page[1:]]
            verdict = bench.judged(feed, seen, previous=half)
            note(levels.half_baseline, wrong.name, verdict=verdict, bad=bad, true=true)


def _spot(bench: Bench, feed: Feed, levels: Levels, *, rows_of_feed: int) -> None:
    spot = [o for o in feed.offers if o.purchase_model is PurchaseModel.SPOT]
    chance = random.Random(f"{feed.provider} spot {_SEED}")
    for offer in chance.sample(spot, min(rows_of_feed, len(spot))):
        page = [offer, *[o for o in spot if o is not offer][: _ROW_PAGE - 1]]
        true = {o.offer_id: o for o in page}
        for wrong in WRONG_PRICES:
            read, bad, _ = corrupted([offer], wrong, page, _chance(feed, wrong))
            if bad:
                verdict = bench.judged(feed, [*read, *page[1:]], previous=page)
                note(levels.spot_warm, wrong.name, verdict=verdict, bad=bad, true=true)


def _chance(feed: Feed, wrong: WrongPrice) -> random.Random:
    return random.Random(f"{feed.provider} {wrong.name} {_SEED}")


def missing_rows(bench: Bench) -> Count:
    """Cut off half or more of every page; count the lost rows that were not believed gone."""
    kept = Count()
    for feed in bench.feeds:
        for share in _MISSING_SHARES:
            left = feed.offers[: round((1 - share) * len(feed.offers))]
            lost = {offer.offer_id for offer in feed.offers[len(left) :]}
            verdict = bench.judged(feed, left, previous=feed.offers)
            for offer in verdict.offers:
                if offer.offer_id in lost:
                    kept.add(hit=offer.is_listed)
    return kept


@dataclass(slots=True)
class Alarms:
    """False alarms: sound rows that were doubted."""

    observations: Count = field(default_factory=Count)
    changes: Count = field(default_factory=Count)
    held_runs: int = 0
    run_count: int = 0


def replay_lambda(bench: Bench, runs: Sequence[tuple[datetime, tuple[Offer, ...]]]) -> Alarms:
    """Judge every observation of Lambda's prices in half a year, one run after the other."""
    alarms = Alarms()
    feed = Feed(provider="lambda", offers=(), is_marketplace=False)
    previous: tuple[Offer, ...] = ()
    waited: defaultdict[str, int] = defaultdict(int)
    for now, seen in runs:
        known = {o.offer_id: o for o in previous if o.standing is not Standing.PROVISIONAL}
        verdict = bench.judged(feed, seen, previous=previous, now=now)
        alarms.run_count += 1
        alarms.held_runs += verdict.held
        doubted = {held.offer.offer_id for held in verdict.held_rows}
        for offer in seen:
            last = known.get(offer.offer_id)
            if last is None:
                continue
            is_doubted = verdict.held or offer.offer_id in doubted
            alarms.observations.add(hit=is_doubted)
            waited[offer.offer_id] = waited[offer.offer_id] + 1 if is_doubted else 0
            is_change = offer.price_per_gpu_hour != last.price_per_gpu_hour
            # A change is counted when it is first seen.
            if is_change and waited[offer.offer_id] <= 1:
                alarms.changes.add(hit=is_doubted)
        if not verdict.held:
            previous = verdict.offers
    return alarms


def sound_rows(bench: Bench, *, is_cold: bool) -> Count:
    """Judge every feed as it is; count the sound rows that are doubted."""
    doubted = Count()
    for feed in bench.feeds:
        verdict = bench.judged(feed, feed.offers, previous=() if is_cold else feed.offers)
        suspects = {held.offer.offer_id for held in verdict.held_rows}
        for offer in feed.offers:
            doubted.add(hit=verdict.held or offer.offer_id in suspects)
    return doubted


def merged(one: Levels, other: Levels) -> Levels:
    """Add two sets of tables up."""
    return Levels(
        **{
            name: _merged_table(getattr(one, name), getattr(other, name))
            for name in Levels.__dataclass_fields__
        }
    )


def _merged_table(one: Table, other: Table) -> Table:
    rows: dict[str, Count] = defaultdict(Count)
    for name in {**one.rows, **other.rows}:
        rows[name] = one.rows[name].plus(other.rows[name])
    return Table(
        rows=rows,
        gross=one.gross.plus(other.gross),
        gross_spot=one.gross_spot + other.gross_spot,
        gross_provisional=one.gross_provisional + other.gross_provisional,
        on_trial=one.on_trial + other.on_trial,
        shown=one.shown.plus(other.shown),
    )
