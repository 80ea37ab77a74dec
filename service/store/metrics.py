"""How the store answers, as figures; the names are those of the operations page.

Operations are the names of commands and scripts, never keys: few, and known beforehand.
"""

from typing import Final

import prometheus_client as prometheus

# Every process that asks the same store sees the same: the newest word counts.
_LATEST: Final = "mostrecent"

_UP: Final = prometheus.Gauge(
    "gpuquote_store_up",
    "1 if the store answered when it was last asked.",
    multiprocess_mode=_LATEST,
)
_DURATION: Final = prometheus.Histogram(
    "gpuquote_store_op_duration_seconds",
    "Time until the store answered, or did not; waits for events are not counted.",
    ["op"],
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)


def note_answer(*, is_there: bool) -> None:
    """Note whether the store answered."""
    _UP.set(1 if is_there else 0)


def note_operation(operation: str, *, seconds: float) -> None:
    """Note how long one operation took, whatever its end."""
    _DURATION.labels(operation).observe(seconds)
