"""An accelerator as the physics sees it: bytes and operations a second, in floats."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.precision import Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """One GPU. All rates are per second and one GPU, none with sparsity.

    `peak_flops` has the precisions that its matrix units can do; `memory_bytes` is what an
    allocator sees of it. `link_bytes_per_second` is one way to the other GPUs of its node (half
    of what vendors print), and `has_node_link` tells whether that joins the whole node.
    `matmul_share` is the share of the dense bf16 peak that a large matrix product was measured to
    reach; None where nobody measured. `generation` is the vendor's: "Volta", "Ampere", "Ada",
    "Hopper", "Blackwell", "CDNA3", "TPU"; "" when it is not known.
    """

    gpu_model_id: str
    family: str
    vendor: str
    generation: str
    memory_bytes: float
    memory_bytes_per_second: float
    peak_flops: Mapping[Precision, float]
    link_bytes_per_second: float
    has_node_link: bool
    power_watts: float | None = None
    matmul_share: float | None = None
