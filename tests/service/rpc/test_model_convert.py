"""Models of the registry as messages."""

import pytest
from gpuquote.v1 import architecture_pb2, model_pb2

from service.domain.architecture import AttentionKind, Experts, LatentAttention, Model, ModelKind
from service.facts.models import load_models
from service.rpc.model_convert import architecture_to_proto, kv_bytes_per_token, model_to_proto
from tests.builders import a_language_model, an_architecture

MODELS = load_models().by_id


def test_an_architecture_sets_every_field_it_has() -> None:
    message = architecture_to_proto(
        an_architecture(
            attention=AttentionKind.MLA,
            latent=LatentAttention(
                kv_rank=512, rope_dim=64, query_rank=1536, nope_dim=128, value_dim=128
            ),
            experts=Experts(
                count=256, per_token=8, ffn_size=2048, shared_ffn_size=2048, dense_layers=3
            ),
            sliding_window=4096,
            full_attention_layers=8,
            windowed_layers=16,
            linear_layers=8,
            sparse_attention_tokens=2048,
            tied_embeddings=True,
        )
    )
    unset = {field.name for field in architecture_pb2.Architecture.DESCRIPTOR.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert unset == set()
    assert message.kind == architecture_pb2.MODEL_KIND_DECODER
    assert message.attention == architecture_pb2.ATTENTION_KIND_MLA
    assert (message.experts, message.experts_per_token, message.expert_ffn_size) == (256, 8, 2048)
    assert (message.latent_kv_rank, message.latent_query_rank) == (512, 1536)


def test_a_model_sets_every_field_it_has() -> None:
    model = a_language_model(
        aliases=("llama",),
        published_params="8B",
        flops_per_step=8e11,
        note="a note",
        architecture=an_architecture(inferred=frozenset({"layers", "heads"})),
    )
    message = model_to_proto(model)
    unset = {field.name for field in model_pb2.Model.DESCRIPTOR.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert unset == set()
    assert message.name == "models/llama-3.1-8b"
    assert message.inferred_fields == ["heads", "layers"]


def test_an_image_model_has_parameters_and_a_step() -> None:
    message = model_to_proto(MODELS["stable-diffusion-1.5"])
    assert message.flops_per_image_step == 803_273_441_280
    assert {field.name for field, _ in message.architecture.ListFields()} == {
        "params",
        "active_params",
        "kind",
    }
    assert not model_to_proto(MODELS["llama-3.1-8b"]).HasField("flops_per_image_step")


@pytest.mark.parametrize(
    ("model_id", "size"),
    [
        ("llama-3.1-8b", 131_072),
        ("deepseek-v3", 70_272),
        ("gpt-oss-20b", 24_576),  # 12 of 24 layers have a window
        ("mistral-7b-v0.1", 0),  # all have one
        ("qwen3.5-397b-a17b", 30_720),  # 15 of 60 layers cache at all
        ("bert-base", 0),
        ("stable-diffusion-1.5", 0),
    ],
)
def test_a_token_adds_what_layers_without_a_window_keep(model_id: str, size: int) -> None:
    assert kv_bytes_per_token(MODELS[model_id].architecture) == size


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.model_id)
def test_without_windows_a_token_adds_what_the_source_states(model: Model) -> None:
    sizes = model.architecture
    if sizes.kind is ModelKind.DECODER and sizes.full_attention_layers == sizes.layers:
        assert kv_bytes_per_token(sizes) == model.kv_bytes_per_token_bf16
