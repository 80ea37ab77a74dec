"""The time of one step of serving: a roofline with what engines add to it.

A step computes one token (or, with speculation, a few) of every sequence that is being answered,
and its share of the prompts that arrive (continuous batching with chunked prefill). With B
sequences on t GPUs that work in parallel:

    t_memory  = (W_dense + W_experts * touched * imbalance + B * KV(context)) / (t * BW * share)
    t_compute = FLOPs * imbalance / (t * peak * share) + attention FLOPs / (t * peak16 * share)
    t_link    = 2 L (latency * log2(t)/3 + 2 bytes * tokens * h * 2 (t-1)/t / (share * link))
    t_step    = engine * (t_memory + t_compute + t_link + L * layer + step)

`touched` = 1 - (1 - k/E)^tokens is the share of experts that at least one token goes to; a step
that takes in a prompt touches nearly all, so the mean is over steps with and without one. Memory
and compute add up instead of overlapping: over the measured rows an exponent of 1 fits better than
the root of squares. Two all-reduces a layer follow Megatron (arXiv:1909.08053); a ring moves
2 (t-1)/t of the message over the one-way bandwidth `link`. Everything is computed with numpy and
broadcasts: the fit passes one element a measured row, the planner one a layout and batch.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture, AttentionKind, ModelKind
from service.domain.precision import Precision
from service.domain.workload import Engine
from service.estimate import flops, kv_cache
from service.estimate.serving_calibration import StepConstants
from service.estimate.serving_format import is_weight_only
from service.estimate.weights import split_params, weight_bytes

Floats = NDArray[np.float64]
MAX_BATCH = 1024
"""Sequences that an engine answers at once by default (vLLM `max_num_seqs` on data-centre GPUs)."""

_ACTIVATION_BYTES = 2
# PCIe 5.0 x16 has 64 GB/s one way; the slowest NVLink that joins a node (A800) has 200.
_PCIE_BELOW_BYTES_PER_SECOND = 100e9
# Matrix products of the generations in the fit reach about this share of their peak (H100: 794.5
# of 989 TFLOPS, stas00/ml-engineering, 2025); the fitted share of the peak is relative to it.
_FITTED_MATMUL_SHARE = 0.8
_NVIDIA = "NVIDIA"
_BLACKWELL = "Blackwell"
# A draft head of the EAGLE kind is one layer and the output head (arXiv:2401.15077).
DRAFT_COST = 0.05
"""Assumed time of proposing one token, as a share of the model's own step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a replica is spread. Arrays of one shape; flags are 0 or 1."""

    tensor: Floats
    pipeline: Floats
    attention_data_parallel: Floats
    expert: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the time of a step is computed from. Arrays that broadcast against each other.

    Bytes and FLOPs are of the whole replica; `kv_bytes` is what one sequence's step reads, copies
    on several GPUs included. `tokens_per_sequence` is above 1 when proposed tokens are verified.
    """

    dense_bytes: Floats
    attention_bytes: Floats
    expert_bytes: Floats
    expert_count: Floats
    experts_per_token: Floats
    is_mixture: Floats
    is_latent: Floats
    kv_bytes: Floats
    output_flops: Floats
    input_flops: Floats
    output_attention_flops: Floats
    input_attention_flops: Floats
    tokens_per_sequence: Floats
    prompt_tokens: Floats
    layers: Floats
    hidden_size: Floats
    tensor: Floats
    pipeline: Floats
    attention_data_parallel: Floats
    is_expert_parallel: Floats
    memory_bytes_per_second: Floats
    peak_flops: Floats
    attention_peak_flops: Floats
    matmul_factor: Floats
    link_bytes_per_second: Floats
    is_pcie: Floats
    is_blackwell: Floats
    is_fp4: Floats
    is_weight_only: Floats
    is_vllm: Floats
    is_sglang: Floats
    is_llama_cpp: Floats


def stacked(steps: list[Step]) -> Step:
    """Join steps of single rows into one with arrays of one element a row."""
    return Step(
        **{
            field.name: np.array([float(getattr(step, field.name)) for step in steps])
            for field in fields(Step)
        }
    )


def selected(step: Step, rows: NDArray[np.bool_]) -> Step:
    """Return some rows of what `stacked` joined."""
    return Step(**{field.name: getattr(step, field.name)[rows] for field in fields(Step)})


def step_of(
    architecture: Architecture,
    accelerator: Accelerator,
    *,
    precision: Precision,
    kv_precision: Precision,
    compute: Precision,
    engine: Engine,
    input_tokens: int,
    cached_share: float,
    output_tokens: int,
    tokens_per_sequence: int,
    layout: Layout,
) -> Step:
    """Gather what a step of requests of these lengths costs on a GPU.

    The context is the prompt and half of the answer. A cached prefix (`cached_share` of the
    prompt) spares its products, and h^2 of the prompt's attention.
    """
    weights = weight_bytes(architecture, precision)
    experts = architecture.experts
    context = input_tokens + output_tokens / 2
    # A table that is looked up is not read as a whole; a tied one is the head.
    dense = weights.dense - weights.embedding
    kv_step = kv_cache.read_bytes_per_step(architecture, kv_precision, np.array(context))
    heads = 1 if architecture.attention is AttentionKind.MLA else max(1, architecture.kv_heads)
    copies = np.where(
        layout.attention_data_parallel > 0, 1.0, layout.tensor / np.minimum(layout.tensor, heads)
    )
    computing = flops.computing_params(architecture)
    per_attended = 2 * flops.attention_width(architecture)
    is_causal = architecture.kind is not ModelKind.ENCODER
    mean_prompt_context = input_tokens // 2 if is_causal else input_tokens
    prompt_attention = per_attended * flops.attended_tokens(architecture, mean_prompt_context)
    peaks = accelerator.peak_flops
    half = peaks.get(Precision.BF16) or peaks.get(Precision.FP16) or peaks[compute]
    measured = accelerator.matmul_share if accelerator.vendor != _NVIDIA else None
    link = accelerator.link_bytes_per_second
    return Step(
        dense_bytes=np.array(dense),
        attention_bytes=np.array(weights.attention),
        expert_bytes=np.array(weights.experts),
        expert_count=np.array(float(experts.count) if experts else 1.0),
        experts_per_token=np.array(float(experts.per_token) if experts else 1.0),
        is_mixture=np.array(float(experts is not None)),
        is_latent=np.array(float(architecture.attention is AttentionKind.MLA)),
        kv_bytes=kv_step * copies,
        output_flops=np.array(2.0 * computing),
        # Only the last token of a prompt goes through the head.
        input_flops=np.array(2.0 * (computing - split_params(architecture).head)),
        output_attention_flops=np.array(
            2.0
            * _decoding_width(architecture)
            * flops.attended_tokens(architecture, round(context))
        ),
        input_attention_flops=np.array(float(prompt_attention) * (1 + cached_share)),
        tokens_per_sequence=np.array(float(tokens_per_sequence)),
        prompt_tokens=np.array(max(1.0, input_tokens * (1 - cached_share))),
        layers=np.array(float(architecture.layers)),
        hidden_size=np.array(float(architecture.hidden_size)),
        tensor=layout.tensor,
        pipeline=layout.pipeline,
        attention_data_parallel=layout.attention_data_parallel,
        is_expert_parallel=np.asarray(layout.expert > 1, dtype=np.float64),
        memory_bytes_per_second=np.array(accelerator.memory_bytes_per_second),
        peak_flops=np.array(peaks[compute]),
        attention_peak_flops=np.array(half),
        matmul_factor=np.array(measured / _FITTED_MATMUL_SHARE if measured else 1.0),
        link_bytes_per_second=np.array(link),
        is_pcie=np.array(float(link < _PCIE_BELOW_BYTES_PER_SECOND)),
        is_blackwell=np.array(float(accelerator.generation == _BLACKWELL)),
        is_fp4=np.array(float(compute is Precision.FP4)),
        is_weight_only=np.array(float(is_weight_only(precision, compute))),
        is_vllm=np.array(float(engine is Engine.VLLM)),
        is_sglang=np.array(float(engine is Engine.SGLANG)),
        is_llama_cpp=np.array(float(engine is Engine.LLAMA_CPP)),
    )


def step_seconds(
    step: Step, constants: StepConstants, *, sequences: Floats, prompt_tokens: Floats
) -> Floats:
    """Return seconds of a step that answers `sequences` and reads `prompt_tokens` of prompts.

    Sequences are those of one pipeline stage; both may be 0 and need not be whole.
    """
    answered = sequences * step.tokens_per_sequence
    memory, compute = _roofline(step, constants, sequences, answered, prompt_tokens)
    tensor = step.tensor
    tokens = answered + prompt_tokens
    message = tokens * step.hidden_size * _ACTIVATION_BYTES * 2 * (tensor - 1) / tensor
    latency = constants.all_reduce_seconds * _when(step.is_pcie, constants.pcie_all_reduce_factor)
    link = (
        2
        * step.layers
        * (
            latency * np.log2(tensor) / 3
            + message / (constants.link_share * step.link_bytes_per_second)
        )
    )
    fixed = step.layers * constants.layer_seconds * _when(
        step.is_mixture, constants.mixture_layer_factor
    ) + constants.step_seconds * _by_engine(
        step,
        constants.vllm_step_factor,
        constants.sglang_step_factor,
        constants.llama_cpp_step_factor,
    )
    factor = _by_engine(
        step, constants.vllm_factor, constants.sglang_factor, constants.llama_cpp_factor
    ) * _when(step.is_latent, constants.latent_attention_factor)
    return np.asarray(factor * (memory + compute + link + fixed), dtype=np.float64)


def ideal_step_seconds(step: Step, *, sequences: Floats, prompt_tokens: Floats) -> Floats:
    """Return seconds at the full bandwidth and peak, the two overlapping, links and engine free."""
    answered = sequences * step.tokens_per_sequence
    read = (
        step.dense_bytes
        + step.expert_bytes * _touched(step, answered, prompt_tokens)
        + sequences * step.kv_bytes
    )
    work = answered * (step.output_flops + step.output_attention_flops) + prompt_tokens * (
        step.input_flops + step.input_attention_flops
    )
    return np.maximum(
        read / (step.tensor * step.memory_bytes_per_second),
        work / (step.tensor * step.peak_flops),
    )


def _roofline(
    step: Step,
    constants: StepConstants,
    sequences: Floats,
    answered: Floats,
    prompt_tokens: Floats,
) -> tuple[Floats, Floats]:
    imbalance = _when(step.is_expert_parallel * step.is_mixture, constants.expert_imbalance)
    imbalance = imbalance * _when(step.is_mixture, constants.mixture_factor)
    # Attention data-parallel: each GPU reads the whole of the attention weights.
    copied = step.attention_data_parallel * (step.tensor - 1) * step.attention_bytes
    touched = _touched(step, answered, prompt_tokens)
    read = (
        step.dense_bytes
        + copied
        + step.expert_bytes * touched * imbalance
        + sequences * step.kv_bytes
    )
    bandwidth = constants.bandwidth_share * _when(
        step.is_blackwell, constants.blackwell_bandwidth_factor
    )
    share = (
        constants.compute_share
        * step.matmul_factor
        * _when(step.is_blackwell, constants.blackwell_compute_factor)
        * _when(step.is_fp4, constants.fp4_compute_factor)
        * _when(step.is_weight_only, constants.weight_only_compute_factor)
    )
    products = (answered * step.output_flops + prompt_tokens * step.input_flops) * imbalance
    attention = answered * step.output_attention_flops + prompt_tokens * step.input_attention_flops
    compute = products / (step.tensor * step.peak_flops * share) + attention / (
        step.tensor * step.attention_peak_flops * step.matmul_factor * constants.attention_share
    )
    return read / (step.tensor * step.memory_bytes_per_second * bandwidth), compute


def _touched(step: Step, answered: Floats, prompt_tokens: Floats) -> Floats:
    """Share of the experts that a step reads, on average over steps with and without a prompt.

    A prompt comes as a whole and seldom, and reaches nearly all experts: spread over the steps
    between, it would make every one of them look as if it did.
    """
    with_prompt = np.minimum(1.0, prompt_tokens / step.prompt_tokens)
    whole_prompt = np.maximum(prompt_tokens, step.prompt_tokens)
    return (1 - with_prompt) * _touched_by(step, answered) + with_prompt * _touched_by(
        step, answered + whole_prompt
    )


def _touched_by(step: Step, tokens: Floats) -> Floats:
    missed = np.log1p(-np.minimum(step.experts_per_token / step.expert_count, 1 - 1e-12))
    return np.asarray(-np.expm1(tokens * missed), dtype=np.float64)


def _when(flag: Floats, factor: float) -> Floats:
    return np.asarray(1 + flag * (factor - 1), dtype=np.float64)


def _by_engine(step: Step, vllm: float, sglang: float, llama_cpp: float) -> Floats:
    return (
        _when(step.is_vllm, vllm)
        * _when(step.is_sglang, sglang)
        * _when(step.is_llama_cpp, llama_cpp)
    )


def _decoding_width(architecture: Architecture) -> int:
    """Heads times what a token read from the cache costs: MLA decodes in its compressed space."""
    latent = architecture.latent
    if architecture.attention is AttentionKind.MLA and latent is not None:
        return architecture.heads * (2 * latent.kv_rank + latent.rope_dim)
    return flops.attention_width(architecture)
