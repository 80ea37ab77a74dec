"""What servers with GPUs draw, in kW, from ratings and measurements.

`power.csv` has ratings of whole systems, of GPUs alone, and of clusters. A server without a row is
derived from the rated power of its GPUs and how much more the known servers are rated at. The
sources bear no dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.domain.gpu import GpuModel, GpuRegistry
from service.facts.periods import READ_IN, undated
from service.facts.quantities import amount
from service.facts.rows import Row, parts, rows_of, whole
from service.facts.spread import joined

_PATH = Path(__file__).with_name("power.csv")
_UNIT = "kW/server"
_WATTS_PER_KW = 1000


class PoweredKind(StrEnum):
    """What a row of the table rates."""

    GPU = "gpu"
    MODULE = "module"
    SERVER = "server"
    RACK = "rack"
    CLUSTER = "cluster"
    DESKTOP = "desktop"


_WHOLE_SYSTEMS = frozenset({PoweredKind.SERVER, PoweredKind.RACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class TypicalDraw:
    """What a system draws at work, in kW: the stated range and its middle."""

    low_kw: float
    kw: float
    high_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRating:
    """One row: what a system of `gpu_count` GPUs is rated at, what it draws at work, or both."""

    system: str
    gpu_model_ids: tuple[str, ...]
    gpu_count: int
    kind: PoweredKind
    max_kw: float | None
    typical: TypicalDraw | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPower:
    """Power of one server: what must be provisioned, and what it draws under load, in kW."""

    max_kw: Figure
    typical_kw: Figure


@cache
def load_power_ratings(path: Path = _PATH) -> tuple[PowerRating, ...]:
    """Read the ratings, once in a process. Raises BadFacts, also for a row without any figure."""
    return tuple(_rating(row) for row in rows_of(path))


def server_power_kw(
    ratings: Sequence[PowerRating],
    gpu: GpuModel,
    *,
    gpus_per_server: int,
    registry: GpuRegistry,
) -> ServerPower | None:
    """Return the power of a server with so many of this GPU, None where it cannot be derived.

    Provisioned is the largest rating of the model; smaller ones are the low end. Without one it
    is the rated power of the GPUs times what known systems are rated at over theirs (smallest,
    median, largest). Typical draw without a row is the share of the rating that the systems with
    both figures draw. Raises ValueError for a server without GPUs.
    """
    if gpus_per_server < 1:
        raise ValueError("a server has at least one GPU")
    own = [
        one
        for one in ratings
        if one.kind in _WHOLE_SYSTEMS
        and gpu.gpu_model_id in one.gpu_model_ids
        and one.gpu_count == gpus_per_server
    ]
    max_kw = _rated(own) or _derived(
        ratings, gpu, gpus_per_server=gpus_per_server, registry=registry
    )
    if max_kw is None:
        return None
    typical_kw = _drawn(own) or _share_of(max_kw, ratings)
    return None if typical_kw is None else ServerPower(max_kw=max_kw, typical_kw=typical_kw)


def _rated(own: Sequence[PowerRating]) -> Figure | None:
    rated = [(one.max_kw, one.source) for one in own if one.max_kw is not None]
    if not rated:
        return None
    largest = max(kw for kw, _ in rated)
    return Figure(
        name="server_max_kw",
        low=min(kw for kw, _ in rated),
        base=largest,
        high=largest,
        unit=_UNIT,
        source=undated(joined(source for _, source in rated)),
        date=READ_IN,
    )


def _derived(
    ratings: Sequence[PowerRating], gpu: GpuModel, *, gpus_per_server: int, registry: GpuRegistry
) -> Figure | None:
    overheads = _overheads(ratings, registry)
    if gpu.power_watts is None or not overheads:
        return None
    gpus_kw = gpus_per_server * gpu.power_watts / _WATTS_PER_KW
    low, high = min(overheads), max(overheads)
    return Figure(
        name="server_max_kw",
        low=gpus_kw * low,
        base=gpus_kw * median(overheads),
        high=gpus_kw * high,
        unit=_UNIT,
        source=(
            f"derived: rated power of the GPUs times {low:.2f} to {high:.2f}, the ratings of"
            f" {len(overheads)} known systems over those of their GPUs"
        ),
        date=READ_IN,
    )


def _overheads(ratings: Sequence[PowerRating], registry: GpuRegistry) -> list[float]:
    """Return, a GPU model each, the rating of a system over the rated power of its GPUs."""
    largest: dict[tuple[str, ...], float] = {}
    for one in ratings:
        model = registry.find(one.gpu_model_ids[0]) if one.gpu_model_ids else None
        if one.kind not in _WHOLE_SYSTEMS or one.max_kw is None or model is None:
            continue
        if model.power_watts is not None:
            overhead = one.max_kw * _WATTS_PER_KW / (one.gpu_count * model.power_watts)
            largest[one.gpu_model_ids] = max(overhead, largest.get(one.gpu_model_ids, 0))
    return list(largest.values())


def _drawn(own: Sequence[PowerRating]) -> Figure | None:
    drawn = [(one.typical, one.source) for one in own if one.typical is not None]
    if not drawn:
        return None
    return Figure(
        name="server_typical_kw",
        low=min(typical.low_kw for typical, _ in drawn),
        base=median(typical.kw for typical, _ in drawn),
        high=max(typical.high_kw for typical, _ in drawn),
        unit=_UNIT,
        source=undated(joined(source for _, source in drawn)),
        date=READ_IN,
    )


def _share_of(max_kw: Figure, ratings: Sequence[PowerRating]) -> Figure | None:
    both = [
        (one.typical, one.max_kw, one.system)
        for one in ratings
        if one.kind in _WHOLE_SYSTEMS and one.max_kw is not None and one.typical is not None
    ]
    if not both:
        return None
    low = min(typical.low_kw / rated for typical, rated, _ in both)
    middle = median(typical.kw / rated for typical, rated, _ in both)
    high = max(typical.high_kw / rated for typical, rated, _ in both)
    return Figure(
        name="server_typical_kw",
        low=max_kw.low * low,
        base=max_kw.base * middle,
        high=max_kw.high * high,
        unit=_UNIT,
        source=(
            f"derived: {low:.0%} to {high:.0%} of the rating, as"
            f" {joined(system for _, _, system in both)}"
        ),
        date=READ_IN,
    )


def _rating(row: Row) -> PowerRating:
    rating = PowerRating(
        system=row.read("system", str),
        gpu_model_ids=row.find("gpu_models", parts) or (),
        gpu_count=row.read("gpus", whole),
        kind=row.read("kind", PoweredKind),
        max_kw=row.find("max_kw", amount),
        typical=_typical(row),
        source=row.read("source", str),
    )
    if rating.max_kw is None and rating.typical is None:
        raise row.bad("max_kw", "and typical_kw are both empty")
    return rating


def _typical(row: Row) -> TypicalDraw | None:
    kw = row.find("typical_kw", amount)
    low_kw, high_kw = row.find("typical_low_kw", amount), row.find("typical_high_kw", amount)
    if kw is None:
        if low_kw is not None or high_kw is not None:
            raise row.bad("typical_kw", "is empty beside its range")
        return None
    low_kw, high_kw = low_kw or kw, high_kw or kw
    if not low_kw <= kw <= high_kw:
        raise row.bad("typical_kw", "is outside of its range")
    return TypicalDraw(low_kw=low_kw, kw=kw, high_kw=high_kw)
