"""How far the MFU of diffusion models lies from that of language models of their size.

One model has published rates, so that nothing can be left out: the band of diffusion models is
that of work without rows.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calibration.training_rows import accelerator_of
from service.domain.precision import Precision
from service.estimate import flops, mfu
from service.facts.models import load_models

PATH = Path(__file__).parent / "data" / "image_training_rates.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """One measured rate of training, of all GPUs. `flops_per_step` are of one image, forward."""

    flops_per_step: float
    images_per_second: float
    case: mfu.MfuCase

    @property
    def log_mfu(self) -> float:
        """The share of the dense peak that was measured, in logarithms."""
        peak = self.case.accelerator.peak_flops[self.case.precision]
        done = flops.image_training_flops(self.flops_per_step) * self.images_per_second
        return math.log(done / (peak * self.case.gpu_count))


def read_rows(path: Path = PATH) -> list[ImageRow]:
    """Read the published rates. Raises LookupError for a model without FLOPs of a step."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(cells) for cells in csv.DictReader(file)]


def coefficient(
    coefficients: Mapping[str, float], *, cap: float, reference_matmul_share: float
) -> float:
    """Return what diffusion adds to ln MFU: the mean over the rows, of tuned benchmarks all."""
    plain = {**coefficients, "diffusion": 0.0}
    shifts = [
        row.log_mfu
        - math.log(
            float(
                mfu.mfu(
                    mfu.features(row.case, reference_matmul_share=reference_matmul_share),
                    plain,
                    cap=cap,
                )
            )
        )
        for row in read_rows()
    ]
    return math.fsum(shifts) / len(shifts)


def report_lines(found: float) -> list[str]:
    """Return what the rates say."""
    shares = [math.exp(row.log_mfu) for row in read_rows()]
    return [
        "### Diffusion models",
        "",
        "Stable Diffusion 2 on 8 to 128 A100 (mosaicml/diffusion: U-Net, 512 x 512 pixels, tuned)",
        f"reaches {min(shares):.1%} to {max(shares):.1%} of the peak, x{math.exp(found):.2f} of a",
        "language model of its size. Whole runs of the table (trn0073, trn0075, trn0076) are not",
        "fitted: those of 2022 come from before fused attention, with autoencoder and text encoder",
        "inside.",
        "",
    ]


def _row(cells: Mapping[str, str]) -> ImageRow:
    model = load_models().find(cells["model"])
    if model is None or model.flops_per_step is None:
        raise LookupError(f"{cells['model']} has no FLOPs of a step")
    return ImageRow(
        flops_per_step=model.flops_per_step,
        images_per_second=float(cells["images_per_s"]),
        case=mfu.MfuCase(
            accelerator=accelerator_of(cells["gpu"]),
            precision=Precision(cells["precision"].upper()),
            gpu_count=float(cells["n_gpus"]),
            active_params=float(model.architecture.active_params),
            attention_share=0.0,
            is_mixture=False,
            is_diffusion=True,
            is_full_run=False,
            recomputed_share=0.0,
        ),
    )
