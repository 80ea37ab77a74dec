"""How long comparisons take over 100,000 offers.

    python -m benchmarks.compare [--offers 100000] [--runs 7]

The ceiling is the least that a ranking could do in this process and run: one multiplication and
one argmin over as many float64. Each figure is the median of runs, with the fastest and slowest
of them; a run is itself the median of some calls. Plans do not depend on prices and are kept, so
they are made before; `make estimate-bench` prints what making them takes. The other rows are whole
answers, with 25 placements counted exactly and their odds.
"""

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np

from benchmarks.estimate import NOW, print_row, synthetic_snapshot, taken
from service.catalog.snapshot import Snapshot
from service.compare.feasible import Feasible
from service.compare.gpu_models import GpuModelComparison
from service.compare.offers import OfferComparison, best_numbers
from service.compare.planners import Planners
from service.compare.providers import ProviderComparison
from service.compare.questions import (
    DataSource,
    GpuModelsQuestion,
    HourlyQuestion,
    OffersQuestion,
    ProvidersQuestion,
    Ranking,
)
from service.domain.constraints import OfferConstraints
from service.domain.history import ModelHistory
from service.domain.offer import PurchaseModel
from service.domain.workload import Placement, TrainingWorkload
from service.estimate.calibration import load_calibration
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models
from service.facts.tables import load_gpu_registry
from service.market.answers import Terms, TrainingQuestion
from service.market.serving import ServingEstimator
from service.market.training import TrainingEstimator

TARGET_MS = 5.0
SHOWN = 25
_ENGINE = "engine: every offer costed, frontier, order"
_MODEL = "llama-3.1-8b"
_GPU = "h100-sxm-80gb"
_WITH_SPOT = frozenset({PurchaseModel.ON_DEMAND, PurchaseModel.SPOT})


def unwatched(_: str) -> ModelHistory:
    """Return the history of a GPU model that nobody watched."""
    return ModelHistory(watched={})


def a_question() -> TrainingQuestion:
    """Ask for a fine-tuning run on up to 64 GPUs."""
    return TrainingQuestion(
        workload=TrainingWorkload(
            architecture=load_models().by_id[_MODEL].architecture,
            model_id=_MODEL,
            tokens=10**10,
            sequence_length=8192,
        ),
        placement=Placement(max_gpu_count=64),
        terms=Terms(constraints=OfferConstraints()),
    )


def print_all(snapshot: Snapshot, *, runs: int) -> None:
    """Print the table."""
    calibration, accelerators = load_calibration(), load_accelerators()
    planners = Planners(
        train=TrainingEstimator(
            accelerators=accelerators, calibration=calibration.training, rates=dict
        ),
        serve=ServingEstimator(
            accelerators=accelerators, calibration=calibration.serving, rates=dict
        ),
    )
    run = a_question()
    spot_constraints = replace(run.terms.constraints, purchase_models=_WITH_SPOT)
    with_spot = replace(run, terms=replace(run.terms, constraints=spot_constraints))
    offers = OfferComparison(planners=planners, rates=dict, history=unwatched).answer
    gpu_models = GpuModelComparison(
        planners=planners, gpus=load_gpu_registry(), measured_families=frozenset(), rates=dict
    )
    providers = ProviderComparison(rates=dict, history=unwatched).answer
    source = DataSource(provider="provider-00", gb=1000.0)
    everywhere = ProvidersQuestion(gpu_model=_GPU, constraints=OfferConstraints())

    def engine(*, snapshot: Snapshot, now: datetime) -> object:
        feasible = Feasible(run, planners=planners, snapshot=snapshot, rates={}, now=now)
        return feasible.frontier, best_numbers(feasible, Ranking.COST, SHOWN)

    calls: Sequence[tuple[str, Callable[..., object]]] = (
        (_ENGINE, engine),
        ("offers by cost", partial(offers, OffersQuestion(workload=run))),
        ("offers by time", partial(offers, OffersQuestion(workload=run, ranking=Ranking.TIME))),
        (
            "offers on the frontier",
            partial(offers, OffersQuestion(workload=run, ranking=Ranking.FRONTIER)),
        ),
        (
            "offers by cost, data elsewhere",
            partial(offers, OffersQuestion(workload=run, data_source=source)),
        ),
        ("offers by cost, spot ones too", partial(offers, OffersQuestion(workload=with_spot))),
        ("GPU models for it", partial(gpu_models.for_workload, GpuModelsQuestion(workload=run))),
        (
            "GPU models by the hour",
            partial(gpu_models.by_hour, HourlyQuestion(constraints=OfferConstraints())),
        ),
        (f"providers of {_GPU}", partial(providers, everywhere)),
    )
    size = len(snapshot.rows)
    values = np.random.default_rng(1).random(size)
    gc.collect()
    gc.freeze()
    ceiling = taken(lambda: int((values * 1.37).argmin()), runs=runs, calls=200)
    feasible = offers(OffersQuestion(workload=run), snapshot=snapshot, now=NOW).feasible_count
    print(f"{size:,} offers, {feasible:,} of them feasible, {runs} runs")
    print(f"{'':44} {'median ms':>9} {'fastest, slowest':>18} {'x ceiling':>9}")
    print_row("ceiling: multiply and argmin", ceiling, ceiling)
    engine_ms = 0.0
    for label, call in calls:
        ask = partial(call, snapshot=snapshot, now=NOW)
        ask()
        took = taken(ask, runs=runs)
        engine_ms = took.median if label == _ENGINE else engine_ms
        print_row(label, took, ceiling)
    print(f"  target {TARGET_MS} ms of the engine: {'met' if engine_ms <= TARGET_MS else 'MISSED'}")


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args(arguments)
    print_all(synthetic_snapshot(asked.offers), runs=asked.runs)


if __name__ == "__main__":
    main(sys.argv[1:])
