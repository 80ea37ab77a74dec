import pytest

from service.build_vs_buy.cash_flow import Category
from service.build_vs_buy.inputs import OptionKind, TokenTier
from service.build_vs_buy.options import flows_of
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from service.build_vs_buy.tokens import monthly_cost, tier_of
from tests.service.build_vs_buy.questions import a_demand, a_hosted_api, given, plain


def cost(**changes: object) -> float:
    return float(monthly_cost(a_hosted_api(**changes), BASE)[0, 0])


def test_prices_are_for_a_million_tokens() -> None:
    assert cost() == pytest.approx(8_000 * 3 + 2_000 * 15)


def test_cached_input_has_its_own_price_and_writing_to_the_cache_another() -> None:
    assert cost(cached_share=0.5) == pytest.approx(8_000 * (1.5 + 0.15) + 30_000)
    assert cost(cached_share=0.5, cache_write_share=0.1) == pytest.approx(
        8_000 * (1.5 + 0.15 + 0.375) + 30_000
    )


def test_reasoning_is_output_and_a_wordy_model_writes_more() -> None:
    assert cost(reasoning_tokens_per_month=1e9, output_ratio=1.2) == pytest.approx(
        24_000 + 3_000 * 1.2 * 15
    )


def test_the_batch_share_has_batch_prices() -> None:
    assert cost(batch_share=0.25) == pytest.approx(54_000 * 0.75 + 27_000 * 0.25)


def test_the_tier_is_that_of_the_prompts_length() -> None:
    short = TokenTier(
        up_to_prompt_tokens=200_000, input_price=given("a", 1.0), output_price=given("b", 2.0)
    )
    long = TokenTier(
        up_to_prompt_tokens=None, input_price=given("c", 2.0), output_price=given("d", 4.0)
    )
    assert tier_of(a_hosted_api(tiers=(long, short), prompt_tokens=200_000)) is short
    assert tier_of(a_hosted_api(tiers=(long, short), prompt_tokens=200_001)) is long
    with pytest.raises(ValueError, match="no price for prompts of 300000 tokens"):
        tier_of(a_hosted_api(tiers=(short,), prompt_tokens=300_000))


def test_tokens_grow_with_the_demand() -> None:
    inputs = plain(hosted_api=a_hosted_api(), demand=a_demand(monthly_growth=0.05))
    paid = flows_of(OptionKind.HOSTED_API, scene_of(inputs, BASE)).of(Category.TOKENS)[0]
    assert paid[:3] == pytest.approx([0, -54_000, -54_000 * 1.05])
