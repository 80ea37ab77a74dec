"""Figures and money of answers as they are written: rounding happens here and nowhere before.

Totals are rounded half-even to cents, prices of one GPU-hour or of a million tokens to six digits
after the point, figures that are no money to six significant digits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from gpuquote.v1 import estimate_pb2, money_pb2

from service.domain.money import Money, divided, rounded
from service.domain.offer import ExchangeRate
from service.estimate.band import Band
from service.rpc.convert import money_to_proto

CENTS = 2
RATE_DIGITS = 6
SIGNIFICANT_DIGITS = 6
CENT = Decimal("0.01")


class ItemsDoNotAdd(Exception):
    """The parts of a cost are not its parts: an error of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """What amounts in US dollars are written in; `rate` is None for US dollars themselves."""

    rate: ExchangeRate | None = None

    @property
    def code(self) -> str:
        """ISO 4217."""
        return "USD" if self.rate is None else self.rate.currency_code

    def amount(self, dollars: Decimal | float, *, digits: int) -> Decimal:
        """Return an amount of US dollars in this currency, rounded half-even once."""
        exact = dollars if isinstance(dollars, Decimal) else Decimal(repr(dollars))
        if self.rate is None:
            return rounded(exact, digits=digits)
        return divided(exact, self.rate.rate, digits=digits)

    def money(self, dollars: Decimal | float, *, digits: int = CENTS) -> money_pb2.Money:
        """Write an amount of US dollars in this currency."""
        amount = self.amount(dollars, digits=digits)
        return money_to_proto(Money(amount=amount, currency_code=self.code))

    def range(self, band: Band | None, *, digits: int = CENTS) -> estimate_pb2.CostRange | None:
        """Write a cost that is not known exactly; None stays None."""
        if band is None:
            return None
        return estimate_pb2.CostRange(
            p10=self.money(band.p10, digits=digits),
            p50=self.money(band.p50, digits=digits),
            p90=self.money(band.p90, digits=digits),
        )


def significant(figure: float) -> float:
    """Round a figure to six significant digits."""
    return float(f"{figure:.{SIGNIFICANT_DIGITS}g}")


def flops_text(flops: float) -> str:
    """Write FLOPs with three significant digits: "3.19e+23"."""
    return f"{flops:.2e}"


def band_to_proto(band: Band) -> estimate_pb2.Band:
    """Write a band."""
    return estimate_pb2.Band(
        p10=significant(band.p10), p50=significant(band.p50), p90=significant(band.p90)
    )


def parts_in_cents(
    parts: Iterable[Decimal], *, total: Decimal, tolerance: Decimal = CENT
) -> tuple[Decimal, ...]:
    """Round the parts of a sum to cents so that they come to `total`, a number of cents.

    Each is cut down to whole cents; those that lose most get the cents that are missing. What is
    left then is what `total` was rounded by itself, and goes to the largest. Raises ItemsDoNotAdd
    where the parts are further than `tolerance` from the total.
    """
    exact = tuple(parts)
    difference = abs(sum(exact, Decimal(0)) - total)
    if difference > tolerance:
        raise ItemsDoNotAdd(f"the parts of {total} differ from it by {difference}")
    found = [part.quantize(CENT, rounding=ROUND_FLOOR) for part in exact]
    if not found:
        return ()
    missing = int((total - sum(found, Decimal(0))) / CENT)
    by_loss = sorted(range(len(exact)), key=lambda at: found[at] - exact[at])
    shared = max(0, min(missing, len(found)))
    for at in by_loss[:shared]:
        found[at] += CENT
    largest = max(range(len(exact)), key=lambda at: exact[at])
    found[largest] += (missing - shared) * CENT
    return tuple(found)
