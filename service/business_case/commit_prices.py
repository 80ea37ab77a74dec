"""What commitments cost: as given, as offered, as dated lists had it, else by our judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from service.build_vs_buy.inputs import Commit
from service.business_case.figures import GPU_HOUR, Currency
from service.business_case.question import CommitTerms, Question
from service.business_case.rental_market import (
    ProviderPrice,
    RentalMarket,
    names_of,
    spread_of,
)
from service.domain.caveat import Caveat, CaveatCode
from service.domain.figure import Figure
from service.domain.offer import PurchaseModel
from service.facts.reserved_discounts import (
    Term,
    fallback_discount,
    load_reserved_discounts,
    reserved_discount,
)
from service.facts.spread import joined

SHARE_OF_RENT = "share of the rent of the day"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedTerm:
    """A term that our judgement prices, and the offers of it that are dearer than on demand."""

    months: int
    discount: float
    dearer: tuple[ProviderPrice, ...]


def assumed_prices(terms: Sequence[AssumedTerm], currency: Currency) -> tuple[Caveat, ...]:
    """Return what to know of terms whose price is nobody's; nothing without any."""
    if not terms:
        return ()
    off = " and ".join(f"{one.months} months at {one.discount:.0%}" for one in terms)
    offers = "".join(
        f" For {one.months} months {dearer_terms(one.dearer, currency)}."
        for one in terms
        if one.dearer
    )
    return (
        Caveat(
            code=CaveatCode.COMMIT_PRICE_ASSUMED,
            message=f"Commitments of {off} off the rent are our judgement, nobody's offer.{offers}"
            " Ask for a quote and give it in commit before relying on a commitment.",
        ),
    )


def dearer_terms(live: Sequence[ProviderPrice], currency: Currency) -> str:
    """Say what live terms cost that are no saving."""
    prices = ", ".join(
        f"{one.provider} {currency.amount(one.paid):.2f}"
        for one in sorted(live, key=lambda one: one.paid)
    )
    return f"live offers are dearer than on demand ({prices} {currency.code})"


def less(name: str, listed: float, discount: Figure, currency: Currency) -> Figure:
    """Return a list price less a discount."""
    return Figure(
        name=name,
        low=listed * (1 - discount.high),
        base=listed * (1 - discount.base),
        high=listed * (1 - discount.low),
        unit=GPU_HOUR.replace("USD", currency.code),
        source=f"off the list price of {listed:g}, not off our own: {discount.source}",
        date=discount.date,
    )


def term_price(name: str, live: Sequence[ProviderPrice]) -> Figure:
    """Return the price of a term in US dollars: the median of its offers."""
    low, base, high = spread_of(live)
    return Figure(
        name=name,
        low=low,
        base=base,
        high=high,
        unit=GPU_HOUR,
        source=f"median of the cheapest offers of this term of {names_of(live)}",
        date=f"{max(one.row.observe_time for one in live):%Y-%m-%d}",
    )


def given_commit(at: int, given: CommitTerms, currency: Currency) -> Commit:
    """Return a commitment of the request, which is the one `at` that place."""
    name = f"commit[{at}]"
    unit = GPU_HOUR.replace("USD", currency.code)
    price = given.price_per_gpu_hour
    return Commit(
        term_months=given.term_months,
        price_per_gpu_hour=(
            None if price is None else Figure.given(f"{name}.pricePerGpuHour", price, unit)
        ),
        discount=(
            None
            if given.discount is None
            else Figure.given(f"{name}.discount", given.discount, SHARE_OF_RENT)
        ),
        upfront_fraction=given.upfront,
    )


def table_discount(
    question: Question, market: RentalMarket | None, term: Term, *, listed: float, today: date
) -> Figure | None:
    """Return what a term saved where the list price was near today's, None where nobody knows."""
    table = load_reserved_discounts()
    usual = fallback_discount(table, term, today=today)
    providers = () if market is None else market.of(PurchaseModel.ON_DEMAND)
    found = [
        reserved_discount(
            table,
            term,
            provider=one.provider,
            gpu_model_id=question.gpu.gpu_model_id,
            list_usd_per_gpu_hour=listed,
            today=today,
        )
        for one in providers
    ]
    known = [one for one in found if one != usual]
    if not known:
        return None
    return Figure(
        name=usual.name,
        low=min(one.low for one in known),
        base=median(one.base for one in known),
        high=max(one.high for one in known),
        unit=usual.unit,
        source=joined(one.source for one in known),
        date=max(one.date for one in known),
    )
