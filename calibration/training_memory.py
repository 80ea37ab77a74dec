"""Checks the memory of training against published peaks, and fits the few constants it has."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.result import Fit
from calibration.scores import Score
from service.domain.architecture import Architecture
from service.domain.precision import Precision
from service.domain.workload import Recompute, TrainingMethod, TrainingWorkload
from service.estimate.calibration import LogBand, TrainingCalibration
from service.estimate.training_memory import Layout, MemoryModel
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models

PATH = Path(__file__).parent / "data" / "memory_points.csv"
_GIB, _GB = 2.0**30, 1e9
_CANDIDATE_RUNTIME_BYTES = tuple(0.25e9 * step for step in range(9))
_QWEN = "QwenLM/Qwen"
_LITGPT = "litgpt"
# litgpt's default rank, and that of Qwen's finetune.py; Qwen recomputes, litgpt does not.
_RANKS = {_QWEN: 64, _LITGPT: 8}
_MEASURED_ON = "a100-sxm-80gb"
_MICRO_BATCHES_A_STEP = 8
_SECONDS_PER_STEP = re.compile(r"([0-9.]+) s/it")
# One denoising step of Stable Diffusion v1 at 512 x 512, and its memory points: peft trains in 32
# bits with one image a GPU.
_DIFFUSION = "Stable-Diffusion-1.5"

FILTER = (
    ("Adapter, AdapterV2, LoRA (emb)", "methods that a request cannot ask for"),
    ("litgpt on several GPUs", "the peak is that of loading: it hardly grows with the micro-batch"),
    ("torchtune, peft on language models", "neither sequence length nor batch is stated"),
    ("Q-LoRA minimum", "the setting of the row above it once more"),
    ("CPU offload, 8-bit optimizers", "not planned for"),
)

# Models of the table that the registry lacks, by their published configurations.
_ARCHITECTURES = {
    "Megatron-22B": Architecture(
        params=22_060_000_000,
        active_params=22_060_000_000,
        layers=48,
        hidden_size=6144,
        heads=64,
        kv_heads=64,
        head_dim=96,
        ffn_size=24576,
        vocab_size=51200,
        context_length=2048,
        full_attention_layers=48,
        tied_embeddings=True,
        gated_mlp=False,
    ),
    "stablelm-base-alpha-3b": Architecture(
        params=3_637_000_000,
        active_params=3_637_000_000,
        layers=16,
        hidden_size=4096,
        heads=32,
        kv_heads=32,
        head_dim=128,
        ffn_size=16384,
        vocab_size=50688,
        context_length=4096,
        full_attention_layers=16,
        gated_mlp=False,
    ),
    "Qwen-14B": Architecture(
        params=14_167_290_880,
        active_params=14_167_290_880,
        layers=40,
        hidden_size=5120,
        heads=40,
        kv_heads=40,
        head_dim=128,
        ffn_size=13696,
        vocab_size=152064,
        context_length=8192,
        full_attention_layers=40,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRow:
    """One published peak, with the workload and the layout behind it."""

    row_id: str
    label: str
    workload: TrainingWorkload
    layout: Layout
    measured_bytes: float
    seconds_per_micro_batch: float | None = None

    def one_micro_batch(self) -> TrainingWorkload:
        """Return the workload of one micro-batch, laid out as it was measured."""
        return replace(
            self.workload,
            tokens=self.workload.sequence_length * self.layout.micro_batch_size,
            micro_batch_size=self.layout.micro_batch_size,
            recompute=self.layout.recompute,
            is_benchmark=True,
        )


def finetune_rows(path: Path = PATH) -> list[MemoryRow]:
    """Read the fine-tuning peaks on one GPU whose setting is stated."""
    return [_finetune_row(cells) for cells in _cells(path) if _is_usable(cells)]


def pretrain_rows(path: Path = PATH) -> list[tuple[MemoryRow, str]]:
    """Read Megatron's rows, each with the part that it is about: "states" or "activations"."""
    return [
        (_pretrain_row(cells), "states" if cells["method"].startswith("params") else "activations")
        for cells in _cells(path)
        if cells["scenario"] == "pretrain" and cells["note"].startswith("TP8")
    ]


