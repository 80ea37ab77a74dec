"""Figures under the names of the request: what is given, else a table's, else our judgement."""

from dataclasses import dataclass, replace

from service.domain.figure import Figure
from service.domain.offer import ExchangeRate

JUDGED_ON = "2026-11"
_USD = "USD"
GPU_HOUR = "USD/GPU-hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """The currency of the answer; `rate` is None for US dollars."""

    rate: ExchangeRate | None = None

    @property
    def code(self) -> str:
        """ISO 4217."""
        return _USD if self.rate is None else self.rate.currency_code

    def amount(self, dollars: float) -> float:
        """Return US dollars in this currency."""
        return dollars if self.rate is None else dollars / float(self.rate.rate)

    def dollars(self, amount: float) -> float:
        """Return an amount of this currency in US dollars."""
        return amount if self.rate is None else amount * float(self.rate.rate)

    def figure(self, dollars: Figure) -> Figure:
        """Return a figure in US dollars ("USD/kWh") in this currency."""
        return replace(
            dollars,
            low=self.amount(dollars.low),
            base=self.amount(dollars.base),
            high=self.amount(dollars.high),
            unit=dollars.unit.replace(_USD, self.code, 1),
        )


def chosen(name: str, given: float | None, default: Figure) -> Figure:
    """Return what is given as exact, else the default, under the name of the request's field."""
    if given is not None:
        return Figure.given(name, given, default.unit)
    return replace(default, name=name)


def judged(name: str, low: float, base: float, high: float, unit: str, *, why: str = "") -> Figure:
    """Return a figure that nobody has measured."""
    source = "our judgement, not measured"
    return Figure(
        name=name,
        low=low,
        base=base,
        high=high,
        unit=unit,
        source=f"{source}: {why}" if why else source,
        date=JUDGED_ON,
    )


def fixed(
    name: str,
    given: float | None,
    default: float,
    unit: str,
    *,
    source: str,
    date: str = JUDGED_ON,
) -> Figure:
    """Return an exact number that shapes the answer, and whether it was given.

    What is not given is our choice of `JUDGED_ON`, unless its source has a date of its own.
    """
    if given is not None:
        return Figure.given(name, given, unit)
    return Figure(
        name=name, low=default, base=default, high=default, unit=unit, source=source, date=date
    )
