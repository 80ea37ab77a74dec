"""Tokens of a build-vs-buy request: of a hosted model, at its price lists, and on GPUs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.build_vs_buy.inputs import ConstantLoad, HostedApi, PeakedLoad, WeeklyLoad
from service.business_case.figures import Currency
from service.business_case.hosted import NoPrice, hosted_api, named
from service.business_case.question import ServedTokens, TokenTerms
from service.domain.errors import Reason
from service.domain.model_price import ModelPrice
from service.rpc.build_vs_buy.reading import SHARE, Known, read_doubles
from service.rpc.build_vs_buy.serving import NotServed, read_served
from service.rpc.faults import Faults, nearest_of, shown, unknown_text
from service.rpc.numbers import Range, is_set, read_count, read_double
from service.rpc.requests import unknown_metadata

_TOKENS = Range(low=0, high=10**18)
_PROMPT = Range(low=1, high=10**9)
_RATIO = Range(low=0, high=1000, is_low_open=True)
_SHARES: Mapping[str, Range] = {
    "cached_share": SHARE,
    "cache_write_share": SHARE,
    "batch_share": SHARE,
}
_OF_HOSTED_MODELS = ("cache_write_share", "output_ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens as a hosted model and as GPUs serve them; `not_served` is why GPUs do not."""

    hosted_api: HostedApi | None = None
    served: ServedTokens | None = None
    not_served: str = ""


def read_tokens(
    request: pb.AnalyzeBuildVsBuyRequest,
    known: Known,
    currency: Currency,
    faults: Faults,
    *,
    load: ConstantLoad | WeeklyLoad | PeakedLoad | None,
    hours_per_month: float,
) -> Tokens:
    """Return the tokens at the cheapest provider, and on the GPUs of `load` or as many as needed.

    What is wrong goes to `faults`.
    """
    has_tokens = request.HasField("tokens_per_month")
    prices: tuple[ModelPrice, ...] = ()
    before = len(faults)
    if request.model:
        prices = _prices(request, known.token_prices(), faults)
        if not has_tokens:
            faults.add("tokens_per_month", "is needed beside model", Reason.FIELD_REQUIRED)
    else:
        _check_without_model(request, faults)
    if not has_tokens:
        return Tokens()
    terms = _terms(request, prices, faults.under("tokens_per_month"))
    hosted = None
    if request.model and len(faults) == before:
        hosted = _hosted(terms, currency, faults)
    if not request.model and not request.tokens_per_month.serving.model:
        return Tokens()
    served = read_served(
        request, terms, known.models, faults, load=load, hours_per_month=hours_per_month
    )
    if isinstance(served, NotServed):
        return Tokens(hosted_api=hosted, not_served=served.reason)
    return Tokens(hosted_api=hosted, served=served)


def _hosted(terms: TokenTerms, currency: Currency, faults: Faults) -> HostedApi | None:
    found = hosted_api(terms, currency)
    if isinstance(found, NoPrice):
        faults.add(found.field, found.message)
        return None
    return found


def _check_without_model(request: pb.AnalyzeBuildVsBuyRequest, faults: Faults) -> None:
    """Refuse what belongs to a hosted model, in a request that names none."""
    if request.model_provider:
        faults.add("model_provider", "belongs to a model, which is not named")
    if not request.HasField("tokens_per_month"):
        return
    given = request.tokens_per_month
    if not given.serving.model:
        text = "is needed beside tokens_per_month, or tokens_per_month.serving.model"
        faults.add("model", text, Reason.FIELD_REQUIRED)
    for name in _OF_HOSTED_MODELS:
        if is_set(given, name):
            text = "belongs to a hosted model, which is not named"
            faults.add(f"tokens_per_month.{name}", text)


def _terms(
    request: pb.AnalyzeBuildVsBuyRequest, prices: tuple[ModelPrice, ...], faults: Faults
) -> TokenTerms:
    given = request.tokens_per_month
    asked, written, reasoning = (
        read_count(given, name, _TOKENS, faults) or 0 for name in ("input", "output", "reasoning")
    )
    if not (given.input or given.output or given.reasoning):
        faults.add("input", "neither input, output nor reasoning tokens are given")
    shares = read_doubles(given, _SHARES, faults)
    return TokenTerms(
        model=request.model,
        prices=prices,
        input_tokens=float(asked),
        output_tokens=float(written),
        reasoning_tokens=float(reasoning),
        cached_share=shares["cached_share"] or 0.0,
        cache_write_share=shares["cache_write_share"] or 0.0,
        batch_share=shares["batch_share"] or 0.0,
        prompt_tokens=read_count(given, "prompt_tokens", _PROMPT, faults) or 0,
        output_ratio=read_double(given, "output_ratio", _RATIO, faults) or 1.0,
    )


def _prices(
    request: pb.AnalyzeBuildVsBuyRequest, prices: Sequence[ModelPrice], faults: Faults
) -> tuple[ModelPrice, ...]:
    """Return the prices of the model; a name that no list has goes to `faults`."""
    model, provider = request.model, request.model_provider
    models = {price.model for price in prices}
    providers = {price.provider for price in prices}
    if model not in models:
        nearest = nearest_of(model, models)
        faults.add(
            "model",
            unknown_text(model, "hosted model", nearest),
            Reason.UNKNOWN_MODEL,
            metadata=unknown_metadata("model", model, nearest),
        )
    if provider and provider not in providers:
        nearest = nearest_of(provider, providers)
        faults.add(
            "model_provider",
            unknown_text(provider, "provider of models", nearest),
            Reason.UNKNOWN_PROVIDER,
            metadata=unknown_metadata("modelProvider", provider, nearest),
        )
    found = named(prices, model=model, provider=provider)
    if model in models and provider in providers and not found:
        faults.add("model_provider", f"{shown(provider)} does not list {shown(model)}")
    return found
