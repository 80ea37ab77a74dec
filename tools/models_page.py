"""Writes docs/MODELS.md: the models of the registry, and how names and missing sizes are read.

make pages
"""

import sys
from itertools import groupby
from pathlib import Path

from service.domain.architecture import Architecture, Model, ModelKind
from service.facts.models import load_models

PATH = Path(__file__).parents[1] / "docs" / "MODELS.md"

_HEAD = """\
# Models

Written by `make pages` from `service/facts/models.csv`; a test holds the two together.

## Names

A request names a model as `models/llama-3.1-8b`, `llama-3.1-8b`, or as people write it: \
`meta-llama/Llama-3.1-8B-Instruct`, `llama3.1:8b`, `llama 3.1 8b`. Case and separators do not \
count, one leading `organisation/` is dropped, and so are `instruct`, `chat`, `it`, `hf`, `base` \
and `deduped` at the end, which change no size. Numbers always count: a name never falls to \
another size or generation. A name that several models have (`llama 70b`) or none has is an error \
that names the nearest three; it is never guessed. Quantised variants (`-awq`, `-fp8`) are no \
models of their own: name the model, and the format as `precision`. In the path of \
`GET /v1/models/{model}` a name has no colon and no slash; `GET /v1/models?query=llama3.1:8b` \
finds those too.

## Sizes that nobody stated

Of an `architecture` only `params` is required. The rest is inferred, and each answer lists what \
was inferred among its assumptions:

- **width**: 3738 (N / 7e9)^0.378 for N parameters that a token uses, fitted over the dense models \
below, spread 15 %; rounded to whole heads. Where `layers` are stated, the width follows from them.
- **layers**: as many as fill the parameters at 13.3 times the square of the width a layer, or at \
the `ffnSize` that is stated.
- **heads** of 128 elements, of 64 below a width of 2,048; from 7 billion parameters on eight key \
and value heads, unless `heads` are stated alone, which means as many.
- **vocabulary**: 128,256 words, at most a quarter of the weights.
- **experts**, where `activeParams` is below `params` or `experts` are stated: routed experts are \
55 % of what a token uses, eight work at once in sparse mixtures, two in others; what else a token \
uses is shared.
- **feed-forward width**: what is left, so that the sizes make `params` to within 2 %.

The context is not inferred. Sizes that contradict each other are refused by field, also those \
that miss `params` or `activeParams` by more than a quarter.

## The registry

Parameters are counted from the sizes: matrices without norms, biases and learned positions. \
`active` is what a token uses, its embedding included. `trained at` is the length of most training \
sequences, which is what training estimates assume when a request states none. Sources and notes \
of each row stand in the table and in the API's answers. Linear attention (Qwen3.5) is counted as \
if it were full.
"""
_COLUMNS = """
| id | publisher | parameters | active | layers | width | heads | context | trained at |
|---|---|---|---|---|---|---|---|---|
"""


def models_text() -> str:
    """Return the whole page."""
    models = sorted(load_models().models, key=lambda model: (model.family, _size(model)))
    families = groupby(models, key=lambda model: model.family)
    return _HEAD + "".join(_section(family, list(group)) for family, group in families)


def _section(family: str, models: list[Model]) -> str:
    return f"\n### {family}\n{_COLUMNS}" + "".join(f"{_row(model)}\n" for model in models)


def _size(model: Model) -> tuple[int, str]:
    return model.architecture.params, model.model_id


def _row(model: Model) -> str:
    sizes = model.architecture
    has_layers = sizes.kind is not ModelKind.DIFFUSION
    cells = (
        f"`{model.model_id}`",
        model.publisher,
        _billions(sizes.params),
        _billions(sizes.active_params) if sizes.active_params < sizes.params else "",
        str(sizes.layers) if has_layers else "",
        f"{sizes.hidden_size:,}" if has_layers else "",
        _heads(sizes) if has_layers else "",
        f"{sizes.context_length:,}" if has_layers else "",
        f"{model.training_sequence_length:,}" if model.training_sequence_length else "",
    )
    return f"| {' | '.join(cells)} |"


def _billions(params: int) -> str:
    return f"{params / 1e9:.3g} B" if params < 10**12 else f"{params / 1e9:,.0f} B"


def _heads(sizes: Architecture) -> str:
    return f"{sizes.heads} / {sizes.kv_heads} {sizes.attention}"


if __name__ == "__main__":
    PATH.write_text(models_text(), encoding="utf-8")
    sys.exit(0)
