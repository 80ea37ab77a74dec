"""How far a predicted rate or time may be off, for one workload on one GPU.

The band of the regime is for an architecture that has no rows. GPU families, generations, vendors
and engines without rows widen it; measured rows near by move the middle and narrow it, as far as
their weight goes. Nothing is faster than the ideal roofline, so a band ends there. Arrays have the
shape of the batches that are asked about.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.workload import Engine, InferenceWorkload
from service.estimate.band import Band
from service.estimate.neighbours import load_serving_index, place
from service.estimate.serving_calibration import (
    CONCURRENCY,
    OFFLINE,
    SINGLE,
    ServingCalibration,
)
from service.estimate.serving_load import Load, LoadKind

Floats = NDArray[np.float64]
# Quantiles of the normal distribution, over that of 90 %.
_SHARE_OF_P90 = {0.5: 0.0, 0.75: 0.5263104770, 0.9: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Logarithms of a figure over its prediction: the middle, and the way to p10 and to p90."""

    middle: Floats
    below: Floats
    above: Floats

    def low(self, confidence: float) -> Floats:
        """Return the factor that the figure exceeds with `confidence`."""
        return np.exp(self.middle - _SHARE_OF_P90[confidence] * self.below)

    def high(self, confidence: float) -> Floats:
        """Return the factor that the figure stays under with `confidence`."""
        return np.exp(self.middle + _SHARE_OF_P90[confidence] * self.above)

    def band(
        self,
        prediction: float,
        index: tuple[int, int],
        *,
        least: float = 0.0,
        most: float = math.inf,
    ) -> Band:
        """Return the band of one prediction, cut at what physics allows at the least and most."""
        middle, below, above = (
            float(np.broadcast_to(part, self.middle.shape)[index])
            for part in (self.middle, self.below, self.above)
        )
        p10, p50, p90 = (
            min(max(prediction * math.exp(shift), least), most)
            for shift in (middle - below, middle, middle + above)
        )
        return Band(p10=p10, p50=p50, p90=p90)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingBands:
    """Spans of the output rate, the time per output token and the time to the first token."""

    rate: Spans
    token_time: Spans
    first_token: Spans


def regime_of(load: Load, engine: Engine) -> str:
    """Return the regime whose rows are like this load."""
    if engine is Engine.LLAMA_CPP:
        return SINGLE
    return OFFLINE if load.kind is LoadKind.OFFLINE else CONCURRENCY


def bands_of(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    load: Load,
    calibration: ServingCalibration,
    *,
    batch: Floats,
    gpus: Floats,
) -> ServingBands:
    """Return the spans for batches on replicas of so many GPUs; both broadcast to one shape."""
    regime = regime_of(load, workload.engine)
    further = _further(workload, accelerator, calibration, regime)
    shape = np.broadcast_shapes(batch.shape, gpus.shape)
    pull, weight = _neighbours(workload, accelerator, load, calibration, batch=batch, gpus=gpus)
    near = calibration.neighbour_band
    sizes = workload.architecture
    times = calibration.token_times.get(regime, calibration.token_times[CONCURRENCY])
    firsts = calibration.first_tokens.get(regime, calibration.first_tokens[CONCURRENCY])
    nothing = np.zeros(shape)
    return ServingBands(
        rate=_blended(calibration.rates[regime].of(sizes).combined(further), near, weight, pull),
        token_time=_blended(times.of(sizes).combined(further), near.inverse(), weight, -pull),
        first_token=_blended(firsts.of(sizes).combined(further), near, nothing, nothing),
    )


def is_measured(accelerator: Accelerator, calibration: ServingCalibration, *, regime: str) -> bool:
    """Say whether GPUs of this family have rows in a regime."""
    return f"{regime} {accelerator.family}" in calibration.measured_families


def _further(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    calibration: ServingCalibration,
    regime: str,
) -> Band:
    band = Band.exact(1.0)
    if accelerator.vendor not in calibration.measured_vendors:
        band = band.combined(calibration.unseen_vendor)
    else:
        if not is_measured(accelerator, calibration, regime=regime):
            band = band.combined(calibration.unseen_family[regime])
        if f"{regime} {accelerator.generation}" not in calibration.measured_generations:
            band = band.combined(calibration.unseen_generation)
    if f"{regime} {workload.engine.value}" not in calibration.measured_engines:
        band = band.combined(calibration.unseen_engine)
    return band


def _neighbours(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    load: Load,
    calibration: ServingCalibration,
    *,
    batch: Floats,
    gpus: Floats,
) -> tuple[Floats, Floats]:
    """Return how far measured rows move the estimate, and their weight, for every batch."""
    shape = np.broadcast_shapes(batch.shape, gpus.shape)
    found = load_serving_index().find(
        workload.architecture,
        accelerator,
        precision=workload.precision,
        engine=workload.engine,
    )
    if found is None or not load.generated:
        return np.zeros(shape), np.zeros(shape)
    here = place(
        batch=batch,
        gpus=gpus,
        input_tokens=load.input_tokens,
        output_tokens=load.generated,
    )
    pull, weight = found.pull(
        here.reshape(-1, here.shape[-1]),
        scale=calibration.neighbour_scale,
        prior=calibration.neighbour_prior,
    )
    return pull.reshape(shape), weight.reshape(shape)


def _blended(band: Band, near: Band, weight: Floats, pull: Floats) -> Spans:
    """Return spans whose middle is moved by `pull`.

    The squares of the sides fall with the weight, as the variance of kriging does.
    """
    below = _between(math.log(band.p50 / band.p10), math.log(near.p50 / near.p10), weight)
    above = _between(math.log(band.p90 / band.p50), math.log(near.p90 / near.p50), weight)
    return Spans(middle=math.log(band.p50) + pull, below=below, above=above)


def _between(far: float, near: float, weight: Floats) -> Floats:
    return np.sqrt((1 - weight) * far**2 + weight * near**2)