def predicted_bytes(row: MemoryRow, runtime_bytes: float) -> float:
    """Return the peak that the estimator gives for a row."""
    return MemoryModel(row.workload, _calibration(runtime_bytes)).on_gpu(row.layout).total


def predicted_part(row: MemoryRow, part: str) -> float:
    """Return states, or activations without logits, for a row of pre-training."""
    model = MemoryModel(row.workload, _calibration(0.0))
    return sum(model.states(row.layout)) if part == "states" else model.activations(row.layout)[0]


def fit() -> Fit:
    """Fit the runtime's bytes, unpacking of 4-bit weights and activations of diffusion models."""
    rows = finetune_rows()
    measured = np.array([row.measured_bytes for row in rows])

    def score(runtime_bytes: float) -> Score:
        predicted = np.array([predicted_bytes(row, runtime_bytes) for row in rows])
        return Score.of(predicted, measured)

    runtime = min(_CANDIDATE_RUNTIME_BYTES, key=lambda one: score(one).median + score(one).p90)
    per_flop, kept_share = _image_activations()
    best = score(runtime)
    report = [
        "### Memory",
        "",
        "Rows of fine-tuning that do not count:",
        "",
        *(f"- {what}: {reason}" for what, reason in FILTER),
        "",
        "| rows | n | median | p90 |",
        "|---|---|---|---|",
        f"| fine-tuning, one GPU | {best.count} | {best.median:.1%} | {best.p90:.1%} |",
        "",
        "| Megatron (arXiv:2205.05198) | part | predicted over measured |",
        "|---|---|---|",
        *(
            f"| {row.label} | {part} | {predicted_part(row, part) / row.measured_bytes:.4f} |"
            for row, part in pretrain_rows()
        ),
        "",
        "Megatron's figure of states leaves out embeddings, which the estimate has in it.",
    ]
    return Fit(
        constants={
            "runtime_bytes": runtime,
            "dequantization_bytes_per_param": _unpacking_bytes_per_param(),
            "activation_bytes_per_image_flop": per_flop,
            "checkpointed_image_share": kept_share,
        },
        report="\n".join(report),
    )


def _cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _is_usable(cells: Mapping[str, str]) -> bool:
    return (
        cells["scenario"] == "finetune"
        and cells["method"] in {"LoRA", "Q-LoRA"}
        and cells["n_gpus"] == "1"
        and bool(cells["seq_len"])
    )


def _finetune_row(cells: Mapping[str, str]) -> MemoryRow:
    is_4_bit = cells["method"] == "Q-LoRA" or cells["optimizer_bytes_or_quant"].startswith("bnb")
    source = _QWEN if cells["source"].startswith(_QWEN) else _LITGPT
    workload = TrainingWorkload(
        architecture=_architecture(cells["model"]),
        tokens=1,
        sequence_length=int(cells["seq_len"]),
        method=TrainingMethod.QLORA if is_4_bit else TrainingMethod.LORA,
        lora_rank=_RANKS[source],
    )
    return MemoryRow(
        row_id=cells["id"],
        label=f"{cells['model']} {cells['method']}",
        workload=workload,
        layout=Layout(
            tensor=1,
            pipeline=1,
            data=1,
            expert=1,
            zero_stage=0,
            micro_batch_size=int(cells["batch_per_gpu"]),
            recompute=Recompute.FULL if source == _QWEN else Recompute.SELECTIVE,
        ),
        measured_bytes=float(cells["measured_gb"]) * _GB,
        seconds_per_micro_batch=_seconds_per_micro_batch(cells),
    )


def _seconds_per_micro_batch(cells: Mapping[str, str]) -> float | None:
    match = _SECONDS_PER_STEP.search(cells["note"])
    return None if match is None else float(match.group(1)) / _MICRO_BATCHES_A_STEP


