"""How well the software of each vendor's accelerators is known: what was measured on them.

The evidence is the tables of published measurements that the calibration rests on, so it moves
with them.
"""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FOLDER = Path(__file__).parent
_SOURCE = (
    "published measurements of the calibration, measured_serving.csv and measured_training.csv"
)
_ENGINES = {
    "VLLM": "vLLM", "SGLANG": "SGLang", "TENSORRT_LLM": "TensorRT-LLM", "LLAMA_CPP": "llama.cpp",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareEvidence:
    """Rows by engine of serving, and rows of training."""

    serving: Mapping[str, int]
    training: int

    def note(self, vendor: str) -> str:
        """Say it in a sentence, with its source."""
        engines = ", ".join(f"{name} {count}" for name, count in sorted(self.serving.items()))
        if not engines and not self.training:
            return (
                f"no measured rows of {vendor}: what its software reaches is not known "
                f"(source: {_SOURCE})"
            )
        serving = f"serving with {engines}" if engines else "no serving"
        return f"measured rows of {vendor}: {serving}; training {self.training} (source: {_SOURCE})"


@cache
def load_software_evidence(folder: Path = _FOLDER) -> Mapping[str, SoftwareEvidence]:
    """Count the measured rows by vendor, once in a process. Raises KeyError for an unknown GPU."""
    with (folder / "accelerators.csv").open(encoding="utf-8", newline="") as file:
        vendors = {row["id"]: row["vendor"] for row in csv.DictReader(file, strict=True)}
    serving: dict[str, Counter[str]] = {vendor: Counter() for vendor in vendors.values()}
    training: Counter[str] = Counter()
    with (folder / "measured_serving.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            serving[vendors[row["gpu"]]][_ENGINES.get(row["engine"], row["engine"])] += 1
    with (folder / "measured_training.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            training[vendors[row["gpu"]]] += 1
    return MappingProxyType(
        {
            vendor: SoftwareEvidence(serving=MappingProxyType(counts), training=training[vendor])
            for vendor, counts in serving.items()
        }
    )
