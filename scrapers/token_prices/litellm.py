"""LiteLLM: the list of token prices by provider that its project keeps (MIT licence).

Quirks: dollars for one token, often as "2.5e-06"; the first entry `sample_spec` documents the
others; entries of images, audio and search are priced by other things; a longer prompt has keys
such as `input_cost_per_token_above_272k_tokens`, or a list of ranges; names may begin with their
provider.
"""

import re
from collections.abc import Iterator, Mapping

from scrapers.errors import PageChanged
from scrapers.page import Json, Page
from scrapers.provider import Provider, Reject
from scrapers.rows import each_row
from scrapers.token_prices.source import RawTokenPrice, TokenSource

PRICES = (
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
)
NAMES = {
    "input": "input_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "output": "output_cost_per_token",
    "batch_input": "input_cost_per_token_batches",
    "batch_output": "output_cost_per_token_batches",
}
BATCHES = "_batches"
BY_TOKEN = frozenset({"chat", "completion", "responses", "embedding"})
DOCUMENTATION = "sample_spec"
ABOVE = re.compile(r"(?:input|output)_cost_per_token_above_(?P<thousands>\d{1,5})k_tokens")
NOTHING = frozenset({"", "0", "0.0"})

provider = Provider(
    id="litellm",
    title="LiteLLM price list",
    home="https://github.com/BerriAI/litellm",
    pages={"prices": PRICES},
    large=True,
)


def parse(page: Page) -> Iterator[RawTokenPrice | Reject]:
    """Read every entry that is priced by the token; each tier by prompt length is an entry."""
    models = dict(page.json.members())
    if not models:
        raise PageChanged(f"{page.kind}: no models at all")
    models.pop(DOCUMENTATION, None)
    if not any(entry.find(NAMES["input"]) for entry in models.values()):
        raise PageChanged(f"{page.kind}: no entry has {NAMES['input']!r}")
    yield from each_row(models.items(), _entry)


def _entry(named: tuple[str, Json]) -> Iterator[RawTokenPrice | Reject]:
    key, entry = named
    if entry.text_of("mode") not in BY_TOKEN:
        yield Reject(reason="OTHER_MODE", text=f"{key}: {entry.text_of('mode')!r}")
        return
    by = entry["litellm_provider"].text
    tiers = tuple(_ranges(entry) if entry.find("tiered_pricing") else _tiers(entry))
    if not any(prices.keys() & {"input", "output"} for prices, _ in tiers):
        stated = entry.find(NAMES["input"]) is not None
        yield Reject(reason="FREE_MODEL" if stated else "NO_PRICE", text=key)
        return
    for prices, end in tiers:
        yield RawTokenPrice(
            provider=by,
            model=key.removeprefix(f"{by}/"),
            prices=prices,
            context_max=end,
            ends=entry.text_of("deprecation_date"),
        )


def _tiers(entry: Json) -> Iterator[tuple[Mapping[str, str], str]]:
    """Give the prices of shorter and longer prompts, each with the longest prompt they hold for.

    What a tier does not state is not what the shorter prompts cost.
    """
    starts = sorted(
        {int(m["thousands"]) * 1000 for name, _ in entry.members() if (m := ABOVE.match(name))}
    )
    longest = entry.text_of("max_input_tokens")
    # A limit below the last tier is not where that one ends: it is for those who asked for more.
    if longest in NOTHING or (longest.isdecimal() and int(longest) <= max(starts, default=0)):
        longest = ""
    suffixes = ["", *(f"_above_{start // 1000}k_tokens" for start in starts)]
    for suffix, end in zip(suffixes, [*map(str, starts), longest], strict=True):
        # "input_cost_per_token_batches" becomes "input_cost_per_token_above_272k_tokens_batches".
        names = {
            ours: theirs.removesuffix(BATCHES) + suffix + BATCHES * theirs.endswith(BATCHES)
            for ours, theirs in NAMES.items()
        }
        yield _prices(entry, names), end


def _ranges(entry: Json) -> Iterator[tuple[Mapping[str, str], str]]:
    """Give the prices of each range of a list, with its end."""
    for tier in entry["tiered_pricing"].each():
        _, end = tier["range"].each()
        yield _prices(tier, NAMES), f"{end.number:.0f}"


def _prices(entry: Json, names: Mapping[str, str]) -> Mapping[str, str]:
    texts = {ours: entry.text_of(theirs) for ours, theirs in names.items()}
    return {ours: text for ours, text in texts.items() if text not in NOTHING}


source = TokenSource(provider=provider, parse=parse)
