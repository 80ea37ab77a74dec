"""The constants that were fitted to published measurements, read once from calibration.json.

The file is written by `python -m calibration.fit` and never by hand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from service.estimate.serving_calibration import ServingCalibration

_PATH = Path(__file__).parents[1] / "facts" / "calibration.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBand:
    """Natural logarithms of actual over expected hours at 10 % (below zero) and at 90 %."""

    p10: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCalibration:
    """What `calibration.training` found.

    `coefficients` are those of `service.estimate.mfu`, by name. `families` and `generations` are
    of the GPUs that have rows. Spreads are standard deviations of ln hours on top of the band:
    `other_family_log_sd` of a GPU family without rows, `prior_log_sd` of a generation that only a
    prior places, by its name, `other_generation_log_sd` of one that nothing places,
    `fine_tuning_log_sd` of training adapters. `dequantization_bytes_per_param` is what unpacking
    4-bit weights costs in a micro-batch, forward and backward, as bytes moved at the memory's
    bandwidth. `activation_bytes_per_image_flop` are the activations of a diffusion model for one
    image over the FLOPs of one forward step, `checkpointed_image_share` what full recomputation
    keeps of them.
    """

    coefficients: Mapping[str, float]
    mfu_cap: float
    reference_matmul_share: float
    full_run: LogBand
    benchmark: LogBand
    families: frozenset[str]
    generations: frozenset[str]
    other_family_log_sd: float
    other_generation_log_sd: float
    prior_log_sd: Mapping[str, float]
    fine_tuning_log_sd: float
    dequantization_bytes_per_param: float
    activation_bytes_per_image_flop: float
    checkpointed_image_share: float
    runtime_bytes: float

    @classmethod
    def from_json(cls, section: Mapping[str, Any]) -> "TrainingCalibration":
        """Read the section "training" of the file. Raises KeyError for what is missing."""
        bands = section["bands"]
        return cls(
            coefficients=MappingProxyType(dict(section["coefficients"])),
            mfu_cap=section["mfu_cap"],
            reference_matmul_share=section["reference_matmul_share"],
            full_run=LogBand(**bands["full_run"]),
            benchmark=LogBand(**bands["benchmark"]),
            families=frozenset(section["families"]),
            generations=frozenset(section["generations"]),
            other_family_log_sd=section["other_family_log_sd"],
            other_generation_log_sd=section["other_generation_log_sd"],
            prior_log_sd=MappingProxyType(dict(section["prior_log_sd"])),
            fine_tuning_log_sd=section["fine_tuning_log_sd"],
            dequantization_bytes_per_param=section["dequantization_bytes_per_param"],
            activation_bytes_per_image_flop=section["activation_bytes_per_image_flop"],
            checkpointed_image_share=section["checkpointed_image_share"],
            runtime_bytes=section["runtime_bytes"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Everything that was fitted. `tables_date` is that of the tables, in ISO 8601."""

    training: TrainingCalibration
    serving: ServingCalibration
    tables_date: str


@cache
def load_calibration(path: Path = _PATH) -> Calibration:
    """Read the constants, once in a process."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return Calibration(
        training=TrainingCalibration.from_json(document["training"]),
        serving=ServingCalibration.from_json(document["serving"]),
        tables_date=document["tables_date"],
    )
