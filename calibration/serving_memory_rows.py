"""Measured memory of serving against the estimate, and against weights x 1.15."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from service.domain.precision import Precision
from service.estimate import kv_cache
from service.estimate.weights import weight_bytes
from service.facts.models import load_models

TABLE = Path(__file__).with_name("data") / "memory_points.csv"

_BF16_ROWS = frozenset({"None", ""})
_KILO, _KIBI, _GIGA = 1e3, 1024.0, 1e9


def memory_lines() -> Iterable[str]:
    """Return a table of rows: what an allocator held, and what a token leaves in the cache.

    Allocators do not see the CUDA context, so the runtime that plans reserve is not added here.
    4-bit rows are NF4 of bitsandbytes, whose bytes a weight are those of INT4.
    """
    yield "| row | model | measured | ours | error | weights x 1.15 |"
    yield "|---|---|---|---|---|---|"
    with TABLE.open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file, strict=True):
            if cells["method"] == "Single-GPU Inference":
                yield from _allocated(cells)
            elif cells["method"] == "per token":
                yield from _per_token(cells)


def _allocated(cells: Mapping[str, str]) -> Iterable[str]:
    model = load_models().find(cells["model"])
    if model is None:
        return
    is_bf16 = cells["optimizer_bytes_or_quant"] in _BF16_ROWS
    weights = weight_bytes(model.architecture, Precision.BF16 if is_bf16 else Precision.INT4)
    context = np.array(float(cells["seq_len"]))
    cache = float(kv_cache.bytes_per_request(model.architecture, Precision.BF16, context))
    measured = float(cells["measured_gb"])
    ours = (weights.total + cache) / _GIGA
    rule = weights.total * 1.15 / _GIGA
    yield _line(cells, f"{measured:g} GB", f"{ours:.2f} GB", ours / measured, rule / measured)


def _per_token(cells: Mapping[str, str]) -> Iterable[str]:
    model = load_models().find(cells["model"])
    if model is None or not cells["unit"].startswith(("KB", "KiB")):
        return
    unit = _KIBI if cells["unit"].startswith("KiB") else _KILO
    measured = float(cells["measured_gb"])
    ours = kv_cache.bytes_per_token(model.architecture, Precision.BF16) / unit
    unit_name = cells["unit"].split("/")[0]
    yield _line(
        cells, f"{measured:g} {unit_name}", f"{ours:.1f} {unit_name}", ours / measured, None
    )


def _line(
    cells: Mapping[str, str], measured: str, ours: str, ratio: float, rule: float | None
) -> str:
    rule_cell = "" if rule is None else f"{100 * (rule - 1):+.1f} %"
    return (
        f"| {cells['id']} | {cells['model']} | {measured} | {ours} | {100 * (ratio - 1):+.1f} % "
        f"| {rule_cell} |"
    )
