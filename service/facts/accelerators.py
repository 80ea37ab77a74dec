"""The accelerators as the physics sees them, from the same table as the GPU registry."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.facts.rows import Row, above_zero, rows_of, whole
from service.facts.tables import dense_peaks_of

_PATH = Path(__file__).with_name("accelerators.csv")
_TERA = 1e12
_GIGA = 1e9
_GIB = 2.0**30
_WHOLE_NODE = "all GPUs of the node or pod"
# These sell decimal gigabytes; of all others the figure is in GiB (facts of the table's sources).
_DECIMAL_MEMORY = frozenset({"B300", "GB300"})
# One way, 16 lanes, of the gigabytes that PCI-SIG's line rates leave.
_PCIE_GB_PER_SECOND = {"PCIe3": 16.0, "PCIe4": 32.0, "PCIe5": 64.0}
_PCIE_OF_GENERATION = {
    "Turing": "PCIe3", "Ampere": "PCIe4", "Ada": "PCIe4", "Hopper": "PCIe5", "Blackwell": "PCIe5",
}  # fmt: skip
_OLDEST_PCIE = "PCIe3"
_GENERATIONS = {
    "K80": "Kepler", "M60": "Maxwell", "Quadro M4000": "Maxwell",
    "P100": "Pascal", "P4": "Pascal", "P40": "Pascal",
    "V100": "Volta", "V100S": "Volta", "Titan V": "Volta",
    "T4": "Turing", "T4G": "Turing", "Titan RTX": "Turing",
    "A100": "Ampere", "A100X": "Ampere", "A800": "Ampere", "A30": "Ampere", "A40": "Ampere",
    "A10": "Ampere", "A10G": "Ampere", "A16": "Ampere", "A2": "Ampere",
    "L4": "Ada", "L40": "Ada", "L40S": "Ada", "L20": "Ada",
    "H100": "Hopper", "H800": "Hopper", "H200": "Hopper", "H20": "Hopper", "GH200": "Hopper",
    "B200": "Blackwell", "GB200": "Blackwell", "B300": "Blackwell", "GB300": "Blackwell",
    "MI25": "GCN", "MI100": "CDNA", "MI210": "CDNA2", "MI250": "CDNA2", "MI250X": "CDNA2",
    "MI300X": "CDNA3", "MI300A": "CDNA3", "MI325X": "CDNA3", "MI350X": "CDNA4", "MI355X": "CDNA4",
    "Radeon Pro V520": "RDNA", "Radeon Pro V620": "RDNA2", "Radeon Pro V710": "RDNA3",
}  # fmt: skip
# The first that fits: "RTX 4000 Ada" is no GeForce RTX 40, nor "RTX 5000 Ada" a Blackwell.
_GENERATIONS_BY_TEXT = (
    (" Ada", "Ada"), ("RTX PRO", "Blackwell"), ("Quadro RTX", "Turing"), ("Quadro P", "Pascal"),
    ("RTX A", "Ampere"), ("GTX 10", "Pascal"), ("GTX 16", "Turing"), ("RTX 20", "Turing"),
    ("RTX 30", "Ampere"), ("RTX 40", "Ada"), ("RTX 50", "Blackwell"), ("TPU", "TPU"),
    ("Gaudi", "Gaudi"), ("Inferentia", "Neuron"), ("Trainium", "Neuron"), ("Ascend", "Da Vinci"),
    ("Arc", "Xe2"), ("WSE", "WSE"),
)  # fmt: skip


@cache
def load_accelerators(path: Path = _PATH) -> Mapping[str, Accelerator]:
    """Read the accelerators by GPU model, once in a process.

    Models without a published bandwidth or any peak are not among them: nothing can be computed.
    Raises BadFacts.
    """
    found = (_accelerator(row) for row in rows_of(path))
    return MappingProxyType({one.gpu_model_id: one for one in found if one is not None})


def _accelerator(row: Row) -> Accelerator | None:
    bandwidth, peaks = row.find("mem_bw_gbs", above_zero), dict(dense_peaks_of(row))
    if bandwidth is None or not peaks:
        return None
    family = row.read("family", str)
    bf16, measured = peaks.get(Precision.BF16), row.find("maf_bf16_measured", above_zero)
    watts = row.find("tdp_w", whole)
    unit = _GIGA if family in _DECIMAL_MEMORY else _GIB
    return Accelerator(
        gpu_model_id=row.read("id", str),
        family=family,
        vendor=row.read("vendor", str),
        generation=_generation(family),
        memory_bytes=row.read("vram_gb", whole) * unit,
        memory_bytes_per_second=float(bandwidth) * _GIGA,
        peak_flops=MappingProxyType({one: float(peak) * _TERA for one, peak in peaks.items()}),
        link_bytes_per_second=_link_bytes_per_second(row, family),
        has_node_link=_joins_node(row),
        power_watts=None if watts is None else float(watts),
        matmul_share=float(measured) / float(bf16) if measured and bf16 else None,
    )


def _joins_node(row: Row) -> bool:
    return row.read("link_scope", str).startswith(_WHOLE_NODE)


def _link_bytes_per_second(row: Row, family: str) -> float:
    """Return the way to the other GPUs of a node, one way.

    Vendors print both directions together. What joins two cards, or a GPU and its CPU, does not
    join a node: the bus does.
    """
    link, both_ways = row.read("link", str), row.find("link_gbs_per_gpu_bidir", above_zero)
    if both_ways is not None and (_joins_node(row) or not link.startswith("NVLink")):
        return float(both_ways) / 2 * _GIGA
    printed = link.split()[0]
    if printed not in _PCIE_GB_PER_SECOND:
        printed = _PCIE_OF_GENERATION.get(_generation(family), _OLDEST_PCIE)
    return _PCIE_GB_PER_SECOND[printed] * _GIGA


def _generation(family: str) -> str:
    by_text = (name for text, name in _GENERATIONS_BY_TEXT if text in family)
    return _GENERATIONS.get(family) or next(by_text, "")
