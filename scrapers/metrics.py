"""What the collector counts; the names are those of the operations page.

Timestamps are exported, never ages: an alarm does `time() - x`, so that a collector that stands
still, or is gone, still raises it. Labels are bounded: provider, reason and state only.
"""

import threading
from collections import Counter as Tally
from datetime import datetime
from decimal import Decimal
from typing import Final

import prometheus_client as prometheus

from service.domain.offer import Standing
from service.domain.provider import ProviderSnapshot
from service.domain.run import CollectionRun, RunState

# One collector leads at a time, so of several processes the newest value is the true one.
_LATEST: Final = "mostrecent"
_KIB = 1024
_HIGH_QUARANTINE = Decimal("0.05")
# A gauge cannot be read back; after a restart the count begins anew.
_high_runs: dict[str, int] = {}
_high_runs_lock = threading.Lock()

_ATTEMPTS = prometheus.Counter(
    "gpuquote_scrape_attempts_total",
    "Collection runs by how they ended: ok, partial, held, or the reason of the failure.",
    ["provider", "outcome"],
)
_DURATION = prometheus.Histogram(
    "gpuquote_scrape_duration_seconds",
    "How long collection runs took.",
    ["provider"],
    buckets=(0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1800),
)
_BODY_BYTES = prometheus.Histogram(
    "gpuquote_scrape_body_bytes",
    "Bytes that a collection run read, after decompression.",
    ["provider"],
    buckets=tuple(_KIB * 4**power for power in range(1, 9)),
)
_LAST_ATTEMPT = prometheus.Gauge(
    "gpuquote_provider_last_attempt_timestamp_seconds",
    "When a provider was last asked; the dead-man gauge of the scheduler.",
    ["provider"],
    multiprocess_mode=_LATEST,
)
_LAST_SUCCESS = prometheus.Gauge(
    "gpuquote_provider_last_success_timestamp_seconds",
    "When a provider's offers were last read and believed, at least in part.",
    ["provider"],
    multiprocess_mode=_LATEST,
)
_UP = prometheus.Gauge(
    "gpuquote_provider_up",
    "1 if the last run of the provider published.",
    ["provider"],
    multiprocess_mode=_LATEST,
)
_OFFERS = prometheus.Gauge(
    "gpuquote_provider_offers",
    "Listed offers of the last publication by what the gate said of them.",
    ["provider", "status"],
    multiprocess_mode=_LATEST,
)
_REJECTIONS = prometheus.Counter(
    "gpuquote_gate_rejections_total",
    "Rows that were not used, by rule or reason.",
    ["provider", "rule"],
)
_HELD = prometheus.Gauge(
    "gpuquote_snapshot_held",
    "1 if the last run was read but not believed.",
    ["provider"],
    multiprocess_mode=_LATEST,
)
_QUARANTINED = prometheus.Gauge(
    "gpuquote_quarantined_rows",
    "Rows of the last run that the gate put into quarantine.",
    ["provider"],
    multiprocess_mode=_LATEST,
)
_QUARANTINE_RUNS = prometheus.Gauge(
    "gpuquote_quarantine_high_runs",
    "Runs in a row with more than 5 % of their rows in quarantine; an alarm at 2.",
    ["provider"],
    multiprocess_mode=_LATEST,
)
_PUBLISHED = prometheus.Counter(
    "gpuquote_publish_total",
    "Publications by outcome: ok, fenced, outdated, error.",
    ["outcome"],
)
_LEADER = prometheus.Gauge(
    "gpuquote_leader",
    "1 if this collector leads.",
    multiprocess_mode=_LATEST,
)
_SKIPPED = prometheus.Counter(
    "gpuquote_scheduler_skipped_total",
    "Runs that did not start when they should have, by reason.",
    ["reason"],
)


def attempt_started(provider: str, *, at: datetime) -> None:
    """Set the dead-man gauge."""
    _LAST_ATTEMPT.labels(provider).set(at.timestamp())


def attempt_ended(run: CollectionRun) -> None:
    """Count a run that has ended."""
    provider = run.provider
    published = run.state in {RunState.SUCCEEDED, RunState.PARTIAL}
    _ATTEMPTS.labels(provider, _outcome(run)).inc()
    if run.start_time and run.end_time:
        # A clock that was set back must not give a negative duration.
        seconds = (run.end_time - run.start_time).total_seconds()
        _DURATION.labels(provider).observe(max(seconds, 0))
    _BODY_BYTES.labels(provider).observe(run.body_byte_count)
    _UP.labels(provider).set(published)
    _HELD.labels(provider).set(run.state is RunState.HELD)
    if published and run.end_time:
        _LAST_SUCCESS.labels(provider).set(run.end_time.timestamp())
    for reject in run.rejects:
        _REJECTIONS.labels(provider, reject.reason).inc(reject.row_count)


def published(snapshot: ProviderSnapshot) -> None:
    """Count a publication and the offers in it."""
    _PUBLISHED.labels("ok").inc()
    standings = Tally(offer.standing for offer in snapshot.offers if offer.is_listed)
    for standing in Standing:
        _OFFERS.labels(snapshot.provider, standing.value.lower()).set(standings[standing])


def quarantined(provider: str, *, held_count: int, row_count: int) -> None:
    """Tell how much of a run went into quarantine; a run that is held has its own gauge."""
    _QUARANTINED.labels(provider).set(held_count)
    is_high = held_count > _HIGH_QUARANTINE * row_count
    with _high_runs_lock:
        _high_runs[provider] = _high_runs.get(provider, 0) + 1 if is_high else 0
        _QUARANTINE_RUNS.labels(provider).set(_high_runs[provider])


def not_published(outcome: str) -> None:
    """Count a publication that the store refused or did not answer."""
    _PUBLISHED.labels(outcome).inc()


def leading(*, is_leader: bool) -> None:
    """Say whether this collector leads."""
    _LEADER.set(is_leader)


def skipped(reason: str) -> None:
    """Count a run that did not start: overlap, misfire, not leading, an error of the scheduler."""
    _SKIPPED.labels(reason).inc()


def _outcome(run: CollectionRun) -> str:
    if run.state is RunState.SUCCEEDED:
        return "ok"
    if run.state is RunState.FAILED:
        return run.reason.lower() or "failed"
    return run.state.value.lower()
