"""The benchmark of the gate in short: the bundled baseline, a few rows of each provider."""

from functools import cache

import pytest

from benchmarks.gate import main
from benchmarks.gate_measures import Bench, Levels, measure
from benchmarks.gate_offers import load_feeds
from benchmarks.wrong_prices import WRONG_PRICES
from scrapers import gate, rules

# Thousands of rows are judged; tracing them would double the time.
pytestmark = pytest.mark.no_cover


@cache
def measured() -> Levels:
    feeds = load_feeds(None)
    return measure(Bench(feeds), feeds, rows_of_feed=2)


def test_every_wrong_price_is_tried() -> None:
    levels = measured()
    needs_more_than_the_baseline_has = {"RAM column"}
    tried = {name for name, count in levels.page_warm.rows.items() if count.of}

    assert {wrong.name for wrong in WRONG_PRICES} - tried <= needs_more_than_the_baseline_has


def test_nothing_more_than_twice_wrong_is_published_as_sure() -> None:
    levels = measured()
    gross = levels.gross()

    assert gross.of > 2000
    assert gross.hits == 0


def test_wrong_rows_and_pages_are_stopped() -> None:
    levels = measured()
    assert levels.row_warm.total().of > 200
    assert levels.row_warm.total().share >= 99
    # Providers with fewer than five rows are below rule R6.
    assert levels.page_warm.total().share >= 99


def test_without_its_rules_the_gate_would_stop_far_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "ROW_RULES", rules.ROW_RULES[:1])
    monkeypatch.setattr(gate, "RUN_RULES", ())
    feeds = load_feeds(None)
    unguarded = measure(Bench(feeds), feeds[:2], rows_of_feed=1)

    assert unguarded.row_warm.total().share < 30
    assert unguarded.gross().hits > 0


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--baseline", "--quick"])
    printed = capsys.readouterr().out

    assert "| month as hour | 100 |" in printed
    assert (code == 0) is (" | NO |" not in printed)
