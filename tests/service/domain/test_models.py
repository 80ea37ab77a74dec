"""Finding a model by the ways in which people write its name."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.models import ModelRegistry
from service.facts.models import load_models
from tests.builders import a_language_model, an_architecture

MODELS = load_models()
IDS = st.sampled_from(sorted(MODELS.by_id))
NAMES = sorted(
    {
        name
        for model in MODELS.models
        for name in (model.model_id, model.display_name, *model.aliases)
    }
)


def found(text: str) -> str | None:
    model = MODELS.find(text)
    return None if model is None else model.model_id


@pytest.mark.parametrize(
    ("text", "model_id"),
    [
        ("llama-3.1-8b", "llama-3.1-8b"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("meta-llama/Meta-Llama-3.1-8B", "llama-3.1-8b"),
        ("llama3.1:8b", "llama-3.1-8b"),
        ("llama3.1-70b", "llama-3.1-70b"),
        ("llama 3 70b", "llama-3-70b"),
        ("Llama_3.1_8B", "llama-3.1-8b"),
        ("llama3-1-8b-instruct", "llama-3.1-8b"),
        ("Llama-2-7b-chat-hf", "llama-2-7b"),
        ("LLaMA 7B", "llama-7b"),
        ("Qwen/Qwen3-32B", "qwen3-32b"),
        ("qwen 2.5 7b instruct", "qwen2.5-7b"),
        ("deepseek-ai/DeepSeek-V3", "deepseek-v3"),
        ("DeepSeekV3", "deepseek-v3"),
        ("deepseek-r1:70b", "deepseek-r1-distill-llama-70b"),
        ("google/gemma-2-9b-it", "gemma-2-9b"),
        ("gemma2:9b", "gemma-2-9b"),
        ("gemma2b", "gemma-2b"),
        ("microsoft/phi-1_5", "phi-1.5"),
        ("GPT-3", "gpt-3-175b"),
        ("gpt3-175b", "gpt-3-175b"),
        ("GPTJ-6B", "gpt-j-6b"),
        ("bert base", "bert-base"),
        ("google-bert/bert-large-uncased", "bert-large"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b"),
        ("EleutherAI/pythia-12b-deduped", "pythia-12b"),
        ("Stable Diffusion 1.5", "stable-diffusion-1.5"),
    ],
)
def test_a_name_is_found_as_people_write_it(text: str, model_id: str) -> None:
    assert found(text) == model_id


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("llama 70b", {"llama-2-70b", "llama-3-70b", "llama-3.1-70b"}),
        ("mistral-7b", {"mistral-7b-v0.1", "mistral-7b-v0.3"}),
        ("bert", {"bert-base", "bert-large"}),
    ],
)
def test_a_name_that_several_models_have_names_none(text: str, candidates: set[str]) -> None:
    assert found(text) is None
    assert candidates <= set(MODELS.nearest(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "/",
        "llama",
        "llama-3.1-9b",
        "llama-3.1-80b",
        "gemma-22b",
        "llama-37b",
        "llama-3.18b",
        "deepseek-v3.1",
        "llama-3.1-8b-instruct-awq",
        "org/folder/llama-3.1-8b",
        "ll\N{CYRILLIC SMALL LETTER A}ma-3.1-8b",
        "llama-3.1-8b" + "-" * 200,
    ],
)
def test_a_name_of_nothing_names_nothing(text: str) -> None:
    assert found(text) is None


def test_a_mistyped_name_has_near_ones() -> None:
    assert MODELS.nearest("lama-3.1-8b")[0] == "llama-3.1-8b"
    assert MODELS.nearest("qwen3-23b")[0] in {"qwen3-32b", "qwen3-235b-a22b"}
    assert MODELS.nearest("zzzz") == ()


@given(
    IDS,
    st.sampled_from(["", "meta-llama/", "some-org/"]),
    st.sampled_from(["", "-Instruct", " chat", "_hf", "-it", "-chat-hf"]),
    st.sampled_from(["-", "_", " "]),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_what_stands_around_a_name_changes_nothing(
    model_id: str, organisation: str, suffix: str, separator: str, cased: Callable[[str], str]
) -> None:
    name = model_id.replace("-", separator)
    assert found(f"{organisation}{cased(name)}{suffix}") == model_id


@given(st.sampled_from(NAMES), st.data())
def test_another_digit_is_another_model(name: str, data: st.DataObject) -> None:
    places = [place for place, char in enumerate(name) if char.isdigit()]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from("0123456789".replace(name[place], "")))
    changed = name[:place] + digit + name[place + 1 :]
    # LLaMA-30B and -33B, versions 1.4 and 1.5 of Stable Diffusion are one model on purpose.
    if changed not in NAMES:
        assert found(changed) != found(name)


@pytest.mark.no_cover  # Many cases of what other tests cover.
@given(st.text(max_size=150))
def test_any_text_is_found_or_not(text: str) -> None:
    assert found(text) in {None, *MODELS.by_id}
    assert set(MODELS.nearest(text)) <= set(MODELS.by_id)
    assert len(MODELS.nearest(text)) <= 3


# Hugging Face calls it 30B, its paper 32.5B.
OTHER_SIZES = {"LLaMA-30B", "LLaMA-1-30B"}


@pytest.mark.parametrize("name", NAMES)
def test_the_size_in_a_name_is_that_of_its_model(name: str) -> None:
    model = MODELS.find(name)
    assert model is not None
    sizes = {
        float(number) * {"m": 1e6, "b": 1e9, "t": 1e12}[unit]
        for number, unit in re.findall(r"(?<![xe\d.])(\d+(?:\.\d+)?)([mbt])(?![a-z])", name.lower())
    }
    actual = (model.architecture.params, model.architecture.active_params)
    if name not in OTHER_SIZES:
        assert all(any(0.75 < size / n < 1.16 for n in actual) for size in sizes), sizes


def versions_in(name: str) -> set[str]:
    """Return the numbers that are no sizes ("8b", "16e") and no dates ("0528")."""
    numbers = re.findall(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.]*[a-z\d])", name.lower())
    return {number for number in numbers if len(number) < 4}


# Generations that a name leaves out, or that share an architecture with the one that stands there.
OTHER_VERSIONS = {
    "stable-diffusion-1.5": {"1", "4", "1.4"},
    "stable-diffusion-2-base": {"1", "2.1"},
    "tinyllama-1.1b": {"1.0"},
    "phi-1.5": {"1", "5"},
    "mixtral-8x7b": {"0.1"},
    "mixtral-8x22b": {"0.1"},
    "gemma-2b": {"1"},
    "gemma-7b": {"1"},
    **{f"llama-{size}b": {"1"} for size in (7, 13, 33, 65)},
}


@pytest.mark.parametrize("model_id", sorted(MODELS.by_id))
def test_the_generation_in_a_name_is_that_of_its_model(model_id: str) -> None:
    known = versions_in(model_id) | OTHER_VERSIONS.get(model_id, set())
    for name in (MODELS.by_id[model_id].display_name, *MODELS.by_id[model_id].aliases):
        assert versions_in(name) <= known, name


def test_two_models_of_one_name_are_refused() -> None:
    first = a_language_model("prose-7b")
    with pytest.raises(ValueError, match="'Prose 7B' of verse-7b also names prose-7b"):
        ModelRegistry((first, a_language_model("verse-7b", aliases=("Prose 7B",))))
    with pytest.raises(ValueError, match="one id"):
        ModelRegistry((first, first))


def test_a_search_wants_every_word() -> None:
    assert [m.model_id for m in MODELS.search("llama 70B", publishers={"Meta"})] == [
        "llama-2-70b",
        "llama-3-70b",
        "llama-3.1-70b",
        "llama-3.3-70b",
    ]
    assert {m.model_id for m in MODELS.search("qwen3 a3b")} == {"qwen3-30b-a3b"}
    assert MODELS.search("llama nonsense") == ()
    assert MODELS.search("7b ///") == ()


def test_a_part_of_a_number_is_no_word() -> None:
    assert "mixtral-8x7b" not in {m.model_id for m in MODELS.search("7b")}
    assert "llama-3.1-70b" not in {m.model_id for m in MODELS.search("0b")}


def test_a_search_may_be_bounded_by_family_and_size() -> None:
    small, large = (
        a_language_model(
            f"prose-{size}b", family="prose", architecture=an_architecture(params=size * 10**9)
        )
        for size in (7, 70)
    )
    registry = ModelRegistry((small, large, a_language_model("verse-1b", family="verse")))
    assert registry.search(families={"prose"}) == (large, small)
    assert registry.search("prose", min_params=8 * 10**9) == (large,)
    assert registry.search(families={"prose"}, max_params=7 * 10**9) == (small,)
    assert registry.families == {"prose", "verse"}
    assert len(registry.search()) == 3
