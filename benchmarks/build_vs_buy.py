"""How long a build-vs-buy answer takes.

    python -m benchmarks.build_vs_buy [--draws 4000] [--rounds 15]

One thread. The ratio to drawing the same count of normal numbers (draws x months x options) says
more than milliseconds do on another machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from service.build_vs_buy.analysis import analyze
from service.build_vs_buy.inputs import Demand, Inputs, WeeklyLoad
from service.build_vs_buy.options import possible_options
from service.build_vs_buy.outcomes import outcomes
from service.build_vs_buy.uncertainty import draw
from tests.service.build_vs_buy.questions import (
    a_building,
    a_hosted_api,
    a_spot,
    figure,
    given,
    ranged,
)


def questions(draws: int) -> dict[str, Inputs]:
    """Return what is asked: three options, all five, growing weeks, and what takes longest.

    That is thousands of GPUs in 168 different hours whose demand grows by a share that is known,
    so that every month of every hour is a level of its own.
    """
    five = ranged(
        building=a_building(), spot=a_spot(), hosted_api=a_hosted_api(), draws=draws, tax_rate=0.25
    )
    profile = tuple(40.0 + 24.0 * (hour % 24 > 8) + hour % 7 for hour in range(168))
    growing = Demand(
        load=WeeklyLoad(gpus=profile),
        monthly_growth=figure("demand.monthly_growth", 0.0, 0.01, 0.02),
        utilization=figure("demand.utilization", 0.7, 0.85, 0.95),
    )
    distinct = tuple(1_500.0 + 17.3 * (hour * 61 % 168) for hour in range(168))
    thousands = Demand(
        load=WeeklyLoad(gpus=distinct),
        monthly_growth=given("demand.monthly_growth", 0.01),
        utilization=growing.utilization,
    )
    large = replace(five, demand=thousands, rent=replace(five.rent, stock_gpus=2_000))
    return {
        "3 options": ranged(draws=draws),
        "5 options": five,
        "5 options, growing week": replace(five, demand=growing),
        "thousands of GPUs": large,
        "thousands, 120 months": replace(large, horizon_months=120),
    }


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of a piece of work after a first round."""
    work()
    times: list[float] = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    print(f"{asked.draws} draws, 48 months if not stated; medians of {asked.rounds}")
    print(f"{'question':<26}{'Monte Carlo':>14}{'normals':>12}{'ratio':>8}{'whole answer':>16}")
    for name, inputs in questions(asked.draws).items():

        def monte_carlo(inputs: Inputs = inputs) -> object:
            return outcomes(inputs, draw(inputs), None)

        def normals(inputs: Inputs = inputs) -> object:
            count = len(possible_options(inputs)) * inputs.draws * inputs.horizon_months
            return np.random.Generator(np.random.PCG64(1)).standard_normal(count)

        def whole(inputs: Inputs = inputs) -> object:
            return analyze(inputs)

        drawn, normal = median_ms(monte_carlo, asked.rounds), median_ms(normals, asked.rounds)
        answer = median_ms(whole, asked.rounds)
        print(
            f"{name:<26}{drawn:>11.1f} ms{normal:>9.1f} ms{drawn / normal:>8.1f}{answer:>13.1f} ms"
        )


if __name__ == "__main__":
    main()
