"""The model of a request: one of the registry, or sizes that are completed."""

from dataclasses import dataclass
from typing import Any

from gpuquote.v1 import architecture_pb2

from service.domain.architecture import (
    Architecture,
    AttentionKind,
    LatentAttention,
    Model,
    ModelKind,
)
from service.domain.errors import Reason
from service.domain.models import ModelRegistry
from service.estimate.infer import BadArchitecture, complete_architecture
from service.rpc.assumed import Assumed
from service.rpc.faults import Faults, unknown_text
from service.rpc.names import MODELS
from service.rpc.numbers import Range, read_count
from service.rpc.requests import MAX_SHOWN, read_enum, unknown_metadata

_FIELDS: Any = architecture_pb2.Architecture.DESCRIPTOR.fields_by_name

# Far above anything that exists, so that figures stay finite.
_PARAMS = Range(low=1, high=10**15)
_LAYERS = Range(low=1, high=10_000)
_SIZE = Range(low=1, high=10_000_000)
_TOKENS = Range(low=1, high=1_000_000_000)
_RANGES = {
    "params": _PARAMS,
    "active_params": _PARAMS,
    "layers": _LAYERS,
    "hidden_size": _SIZE,
    "heads": _SIZE,
    "kv_heads": _SIZE,
    "head_dim": _SIZE,
    "ffn_size": _SIZE,
    "vocab_size": _SIZE,
    "experts": _SIZE,
    "experts_per_token": _SIZE,
    "expert_ffn_size": _SIZE,
    "shared_ffn_size": _SIZE,
    "dense_layers": _LAYERS,
    "context_length": _TOKENS,
    "sliding_window": _TOKENS,
    "full_attention_layers": _LAYERS,
    "linear_layers": _LAYERS,
    "sparse_attention_tokens": _TOKENS,
}
_LATENT_FIELDS = {
    "latent_kv_rank": "kv_rank",
    "latent_rope_dim": "rope_dim",
    "latent_query_rank": "query_rank",
    "latent_nope_dim": "nope_dim",
    "latent_value_dim": "value_dim",
}
_EXPERTS_FIELDS = {
    "experts": "count",
    "experts_per_token": "per_token",
    "expert_ffn_size": "ffn_size",
    "shared_ffn_size": "shared_ffn_size",
    "dense_layers": "dense_layers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is trained or served. `model` is None for sizes that the request gave."""

    architecture: Architecture
    model: Model | None = None

    @property
    def model_id(self) -> str:
        """The id in the registry; "" where it is not from there."""
        return "" if self.model is None else self.model.model_id

    @property
    def flops_per_image_step(self) -> float | None:
        """FLOPs of one denoising step for one image; None for other kinds than diffusion."""
        return None if self.model is None else self.model.flops_per_step

    @property
    def training_sequence_length(self) -> int:
        """Tokens of most sequences that it was trained on; 0 where that is not stated."""
        return 0 if self.model is None else self.model.training_sequence_length

    @property
    def stated_context(self) -> int:
        """The longest context that somebody stated, in tokens; 0 where nobody did."""
        is_inferred = "context_length" in self.architecture.inferred
        return 0 if is_inferred else self.architecture.context_length

    @property
    def is_diffusion(self) -> bool:
        """Whether it makes images."""
        return self.architecture.kind is ModelKind.DIFFUSION

    @property
    def generates(self) -> bool:
        """Whether it makes text token by token."""
        return self.architecture.kind in {ModelKind.DECODER, ModelKind.ENCODER_DECODER}


def read_subject(
    request: Any, models: ModelRegistry, assumed: Assumed, faults: Faults
) -> Subject | None:
    """Read `model` or `architecture`; None where that went to `faults`."""
    has_architecture = request.HasField("architecture")
    if bool(request.model) is has_architecture:
        faults.add(
            "model",
            "exactly one of model and architecture is needed",
            Reason.BAD_FIELD if has_architecture else Reason.FIELD_REQUIRED,
        )
        return None
    if request.model:
        return read_registered(request.model, models, assumed, faults)
    return _completed(request.architecture, assumed, faults.under("architecture"))


def read_registered(
    text: str, models: ModelRegistry, assumed: Assumed, faults: Faults
) -> Subject | None:
    """Read a `model` of the registry, by id, name or alias; None where that went to `faults`."""
    name = text.removeprefix(f"{MODELS}/")
    model = models.find(name)
    if model is None:
        nearest = models.nearest(name[:MAX_SHOWN])
        faults.add(
            "model",
            unknown_text(name, "model of the registry", nearest),
            Reason.UNKNOWN_MODEL,
            metadata=unknown_metadata("model", name, nearest),
        )
        return None
    if model.architecture.kind is ModelKind.DIFFUSION and model.flops_per_step is None:
        description = f"the FLOPs of a denoising step of {model.model_id!r} are not known"
        faults.add("model", description, metadata={"model": model.model_id})
        return None
    _note_inferred(model.architecture, assumed, source=f"inferred for {MODELS}/{model.model_id}")
    return Subject(architecture=model.architecture, model=model)


def _completed(
    given: architecture_pb2.Architecture, assumed: Assumed, faults: Faults
) -> Subject | None:
    before = len(faults)
    sizes: dict[str, Any] = {
        name: read_count(given, name, allowed, faults) or 0 for name, allowed in _RANGES.items()
    }
    if not given.params:
        faults.add("params", "is required", Reason.FIELD_REQUIRED)
    kind = _read_kind(given, faults)
    attention = None
    if given.attention:
        attention = read_enum("attention", AttentionKind, given.attention, faults)
    latent = _read_latent(given, is_latent=attention == AttentionKind.MLA, faults=faults)
    if len(faults) > before:
        return None
    try:
        architecture = complete_architecture(
            **sizes,
            attention=None if attention is None else AttentionKind(attention),
            latent=latent,
            tied_embeddings=given.tied_embeddings,
            gated_mlp=given.gated_mlp if given.HasField("gated_mlp") else None,
            kind=kind,
        )
    except BadArchitecture as error:
        faults.add(error.field, error.message)
        return None
    _note_inferred(architecture, assumed, source="inferred from the sizes that were given")
    return Subject(architecture=architecture)


def _read_kind(given: architecture_pb2.Architecture, faults: Faults) -> ModelKind:
    if not given.kind:
        return ModelKind.DECODER
    kind = read_enum("kind", ModelKind, given.kind, faults)
    if kind == ModelKind.DIFFUSION:
        faults.add(
            "kind",
            "DIFFUSION is for models of the registry only, whose FLOPs of a step are known",
            metadata={"kind": ModelKind.DIFFUSION},
        )
    return ModelKind.DECODER if kind is None else ModelKind(kind)


def _read_latent(
    given: architecture_pb2.Architecture, *, is_latent: bool, faults: Faults
) -> LatentAttention | None:
    ranks = {
        own: read_count(given, name, _SIZE, faults) or 0 for name, own in _LATENT_FIELDS.items()
    }
    if not is_latent:
        for name in _LATENT_FIELDS:
            if getattr(given, name):
                faults.add(name, "belongs to attention MLA only")
        return None
    return LatentAttention(**ranks)


def _note_inferred(architecture: Architecture, assumed: Assumed, *, source: str) -> None:
    for name in sorted(architecture.inferred):
        json_name = _FIELDS[name].json_name if name in _FIELDS else name
        assumed.note(f"architecture.{json_name}", _shown(architecture, name), source)


def _shown(architecture: Architecture, name: str) -> str:
    if name in _LATENT_FIELDS:
        value = getattr(architecture.latent, _LATENT_FIELDS[name], None)
    elif name in _EXPERTS_FIELDS:
        value = getattr(architecture.experts, _EXPERTS_FIELDS[name], 0)
    else:
        value = getattr(architecture, name)
    return str(value).lower() if isinstance(value, bool) else str(value)
