"""What hosted APIs ask for tokens. All prices are US dollars per million tokens."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

PRICE_FIELDS = (
    "input",
    "cached_input",
    "cache_write",
    "output",
    "batch_input",
    "batch_output",
)

ModelPriceKey = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """One price list entry: a model at a provider, for prompts of up to `context_max` tokens.

    A model that is dearer for long prompts has an entry for each tier. `effective_from` is when the
    prices were first seen, or began by the source's own words; None where no one says.
    `observe_time` is when they were last seen; None for a row of the baseline without a date.
    """

    provider: str
    model: str
    source: str
    source_uri: str
    observe_time: datetime | None
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    input: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    output: Decimal | None = None
    batch_input: Decimal | None = None
    batch_output: Decimal | None = None
    context_max: int | None = None
    retired: bool = False

    @property
    def key(self) -> ModelPriceKey:
        """What identifies an entry of one source through its changes."""
        return (self.provider, self.model, self.context_max or 0)

    @property
    def amounts(self) -> tuple[Decimal | None, ...]:
        """The prices in the order of `PRICE_FIELDS`."""
        return tuple(getattr(self, name) for name in PRICE_FIELDS)

    def holds_at(self, moment: datetime) -> bool:
        """Whether these are the prices of that moment, as far as the source says."""
        begun = self.effective_from is None or self.effective_from <= moment
        return begun and (self.effective_until is None or moment < self.effective_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingModelPrice:
    """A price that moved further than prices do, and since when it has been seen."""

    price: ModelPrice
    first_seen_time: datetime
    run_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPriceBook:
    """Everything that one source has said: today's entries, ended ones, and what is held back."""

    source: str
    publish_time: datetime
    prices: tuple[ModelPrice, ...]
    pending: tuple[PendingModelPrice, ...] = ()
