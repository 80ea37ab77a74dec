"""OpenRouter: what its router asks for each model, from its public list of models.

Quirks: prices are decimal strings in dollars for one token; ":free" models cost 0, router models
"-1" for "depends"; `overrides` hold the prices of longer prompts, from `min_prompt_tokens` on.
"""

from collections.abc import Iterator

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Provider, Reject
from scrapers.rows import each_row
from scrapers.token_prices.source import RawTokenPrice, TokenSource

MODELS = "https://openrouter.ai/api/v1/models"
NAMES = {
    "input": "prompt",
    "cached_input": "input_cache_read",
    "cache_write": "input_cache_write",
    "output": "completion",
}

provider = Provider(
    id="openrouter",
    title="OpenRouter",
    home="https://openrouter.ai/models",
    pages={"models": MODELS},
)


def parse(page: Page) -> Iterator[RawTokenPrice | Reject]:
    """Read every model; each tier by prompt length is an entry."""
    models = tuple(page.json["data"].each())
    if not models:
        raise PageChanged(f"{page.kind}: no models at all")
    yield from each_row(models, _model)


def _model(model: Json) -> Iterator[RawTokenPrice | Reject]:
    name, pricing = model["id"].text, model["pricing"]
    base = {ours: pricing.text_of(theirs) for ours, theirs in NAMES.items()}
    base["input"], base["output"] = pricing.printed("prompt"), pricing.printed("completion")
    if "-1" in base.values():
        yield Reject(reason="VARIABLE_PRICE", text=name)
    elif base["input"] in {"0", ""} and base["output"] in {"0", ""}:
        yield Reject(reason="FREE_MODEL", text=name)
    else:
        yield from _tiers(model, name=name, base=base)


def _tiers(model: Json, *, name: str, base: dict[str, str]) -> Iterator[RawTokenPrice]:
    """Give the tiers in the order of their prompts; each ends where the next begins."""
    overrides = model["pricing"].find("overrides")
    starts = (
        {each["min_prompt_tokens"].text: each for each in overrides.each()} if overrides else {}
    )
    longer = [starts[text] for text in sorted(starts, key=lambda text: (len(text), text))]
    ends = [each["min_prompt_tokens"].text for each in longer]
    longest = model.text_of("context_length")
    # A limit that is not above the last tier is not where that one ends.
    ends.append(
        ""
        if ends
        and longest
        and model["context_length"].number <= longer[-1]["min_prompt_tokens"].number
        else longest
    )
    prices = [base] + [
        {ours: each.text_of(theirs) or base[ours] for ours, theirs in NAMES.items()}
        for each in longer
    ]
    for tier, end in zip(prices, ends, strict=True):
        yield RawTokenPrice(
            provider=provider.id,
            model=name,
            prices={field: text for field, text in tier.items() if text},
            context_max=end,
            ends=model.text_of("expiration_date"),
        )


source = TokenSource(provider=provider, parse=parse)
