"""Tokens and GPUs in one answer: who writes them, how many GPUs that takes, what a million costs.

The registry of these tests has llama-3.1-8b and models of its size.
"""

from decimal import Decimal
from typing import Any

import pytest
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from gpuquote.v1 import build_vs_buy_service_pb2 as pb
from gpuquote.v1 import workload_pb2

from service.domain.model_price import ModelPrice, ModelPriceBook
from service.rpc.dispatch import Call, Dispatcher, RpcError
from service.store.memory_store import MemoryStore
from tests.builders import NOW, an_offer
from tests.fakes import FakeSource, a_catalog, a_dispatcher, detail
from tests.service.rpc.build_vs_buy.asking import (
    METHOD,
    ask,
    assumptions,
    option,
    request_of,
    usd,
    violations,
)

HOSTED = "meta-llama/Llama-3.1-8B-Instruct"
CLOSED = "prose-9"
SIZED: dict[str, Any] = {"gpuModel": "h100-sxm-80gb"}
# 8e9 x 0.1 + 2e9 x 0.4 are 1,600 dollars a month.
TOKENS: dict[str, Any] = {"input": "8000000000", "output": "2000000000", "promptTokens": 1000}
SECONDS = 730 * 3600
GPU_OPTIONS = (
    pb.OPTION_KIND_RENT,
    pb.OPTION_KIND_COMMIT,
    pb.OPTION_KIND_OWN_COLOCATION,
    pb.OPTION_KIND_MIXED,
)


def a_price(model: str) -> ModelPrice:
    return ModelPrice(
        provider="acme",
        model=model,
        source="openrouter",
        source_uri="https://prices.example",
        observe_time=NOW,
        input=Decimal("0.1"),
        output=Decimal("0.4"),
        cached_input=Decimal("0.01"),
        cache_write=Decimal("0.2"),
        batch_input=Decimal("0.05"),
        batch_output=Decimal("0.2"),
    )


def dispatcher() -> Dispatcher:
    store = MemoryStore(clock=lambda: NOW)
    prices = (a_price(HOSTED), a_price(CLOSED))
    store.save_model_prices(
        ModelPriceBook(source="openrouter", publish_time=NOW, prices=prices), fence=1
    )
    offers = [
        an_offer(
            price=price, gpu_count="8", provider=f"provider-{at}", offer_id=f"provider-{at}-h100"
        )
        for at, price in enumerate(("24", "28", "32"))
    ]
    return a_dispatcher(FakeSource(a_catalog(*offers)), runs=store)


def tokens(**fields: Any) -> dict[str, Any]:
    asked = {"model": HOSTED, "demand": SIZED, "tokensPerMonth": TOKENS | fields}
    return asked | {"draws": 1000}


def codes(answer: pb.AnalyzeBuildVsBuyResponse) -> list[str]:
    return [one.code for one in answer.caveats]


def refusal(**fields: Any) -> RpcError:
    with pytest.raises(RpcError) as raised:
        dispatcher().call(METHOD, request_of(**fields), Call())
    return raised.value


def test_tokens_size_the_gpus_and_the_answer_shows_how() -> None:
    answer = ask(dispatcher(), **tokens())
    join = answer.serving
    assert (join.model, join.gpu_model) == ("models/llama-3.1-8b", "gpuModels/h100-sxm-80gb")
    assert join.precision == workload_pb2.PRECISION_BF16
    assert (join.prompt_tokens, join.output_tokens) == (1000, 250)
    assert join.requests_per_second == pytest.approx(8e6 / SECONDS, rel=1e-5)
    assert join.tokens_per_second == pytest.approx(2e9 / SECONDS, rel=1e-5)
    assert join.peak_tokens_per_second == join.tokens_per_second
    rates = join.tokens_per_second_per_gpu
    assert rates.p10 < rates.p50 < rates.p90
    assert join.measured
    assert not join.HasField("possible_tokens_per_second")
    throughput = assumptions(answer)["serving.tokensPerSecondPerGpu"]
    assert (throughput.low, throughput.base, throughput.high) == (rates.p10, rates.p50, rates.p90)
    assert throughput.source.startswith("the estimate for models/llama-3.1-8b on gpuModels/h100")
    # One replica writes them, one stands by; a month has 730 hours, the horizon 48 months.
    assert join.gpu_count.p50 == 2
    assert answer.useful_gpu_hours == pytest.approx(2 * 730 * 48, rel=1e-5)
    assert answer.site.gpu_count == 8
    assert "TOKENS_NOT_JOINED" not in codes(answer)


