"""What replicas do at every layout and batch that may be the plan, and at the ideal.

Everything is an array of shape (layouts, batches), before bands.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload
from service.estimate.serving_bands import ServingBands, bands_of
from service.estimate.serving_calibration import ServingCalibration, StepConstants
from service.estimate.serving_layouts import Spread, layout_of
from service.estimate.serving_load import Load
from service.estimate.serving_step import (
    DRAFT_COST,
    Layout,
    Step,
    ideal_step_seconds,
    step_of,
    step_seconds,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """How much runs at once.

    `most` is what the memory of a replica holds, by layout. `waiting` is how often the batch of
    those who wait goes round before. Replicas are 0 where a rate decides on them later.
    """

    most: Floats
    batch: Floats
    replicas: Floats
    waiting: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ideal:
    """What one replica does at the full bandwidth and peak: nothing is faster."""

    rate: float
    token_seconds: float
    first_token_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Predictions by layout and batch. Rates are of one replica, a second."""

    load: Load
    constants: StepConstants
    spreads: list[Spread]
    layout: Layout
    step: Step
    sizing: Sizing
    seconds: Floats
    rate: Floats
    token_seconds: Floats
    first_token_seconds: Floats
    bands: ServingBands

    @property
    def gpus(self) -> Floats:
        """GPUs of a replica, by layout."""
        return self.layout.tensor * self.layout.pipeline

    def prefill_share(self, index: tuple[int, int]) -> float:
        """Return the share of a step's time that goes to prompts."""
        if not self.load.generated:
            return 1.0
        without = _seconds(
            self.step, self.load, self.constants, self.sizing.batch, with_prompts=False
        )
        return 1 - float((without / self.seconds)[index])

    def ideal(self, index: tuple[int, int]) -> Ideal:
        """Return what the layout would do at the full bandwidth and peak."""
        load, step, batch = self.load, self.step, self.sizing.batch
        stage = np.maximum(1.0, batch / step.pipeline)
        nobody = np.zeros_like(stage)
        if not load.generated:
            prompts = ideal_step_seconds(
                step, sequences=nobody, prompt_tokens=stage * load.computed_input
            )
            seconds = float(prompts[index])
            rate = float(batch[index]) / seconds
            return Ideal(rate=rate, token_seconds=seconds, first_token_seconds=seconds)
        mixed, alone, first = (
            float(seconds[index])
            for seconds in (
                ideal_step_seconds(
                    step,
                    sequences=stage,
                    prompt_tokens=stage * load.computed_input / load.steps,
                ),
                ideal_step_seconds(step, sequences=stage, prompt_tokens=nobody),
                ideal_step_seconds(
                    step,
                    sequences=nobody,
                    prompt_tokens=np.full_like(stage, load.computed_input),
                ),
            )
        )
        return Ideal(
            rate=float(batch[index]) * load.tokens_per_step / mixed,
            token_seconds=alone / load.tokens_per_step,
            first_token_seconds=first,
        )


def grid_of(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    load: Load,
    spreads: list[Spread],
    sizing: Sizing,
    *,
    compute: Precision,
    calibration: ServingCalibration,
) -> Grid:
    """Predict what every layout does at every batch.

    TTFT = step + factor x lone prefill x batch^exponent, and the rounds of those who wait.
    """
    layout, batch, constants = layout_of(spreads), sizing.batch, calibration.constants
    step = step_of(
        workload.architecture,
        accelerator,
        precision=workload.precision,
        kv_precision=workload.kv_precision,
        compute=compute,
        engine=workload.engine,
        input_tokens=workload.input_tokens,
        cached_share=workload.prefix_cache_hit_rate,
        output_tokens=load.generated,
        tokens_per_sequence=load.verified_tokens,
        layout=layout,
    )
    seconds = _seconds(step, load, constants, batch, with_prompts=True)
    per_step = load.tokens_per_step if load.generated else 1.0
    token_seconds = seconds / per_step
    first = seconds
    if load.generated:
        alone = step_seconds(
            step,
            constants,
            sequences=np.zeros_like(batch),
            prompt_tokens=np.full_like(batch, load.computed_input),
        )
        queue = batch**calibration.first_token_exponent
        first = seconds + calibration.first_token_factor * alone * queue
    return Grid(
        load=load,
        constants=constants,
        spreads=spreads,
        layout=layout,
        step=step,
        sizing=sizing,
        seconds=seconds,
        rate=batch * per_step / seconds,
        token_seconds=token_seconds,
        first_token_seconds=first + sizing.waiting * token_seconds * max(load.generated, 1),
        bands=bands_of(
            workload,
            accelerator,
            load,
            calibration,
            batch=batch,
            gpus=layout.tensor * layout.pipeline,
        ),
    )


def _seconds(
    step: Step, load: Load, constants: StepConstants, batch: Floats, *, with_prompts: bool
) -> Floats:
    """Return the seconds of a step of whole replicas; without prompts only of what is generated."""
    stage = np.maximum(1.0, batch / step.pipeline)
    nobody = np.zeros_like(stage)
    if not load.generated:
        prompts = stage * load.computed_input
        return step_seconds(step, constants, sequences=nobody, prompt_tokens=prompts)
    prompts = stage * load.computed_input / load.steps * constants.prefill_factor
    seconds = step_seconds(
        step, constants, sequences=stage, prompt_tokens=prompts if with_prompts else nobody
    )
    return seconds * (1 + DRAFT_COST * load.draft_tokens)
