"""What the collector counts."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from scrapers import metrics
from service.domain.offer import Standing
from service.domain.provider import RejectCount
from service.domain.run import CollectionRun, RunState
from tests.builders import NOW, a_snapshot, an_offer


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def a_run(provider: str, state: RunState, **overrides: object) -> CollectionRun:
    return CollectionRun(
        run_id="r1",
        provider=provider,
        state=state,
        create_time=NOW,
        start_time=NOW,
        end_time=NOW + timedelta(seconds=2),
        **overrides,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("state", "reason", "outcome"),
    [
        (RunState.SUCCEEDED, "", "ok"),
        (RunState.PARTIAL, "UNREACHABLE", "partial"),
        (RunState.HELD, "NOT_BELIEVABLE", "held"),
        (RunState.FAILED, "PAGE_CHANGED", "page_changed"),
    ],
)
def test_runs_are_counted_by_how_they_ended(state: RunState, reason: str, outcome: str) -> None:
    provider = f"counted-{outcome}"
    metrics.attempt_ended(a_run(provider, state, reason=reason))
    name = "gpuquote_scrape_attempts_total"
    assert value(name, provider=provider, outcome=outcome) == 1
    assert value("gpuquote_provider_up", provider=provider) == (outcome in {"ok", "partial"})
    assert value("gpuquote_snapshot_held", provider=provider) == (outcome == "held")
    assert value("gpuquote_scrape_duration_seconds_sum", provider=provider) == 2


def test_a_success_has_a_time_and_a_failure_leaves_it() -> None:
    name = "gpuquote_provider_last_success_timestamp_seconds"
    metrics.attempt_ended(a_run("timed", RunState.SUCCEEDED))
    good = value(name, provider="timed")
    metrics.attempt_ended(a_run("timed", RunState.FAILED, reason="UNREACHABLE"))
    assert value(name, provider="timed") == good == (NOW + timedelta(seconds=2)).timestamp()


def test_rejects_are_counted_by_reason() -> None:
    rejects = (RejectCount(reason="NO_PRICE", row_count=3),)
    metrics.attempt_ended(a_run("refused", RunState.SUCCEEDED, rejects=rejects))
    name = "gpuquote_gate_rejections_total"
    assert value(name, provider="refused", rule="NO_PRICE") == 3


def test_a_clock_set_back_gives_no_negative_duration() -> None:
    run = a_run("back", RunState.SUCCEEDED)
    metrics.attempt_ended(
        CollectionRun(
            run_id=run.run_id,
            provider=run.provider,
            state=run.state,
            create_time=NOW,
            start_time=NOW,
            end_time=NOW - timedelta(hours=1),
        )
    )
    assert value("gpuquote_scrape_duration_seconds_sum", provider="back") == 0


def test_listed_offers_are_counted_by_standing() -> None:
    metrics.published(
        a_snapshot(
            an_offer(offer_id="a"),
            an_offer(offer_id="b", standing=Standing.UNCONFIRMED),
            an_offer(offer_id="c", delist_time=NOW),
            provider="standing",
        )
    )
    name = "gpuquote_provider_offers"
    assert value(name, provider="standing", status="accepted") == 1
    assert value(name, provider="standing", status="unconfirmed") == 1
    assert value(name, provider="standing", status="provisional") == 0


def test_much_in_quarantine_for_two_runs_in_a_row_is_an_alarm() -> None:
    name = "gpuquote_quarantine_high_runs"
    counts = []
    for held_count in (5, 6, 6, 0, 6):
        metrics.quarantined("quarantine", held_count=held_count, row_count=100)
        counts.append(value(name, provider="quarantine"))

    assert counts == [0, 1, 2, 0, 1]
    assert value("gpuquote_quarantined_rows", provider="quarantine") == 6
