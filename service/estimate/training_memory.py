"""Bytes on the fullest GPU of a training run: states, activations, logits, runtime.

States follow the ZeRO paper (arXiv:1910.02054): stage 1 shards the optimizer over the data-parallel
ranks, 2 also gradients, 3 also weights. Activations follow Korthikanti et al. (arXiv:2205.05198),
whose 34 bytes a hidden element hold for a plain GPT: here each product counts with its own width,
so that grouped queries, gated and mixture layers come out right.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from service.domain.architecture import Architecture, AttentionKind, ModelKind
from service.domain.precision import Precision
from service.domain.workload import Recompute, TrainingMethod, TrainingWorkload
from service.estimate.calibration import TrainingCalibration
from service.estimate.flops import attended_tokens
from service.estimate.plan import TrainingMemory
from service.estimate.weights import split_params

# Adam keeps two moments; beside 16-bit weights also a 32-bit copy of them (arXiv:1710.03740).
_MOMENT_BYTES = 8.0
_MASTER_BYTES = 4.0
_GRADIENT_BYTES = 4.0
# An adapter is trained in 32 bits: weight, gradient and both moments.
_ADAPTER_WEIGHT_BYTES = 4.0
# NF4 with a 32-bit scale for 64 weights (QLoRA, arXiv:2305.14314); the embeddings stay at 16 bits.
_NF4_BYTES = 0.5625
_EMBEDDING_BYTES = 2.0
# Logits: 16 bits as computed, then 32 bits of them and of their gradient in the loss.
_LOSS_BYTES = 8.0
# Zero stage 3 holds two layers whole: the one at work and the one that is being fetched.
_GATHERED_LAYERS = 2
# Megatron's interleaved schedule with three chunks a stage (arXiv:2104.04473, section 2.2;
# table 3 of arXiv:2205.05198 runs both its pipelined models so).
_CHUNKS = 3
_WEIGHTS_PER_IMAGE_ADAPTER_RANK = 4000.0

# DeepSeek-V3 spreads its experts over 64 GPUs (arXiv:2412.19437, section 3.2).
MAX_EXPERT = 64
ZERO_OPTIMIZER, ZERO_GRADIENTS, ZERO_WEIGHTS = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a run is spread; gpu_count = tensor x pipeline x data."""

    tensor: int
    pipeline: int
    data: int
    expert: int
    zero_stage: int
    micro_batch_size: int
    recompute: Recompute

    @property
    def gpu_count(self) -> int:
        """GPUs of the run."""
        return self.tensor * self.pipeline * self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class _LayerBytes:
    """Activation bytes of one token in one layer, over the layers' mean.

    `replicated` is what tensor parallelism alone leaves whole, `parallel` what it splits; `scores`
    are the attention matrix and its dropout; `entry` is what full recomputation keeps.
    """

    replicated: float
    parallel: float
    scores: float
    entry: float


