"""Which format a GPU multiplies in when the weights rest in another one."""

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision

# Formats that every GPU can unpack into the one it multiplies in.
_WEIGHT_ONLY = frozenset(
    {Precision.INT4, Precision.Q4_K_M, Precision.MXFP4, Precision.INT8, Precision.FP8}
)


def compute_precision(precision: Precision, accelerator: Accelerator) -> Precision | None:
    """Return the format of the matrix products; None when the GPU cannot do that at all.

    What the matrix units have is used as it is. Formats of weights alone are multiplied in bf16,
    in fp16 where there is none. On a GPU with FP4 units MXFP4 weights meet fp8 activations, and a
    mixed product runs at the rate of its wider operand (gpt-oss in vLLM and TensorRT-LLM, 2025).
    """
    peaks = accelerator.peak_flops
    if precision is Precision.MXFP4 and Precision.FP4 in peaks and Precision.FP8 in peaks:
        return Precision.FP8
    if precision in peaks:
        return precision
    if precision in _WEIGHT_ONLY:
        return next((wide for wide in (Precision.BF16, Precision.FP16) if wide in peaks), None)
    return None


def is_weight_only(precision: Precision, compute: Precision) -> bool:
    """Say whether weights are unpacked into a wider format before every product."""
    return precision is not compute and compute in {Precision.BF16, Precision.FP16}
