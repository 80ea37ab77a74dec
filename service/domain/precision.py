"""Number formats of weights, caches and matrix products."""

from enum import StrEnum


class Precision(StrEnum):
    """A number format, as vendors and engines name it.

    FP4 is the vendors' own 4-bit float (NVFP4), MXFP4 that of the OCP microscaling standard,
    INT4 a weight-only format of GPTQ's or AWQ's kind, Q4_K_M the one of GGUF files.
    """

    FP32 = "FP32"
    TF32 = "TF32"
    BF16 = "BF16"
    FP16 = "FP16"
    FP8 = "FP8"
    INT8 = "INT8"
    FP4 = "FP4"
    MXFP4 = "MXFP4"
    INT4 = "INT4"
    Q4_K_M = "Q4_K_M"
