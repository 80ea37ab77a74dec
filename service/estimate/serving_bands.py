"""How far a predicted rate or time may be off, for one workload on one GPU.

The band of the regime is that of rows whose model was left out of the fit. GPUs, engines and
vendors without rows widen it; a measured row near by moves the middle and narrows it, as far as
its weight goes. Arrays have the shape of the batches that are asked about.
"""

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

    def band(self, prediction: float, index: tuple[int, int]) -> Band:
        """Return the band of one prediction."""
        middle, below, above = (
            float(np.broadcast_to(part, self.middle.shape)[index])
            for part in (self.middle, self.below, self.above)
        )
        p10, p50, p90 = (
            prediction * float(np.exp(shift)) for shift in (middle - below, middle, middle + above)
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
    weight, ratio = _neighbours(workload, accelerator, load, calibration, batch=batch, gpus=gpus)
    near = calibration.neighbour_band
    rate = _blended(calibration.rates[regime].combined(further), near, weight, ratio, shape)
    times = calibration.token_times.get(regime, calibration.token_times[CONCURRENCY])
    token_time = _blended(times.combined(further), near.inverse(), weight, -ratio, shape)
    nothing = np.zeros(shape)
    firsts = calibration.first_tokens.get(regime, calibration.first_tokens[CONCURRENCY])
    first = _blended(firsts.combined(further), near, nothing, nothing, shape)
    return ServingBands(rate=rate, token_time=token_time, first_token=first)


def _further(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    calibration: ServingCalibration,
    regime: str,
) -> Band:
    band = Band.exact(1.0)
    if accelerator.vendor not in calibration.measured_vendors:
        band = band.combined(calibration.unseen_vendor)
    elif accelerator.family not in calibration.measured_families:
        band = band.combined(calibration.unseen_gpu)
    if f"{workload.engine.value} {regime}" not in calibration.measured_loads:
        # No engine could be left out in a regime where it is alone: taken as of another GPU.
        band = band.combined(calibration.unseen_gpu)
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
    """Return the weight of the nearest row and the logarithm of its ratio, for every batch."""
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
    indices, distances = found.nearest(here.reshape(-1, here.shape[-1]))
    weight = calibration.neighbour_weight * np.exp(-distances / calibration.neighbour_scale)
    return weight.reshape(shape), np.log(found.ratios(indices)).reshape(shape)


def _blended(
    band: Band, near: Band, weight: Floats, log_ratio: Floats, shape: tuple[int, ...]
) -> Spans:
    middle = (1 - weight) * np.log(band.p50) + weight * log_ratio
    below = (1 - weight) * np.log(band.p50 / band.p10) + weight * np.log(near.p50 / near.p10)
    above = (1 - weight) * np.log(band.p90 / band.p50) + weight * np.log(near.p90 / near.p50)
    return Spans(
        middle=np.broadcast_to(middle, shape),
        below=np.broadcast_to(below, shape),
        above=np.broadcast_to(above, shape),
    )
