"""What it costs to bring data from where they are: egress of their provider to the internet."""

from decimal import Decimal

import numpy as np

from service.catalog.columns import NOT_STATED
from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.compare.questions import DataSource
from service.domain.caveat import Caveat, CaveatCode
from service.domain.money import Money, rounded
from service.facts.transfer_prices import load_egress_prices
from service.market.answers import LineItem
from service.market.sheet import NANOS, sheet_of
from service.market.tariffs import exact_dollars

_DIGITS = 9
_FIELD = "egress_price_per_gb"


def transfer_line(source: DataSource, snapshot: Snapshot, rates: Rates) -> LineItem | None:
    """Return the egress of the data as a line of a cost; None where no price of it is known.

    The lowest that the provider's offers state counts, else the table of list prices.
    """
    gb = Decimal(str(source.gb))
    own = stated_egress(source.provider, snapshot, rates)
    if own is not None:
        dollars, where = own * gb, "as its offers state"
    else:
        listed = load_egress_prices().get(source.provider)
        if listed is None:
            return None
        dollars, where = listed.dollars(gb), f"{listed.source} of {listed.date}"
    basis = f"{float(gb):,.6g} GB from providers/{source.provider}; {where}"
    return LineItem(label="egress", dollars=rounded(dollars, digits=_DIGITS), basis=basis)


def stated_egress(provider: str, snapshot: Snapshot, rates: Rates) -> Decimal | None:
    """Return the lowest price of a GB of egress that a provider's offers state, in dollars."""
    sheet = sheet_of(snapshot)
    if provider not in sheet.words("provider") or not sheet.states(_FIELD):
        return None
    code = sheet.words("provider").index(provider)
    nanos = sheet.rule(_FIELD)
    lots = np.flatnonzero((sheet.rule("provider") == code) & (nanos != NOT_STATED))
    currencies = sheet.words(f"{_FIELD}.currency_code")
    codes = sheet.rule(f"{_FIELD}.currency_code")
    found = (
        exact_dollars(
            Money(
                amount=Decimal(int(nanos[lot])) / NANOS, currency_code=currencies[int(codes[lot])]
            ),
            rates,
        )
        for lot in lots.tolist()
    )
    return min((dollars for dollars in found if dollars is not None), default=None)


def unpriced(source: DataSource) -> Caveat:
    """Say that bringing the data is counted as nothing."""
    return Caveat(
        code=CaveatCode.EGRESS_NOT_PRICED,
        message=f"No price of egress is known for providers/{source.provider}; bringing "
        f"{source.gb:,.6g} GB from there is counted as 0.",
    )
