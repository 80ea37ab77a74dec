"""What offers with a commitment cost: their whole term, whatever part of it is used."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from service.catalog.masks import Rates
from service.catalog.snapshot import Row, Snapshot
from service.market.answers import Commitment, Terms
from service.market.billing import hours_billed
from service.market.charges import Charges
from service.market.eligibility import superseded
from service.market.line_items import itemized
from service.market.merit import middles
from service.market.need import Need
from service.market.selection import Selection

SHOWN = 5
# A protobuf Duration ends at 10,000 years.
_LONGEST_HOURS = 80e6


def commitments_of(
    selection: Selection,
    needs: Sequence[Need | None],
    *,
    terms: Terms,
    snapshot: Snapshot,
    today: date,
) -> tuple[Commitment, ...]:
    """Return the cheapest commitments that hold the workload, by what all of them costs.

    Where plans differ in the rate at which they work, that is for the same rate.
    What is paid upfront is in the hourly price of an offer already, so it is not added.
    """
    committed = selection.committed
    if not committed.at.size:
        return ()
    holds = np.array([n is not None and n.hours.p50 < _LONGEST_HOURS for n in needs], np.bool_)
    pick = committed.where(committed.spread(holds[selection.shape_of_lot[committed.lots]]))
    pick = pick.where(~superseded(pick))
    if not pick.at.size:
        return ()
    charges = Charges(pick, selection, needs, terms=terms, today=today)
    order = np.lexsort((pick.sheet.rows[pick.at], middles(charges, charges.compute_dollars("p50"))))
    rows = snapshot.rows
    return tuple(
        _commitment(charges, number, rows[int(pick.sheet.rows[pick.at[number]])], selection.rates)
        for number in order[:SHOWN].tolist()
    )


def _commitment(charges: Charges, number: int, row: Row, rates: Rates) -> Commitment:
    used = Decimal(str(charges.need_of(number).hours.p50))
    billed = hours_billed(row.offer, used)
    return Commitment(
        row=row,
        term=timedelta(hours=float(billed)),
        dollars=itemized(charges, number, row=row, rates=rates).lines[0].dollars,
        used_share=float(used / billed),
    )
