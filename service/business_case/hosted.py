"""Tokens of a hosted model: which price lists serve, and which provider is the cheapest."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from service.build_vs_buy.inputs import HostedApi, TokenTier
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.tokens import monthly_cost
from service.business_case.figures import Currency
from service.business_case.question import TokenTerms
from service.domain.figure import Figure
from service.domain.model_price import ModelPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPrice:
    """What a token price lacks: the field of the request that asks for it, and why."""

    field: str
    message: str


def hosted_api(terms: TokenTerms, currency: Currency) -> HostedApi | NoPrice:
    """Return the tokens at the provider that is cheapest for them.

    Where several lists have a provider's price, their median counts and they are the range.
    """
    found: list[HostedApi] = []
    lacking: list[NoPrice] = []
    by_provider: defaultdict[str, list[ModelPrice]] = defaultdict(list)
    for price in terms.prices:
        if price.input is not None and price.output is not None:
            by_provider[price.provider].append(price)
    for provider in sorted(by_provider):
        lacks = _lacking(terms, by_provider[provider])
        if lacks is None:
            found.append(_api(terms, provider, by_provider[provider], currency))
        else:
            lacking.append(lacks)
    if found:
        return min(found, key=lambda api: float(monthly_cost(api, BASE)[0, 0]))
    if lacking:
        return lacking[0]
    return NoPrice(
        field="model", message=f"no list has both an input and an output price of {terms.model}"
    )


def _lacking(terms: TokenTerms, prices: Sequence[ModelPrice]) -> NoPrice | None:
    serving = [p for p in prices if p.context_max is None or p.context_max >= terms.prompt_tokens]
    if not serving:
        longest = max(p.context_max or 0 for p in prices)
        message = f"prices of {terms.model} end at prompts of {longest} tokens"
        return NoPrice(field="tokens_per_month.prompt_tokens", message=message)
    wants = (
        ("batch_share", terms.batch_share, ("batch_input", "batch_output"), "batches"),
        ("cached_share", terms.cached_share, ("cached_input",), "cached input"),
        ("cache_write_share", terms.cache_write_share, ("cache_write",), "writing to the cache"),
    )
    for name, share, columns, what in wants:
        for column in columns:
            if share and any(getattr(price, column) is None for price in serving):
                message = f"no provider of {terms.model} states a price of {what}"
                return NoPrice(field=f"tokens_per_month.{name}", message=message)
    return None


def _api(
    terms: TokenTerms, provider: str, prices: Sequence[ModelPrice], currency: Currency
) -> HostedApi:
    return HostedApi(
        model=f"{terms.model} at {provider}",
        tiers=tuple(_tiers(provider, prices, currency)),
        input_tokens_per_month=terms.input_tokens,
        output_tokens_per_month=terms.output_tokens,
        prompt_tokens=terms.prompt_tokens,
        reasoning_tokens_per_month=terms.reasoning_tokens,
        cached_share=terms.cached_share,
        cache_write_share=terms.cache_write_share,
        batch_share=terms.batch_share,
        output_ratio=terms.output_ratio,
    )


def _tiers(provider: str, prices: Sequence[ModelPrice], currency: Currency) -> Iterator[TokenTier]:
    tiers: defaultdict[int | None, list[ModelPrice]] = defaultdict(list)
    for price in prices:
        tiers[price.context_max].append(price)
    for limit in sorted(tiers, key=lambda limit: limit or float("inf")):
        name = "model" if limit is None else f"model[up to {limit} tokens]"
        same = tiers[limit]

        def figure(
            column: str, name: str = name, same: Sequence[ModelPrice] = same
        ) -> Figure | None:
            stated = [
                (price, amount)
                for price in same
                if isinstance(amount := getattr(price, column), Decimal)
            ]
            return _figure(f"{name}.{column}", provider, stated, currency) if stated else None

        asked, written = figure("input"), figure("output")
        if asked is None or written is None:
            raise ValueError("a tier has an input and an output price")
        yield TokenTier(
            up_to_prompt_tokens=limit,
            input_price=asked,
            output_price=written,
            cached_input_price=figure("cached_input"),
            cache_write_price=figure("cache_write"),
            batch_input_price=figure("batch_input"),
            batch_output_price=figure("batch_output"),
        )


def _figure(
    name: str, provider: str, stated: Sequence[tuple[ModelPrice, Decimal]], currency: Currency
) -> Figure:
    amounts = [float(amount) for _, amount in stated]
    seen = [price.observe_time for price, _ in stated if price.observe_time is not None]
    sources = dict.fromkeys(f"{price.source}: {price.source_uri}" for price, _ in stated)
    return currency.figure(
        Figure(
            name=name,
            low=min(amounts),
            base=median(amounts),
            high=max(amounts),
            unit="USD/million tokens",
            source=f"{provider}, {' | '.join(sources)}",
            date=f"{max(seen):%Y-%m-%d}" if seen else "",
        )
    )


def named(prices: Iterable[ModelPrice], *, model: str, provider: str) -> tuple[ModelPrice, ...]:
    """Return the entries of a model, at one provider or at all."""
    return tuple(
        price
        for price in prices
        if price.model == model and (not provider or price.provider == provider)
    )
