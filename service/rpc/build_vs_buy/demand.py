"""The demand of a build-vs-buy request: exactly one of three ways to say how many GPUs.

Without any of them, tokens of a month size the GPUs; the peak is then that of the tokens.
"""

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.build_vs_buy.demand import load_duration
from service.build_vs_buy.inputs import ConstantLoad, PeakedLoad, WeeklyLoad
from service.build_vs_buy.units import HOURS_PER_DAY, HOURS_PER_WEEK
from service.business_case.question import DemandTerms
from service.domain.errors import Reason
from service.rpc.build_vs_buy.reading import ABOVE_NONE, GPUS, MAX_GPUS
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_in_range, is_set, read_count, read_double

_GROWTH = Range(low=-1, high=1, is_low_open=True)
_WAYS = ("constant_gpus", "weekly_profile", "mean_gpus")


def is_sized_by_tokens(request: pb.AnalyzeBuildVsBuyRequest) -> bool:
    """Tell whether the GPUs of a request follow from its tokens: nothing says how many."""
    names_gpus = any(is_set(request.demand, name) for name in _WAYS)
    return request.HasField("tokens_per_month") and not names_gpus


def read_demand(
    given: pb.GpuDemand,
    faults: Faults,
    *,
    by_tokens: bool,
    existing_gpu_count: int,
    horizon_months: int,
) -> DemandTerms | None:
    """Return the demand, without a load where it goes `by_tokens`; None beside new `faults`."""
    before = len(faults)
    load = None if by_tokens else _load(given, faults)
    growth = read_double(given, "monthly_growth", _GROWTH, faults)
    utilization = read_double(given, "utilization", ABOVE_NONE, faults)
    if by_tokens and is_set(given, "utilization"):
        text = (
            "belongs to a number of GPUs, which is not given; tokens have"
            " tokens_per_month.serving.utilization"
        )
        faults.add("utilization", text)
    if len(faults) > before:
        return None
    months = horizon_months - 1
    growing = (1 + max(growth or 0.0, 0.0)) ** months
    peak = 0.0 if load is None else load_duration(load).peak_gpus * growing
    if peak > MAX_GPUS:
        text = f"demand grows to {peak:,.0f} GPUs within the horizon; at most {MAX_GPUS:,}"
        faults.add("monthly_growth", text)
    return DemandTerms(
        load=load,
        monthly_growth=growth,
        utilization=utilization,
        existing_gpu_count=existing_gpu_count,
    )


def _load(given: pb.GpuDemand, faults: Faults) -> ConstantLoad | WeeklyLoad | PeakedLoad | None:
    ways = [name for name in _WAYS if is_set(given, name)]
    for name in ("peak_factor", "peak_hours_per_day"):
        if is_set(given, name) and "mean_gpus" not in ways:
            faults.add(name, "belongs to mean_gpus, which is not given")
    if not ways:
        text = "is needed, or weekly_profile, or mean_gpus, or tokens_per_month to size them by"
        faults.add("constant_gpus", text, Reason.FIELD_REQUIRED)
    for name in ways[1:]:
        faults.add(name, f"cannot be given together with {ways[0]}")
    constant = read_double(given, "constant_gpus", GPUS, faults)
    weekly = _profile(given, faults) if "weekly_profile" in ways else None
    peaked = _peaked(given, faults) if "mean_gpus" in ways else None
    return peaked or weekly or (None if constant is None else ConstantLoad(gpus=constant))


def _profile(given: pb.GpuDemand, faults: Faults) -> WeeklyLoad | None:
    before = len(faults)
    count = len(given.weekly_profile)
    if count != HOURS_PER_WEEK:
        faults.add(
            "weekly_profile",
            f"{count} values are not the {HOURS_PER_WEEK} hours of a week",
            metadata={"valueCount": str(count)},
        )
    for hour, gpus in enumerate(given.weekly_profile[:HOURS_PER_WEEK]):
        is_in_range(f"weekly_profile[{hour}]", gpus, GPUS, faults)
    return None if len(faults) > before else WeeklyLoad(gpus=tuple(given.weekly_profile))


def _peaked(given: pb.GpuDemand, faults: Faults) -> ConstantLoad | PeakedLoad | None:
    mean = read_double(given, "mean_gpus", GPUS, faults)
    return read_two_levels(given, faults, mean=mean)


def read_two_levels(
    given: pb.GpuDemand, faults: Faults, *, mean: float | None
) -> ConstantLoad | PeakedLoad | None:
    """Return a load of some mean with the peak of a demand; None where that went to `faults`."""
    before = len(faults)
    factor = read_double(given, "peak_factor", Range(low=1, high=1000), faults)
    hours = read_count(given, "peak_hours_per_day", Range(low=1, high=23), faults)
    if len(faults) > before or mean is None:
        return None
    if factor is None or factor == 1:
        if hours is not None:
            faults.add("peak_hours_per_day", "belongs to a peak_factor above 1")
        return ConstantLoad(gpus=mean)
    if hours is None:
        text = "is needed beside a peak_factor above 1"
        faults.add("peak_hours_per_day", text, Reason.FIELD_REQUIRED)
        return None
    if factor * hours > HOURS_PER_DAY:
        text = f"{hours} hours at {factor:g} times the mean are more than the whole day's work"
        faults.add("peak_factor", text)
    return PeakedLoad(mean_gpus=mean, peak_factor=factor, peak_hours_per_day=hours)
