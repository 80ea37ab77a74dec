"""How long the calculators take: plans for every shape, joined to 100,000 offers.

    python -m benchmarks.estimate [--offers 100000] [--runs 7]

The ceiling is the least that a ranking could do in this process and run: one multiplication and
one argmin over as many float64. Each figure is the median of runs, with the fastest and slowest
of them; a run is itself the median of some calls.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from benchmarks.catalog import Cheap
from benchmarks.synthetic import PROVIDERS, offers
from service.catalog.snapshot import Snapshot, segment_of
from service.domain.constraints import OfferConstraints
from service.domain.provider import ProviderSnapshot
from service.domain.workload import InferenceWorkload, Placement, TrainingWorkload
from service.estimate.band import Band
from service.estimate.calibration import load_calibration
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models
from service.market.answers import InferenceQuestion, Terms, TrainingQuestion
from service.market.charges import Charges
from service.market.need import Need
from service.market.placements import capacities, ranked
from service.market.selection import Selection, select
from service.market.serving import ServingEstimator
from service.market.sheet import Sheet
from service.market.training import TrainingEstimator

NOW = datetime.now(UTC)
TARGET_MS = 2.0
_CALLS = 20
_TERMS = Terms(constraints=OfferConstraints())
_HOURS = Band(p10=70.0, p50=100.0, p90=150.0)
_MODEL = "llama-3.1-8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Milliseconds of a call: the median of runs, the fastest and the slowest."""

    median: float
    fastest: float
    slowest: float


def taken(call: Callable[[], object], *, runs: int, calls: int = _CALLS) -> Taken:
    """Time a call."""
    medians: list[float] = []
    for _ in range(runs):
        times: list[float] = []
        for _ in range(calls):
            start = time.perf_counter_ns()
            call()
            times.append((time.perf_counter_ns() - start) / 1e6)
        medians.append(statistics.median(times))
    return Taken(median=statistics.median(medians), fastest=min(medians), slowest=max(medians))


def synthetic_snapshot(count: int) -> Snapshot:
    """Make a catalogue of so many offers of all GPU models."""
    segments = []
    for number in range(PROVIDERS):
        provider = f"provider-{number:02d}"
        size = count // PROVIDERS + (number < count % PROVIDERS)
        published = ProviderSnapshot(
            provider=provider,
            snapshot_id="s1",
            content_revision="c1",
            publish_time=NOW,
            interval=timedelta(hours=1),
            offers=tuple(offers(size, provider=provider, now=NOW)),
        )
        segments.append(segment_of(published, encode=Cheap(), now=NOW))
    return Snapshot(segments, now=NOW)


def charge_and_rank(selection: Selection, needs: Sequence[Need | None]) -> object:
    """Charge every offer that is left and rank them."""
    charges = Charges(selection.pick, selection, needs, terms=_TERMS, today=NOW.date())
    return ranked(charges, capacities(charges), one_for_each="gpu_model")


def join(snapshot: Snapshot, needs: Sequence[Need | None]) -> object:
    """Select, charge and rank: a question whose plans are known."""
    selection = select(snapshot, _TERMS, gpu_model=None, rates={}, now=NOW)
    return charge_and_rank(selection, needs)


def print_row(label: str, took: Taken, ceiling: Taken) -> None:
    """Print one line of the table."""
    spread = f"{took.fastest:.3f} to {took.slowest:.3f}"
    ratio = took.median / ceiling.median
    print(f"{label:44} {took.median:>9.3f} {spread:>18} {ratio:>9.0f}")


def print_join(snapshot: Snapshot, ceiling: Taken, *, runs: int) -> None:
    """Print what joining plans that are known to the offers takes."""
    selection = select(snapshot, _TERMS, gpu_model=None, rates={}, now=NOW)
    needs = [
        Need(
            gpu_count=8,
            node_count=-(-8 // shape.gpus_per_node),
            hours=_HOURS.times(1 + at % 7),
            joins_nodes=shape.gpus_per_node < 8,
            storage_gb=500.0,
            egress_gb=16.0,
        )
        for at, shape in enumerate(selection.shapes)
    ]
    print_row("a new snapshot laid out", taken(partial(Sheet, snapshot), runs=runs), ceiling)
    ask = partial(select, snapshot, _TERMS, gpu_model=None, rates={}, now=NOW)
    print_row("select", taken(ask, runs=runs), ceiling)
    print_row(
        "charge and rank", taken(partial(charge_and_rank, selection, needs), runs=runs), ceiling
    )
    whole = taken(partial(join, snapshot, needs), runs=runs)
    print_row("select, charge and rank", whole, ceiling)
    verdict = "met" if whole.median <= TARGET_MS else "MISSED"
    usable, lots = selection.rows.size, selection.pick.lots.size
    print(f"  of {usable:,} usable offers in {lots:,} lots; target {TARGET_MS} ms: {verdict}")


def print_answers(snapshot: Snapshot, ceiling: Taken, *, runs: int) -> None:
    """Print what whole answers take, with every shape planned and with plans that are kept."""
    calibration, accelerators = load_calibration(), load_accelerators()
    architecture = load_models().by_id[_MODEL].architecture
    train = TrainingQuestion(
        workload=TrainingWorkload(
            architecture=architecture, model_id=_MODEL, tokens=10**12, sequence_length=8192
        ),
        placement=Placement(),
        terms=_TERMS,
    )
    serve = InferenceQuestion(
        workload=InferenceWorkload(
            architecture=architecture,
            model_id=_MODEL,
            input_tokens=1000,
            output_tokens=300,
            requests_per_second=20.0,
        ),
        placement=Placement(),
        terms=_TERMS,
    )

    def trainer() -> TrainingEstimator:
        return TrainingEstimator(
            accelerators=accelerators, calibration=calibration.training, rates=dict
        )

    def server() -> ServingEstimator:
        return ServingEstimator(
            accelerators=accelerators, calibration=calibration.serving, rates=dict
        )

    planned_trainer, planned_server = trainer(), server()
    answers: Sequence[tuple[str, Callable[[], object], int]] = (
        (
            "training: all shapes planned, answered",
            lambda: trainer().answer(train, snapshot=snapshot, now=NOW),
            1,
        ),
        (
            "training: plans kept, answered",
            partial(planned_trainer.answer, train, snapshot=snapshot, now=NOW),
            _CALLS,
        ),
        (
            "serving: all shapes planned, answered",
            lambda: server().answer(serve, snapshot=snapshot, now=NOW),
            1,
        ),
        (
            "serving: plans kept, answered",
            partial(planned_server.answer, serve, snapshot=snapshot, now=NOW),
            _CALLS,
        ),
    )
    for label, call, calls in answers:
        print_row(label, taken(call, runs=runs, calls=calls), ceiling)


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args(arguments)
    snapshot = synthetic_snapshot(asked.offers)
    values = np.random.default_rng(1).random(asked.offers)
    gc.collect()
    gc.freeze()
    ceiling = taken(lambda: int((values * 1.37).argmin()), runs=asked.runs, calls=200)
    print(f"{asked.offers:,} offers, {asked.runs} runs")
    print(f"{'':44} {'median ms':>9} {'fastest, slowest':>18} {'x ceiling':>9}")
    print_row("ceiling: multiply and argmin", ceiling, ceiling)
    print_join(snapshot, ceiling, runs=asked.runs)
    print_answers(snapshot, ceiling, runs=asked.runs)


if __name__ == "__main__":
    main(sys.argv[1:])
