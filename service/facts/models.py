"""The bundled models: sizes from the published configurations, with the source of each row."""

import re
from functools import cache
from pathlib import Path

from service.domain.architecture import (
    Architecture,
    AttentionKind,
    Experts,
    LatentAttention,
    Model,
    ModelKind,
)
from service.domain.models import ModelRegistry
from service.facts.rows import BadFacts, Row, parts, rows_of, whole

_PATH = Path(__file__).with_name("models.csv")
_MODEL_ID = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*", re.ASCII)
_FAMILY = re.compile(r"[a-z]+(?:-[a-z0-9]+)*", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONG = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_MAX_PARAMS = 10**15


@cache
def load_models(path: Path = _PATH) -> ModelRegistry:
    """Read the models, once in a process: the registry never changes.

    Raises BadFacts for a row that lacks what its kind needs, for figures of the wrong form, for
    layers that do not add up, and for a name that two rows have.
    """
    models = [_model(row) for row in rows_of(path)]
    try:
        return ModelRegistry(models)
    except ValueError as error:
        raise BadFacts(f"{path.name}: {error}") from error


def _model(row: Row) -> Model:
    kind = row.read("kind", ModelKind)
    is_diffusion = kind is ModelKind.DIFFUSION
    return Model(
        model_id=row.read("id", _model_id),
        display_name=row.read("name", str),
        publisher=row.read("publisher", str),
        family=row.read("family", _family),
        licence=row.read("licence", str),
        architecture=_diffusion(row) if is_diffusion else _transformer(row, kind),
        aliases=row.find("aliases", parts) or (),
        published_params=row.read("params_published", str),
        flops_per_step=float(row.read("flops_per_step", _long)) if is_diffusion else None,
        kv_bytes_per_token_bf16=row.find("kv_bytes_per_token_bf16", whole),
        training_sequence_length=row.find("training_length", whole) or 0,
        source=row.read("source", str),
        note=row.find("note", str) or "",
    )


def _diffusion(row: Row) -> Architecture:
    return Architecture(
        kind=ModelKind.DIFFUSION,
        params=row.read("params_total", _params),
        active_params=row.read("params_active", _params),
        layers=0,
        hidden_size=0,
        heads=0,
        kv_heads=0,
        head_dim=0,
        ffn_size=0,
        vocab_size=0,
        context_length=0,
        full_attention_layers=0,
    )


def _transformer(row: Row, kind: ModelKind) -> Architecture:
    layers = row.read("layers", whole)
    full = row.read("full_attn_layers", _count)
    linear = row.find("linear_layers", whole) or 0
    windowed = layers - full - linear
    window = row.find("sliding_window", whole) or 0
    if windowed < 0:
        raise row.bad("full_attn_layers", f"and linear_layers are more than {layers} layers")
    if (windowed > 0) != (window > 0):
        raise row.bad("sliding_window", f"is {window} for {windowed} layers with a window")
    latent = _latent(row)
    experts = _experts(row)
    return Architecture(
        kind=kind,
        params=row.read("params_total", _params),
        active_params=row.read("params_active", _params),
        layers=layers,
        hidden_size=row.read("hidden", whole),
        heads=row.read("heads", whole),
        kv_heads=row.read("kv_heads", whole),
        head_dim=latent.nope_dim + latent.rope_dim if latent else row.read("head_dim", whole),
        # A mixture without dense layers has no width of its own here.
        ffn_size=row.read("ffn", _count if experts else whole),
        vocab_size=row.read("vocab", whole),
        context_length=row.read("context", whole),
        attention=row.read("attention", AttentionKind),
        latent=latent,
        experts=experts,
        sliding_window=window,
        full_attention_layers=full,
        windowed_layers=windowed,
        linear_layers=linear,
        sparse_attention_tokens=row.find("sparse_attention_topk", whole) or 0,
        tied_embeddings=row.read("tied_embeddings", _flag),
        gated_mlp=row.read("gated_mlp", _flag),
    )


def _latent(row: Row) -> LatentAttention | None:
    if row.read("attention", str) != AttentionKind.MLA:
        return None
    return LatentAttention(
        kv_rank=row.read("mla_kv_lora", whole),
        rope_dim=row.read("mla_rope", whole),
        query_rank=row.find("mla_q_lora", whole) or 0,
        nope_dim=row.read("mla_nope_dim", whole),
        value_dim=row.read("mla_v_dim", whole),
    )


def _experts(row: Row) -> Experts | None:
    count = row.find("moe_experts", whole)
    if count is None:
        return None
    return Experts(
        count=count,
        per_token=row.read("moe_topk", whole),
        ffn_size=row.read("moe_ffn", whole),
        shared_ffn_size=row.find("shared_expert_ffn", whole) or 0,
        dense_layers=row.find("dense_layers", whole) or 0,
    )


def _model_id(text: str) -> str:
    if not _MODEL_ID.fullmatch(text):
        raise ValueError("is no id of small letters, digits, hyphens and dots")
    return text


def _family(text: str) -> str:
    if not _FAMILY.fullmatch(text):
        raise ValueError("is no word of small letters, digits and hyphens")
    return text


def _long(text: str) -> int:
    if not _LONG.fullmatch(text):
        raise ValueError("is no whole number above zero")
    return int(text)


def _params(text: str) -> int:
    params = _long(text)
    if params > _MAX_PARAMS:
        raise ValueError("is above 10^15")
    return params


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError("is no whole number")
    return int(text)


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("is neither 0 nor 1")
    return text == "1"
