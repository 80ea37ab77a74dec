"""The measured serving points as the estimator sees them.

Which rows are left out, and why:

- weights above the memory of the GPUs that the row states: its parallelism cannot be right
  (ten rows of Qwen3-235B in fp8 on one H200);
- unbounded load where the weights leave room for fewer than 16 sequences: such rows measure how an
  engine evicts, not how fast it is (the source calls them KV-starved).

What rows do not say and is taken from their sources: InferenceMAX draws lengths from 0.8 to 1.0 of
the nominal ones (0.9 is used); TensorRT-LLM and vLLM keep an fp8 cache with weights of 8 and 4
bits, other engines bf16; TensorRT-LLM's RTX PRO 6000 tables are pipeline-parallel (its page
recommends it), those of mixtures on several GPUs expert-parallel; gpt-oss is published in MXFP4,
whatever the row calls it; MLPerf runs as many replicas as the smallest power of two of GPUs with
room allows.
Rates of rows that state concurrency are derived by the table from measured times: users * output
tokens / (TTFT + TPOT * (output tokens - 1)). "adp2" and more in `parallelism` is the degree of
data-parallel attention; "adp", "adp0" and "adp1" are none.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture
from service.domain.precision import Precision
from service.domain.workload import Engine
from service.estimate import kv_cache, memory_limits, serving_memory
from service.estimate.serving_calibration import OFFLINE, TUNED_OFFLINE, TUNED_SERVER
from service.estimate.serving_format import compute_precision
from service.estimate.serving_step import MAX_BATCH, Layout, Step, step_of
from service.estimate.weights import weight_bytes
from service.facts.accelerators import load_accelerators
from service.facts.models import load_models

TABLE = Path(__file__).with_name("data") / "inference_points.csv"

_GPUS = {
    "A100 PCIe 80GB": "a100-pcie-80gb", "A100 SXM 80GB": "a100-sxm-80gb", "A40": "a40-48gb",
    "A6000": "rtx-a6000-48gb", "B200": "b200-sxm-180gb", "B300": "b300-sxm-288gb",
    "GB200": "gb200-nvl72-186gb", "GB300": "gb300-nvl72-288gb", "GH200 144GB": "gh200-144gb",
    "GH200 96GB": "gh200-96gb", "H100 PCIe": "h100-pcie-80gb", "H100 SXM": "h100-sxm-80gb",
    "H200": "h200-sxm-141gb", "L40S": "l40s-48gb", "MI300X": "mi300x-192gb",
    "MI325X": "mi325x-256gb", "MI355X": "mi355x-288gb", "RTX 3070": "rtx-3070-8gb",
    "RTX 3080 10GB": "rtx-3080-10gb", "RTX 3080 Ti": "rtx-3080-ti-12gb",
    "RTX 3090": "rtx-3090-24gb", "RTX 4000 Ada": "rtx-4000-ada-20gb",
    "RTX 4070 Ti": "rtx-4070-ti-12gb", "RTX 4080": "rtx-4080-16gb", "RTX 4090": "rtx-4090-24gb",
    "RTX 5000 Ada": "rtx-5000-ada-32gb", "RTX 6000 Ada": "rtx-6000-ada-48gb",
    "RTX PRO 6000 Blackwell": "rtx-pro-6000-96gb",
}  # fmt: skip
_PRECISIONS = {
    "bf16": Precision.BF16, "fp16": Precision.FP16, "fp8": Precision.FP8, "fp4": Precision.FP4,
    "int4": Precision.INT4, "int8": Precision.INT8, "q4_k_m": Precision.Q4_K_M,
    "mxfp4-weights/bf16-act": Precision.MXFP4,
}  # fmt: skip
_ENGINES = {
    "trtllm": Engine.TENSORRT_LLM, "TensorRT-LLM": Engine.TENSORRT_LLM,
    "NIM": Engine.TENSORRT_LLM, "vllm": Engine.VLLM, "sglang": Engine.SGLANG,
    "llama.cpp": Engine.LLAMA_CPP,
}  # fmt: skip
_EIGHT_AND_FOUR_BITS = frozenset({Precision.FP8, Precision.FP4, Precision.MXFP4})
_SHORTENED = "InferenceMAX"
_SHORTENED_TO = 0.9
_LEAST_UNBOUNDED_BATCH = 16
_FITTING_SHARE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement. Rates are of one replica, output tokens a second; times in seconds.

    `batch` is what runs at once: the concurrency as far as the memory holds it, or all that it
    holds. Times are 0 where the row has none.
    """

    row_id: str
    model_id: str
    architecture: Architecture
    accelerator: Accelerator
    precision: Precision
    engine: Engine
    regime: str
    is_limited_by_memory: bool
    batch: float
    input_tokens: int
    output_tokens: int
    gpus: int
    rate: float
    first_token_seconds: float
    token_seconds: float
    step: Step
    source: str


