"""What to know of a plan before relying on it, whatever it costs."""

from service.domain.caveat import Caveat, CaveatCode
from service.domain.precision import Precision
from service.domain.workload import TrainingWorkload
from service.estimate.plan import ServingPlan, TrainingPlan

_HOURS_A_DAY = 24
# The longest of the measured runs took 118 days (BLOOM-176B).
LONGEST_RUN_DAYS = 120
_BELOW_16_BITS = frozenset({Precision.FP8, Precision.FP4})


def training_caveats(workload: TrainingWorkload, plan: TrainingPlan) -> tuple[Caveat, ...]:
    """Return the caveats of a training plan."""
    found = list(_unmeasured(plan))
    if workload.precision in _BELOW_16_BITS and workload.mfu is None:
        found.append(
            Caveat(
                code=CaveatCode.TUNED_BENCHMARK,
                message=f"What {workload.precision} gains in training was measured in tuned "
                "benchmarks; whole runs may gain less.",
            )
        )
    if is_long_run(plan):
        days = plan.wall_hours.p50 / _HOURS_A_DAY
        found.append(
            Caveat(
                code=CaveatCode.LONG_RUN,
                message=f"The run takes {days:,.0f} days on {_gpus(plan.gpu_count)}, longer than "
                "any that was measured; a deadline, more GPUs or the objective TIME shorten it.",
            )
        )
    return tuple(found)


def is_long_run(plan: TrainingPlan | ServingPlan) -> bool:
    """Whether a run takes longer than any that was measured."""
    return isinstance(plan, TrainingPlan) and plan.wall_hours.p50 > LONGEST_RUN_DAYS * _HOURS_A_DAY


def serving_caveats(plan: ServingPlan) -> tuple[Caveat, ...]:
    """Return the caveats of a serving plan."""
    return _unmeasured(plan)


def _gpus(count: int) -> str:
    return "one GPU" if count == 1 else f"{count:,} GPUs"


def _unmeasured(plan: TrainingPlan | ServingPlan) -> tuple[Caveat, ...]:
    if plan.is_measured:
        return ()
    return (
        Caveat(
            code=CaveatCode.NO_MEASURED_ROWS,
            message="No published measurement of such a workload on the family of "
            f"gpuModels/{plan.gpu_model_id} went into the calibration; the band is wider for it.",
        ),
    )
