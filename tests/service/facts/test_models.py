"""The table of models, and what happens to a broken one."""

import re
from pathlib import Path

import pytest

from service.domain.architecture import Architecture, AttentionKind, Model, ModelKind
from service.domain.precision import Precision
from service.estimate.kv_cache import bytes_per_token
from service.estimate.parameters import count_parameters
from service.facts.models import load_models
from service.facts.rows import BadFacts

MODELS = load_models()
TRANSFORMERS = [m for m in MODELS.models if m.architecture.kind is not ModelKind.DIFFUSION]
TABLE = Path(__file__).parents[3] / "service" / "facts" / "models.csv"
HEADING = TABLE.read_text(encoding="utf-8").splitlines()[0]


def a_row(**cells: str) -> str:
    values = {
        "id": "prose-8b",
        "name": "Prose-8B",
        "family": "prose",
        "kind": "DECODER",
        "publisher": "Nimbus",
        "licence": "MIT",
        "params_total": "8000000000",
        "params_active": "8000000000",
        "params_published": "8B",
        "layers": "32",
        "hidden": "4096",
        "heads": "32",
        "kv_heads": "8",
        "head_dim": "128",
        "ffn": "14336",
        "vocab": "128256",
        "context": "8192",
        "attention": "GQA",
        "tied_embeddings": "0",
        "gated_mlp": "1",
        "full_attn_layers": "32",
        "source": "config.json",
    } | cells
    return ",".join(values.get(column, "") for column in HEADING.split(","))


def loaded(folder: Path, *rows: str) -> Model:
    path = folder / "models.csv"
    path.write_text("\n".join((HEADING, *rows)) + "\n", encoding="utf-8")
    return load_models(path).models[0]


def sizes_of(model_id: str) -> Architecture:
    return MODELS.by_id[model_id].architecture


def test_every_row_has_what_estimates_need() -> None:
    assert len(MODELS.models) == 101
    for model in MODELS.models:
        assert re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", model.model_id)
        assert all((model.publisher, model.family, model.licence, model.source))
        sizes = model.architecture
        assert 0 < sizes.active_params <= sizes.params
        assert sizes.full_attention_layers + sizes.windowed_layers + sizes.linear_layers == (
            sizes.layers
        )
        assert model.training_sequence_length <= sizes.context_length


def test_families_are_what_people_say() -> None:
    assert {
        "llama", "qwen", "mistral", "mixtral", "gemma", "phi", "deepseek", "kimi", "glm", "gpt-oss",
        "gpt-3", "opt", "bloom", "pythia", "falcon", "mpt", "stable-diffusion", "bert",
    } <= MODELS.families  # fmt: skip


@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda model: model.model_id)
def test_the_sizes_make_the_parameters(model: Model) -> None:
    counted = count_parameters(model.architecture)
    # Learned positions are not counted: 0.4 % of BERT-base, 0.1 % of GPT-2.
    assert counted.total == pytest.approx(model.architecture.params, rel=0.004)
    assert counted.active == pytest.approx(model.architecture.active_params, rel=0.004)


# Published sizes that are no rounding of the parameters.
NAMED_SIZES = {
    "bert-base": "110M counts 109.5M with positions and pooler",
    "bert-large": "340M for what is 335M",
    "falcon-40b": "the name; its card says 41.8B as well",
    "gpt-2-xl": "1.5B for what is 1.56B",
    "llama-4-scout-17b-16e": "109B with the vision encoder",
    "mimo-7b": "the name, for 7.6B",
    "olmo-2-13b": "the name, for 13.7B",
    "phi-1.5": "without one of the two embeddings",
    "phi-2": "without one of the two embeddings",
    "pythia-160m": "the name, for 162M",
    "pythia-410m": "the name, for 405M",
}


@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda model: model.model_id)
def test_the_parameters_are_those_that_the_publisher_prints(model: Model) -> None:
    match = re.match(r"(\d+)(?:\.(\d+))?([MBT])", model.published_params)
    assert match
    unit = {"M": 1e6, "B": 1e9, "T": 1e12}[match[3]]
    printed = float(f"{match[1]}.{match[2] or 0}") * unit
    last_digit = unit / 10 ** len(match[2] or "")
    is_near = abs(model.architecture.params - printed) <= max(0.01 * printed, last_digit / 2)
    assert is_near == (model.model_id not in NAMED_SIZES)


@pytest.mark.parametrize(
    "model", [m for m in MODELS.models if m.kv_bytes_per_token_bf16], ids=lambda m: m.model_id
)
def test_the_cache_is_what_the_source_states(model: Model) -> None:
    sizes = model.architecture
    # The source counts every layer, those with linear attention too.
    linear = sizes.linear_layers * 4 * sizes.kv_heads * sizes.head_dim
    assert bytes_per_token(sizes, Precision.BF16) + linear == model.kv_bytes_per_token_bf16