def load_rows(path: Path = TABLE) -> tuple[list[Row], dict[str, int]]:
    """Read the table; return the rows that count, and how many were left out by reason."""
    left_out = {"weights above the memory": 0, "no room for 16 sequences": 0}
    rows: list[Row] = []
    for cells in _cells(path):
        row = _row(cells)
        if row is None:
            left_out["weights above the memory"] += 1
        elif row.regime == OFFLINE and row.batch < _LEAST_UNBOUNDED_BATCH:
            left_out["no room for 16 sequences"] += 1
        else:
            rows.append(row)
    return rows, left_out


def _cells(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, strict=True)


def _row(cells: Mapping[str, str]) -> Row | None:
    model = load_models().find(cells["model"])
    if model is None:
        raise ValueError(f"{cells['id']}: no model {cells['model']!r}")
    accelerator = load_accelerators()[_GPUS[cells["gpu"]]]
    engine = _ENGINES[cells["engine"]]
    precision = _PRECISIONS[cells["precision"]]
    if model.model_id.startswith("gpt-oss"):
        precision = Precision.MXFP4
    compute = compute_precision(precision, accelerator)
    if compute is None:
        # Rows in fp4 on GPUs without such units hold their weights in it and no more.
        compute = Precision.BF16
    has_small_cache = precision in _EIGHT_AND_FOUR_BITS and engine in {
        Engine.TENSORRT_LLM,
        Engine.VLLM,
    }
    kv_precision = Precision.FP8 if has_small_cache else Precision.BF16
    share = _SHORTENED_TO if _SHORTENED in cells["note"] else 1.0
    input_tokens, output_tokens = (int(int(cells[name]) * share) for name in ("isl", "osl"))
    gpus, replicas, layout = _layout(cells, model.architecture, accelerator, precision)
    weights = weight_bytes(model.architecture, precision)
    if weights.total > _FITTING_SHARE * accelerator.memory_bytes * gpus:
        return None
    step = step_of(
        model.architecture,
        accelerator,
        precision=precision,
        kv_precision=kv_precision,
        compute=compute,
        engine=engine,
        input_tokens=input_tokens,
        cached_share=0.0,
        output_tokens=output_tokens,
        tokens_per_sequence=1,
        layout=layout,
    )
    held = input_tokens + serving_memory.MEAN_ANSWER_SHARE * output_tokens
    request = kv_cache.bytes_per_request(model.architecture, kv_precision, np.array(held))
    shards = kv_cache.shards(
        model.architecture,
        int(layout.tensor),
        attention_data_parallel=bool(layout.attention_data_parallel),
    )
    room = serving_memory.cache_room(
        accelerator.memory_bytes,
        engine=engine,
        gpus=np.array(float(gpus)),
        weights=serving_memory.held_weights(
            weights, tensor=layout.tensor, attention_data_parallel=layout.attention_data_parallel
        ),
    )
    fitting = max(1.0, float(room / (request * float(layout.tensor) / shards)))
    concurrency = float(cells["concurrency"] or MAX_BATCH)
    return Row(
        row_id=cells["id"],
        model_id=model.model_id,
        architecture=model.architecture,
        accelerator=accelerator,
        precision=precision,
        engine=engine,
        regime=cells["regime"],
        is_limited_by_memory=fitting < concurrency,
        batch=min(concurrency, fitting),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        gpus=gpus,
        rate=float(cells["output_tps_total"]) / replicas,
        first_token_seconds=float(cells["ttft_ms"] or 0) / 1e3,
        token_seconds=float(cells["tpot_ms"] or 0) / 1e3,
        step=step,
        source=cells["source"],
    )


def _layout(
    cells: Mapping[str, str],
    architecture: Architecture,
    accelerator: Accelerator,
    precision: Precision,
) -> tuple[int, int, Layout]:
    """Return GPUs of one replica, replicas, and how the replica is spread."""
    total = int(cells["n_gpus"])
    text = cells["parallelism"]
    is_unbounded = cells["regime"] == OFFLINE
    is_split_by_layers = "layer split" in text or (
        is_unbounded and accelerator.family == "RTX PRO 6000"
    )
    replica = total
    if cells["regime"] in {TUNED_OFFLINE, TUNED_SERVER}:
        needed = weight_bytes(architecture, precision).total * 1.3
        usable = memory_limits.STANDARD.usable_share * accelerator.memory_bytes
        while replica > 1 and needed < usable * replica / 2:
            replica //= 2
    attention = re.search(r"adp([2-9])", text)
    expert = re.search(r"ep([1-9])", text)
    is_mixture = architecture.experts is not None
    expert_degree = int(expert[1]) if expert else 1
    if is_unbounded and is_mixture:
        expert_degree = replica
    layout = Layout(
        tensor=np.array(1.0 if is_split_by_layers else float(replica)),
        pipeline=np.array(float(replica) if is_split_by_layers else 1.0),
        attention_data_parallel=np.array(float(attention is not None)),
        expert=np.array(float(expert_degree)),
    )
    return replica, total // replica, layout
