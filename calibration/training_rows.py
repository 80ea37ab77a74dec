"""Published training runs and benchmarks, as rows that the MFU model can be fitted to."""

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture
from service.domain.precision import Precision
from service.estimate import flops
from service.estimate.mfu import MfuCase
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models
from service.facts.tables import load_gpu_registry

PATH = Path(__file__).parent / "data" / "training_runs.csv"
FULL_RUN = "full_run"
# Where the count of GPUs is not stated: the middle of those full runs that state it.
_UNSTATED_GPUS = 512.0
_DEFAULT_SEQUENCE = 2048
_SECONDS_AN_HOUR = 3600.0

EXCLUDED = {
    "trn0001": "circular: 10,000 GPUs are assumed, and the FLOPs are chips x time",
    "trn0003": "hours are derived from a benchmark's 147 TFLOP/s; the run took about two months",
    "trn0019": "pruned and distilled: the teacher's work is in the hours, not in 6 N D",
    "trn0065": "tokens are derived back from the FLOPs",
    "trn0066": "encoder and decoder see different tokens: 6 N D counts too much",
    "trn0072": "hours are derived from a throughput in hardware FLOPs",
    "trn0073": "diffusion: neither images nor FLOPs are stated",
    "trn0075": "diffusion: an estimate, images are not stated",
    "trn0076": "diffusion: images are not stated",
    "trn0362": "180 TFLOP/s of an unstated convention: model or hardware FLOPs",
}
"""Rows that nothing is fitted to and no error is counted on, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow:
    """One measurement. `log_mfu` counts FLOPs as the estimator does, over the dense peak.

    `shape` joins models of the same sizes (Llama 3, 3.1 and 3.3 70B; GPT-3 and MegaScale): leaving
    one out leaves all of them out. `rule_of_thumb_share` is 6 N over the full FLOPs a token.
    """

    row_id: str
    model: str
    shape: tuple[str, str, str]
    case: MfuCase
    log_mfu: float
    rule_of_thumb_share: float
    gpu: Accelerator
    source: str

    @property
    def regime(self) -> str:
        """What kind of figure it is."""
        return "full run" if self.case.is_full_run else "benchmark"


def read_rows(path: Path = PATH) -> list[TrainingRow]:
    """Read the rows that count."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(cells) for cells in csv.DictReader(file) if cells["id"] not in EXCLUDED]


def without_generation(case: MfuCase) -> MfuCase:
    """Return the case as if nobody had fitted its GPU's generation."""
    return replace(case, accelerator=replace(case.accelerator, generation=""))


def architecture_of(cells: dict[str, str]) -> Architecture:
    """Return the registry's architecture, or one from the sizes in the row.

    The latter has one head as wide as the model, which gives 6 L h s for attention.
    """
    model = load_models().find(cells["model"])
    if model is not None:
        return model.architecture
    layers, hidden = int(cells["layers"]), int(cells["hidden"])
    return Architecture(
        params=round(float(cells["params_total"])),
        active_params=round(float(cells["params_active"])),
        layers=layers,
        hidden_size=hidden,
        heads=1,
        kv_heads=1,
        head_dim=hidden,
        ffn_size=4 * hidden,
        vocab_size=0,
        context_length=0,
        full_attention_layers=layers,
    )


def accelerator_of(name: str) -> Accelerator:
    """Return the accelerator that a table names. Raises LookupError."""
    for model in load_gpu_registry().models:
        if model.display_name == name:
            return load_accelerators()[model.gpu_model_id]
    raise LookupError(name)


def _row(cells: dict[str, str]) -> TrainingRow:
    architecture = architecture_of(cells)
    gpu = accelerator_of(cells["gpu"])
    sequence = int(cells["seq_len"] or _DEFAULT_SEQUENCE)
    precision = Precision(cells["precision"].upper())
    per_token = flops.training_flops_per_token(architecture, sequence)
    share = flops.attention_share(architecture, sequence)
    return TrainingRow(
        row_id=cells["id"],
        model=cells["model"],
        shape=(cells["layers"], cells["hidden"], f"{float(cells['params_total']):.1g}"),
        case=MfuCase(
            accelerator=gpu,
            precision=precision,
            gpu_count=float(cells["n_gpus"] or _UNSTATED_GPUS),
            active_params=float(architecture.active_params),
            attention_share=share,
            is_mixture=cells["moe"] == "1",
            is_diffusion=False,
            is_full_run=cells["kind"] == FULL_RUN,
            recomputed_share=float(cells["activation_recompute"] == "full"),
        ),
        log_mfu=math.log(_measured_mfu(cells, per_token, share, gpu.peak_flops[precision])),
        rule_of_thumb_share=6.0 * architecture.active_params / per_token,
        gpu=gpu,
        source=cells["source"],
    )


def _measured_mfu(
    cells: dict[str, str], per_token: float, attention_share: float, peak: float
) -> float:
    """Return model FLOPs over peak: from GPU-hours, from tokens a second, or as stated.

    Stated ones follow PaLM's convention (arXiv:2204.02311, appendix B), which counts attention as
    if it were not causal: twice.
    """
    if cells["kind"] == FULL_RUN:
        seconds = float(cells["gpu_hours"]) * _SECONDS_AN_HOUR
        return per_token * float(cells["tokens"]) / (seconds * peak)
    if cells["tokens_per_s_per_gpu"]:
        return per_token * float(cells["tokens_per_s_per_gpu"]) / peak
    return float(cells["mfu"]) / (1.0 + attention_share)