@pytest.mark.parametrize(
    ("model_id", "window", "full", "windowed", "linear"),
    [
        ("mistral-7b-v0.1", 4096, 0, 32, 0),
        ("mistral-7b-v0.3", 0, 32, 0, 0),
        ("phi-3-mini-4k", 2048, 0, 32, 0),
        ("phi-4-mini", 0, 32, 0, 0),
        ("gemma-3-27b", 1024, 10, 52, 0),
        ("gpt-oss-20b", 128, 12, 12, 0),
        ("llama-4-scout-17b-16e", 8192, 12, 36, 0),
        ("qwen3.5-397b-a17b", 0, 15, 0, 45),
        ("llama-3.1-8b", 0, 32, 0, 0),
    ],
)
def test_each_layer_sees_what_its_kind_sees(
    model_id: str, window: int, full: int, windowed: int, linear: int
) -> None:
    sizes = sizes_of(model_id)
    assert (sizes.sliding_window, sizes.full_attention_layers) == (window, full)
    assert (sizes.windowed_layers, sizes.linear_layers) == (windowed, linear)


def test_a_head_of_latent_attention_is_its_query_and_key() -> None:
    sizes = sizes_of("deepseek-v3")
    assert sizes.attention is AttentionKind.MLA
    assert sizes.latent is not None
    assert sizes.head_dim == sizes.latent.nope_dim + sizes.latent.rope_dim == 192


def test_a_training_length_is_not_an_extended_context() -> None:
    llama = MODELS.by_id["llama-3.1-8b"]
    assert (llama.training_sequence_length, llama.architecture.context_length) == (8192, 131_072)
    assert MODELS.by_id["gpt-3-175b"].training_sequence_length == 2048
    assert MODELS.by_id["gpt-oss-120b"].training_sequence_length == 0


def test_bert_is_an_encoder_and_stable_diffusion_makes_images() -> None:
    assert {m.model_id for m in MODELS.search(families={"bert"})} == {"bert-base", "bert-large"}
    assert sizes_of("bert-base").kind is ModelKind.ENCODER
    assert sizes_of("stable-diffusion-1.5").kind is ModelKind.DIFFUSION
    assert all((m.flops_per_step is None) == (m in TRANSFORMERS) for m in MODELS.models)


def test_a_row_is_read(tmp_path: Path) -> None:
    model = loaded(tmp_path, a_row(aliases="prose|verse 8b", training_length="2048", note="n"))
    assert (model.model_id, model.aliases, model.note) == ("prose-8b", ("prose", "verse 8b"), "n")
    assert model.training_sequence_length == 2048
    assert (model.architecture.layers, model.architecture.experts) == (32, None)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"id": "Prose 8B"}, "id is 'Prose 8B'"),
        ({"id": ""}, "id is empty"),
        ({"family": "Prose"}, "family is"),
        ({"kind": "CRYSTAL_BALL"}, "kind is 'CRYSTAL_BALL'"),
        ({"source": ""}, "source is empty"),
        ({"params_total": "8e9"}, "params_total is"),
        ({"params_total": "1000000000000001"}, "params_total is .* above 10"),
        ({"layers": "0"}, "layers is"),
        ({"layers": "thirty"}, "layers is"),
        ({"head_dim": ""}, "head_dim is empty"),
        ({"attention": "SELF"}, "attention is"),
        ({"attention": "MLA"}, "mla_kv_lora is empty"),
        ({"moe_experts": "8"}, "moe_topk is empty"),
        ({"full_attn_layers": "33"}, "full_attn_layers and linear_layers are more than 32"),
        ({"full_attn_layers": "16"}, "sliding_window is 0 for 16 layers"),
        ({"full_attn_layers": "-1"}, "full_attn_layers is"),
        ({"sliding_window": "128"}, "sliding_window is 128 for 0 layers"),
        ({"tied_embeddings": "no"}, "tied_embeddings is"),
        ({"aliases": "a||b"}, "aliases is"),
        ({"kind": "DIFFUSION"}, "flops_per_step is empty"),
    ],
)
def test_a_broken_row_is_named_by_file_line_and_column(
    tmp_path: Path, cells: dict[str, str], message: str
) -> None:
    with pytest.raises(BadFacts, match=rf"models\.csv line 3: {message}"):
        loaded(tmp_path, a_row(id="verse-8b", name="Verse-8B"), a_row(**cells))


def test_a_name_of_two_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFacts, match=r"models\.csv: .*also names"):
        loaded(tmp_path, a_row(), a_row(id="verse-8b"))