def _pretrain_row(cells: Mapping[str, str]) -> MemoryRow:
    tensor, pipeline, micro_batch = (int(text) for text in re.findall(r"\d+", cells["note"]))
    is_selective = "selective" in cells["method"]
    return MemoryRow(
        row_id=cells["id"],
        label=f"{cells['model']}, {cells['method']}",
        workload=TrainingWorkload(
            architecture=_architecture(cells["model"]),
            tokens=1,
            sequence_length=int(cells["seq_len"]),
            precision=Precision.FP16,
        ),
        layout=Layout(
            tensor=tensor,
            pipeline=pipeline,
            data=1,
            expert=1,
            zero_stage=0,
            micro_batch_size=micro_batch,
            recompute=Recompute.SELECTIVE if is_selective else Recompute.NONE,
        ),
        measured_bytes=float(cells["measured_gb"]) * _GIB,
    )


def _architecture(name: str) -> Architecture:
    model = load_models().find(name)
    return model.architecture if model is not None else _ARCHITECTURES[name]


def _unpacking_bytes_per_param() -> float:
    """Return bytes a weight and micro-batch, from Qwen-14B with LoRA on 16 and on 4 bits.

    The difference of their times hardly depends on the length: it is the work of unpacking.
    """
    seconds = {
        (row.workload.method, row.workload.sequence_length): row.seconds_per_micro_batch
        for row in finetune_rows()
        if row.seconds_per_micro_batch is not None
    }
    differences = [
        took - seconds[TrainingMethod.LORA, length]
        for (method, length), took in seconds.items()
        if method is TrainingMethod.QLORA
    ]
    bandwidth = load_accelerators()[_MEASURED_ON].memory_bytes_per_second
    params = _ARCHITECTURES["Qwen-14B"].params
    return float(np.median(differences)) * bandwidth / params


def _image_activations() -> tuple[float, float]:
    """Return bytes at 16 bits an image and forward FLOP, and the share that checkpointing keeps."""
    model = load_models().find(_DIFFUSION)
    if model is None or model.flops_per_step is None:
        raise LookupError(f"{_DIFFUSION} has no FLOPs of a step")
    by_method = {
        cells["method"]: float(cells["measured_gb"]) * _GB
        for cells in _cells(PATH)
        if cells["model"].startswith("Stable-Diffusion")
    }
    workload = TrainingWorkload(
        architecture=model.architecture, images=1, precision=Precision.FP32, lora_rank=16
    )
    layout = Layout(
        tensor=1,
        pipeline=1,
        data=1,
        expert=1,
        zero_stage=0,
        micro_batch_size=1,
        recompute=Recompute.NONE,
    )
    lora = replace(workload, method=TrainingMethod.LORA)
    no_activations = _calibration(0.0)
    full = by_method["Full finetuning"] - MemoryModel(workload, no_activations).total(layout)
    adapter_states = MemoryModel(lora, no_activations).total(layout)
    kept = by_method["LoRA"] - adapter_states
    checkpointed = by_method["LoRA + grad checkpointing"] - adapter_states
    single_precision = float(np.sqrt(full * kept))
    return single_precision / 2.0 / model.flops_per_step, checkpointed / kept


def _calibration(runtime_bytes: float) -> TrainingCalibration:
    """Return constants with which memory can be asked for before anything else is fitted."""
    none = LogBand(p10=0.0, p90=0.0)
    return TrainingCalibration(
        coefficients={},
        mfu_cap=1.0,
        reference_matmul_share=1.0,
        full_run=none,
        benchmark=none,
        families=frozenset(),
        generations=frozenset(),
        other_family_log_sd=0.0,
        other_generation_log_sd=0.0,
        prior_log_sd={},
        fine_tuning_log_sd=0.0,
        dequantization_bytes_per_param=0.0,
        activation_bytes_per_image_flop=0.0,
        checkpointed_image_share=1.0,
        runtime_bytes=runtime_bytes,
    )
