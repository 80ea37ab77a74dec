"""The bundled models: sizes from the published configurations, with the source of each row."""

import csv
from collections.abc import Mapping
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
from service.domain.models import ModelRegistry, folded

_PATH = Path(__file__).with_name("models.csv")
_LINEAR = "linear"


@cache
def load_models(path: Path = _PATH) -> ModelRegistry:
    """Read the models, once in a process: the registry never changes."""
    with path.open(encoding="utf-8", newline="") as file:
        return ModelRegistry(_model(row) for row in csv.DictReader(file, strict=True))


def _model(row: Mapping[str, str]) -> Model:
    return Model(
        model_id=folded(row["model"]),
        display_name=row["model"],
        publisher=row["provider"],
        family=row["model"].split("-")[0],
        licence=row["license"],
        architecture=_architecture(row),
        published_params=row["params_published"],
        kv_bytes_per_token_bf16=_number(row["kv_bytes_per_token_bf16"]) or None,
        source=row["source"],
        note=row["note"],
    )


def _architecture(row: Mapping[str, str]) -> Architecture:
    layers = _number(row["layers"])
    window = row["sliding_window"]
    full = _number(row["full_attn_layers"]) or (0 if window.isdigit() else layers)
    others = layers - full
    return Architecture(
        kind=ModelKind.DECODER if layers else ModelKind.DIFFUSION,
        params=_number(row["params_total"]),
        active_params=_number(row["params_active"]),
        layers=layers,
        hidden_size=_number(row["hidden"]),
        heads=_number(row["heads"]),
        kv_heads=_number(row["kv_heads"]),
        head_dim=_number(row["head_dim"]),
        ffn_size=_number(row["ffn"]),
        vocab_size=_number(row["vocab"]),
        context_length=_number(row["context"]),
        attention=AttentionKind(row["attention"] or "MHA"),
        latent=_latent(row),
        experts=_experts(row),
        sliding_window=_number(window) if window.isdigit() else 0,
        full_attention_layers=full,
        windowed_layers=0 if window == _LINEAR else others,
        linear_layers=others if window == _LINEAR else 0,
        sparse_attention_tokens=_number(row["sparse_attention_topk"]),
        tied_embeddings=row["tied_embeddings"] == "1",
        gated_mlp=row["gated_mlp"] == "1",
    )


def _latent(row: Mapping[str, str]) -> LatentAttention | None:
    if not row["mla_kv_lora"]:
        return None
    return LatentAttention(
        kv_rank=_number(row["mla_kv_lora"]),
        rope_dim=_number(row["mla_rope"]),
        query_rank=_number(row["mla_q_lora"]),
        nope_dim=_number(row["mla_nope_dim"]),
        value_dim=_number(row["mla_v_dim"]),
    )


def _experts(row: Mapping[str, str]) -> Experts | None:
    count = _number(row["moe_experts"])
    if not count:
        return None
    return Experts(
        count=count,
        per_token=_number(row["moe_topk"]),
        ffn_size=_number(row["moe_ffn"]),
        shared_ffn_size=_number(row["shared_expert_ffn"]),
        dense_layers=_number(row["dense_layers"]),
    )


def _number(text: str) -> int:
    return int(text or 0)