def test_rented_gpus_that_serve_are_rented_for_all_hours() -> None:
    fields = tokens() | {"rent": {"pricePerGpuHour": usd(4), "goodput": 1, "uplift": 0}}
    answer = ask(dispatcher(), **fields)
    first = next(x for x in option(answer, pb.OPTION_KIND_RENT).cash_flows if x.month == 1)
    assert Decimal(first.nominal.amount) == -2 * 730 * 4
    assert assumptions(answer)["rent.idleShare"].base == 0
    idle = ask(dispatcher(), **fields | {"rent": fields["rent"] | {"idleShare": 0.5}})
    first = next(x for x in option(idle, pb.OPTION_KIND_RENT).cash_flows if x.month == 1)
    assert Decimal(first.nominal.amount) == -4 * 730 * 4


def test_each_option_has_the_cost_of_a_million_tokens() -> None:
    answer = ask(dispatcher(), **tokens())
    hosted = option(answer, pb.OPTION_KIND_HOSTED_API)
    assert hosted.levelized_cost_per_million_tokens.amount == "0.16"  # 1,600 for ten thousand
    for kind in GPU_OPTIONS:
        found = option(answer, kind)
        ratio = Decimal(found.npv.amount) / Decimal(hosted.npv.amount)
        cost = Decimal(found.levelized_cost_per_million_tokens.amount)
        assert float(cost) == pytest.approx(0.16 * float(ratio), rel=1e-4)


def test_a_named_model_is_served_without_a_hosted_one() -> None:
    fields = tokens(serving={"model": "llama 3.1 8b", "precision": "PRECISION_FP8"})
    answer = ask(dispatcher(), **fields | {"model": ""})
    kinds = [one.kind for one in answer.options]
    assert pb.OPTION_KIND_HOSTED_API not in kinds
    assert answer.serving.precision == workload_pb2.PRECISION_FP8
    assert option(answer, pb.OPTION_KIND_RENT).HasField("levelized_cost_per_million_tokens")


def test_a_named_model_stands_for_a_closed_one() -> None:
    answer = ask(dispatcher(), **tokens(serving={"model": "llama-3.1-8b"}) | {"model": CLOSED})
    assert answer.serving.model == "models/llama-3.1-8b"
    assert option(answer, pb.OPTION_KIND_HOSTED_API).npv.amount