class MemoryModel:
    """The memory of one workload, ready to be asked for many layouts.

    `trained_params` are those that have gradients: all, or those of the adapters.
    """

    def __init__(self, workload: TrainingWorkload, calibration: TrainingCalibration) -> None:
        architecture = workload.architecture
        split = split_params(architecture)
        is_full = workload.method is TrainingMethod.FULL
        self._workload = workload
        self._runtime_bytes = calibration.runtime_bytes
        self._calibration = calibration
        self._layers = max(architecture.layers, 1)
        self._element_bytes = 4.0 if is_single_precision(workload.precision) else 2.0
        adapters = 0.0 if is_full else lora_params(architecture, workload.lora_rank)
        self.trained_params = float(trainable_params(architecture)) if is_full else adapters
        frozen_bytes = self._frozen_bytes_per_weight()
        embeddings = split.embedding + split.head
        per_embedding = max(frozen_bytes, _EMBEDDING_BYTES)
        self._expert_weights = frozen_bytes * split.experts
        self._dense_weights = (
            frozen_bytes * (architecture.params - split.experts - embeddings)
            + per_embedding * embeddings
            + _ADAPTER_WEIGHT_BYTES * adapters
        )
        master = _MASTER_BYTES if is_full and self._element_bytes < _MASTER_BYTES else 0.0
        self._optimizer_bytes = _MOMENT_BYTES + master
        self._trained_experts = split.experts if is_full else 0.0
        self._trained_dense = self.trained_params - self._trained_experts
        self._all_state_bytes = (
            self._dense_weights
            + self._expert_weights
            + (_GRADIENT_BYTES + self._optimizer_bytes) * self.trained_params
        )
        self._layer = _layer_bytes(architecture, workload.sequence_length, self._element_bytes)

    def checkpoint_bytes(self) -> float:
        """Return one checkpoint with which training goes on: trained weights, master, moments.

        Frozen weights are not saved again.
        """
        weight = self._element_bytes if self._workload.method is TrainingMethod.FULL else 4.0
        return self.trained_params * (weight + self._optimizer_bytes)

    def states(self, layout: Layout) -> tuple[float, float, float]:
        """Return bytes of weights, gradients and optimizer on one GPU.

        Embeddings count as spread over the stages like the layers: Llama 3 takes a layer away from
        the stages that hold them (arXiv:2407.21783, section 3.3.2).
        """
        dense = layout.tensor * layout.pipeline
        experts = dense * layout.expert
        ranks = layout.data
        expert_ranks = max(ranks // layout.expert, 1)

        def sharded(bytes_dense: float, bytes_experts: float, stage: int) -> float:
            is_sharded = layout.zero_stage >= stage
            return bytes_dense / (dense * (ranks if is_sharded else 1)) + bytes_experts / (
                experts * (expert_ranks if is_sharded else 1)
            )

        weights = sharded(self._dense_weights, self._expert_weights, ZERO_WEIGHTS)
        if layout.zero_stage >= ZERO_WEIGHTS and ranks > 1:
            whole = self._dense_weights / dense + self._expert_weights / experts
            weights = min(weights + _GATHERED_LAYERS * whole / self._layers, whole)
        gradients = sharded(
            _GRADIENT_BYTES * self._trained_dense,
            _GRADIENT_BYTES * self._trained_experts,
            ZERO_GRADIENTS,
        )
        optimizer = sharded(
            self._optimizer_bytes * self._trained_dense,
            self._optimizer_bytes * self._trained_experts,
            ZERO_OPTIMIZER,
        )
        return weights, gradients, optimizer

    def activations(self, layout: Layout) -> tuple[float, float]:
        """Return bytes of activations and of logits on the GPU that has most of both.

        The first stage holds the micro-batches that are under way, the last one those of one and
        the logits.
        """
        if self._workload.architecture.kind is ModelKind.DIFFUSION:
            return self._image_activations(layout), 0.0
        tokens = layout.micro_batch_size * self._workload.sequence_length
        kept, working = self._kept_and_working(layout)
        stages = layout.pipeline
        first = tokens * (kept * self._layers * self._in_flight(stages) + working)
        vocabulary = self._workload.architecture.vocab_size
        logits = tokens * vocabulary * (self._element_bytes + _LOSS_BYTES) / layout.tensor
        if stages == 1:
            return first, logits
        last = tokens * (kept * self._layers / stages + working)
        return (first, 0.0) if first >= last + logits else (last, logits)

    def beside_states(self, layout: Layout) -> float:
        """Return bytes of all but the states; they do not depend on the ZeRO stage."""
        return sum(self.activations(layout)) + self._runtime_bytes

    def total(self, layout: Layout) -> float:
        """Return the bytes of all parts for one layout."""
        return sum(self.states(layout)) + self.beside_states(layout)

    def least_state_bytes(self, gpu_count: int) -> float:
        """Return what no layout of so many GPUs can go below: every state held once."""
        return self._all_state_bytes / gpu_count

    def least_state_count(self, room_bytes: float, *, zero_stage: int, width: int) -> float:
        """Return a lower bound of the GPUs whose states fit into `room_bytes` each.

        `width` is tensor x pipeline. What the stage does not shard has to fit by itself: infinite
        where it does not.
        """
        whole = (self._dense_weights + self._expert_weights / MAX_EXPERT) / width
        gradients = _GRADIENT_BYTES * (self._trained_dense + self._trained_experts / MAX_EXPERT)
        fixed = _GATHERED_LAYERS * whole / self._layers if zero_stage >= ZERO_WEIGHTS else whole
        if zero_stage < ZERO_GRADIENTS:
            fixed += gradients / width
        # One data-parallel rank gathers nothing: there the states are all that counts.
        alone = self._all_state_bytes / width
        if alone <= room_bytes:
            return width
        if fixed >= room_bytes:
            return math.inf
        return self._sharded_bytes(zero_stage) / (room_bytes - fixed)

    def recomputed_share(self, layout: Layout, budget_bytes: float) -> float:
        """Return the least share of layers to recompute in full so that a layout fits.

        Whole layers count. Above 1 where recomputing all of them is not enough.
        """
        none_kept = self.total(layout)
        if none_kept > budget_bytes:
            return math.inf
        all_kept = self.total(replace(layout, recompute=Recompute.SELECTIVE))
        if all_kept <= budget_bytes:
            return 0.0
        share = (all_kept - budget_bytes) / (all_kept - none_kept)
        return math.ceil(share * self._layers) / self._layers

    def on_gpu(self, layout: Layout, *, recomputed_share: float = 1.0) -> TrainingMemory:
        """Return all parts for one layout.

        Under full recomputation, `recomputed_share` of the layers are recomputed and the rest kept.
        """
        weights, gradients, optimizer = self.states(layout)
        activations, logits = self.activations(layout)
        if layout.recompute is Recompute.FULL and recomputed_share < 1.0:
            kept = self.activations(replace(layout, recompute=Recompute.SELECTIVE))
            activations, logits = (
                recomputed_share * again + (1.0 - recomputed_share) * whole
                for again, whole in zip((activations, logits), kept, strict=True)
            )
        return TrainingMemory(
            weights=weights,
            gradients=gradients,
            optimizer=optimizer,
            activations=activations,
            logits=logits,
            runtime=self._runtime_bytes,
        )

    def _sharded_bytes(self, zero_stage: int) -> float:
        sharded = self._optimizer_bytes * self.trained_params if zero_stage else 0.0
        if zero_stage >= ZERO_GRADIENTS:
            sharded += _GRADIENT_BYTES * self.trained_params
        if zero_stage >= ZERO_WEIGHTS:
            sharded += self._dense_weights + self._expert_weights
        return sharded

    def _frozen_bytes_per_weight(self) -> float:
        if self._workload.method is TrainingMethod.QLORA:
            return _NF4_BYTES
        return self._element_bytes

    def _kept_and_working(self, layout: Layout) -> tuple[float, float]:
        layer = self._layer
        # Sequence parallelism splits what tensor parallelism leaves whole (arXiv:2205.05198).
        whole = (layer.replicated + layer.parallel) / layout.tensor
        if layout.recompute is Recompute.NONE:
            return layer.replicated + (layer.parallel + layer.scores) / layout.tensor, 0.0
        if layout.recompute is Recompute.SELECTIVE:
            return whole, 0.0
        return layer.entry / layout.tensor, whole

    def _in_flight(self, stages: int) -> float:
        """Return micro-batches under way on the first stage over stages: 1F1B, or interleaved."""
        if stages == 1 or self._layers % (_CHUNKS * stages):
            return 1.0
        return 1.0 + (stages - 1) / (stages * _CHUNKS)

    def _image_activations(self, layout: Layout) -> float:
        per_image = self._calibration.activation_bytes_per_image_flop * (
            self._workload.flops_per_image_step or 0.0
        )
        is_checkpointed = layout.recompute is Recompute.FULL
        share = self._calibration.checkpointed_image_share if is_checkpointed else 1.0
        return layout.micro_batch_size * per_image * share * self._element_bytes / 2.0


def is_single_precision(precision: Precision) -> bool:
    """Tell whether weights rest in 32 bits; TF32 is a format of products only."""
    return precision in {Precision.FP32, Precision.TF32}


def trainable_params(architecture: Architecture) -> int:
    """Return the weights of full training: all, but of a diffusion model the denoiser's only.

    Its text encoder and its autoencoder stay frozen.
    """
    if architecture.kind is ModelKind.DIFFUSION:
        return architecture.active_params
    return architecture.params


def lora_params(architecture: Architecture, rank: int) -> float:
    """Return adapter weights with LoRA on every matrix of attention and of the dense MLP.

    rank x (inputs + outputs) a matrix (arXiv:2106.09685); all of them as QLoRA recommends
    (arXiv:2305.14314, section 4). Routed experts stay frozen without an adapter. Of a diffusion
    model, whose sizes are not known, adapters have rank/4000 of the denoiser's weights: those of
    Stable Diffusion v1 have 0.8 million at rank 4 for 860 million (huggingface/diffusers guide).
    """
    if architecture.kind is ModelKind.DIFFUSION:
        return architecture.active_params * rank / _WEIGHTS_PER_IMAGE_ADAPTER_RANK
    hidden = architecture.hidden_size
    query, key_value, output = _attention_widths(architecture)
    ends = 2 * (hidden + hidden) + query + key_value + output
    matrices = 3 if architecture.gated_mlp else 2
    return float(
        rank
        * (
            architecture.layers * ends
            + matrices * _mean_per_layer(architecture, lambda width: width + hidden, routed=False)
        )
    )


def _attention_widths(architecture: Architecture) -> tuple[int, int, int]:
    """Return the widths of queries, of keys and values together, and of the heads' output."""
    latent = architecture.latent
    if architecture.attention is AttentionKind.MLA and latent is not None:
        query = architecture.heads * (latent.nope_dim + latent.rope_dim)
        output = architecture.heads * latent.value_dim
        return query, query + output, output
    query = architecture.heads * architecture.head_dim
    return query, 2 * architecture.kv_heads * architecture.head_dim, query


def _mean_per_layer(
    architecture: Architecture, of_width: Callable[[float], float], *, routed: bool
) -> float:
    """Return a function of the MLP's width, summed over layers; routed experts if asked for."""
    experts = architecture.experts
    if experts is None:
        return architecture.layers * of_width(architecture.ffn_size)
    mixed = architecture.layers - experts.dense_layers
    width = float(experts.shared_ffn_size)
    if routed:
        width += experts.per_token * experts.ffn_size
    return experts.dense_layers * of_width(architecture.ffn_size) + mixed * (
        of_width(width) if width else 0.0
    )


def _layer_bytes(
    architecture: Architecture, sequence_length: int, element_bytes: float
) -> _LayerBytes:
    """Return activation bytes a token and layer (section 4.1 of arXiv:2205.05198).

    Kept are the inputs of attention and MLP and of both norms (8 bytes a hidden element at 16
    bits), queries, keys, values and the heads' output, and what the MLP has inside: input and
    output of its activation, with a gate also the gate. Models without a gate come from the time
    of dropout, which keeps two masks of a byte. Routed tokens are copied once for their experts.
    The attention matrix takes 5 bytes a head and pair: softmax, mask, dropped out.
    """
    scale = element_bytes / 2.0
    layers = max(architecture.layers, 1)
    hidden = architecture.hidden_size
    query, key_value, output = _attention_widths(architecture)
    inside = 6.0 if architecture.gated_mlp else 4.0
    mlp = _mean_per_layer(architecture, lambda width: inside * width, routed=True) / layers
    experts = architecture.experts
    copies = 2.0 * experts.per_token * hidden if experts is not None else 0.0
    masks = 0.0 if architecture.gated_mlp else 2.0 * hidden
    seen = attended_tokens(architecture, sequence_length) / layers
    return _LayerBytes(
        replicated=8.0 * hidden * scale + masks,
        parallel=(2.0 * (query + key_value + output) + mlp + copies) * scale,
        scores=(4.0 * scale + 1.0) * architecture.heads * seen,
        entry=2.0 * hidden * scale,
    )
