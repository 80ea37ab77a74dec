"""What other providers ask for a GPU, and how dear a provider is beside them. Pure.

Each provider counts once for a GPU model and a way to buy it, with the median of its prices: a
provider with a hundred regions must not be the market.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from service.domain.offer import Offer, PurchaseModel, Standing

Kind = tuple[str, PurchaseModel]

_MIN_OTHERS = 3
MIN_MODELS = 3


def kind_of(offer: Offer) -> Kind:
    """Return what is compared with one another: the GPU model and how it is bought."""
    return offer.gpu_model, offer.purchase_model


def medians_of(offers: Iterable[Offer]) -> Mapping[Kind, Decimal]:
    """Return the median price per GPU-hour of each kind."""
    prices: defaultdict[Kind, list[Decimal]] = defaultdict(list)
    for offer in offers:
        prices[kind_of(offer)].append(offer.price_per_gpu_hour)
    return {kind: median(found) for kind, found in prices.items()}


def settled(offers: Iterable[Offer]) -> Iterable[Offer]:
    """Keep the offers that a market may be made of: listed, and not on trial themselves."""
    return (o for o in offers if o.is_listed and o.standing is not Standing.PROVISIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The medians of every provider, by provider."""

    medians: Mapping[str, Mapping[Kind, Decimal]] = field(
        default_factory=dict[str, Mapping[Kind, Decimal]]
    )

    def without(self, provider: str) -> Mapping[Kind, Decimal]:
        """Return the median over the other providers of every kind that three of them sell."""
        prices: defaultdict[Kind, list[Decimal]] = defaultdict(list)
        for name, medians in self.medians.items():
            if name != provider:
                for kind, price in medians.items():
                    prices[kind].append(price)
        return {kind: median(p) for kind, p in prices.items() if len(p) >= _MIN_OTHERS}


NO_MARKET = Market()


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How dear a provider is: `factor` over the market, and the spread of ln(price / market).

    `spread` is the median absolute deviation over GPU models.
    """

    factor: Decimal = Decimal(1)
    spread: Decimal = Decimal(0)
    model_count: int = 0


def level_of(offers: Iterable[Offer], others: Mapping[Kind, Decimal]) -> Level:
    """Compare a provider's offers with the market; the plain market level below three models."""
    ratios = {
        kind: price / others[kind] for kind, price in medians_of(offers).items() if kind in others
    }
    models = {model for model, _ in ratios}
    if len(models) < MIN_MODELS:
        return Level(model_count=len(models))
    factor = median(ratios.values())
    spread = median(abs((ratio / factor).ln()) for ratio in ratios.values())
    return Level(factor=factor, spread=spread, model_count=len(models))


def levels_of(
    offers: Iterable[Offer], others: Mapping[Kind, Decimal]
) -> Mapping[PurchaseModel, Level]:
    """Return the level of each way to buy: who is dear on demand need not be so for spot."""
    groups: dict[PurchaseModel, list[Offer]] = {each: [] for each in PurchaseModel}
    for offer in offers:
        groups[offer.purchase_model].append(offer)
    return {each: level_of(group, others) for each, group in groups.items()}
