"""A hosted model, by the token.

    in ((1 - h) p_in + h p_cached + w p_cache_write) + (out + reasoning) ratio p_out

with h the share of prompt tokens read from a cache and w the share written to it. The batch share
is charged at batch prices, without a cache.
"""

import numpy as np

from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.cash_flow import Category, Flows, Line
from service.build_vs_buy.financing import tax_line
from service.build_vs_buy.inputs import HostedApi, TokenTier
from service.build_vs_buy.sample import Sample
from service.build_vs_buy.scene import Scene
from service.build_vs_buy.units import TOKENS_PER_PRICE


def tier_of(api: HostedApi) -> TokenTier:
    """Return the tier that serves the prompts' length. Raises ValueError where none does."""
    for tier in sorted(api.tiers, key=_limit):
        if api.prompt_tokens <= _limit(tier):
            return tier
    raise ValueError(f"no price for prompts of {api.prompt_tokens} tokens")


def _limit(tier: TokenTier) -> float:
    return np.inf if tier.up_to_prompt_tokens is None else float(tier.up_to_prompt_tokens)


def monthly_cost(api: HostedApi, sample: Sample) -> Floats:
    """Return what the tokens of the first month cost, a column."""
    tier = tier_of(api)
    cached = tier.input_price if tier.cached_input_price is None else tier.cached_input_price
    per_input = (
        (1 - api.cached_share) * sample.of(tier.input_price)
        + api.cached_share * sample.of(cached)
        + api.cache_write_share * sample.of_optional(tier.cache_write_price)
    )
    written = (api.output_tokens_per_month + api.reasoning_tokens_per_month) * api.output_ratio
    live = api.input_tokens_per_month * per_input + written * sample.of(tier.output_price)
    batch = api.input_tokens_per_month * sample.of_optional(
        tier.batch_input_price
    ) + written * sample.of_optional(tier.batch_output_price)
    return ((1 - api.batch_share) * live + api.batch_share * batch) / TOKENS_PER_PRICE


def hosted_api_flows(api: HostedApi, scene: Scene) -> Flows:
    """Return the flows of buying the tokens: they grow as the demand for GPUs does."""
    tokens = Line(category=Category.TOKENS, amount=-monthly_cost(api, scene.sample) * scene.growth)
    tax = tax_line((tokens,), scene.inputs.tax_rate)
    return Flows(lines=(tokens, tax), delivered_gpu_hours=scene.useful_gpu_hours)
