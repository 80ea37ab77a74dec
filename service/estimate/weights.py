"""Bytes of a model's weights, by number format and by the part of the model that they are in.

Formats below 8 bits do not store every weight alike: embeddings and the output head stay at 16
bits, and of a mixture of experts only the routed experts go below 8. So the parts are told apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.domain.architecture import Architecture, ModelKind
from service.domain.precision import Precision
from service.estimate.parameters import count_parameters

BYTES_PER_WEIGHT: Mapping[Precision, float] = MappingProxyType(
    {
        Precision.FP32: 4.0,
        Precision.TF32: 4.0,
        Precision.BF16: 2.0,
        Precision.FP16: 2.0,
        Precision.FP8: 1.0,
        Precision.INT8: 1.0,
        Precision.FP4: 0.5625,
        Precision.MXFP4: 0.53,
        Precision.INT4: 0.53,
        Precision.Q4_K_M: 0.606,
    }
)
"""Bytes of one weight with its scales. TF32 is a format of products, its weights rest in 32 bits.

NVFP4: 4 bits and an 8-bit scale for 16 weights (NVIDIA, "Introducing NVFP4", 2025-06). MXFP4: 4
bits and an 8-bit scale for 32 (OCP microscaling 1.0, 2023-09). INT4: GPTQ and AWQ with groups of
128, a 16-bit scale and a 4-bit zero. Q4_K_M: 4.85 bits over a whole Llama (llama.cpp, quantize).
"""

_KEPT_BYTES = 2.0
# Every checkpoint below 16 bits of the large publishers keeps embeddings and head in bf16; GGUF
# quantises them too, and its figure is over all weights.
_KEEPS_EMBEDDINGS = frozenset(
    {Precision.FP8, Precision.INT8, Precision.FP4, Precision.MXFP4, Precision.INT4}
)
_BELOW_8_BITS = frozenset({Precision.FP4, Precision.MXFP4, Precision.INT4})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamSplit:
    """Numbers of weights: `embedding` is the table that is looked up, `head` the output matrix.

    Tied models have both in one: `embedding` is then 0. `other` is what is left: the dense part of
    the MLP, shared experts, routers, norms.
    """

    embedding: float
    head: float
    attention: float
    experts: float
    other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightBytes:
    """Bytes of a model's weights at one format; the names are those of `ParamSplit`."""

    embedding: float
    head: float
    attention: float
    experts: float
    other: float

    @property
    def dense(self) -> float:
        """All but the routed experts."""
        return self.embedding + self.head + self.attention + self.other

    @property
    def total(self) -> float:
        """All of it."""
        return self.dense + self.experts


def split_params(architecture: Architecture) -> ParamSplit:
    """Say where the weights are, from the sizes; the parts sum to `params` exactly.

    Where the sizes of a part exceed what is left of `params` (an architecture that was partly
    inferred), that part is what is left. Of a diffusion model all is `other`.
    """
    left = float(architecture.params)
    if architecture.kind is ModelKind.DIFFUSION:
        return ParamSplit(embedding=0.0, head=0.0, attention=0.0, experts=0.0, other=left)
    counted = count_parameters(architecture)
    # A tied table is read as the head.
    head = min(float(counted.head or counted.embedding), left)
    left -= head
    embedding = min(float(counted.embedding), left) if counted.head else 0.0
    left -= embedding
    experts = min(float(counted.routed_experts), left)
    left -= experts
    attention = min(float(counted.attention), left)
    return ParamSplit(
        embedding=embedding,
        head=head,
        attention=attention,
        experts=experts,
        other=left - attention,
    )


def weight_bytes(architecture: Architecture, precision: Precision) -> WeightBytes:
    """Return the bytes of all weights, held once."""
    split = split_params(architecture)
    each = BYTES_PER_WEIGHT[precision]
    kept = _KEPT_BYTES if precision in _KEEPS_EMBEDDINGS else each
    is_mixture_below_8 = architecture.experts is not None and precision in _BELOW_8_BITS
    # nvidia/DeepSeek-R1-NVFP4 and openai/gpt-oss quantise the experts alone (model cards, 2025).
    outside_experts = 1.0 if is_mixture_below_8 else each
    return WeightBytes(
        embedding=split.embedding * kept,
        head=split.head * kept,
        attention=split.attention * outside_experts,
        experts=split.experts * each,
        other=split.other * outside_experts,
    )
