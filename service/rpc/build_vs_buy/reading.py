"""What every part of a build-vs-buy request is read with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.business_case.figures import Currency
from service.domain.model_price import ModelPrice
from service.domain.models import ModelRegistry
from service.rpc.constraints import Market, read_dollars
from service.rpc.faults import Faults
from service.rpc.numbers import Range, read_double

MAX_GPUS = 100_000
MAX_HORIZON_MONTHS = 120

SHARE = Range(low=0, high=1)
ABOVE_NONE = Range(low=0, high=1, is_low_open=True)
BELOW_ALL = Range(low=0, high=1, is_high_open=True)
PERCENT = Range(low=0, high=100, is_high_open=True)
GPUS = Range(low=0, high=MAX_GPUS)
MONTHS = Range(low=1, high=600)
HORIZON = Range(low=1, high=MAX_HORIZON_MONTHS)
HOURS = Range(low=0, high=10_000)
PUE = Range(low=1, high=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What names and amounts mean. `token_prices` are asked for where a model is named."""

    market: Market
    models: ModelRegistry
    token_prices: Callable[[], Sequence[ModelPrice]]
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Reads money into the currency of the answer."""

    market: Market
    currency: Currency

    def read(
        self, message: Any, field: str, faults: Faults, *, is_zero_allowed: bool = True
    ) -> float | None:
        """Return an amount in the currency of the answer; None where it is not set, or wrong."""
        if not message.HasField(field):
            return None
        dollars = read_dollars(
            field,
            getattr(message, field),
            self.market.rates,
            faults,
            is_zero_allowed=is_zero_allowed,
        )
        if dollars is None:
            return None
        rate = self.currency.rate
        # Exact until here: what is given in the currency of the answer comes back unchanged.
        return float(dollars if rate is None else dollars / rate.rate)

    def read_all(
        self, message: Any, fields: Iterable[str], faults: Faults
    ) -> dict[str, float | None]:
        """Return several amounts by field; zero is allowed."""
        return {field: self.read(message, field, faults) for field in fields}


def read_doubles(
    message: Any, ranges: Mapping[str, Range], faults: Faults
) -> dict[str, float | None]:
    """Return several doubles by field."""
    return {name: read_double(message, name, range_, faults) for name, range_ in ranges.items()}


def share_from_percent(percent: float | None) -> float | None:
    """Return 12.5 percent as 0.125."""
    return None if percent is None else percent / 100
