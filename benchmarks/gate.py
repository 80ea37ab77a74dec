"""How many wrong prices the gate stops, and how many right ones.

    make gate-bench            python -m benchmarks.gate [--baseline] [--quick]

Real offers are corrupted one row at a time and a whole page at a time, and judged by the gate as
it is: *warm*, against a right last run, and *cold*, as a provider's very first run with nothing
but the market of the other providers. A row is stopped when its run is held, when it is kept out,
or when it is put before a person; in the cold columns everything that passes is PROVISIONAL. All
seeds are fixed. Rules and thresholds were never changed after looking at `HELD_OUT`, which is
printed apart. Exit code 1 when a target is missed.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.gate_measures import (
    HELD_OUT,
    Alarms,
    Bench,
    Count,
    Levels,
    Table,
    measure,
    merged,
    missing_rows,
    replay_lambda,
    sound_rows,
)
from benchmarks.gate_offers import SHARED, lambda_runs, load_feeds, registry
from benchmarks.text_level import TextCount, measure_texts
from benchmarks.wrong_prices import WRONG_PRICES
from service.domain.offer import PurchaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One line of the acceptance: what was measured against what is asked."""

    name: str
    measured: str
    asked: str
    is_met: bool


def targets(
    levels: Levels, texts: Mapping[str, TextCount], alarms: Alarms | None, *, offer_count: int
) -> Iterator[Target]:
    """Compare with what the design asks."""
    if alarms:
        # The bundled baseline alone is smaller, and is no substitute for the series.
        yield _at_least("real offers, not spot", offer_count, 1000, unit="")
    yield _at_least("corruptions", len(WRONG_PRICES), 15, unit="")
    yield _at_least("page, warm", levels.page_warm.total().share, 99.5)
    yield _at_least("row, warm, out of range", levels.row_warm.total().share, 99)
    for name, count in texts.items():
        yield _at_least(f"text, cold: {name}", count.share, 99)
    gross = levels.gross()
    yield Target(
        name="published more than 2x wrong",
        measured=f"{gross.hits} of {gross.of}",
        asked="0",
        is_met=gross.hits == 0,
    )
    shown = levels.row_warm.shown.plus(levels.page_warm.shown)
    yield _at_least("what is held is listed with its reason", shown.share, 100)
    if alarms:
        yield _at_most("false alarms, observations", alarms.observations.share, 0.5)
        yield _at_most("false alarms, true changes", alarms.changes.share, 15)


def _at_least(name: str, value: float, least: float, *, unit: str = " %") -> Target:
    return Target(
        name=name, measured=f"{value:.2f}{unit}", asked=f">= {least}{unit}", is_met=value >= least
    )


def _at_most(name: str, value: float, most: float) -> Target:
    return Target(name=name, measured=f"{value:.2f} %", asked=f"<= {most} %", is_met=value <= most)


def print_table(tuned: Levels, held_out: Levels) -> None:
    """Print what was stopped, by corruption."""
    print("| corruption | page, warm | row, warm | in range | page, cold | row, cold | held-out |")
    print("|---|---|---|---|---|---|---|")

    def line(name: str, counts: Callable[[Table], Count]) -> None:
        tables = (
            *(tuned.page_warm, tuned.row_warm, tuned.row_in_range),
            *(tuned.page_cold, tuned.row_cold),
        )
        apart = counts(held_out.page_warm).plus(counts(held_out.row_warm))
        print(f"| {name} | {' | '.join(str(counts(t)) for t in tables)} | {apart} |")

    for wrong in WRONG_PRICES:
        line(wrong.name, partial(_row_of, name=wrong.name))
    line("**all**", Table.total)
    whole = [t.total().of for t in (tuned.page_warm, tuned.row_warm, tuned.row_in_range)]
    cold = [t.total().of for t in (tuned.page_cold, tuned.row_cold)]
    apart = held_out.page_warm.total().of + held_out.row_warm.total().of
    print(f"| cases | {' | '.join(map(str, (*whole, *cold, apart)))} |")