def test_peaks_take_gpus_and_batches_fill_the_quiet_hours() -> None:
    own_rate = {"serving": {"tokensPerSecondPerGpu": 500}}
    peaked = SIZED | {"peakFactor": 4, "peakHoursPerDay": 3}
    mean = 2e9 / SECONDS
    for share, peak in ((0.0, 4.0), (0.5, 2.5), (1.0, 1.0)):
        fields = tokens(batchShare=share, **own_rate) | {"demand": peaked}
        join = ask(dispatcher(), **fields).serving
        assert join.peak_tokens_per_second == pytest.approx(mean * peak, rel=1e-5)
        # At 60 % of 500 tokens a second, one GPU a replica, and a spare one.
        assert join.gpu_count.p50 == -(-mean * peak // 300) + 1
        assert join.tokens_per_second == pytest.approx(mean, rel=1e-5)


def test_a_week_of_rates_is_a_shape() -> None:
    profile = [3.0 if hour < 84 else 1.0 for hour in range(168)]
    for share, peak in ((0.0, 1.5), (0.5, 1.25)):
        fields = tokens(batchShare=share, serving={"profile": profile})
        join = ask(dispatcher(), **fields).serving
        assert join.peak_tokens_per_second == pytest.approx(peak * join.tokens_per_second, rel=1e-5)


def test_reasoning_is_written_and_counts_as_output() -> None:
    join = ask(dispatcher(), **tokens(reasoning="6000000000")).serving
    assert join.output_tokens == 250 + 750
    assert join.tokens_per_second == pytest.approx(8e9 / SECONDS, rel=1e-5)
    assert join.requests_per_second == pytest.approx(8e6 / SECONDS, rel=1e-5)


def test_cached_prompts_and_patience_raise_the_throughput_of_gpus() -> None:
    def throughput(**fields: Any) -> float:
        found = ask(dispatcher(), **tokens(**fields)).serving.tokens_per_second_per_gpu
        return found.p50

    usual = throughput()
    assert throughput(cachedShare=0.9) > usual
    assert throughput(serving={"latency": {"minTokensPerSecondPerUser": 60}}) < usual


def test_what_is_assumed_of_tokens_has_its_source() -> None:
    answer = ask(
        dispatcher(), model=HOSTED, demand=SIZED, tokensPerMonth={"input": "8000", "output": "9"}
    )
    found = assumptions(answer)
    assert found["tokensPerMonth.promptTokens"].base == 2000
    assert found["tokensPerMonth.promptTokens"].source.startswith("our judgement")
    assert found["tokensPerMonth.serving.utilization"].base == 0.6
    assert found["demand.peakFactor"].source == "default: one rate"
    assert found["demand.utilization"].base == 1
    # Nine tokens for four prompts.
    assert (answer.serving.prompt_tokens, answer.serving.output_tokens) == (2000, 2)
    assert answer.serving.tokens_per_second == pytest.approx(9 / SECONDS, rel=1e-5)


def test_growing_tokens_take_more_gpus_later_and_cost_the_same_hosted() -> None:
    own_rate = {"serving": {"tokensPerSecondPerGpu": 500}}
    grown = ask(dispatcher(), **tokens(**own_rate) | {"demand": SIZED | {"monthlyGrowth": 0.05}})
    hosted = option(grown, pb.OPTION_KIND_HOSTED_API)
    assert hosted.levelized_cost_per_million_tokens.amount == "0.16"
    flows = {x.month: x for x in hosted.cash_flows}
    ratio = Decimal(flows[13].nominal.amount) / Decimal(flows[1].nominal.amount)
    assert float(ratio) == pytest.approx(1.05**12, rel=1e-4)
    assert grown.serving.gpu_count.p50 == 4
    assert grown.site.gpu_count == 32  # 761 x 1.05^47 over 300 a GPU are 26, and a spare one


def test_gpus_that_are_there_serve_first() -> None:
    own_rate = {"serving": {"tokensPerSecondPerGpu": 500}}
    answer = ask(dispatcher(), **tokens(**own_rate) | {"own": {"existingGpuCount": 4}})
    assert answer.reason == "nothing to buy: the 4 GPUs that are there hold every hour's demand"


def test_a_number_of_gpus_is_checked_against_the_tokens() -> None:
    answer = ask(dispatcher(), **tokens() | {"demand": SIZED | {"constantGpus": 3}})
    join = answer.serving
    use = assumptions(answer)["demand.utilization"].base
    assert join.possible_tokens_per_second == pytest.approx(
        3 * use * join.tokens_per_second_per_gpu.p50, rel=1e-4
    )
    assert not {"TOKENS_EXCEED_GPUS", "GPUS_EXCEED_TOKENS"} & set(codes(answer))
    assert option(answer, pb.OPTION_KIND_RENT).HasField("levelized_cost_per_million_tokens")
    assert assumptions(answer)["rent.idleShare"].base == 0.15


def test_gpus_that_do_not_write_all_tokens_have_no_cost_a_token() -> None:
    own_rate = {"serving": {"tokensPerSecondPerGpu": 100}}
    answer = ask(dispatcher(), **tokens(**own_rate) | {"demand": SIZED | {"constantGpus": 8}})
    assert "TOKENS_EXCEED_GPUS" in codes(answer)
    assert answer.serving.possible_tokens_per_second == 480  # 8 x 0.6 x 100
    text = next(one.message for one in answer.caveats if one.code == "TOKENS_EXCEED_GPUS")
    assert "761 output tokens/s are wanted; the GPUs of the demand write 480" in text
    for kind in GPU_OPTIONS:
        assert not option(answer, kind).HasField("levelized_cost_per_million_tokens")
    assert option(answer, pb.OPTION_KIND_HOSTED_API).HasField("levelized_cost_per_million_tokens")


def test_far_more_gpus_than_the_tokens_take_are_told() -> None:
    answer = ask(dispatcher(), **tokens() | {"demand": SIZED | {"constantGpus": 64}})
    assert "GPUS_EXCEED_TOKENS" in codes(answer)


def test_tokens_follow_the_hours_of_given_gpus() -> None:
    demand = SIZED | {"meanGpus": 4, "peakFactor": 2, "peakHoursPerDay": 6}
    join = ask(dispatcher(), **tokens() | {"demand": demand}).serving
    assert join.peak_tokens_per_second == pytest.approx(2 * join.tokens_per_second, rel=1e-5)


@pytest.mark.parametrize(
    ("model", "fields", "why"),
    [
        (CLOSED, {}, "the registry of models does not have 'prose-9'"),
        (HOSTED, {"input": "0"}, "input tokens are needed"),
        (HOSTED, {"output": "0"}, "output tokens are needed"),
        (HOSTED, {"cachedShare": 1}, "a share below 1 can be cached"),
        (HOSTED, {"promptTokens": 130_000}, "a request has 162500 tokens, above the context"),
    ],
)
def test_tokens_that_cannot_be_joined_are_bought_all_the_same(
    model: str, fields: dict[str, Any], why: str
) -> None:
    asked = tokens(**fields) | {"demand": SIZED | {"constantGpus": 8}, "model": model}
    answer = ask(dispatcher(), **asked)
    text = next(one.message for one in answer.caveats if one.code == "TOKENS_NOT_JOINED")
    assert why in text
    assert not answer.HasField("serving")
    assert option(answer, pb.OPTION_KIND_HOSTED_API).HasField("levelized_cost_per_million_tokens")
    assert not option(answer, pb.OPTION_KIND_RENT).HasField("levelized_cost_per_million_tokens")


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        (tokens() | {"model": CLOSED}, ["tokens_per_month.serving.model"]),
        (tokens() | {"model": ""}, ["model"]),
        (tokens(serving={"model": "llama 9"}), ["tokens_per_month.serving.model"]),
        (
            tokens(promptTokens=100, serving={"model": "bert-large"}),
            ["tokens_per_month.serving.model"],
        ),
        (tokens(input="0"), ["tokens_per_month.input"]),
        (tokens(output="0"), ["tokens_per_month.output"]),
        (tokens(cachedShare=1), ["tokens_per_month.cached_share"]),
        (tokens(promptTokens=130_000), ["tokens_per_month.prompt_tokens"]),
        (
            tokens(serving={"utilization": 1.5, "tokensPerSecondPerGpu": -1}),
            [
                "tokens_per_month.serving.utilization",
                "tokens_per_month.serving.tokens_per_second_per_gpu",
            ],
        ),
        (
            tokens(serving={"latency": {"minTokensPerSecondPerUser": 0}}),
            ["tokens_per_month.serving.latency.min_tokens_per_second_per_user"],
        ),
        (
            tokens(batchShare=1, serving={"latency": {"minTokensPerSecondPerUser": 9}}),
            ["tokens_per_month.serving.latency"],
        ),
        (tokens(serving={"profile": [1] * 167}), ["tokens_per_month.serving.profile"]),
        (tokens(serving={"profile": [0] * 168}), ["tokens_per_month.serving.profile"]),
        (
            tokens(serving={"profile": [1] * 168})
            | {"demand": SIZED | {"peakFactor": 2, "peakHoursPerDay": 3}},
            ["demand.peak_factor", "demand.peak_hours_per_day"],
        ),
        (
            tokens(serving={"profile": [1] * 168}) | {"demand": SIZED | {"constantGpus": 8}},
            ["tokens_per_month.serving.profile"],
        ),
        (tokens() | {"demand": SIZED | {"peakFactor": 2}}, ["demand.peak_hours_per_day"]),
        (tokens() | {"demand": SIZED | {"utilization": 0.5}}, ["demand.utilization"]),
        (
            tokens() | {"own": {"capex": usd(1), "opexPerMonth": usd(1)}},
            ["own.capex", "own.opex_per_month"],
        ),
        (
            tokens(cacheWriteShare=0.1, outputRatio=1.1, serving={"model": "llama-3.1-8b"})
            | {"model": ""},
            ["tokens_per_month.cache_write_share", "tokens_per_month.output_ratio"],
        ),
        ({"demand": SIZED}, ["demand.constant_gpus"]),
        (
            tokens(input="0", batchShare=2, serving={"precision": 99, "utilization": 0})
            | {"horizonMonths": 0, "demand": SIZED | {"monthlyGrowth": 3}},
            [
                "horizon_months",
                "demand.monthly_growth",
                "tokens_per_month.batch_share",
                "tokens_per_month.serving.precision",
                "tokens_per_month.serving.utilization",
                "tokens_per_month.input",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_at_once_by_field(fields: dict[str, Any], paths: list[str]) -> None:
    assert list(violations(dispatcher(), **fields)) == paths


def test_a_model_that_the_gpus_do_not_hold_is_an_error_with_what_would_fit() -> None:
    raised = refusal(**tokens(serving={"latency": {"minTokensPerSecondPerUser": 5000}}))
    assert raised.status.code == Code.FAILED_PRECONDITION
    info = detail(raised.status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.metadata["gpuModel"]) == ("DOES_NOT_FIT", "h100-sxm-80gb")


def test_a_number_of_gpus_that_do_not_hold_the_model_is_an_answer_with_a_caveat() -> None:
    fields = tokens(serving={"latency": {"minTokensPerSecondPerUser": 5000}})
    answer = ask(dispatcher(), **fields | {"demand": SIZED | {"constantGpus": 8}})
    text = next(one.message for one in answer.caveats if one.code == "TOKENS_EXCEED_GPUS")
    assert text.startswith("gpuModels/h100-sxm-80gb cannot serve the tokens: ")
    assert not answer.HasField("serving")


def test_more_gpus_than_can_be_answered_are_an_error() -> None:
    raised = violations(dispatcher(), **tokens(input="8" + "0" * 16, output="2" + "0" * 16))
    assert list(raised) == ["tokens_per_month"]
    assert "at most 100,000 are answered" in raised["tokens_per_month"]


def test_equal_questions_have_equal_answers() -> None:
    first, second = (ask(dispatcher(), **tokens()) for _ in range(2))
    assert first == second