def _row_of(table: Table, *, name: str) -> Count:
    return table.rows[name]


def print_rest(levels: Levels, name: str) -> None:
    """Print what was published wrong, by kind."""
    gross = levels.gross()
    spot = sum(table.gross_spot for table in levels.tables())
    provisional = sum(table.gross_provisional for table in levels.tables())
    again = levels.persisting
    print(
        f"| {name} | {gross.hits} of {gross.of} | {spot} | {provisional}"
        f" | {again.gross.hits} of {again.gross.of} |"
    )


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baseline", action="store_true", help="only the bundled baseline")
    parser.add_argument("--quick", action="store_true", help="few rows of each feed, few texts")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    shared = None if given.baseline or not SHARED.exists() else SHARED
    feeds = load_feeds(shared)
    bench = Bench(feeds)
    rows_of_feed = 3 if given.quick else 40
    apart = [feed for feed in feeds if feed.provider in HELD_OUT]
    tuned = measure(bench, [f for f in feeds if f not in apart], rows_of_feed=rows_of_feed)
    held_out = measure(bench, apart, rows_of_feed=rows_of_feed)
    texts = measure_texts(
        shared / "captures" if shared else None,
        market=bench.market,
        registry=registry(),
        providers=("azure", "lambda", "verda") if given.quick else (),
    )
    alarms = replay_lambda(bench, tuple(lambda_runs(shared))) if shared else None
    on_demand = sum(o.purchase_model is not PurchaseModel.SPOT for f in feeds for o in f.offers)
    total = sum(len(feed.offers) for feed in feeds)
    print(
        f"{total} offers of {len(feeds)} providers, {on_demand} of them not spot; stopped, in %:\n"
    )
    print_table(tuned, held_out)
    warm = merged(tuned, held_out).row_warm
    print(
        f"\nOf the {warm.total().hits} wrong rows stopped warm, {warm.on_trial} of marketplaces are"
        " shown as PROVISIONAL until a second run, and listed for review; the others are held."
    )
    print("\n| more than 2x wrong | as sure | spot | as PROVISIONAL | as sure after a second run |")
    print("|---|---|---|---|---|")
    print_rest(tuned, "tuned on")
    print_rest(held_out, "held out")
    print("\n| text, cold | stopped | of | restated | stopped cold | stopped warm | providers |")
    print("|---|---|---|---|---|---|---|")
    for name, count in texts.items():
        print(
            f"| {name} | {count.share:.2f} | {count.stopped + count.passed} | {count.restated}"
            f" | {count.restated_stopped} | {count.restated_stopped_warm}"
            f" | {count.provider_count} |"
        )
    print("\n| sound rows | doubted | of |")
    print("|---|---|---|")
    for label, is_cold in (("seen again", False), ("cold", True)):
        doubted = sound_rows(bench, is_cold=is_cold)
        print(f"| {label} | {doubted} % | {doubted.of} |")
    if alarms:
        print(
            f"| Lambda, half a year, {alarms.run_count} runs, {alarms.held_runs} held"
            f" | {alarms.observations} % | {alarms.observations.of} |"
        )
        print(f"| its true changes | {alarms.changes} % | {alarms.changes.of} |")
    lost = missing_rows(bench)
    print(f"| half or more of a page cut off: rows kept | {lost} % | {lost.of} |")
    both = merged(tuned, held_out)
    print("\n| target | measured | asked | met |")
    print("|---|---|---|---|")
    found = list(targets(both, texts, alarms, offer_count=on_demand))
    for target in found:
        met = "yes" if target.is_met else "NO"
        print(f"| {target.name} | {target.measured} | {target.asked} | {met} |")
    print(f"\n{time.monotonic() - started:.0f} s")
    return 0 if all(target.is_met for target in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
