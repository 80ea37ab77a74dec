"""What to know before relying on a cost: of its offers, and of what could not be charged."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from service.catalog.caveats import caveats_of
from service.catalog.snapshot import Row, Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.offer import AvailabilityState, TaxTreatment
from service.market.answers import Commitment, Rejection
from service.market.line_items import Itemized
from service.market.need import Need
from service.market.rejections import counts_text


def caveats_of_cost(
    snapshot: Snapshot,
    charged: Sequence[Itemized],
    *,
    unproven: Iterable[Row],
    commitments: Sequence[Commitment],
) -> tuple[Caveat, ...]:
    """Return the caveats of what was charged; the capacity of the `unproven` offers is not sure."""
    rows = [*(one.row for one in charged), *(one.row for one in commitments)]
    found = list(caveats_of(snapshot, rows))
    silent = {
        one.row.provider
        for one in charged
        if one.offer.availability.state is AvailabilityState.NOT_STATED
    }
    if silent:
        found.append(
            Caveat(
                code=CaveatCode.STOCK_NOT_STATED,
                message=f"{_names(silent)}: whether it can be had now is not stated.",
            )
        )
    found.extend(_unproven(unproven))
    for code, what, lacking in (
        (CaveatCode.STORAGE_NOT_PRICED, "storage", [o for o in charged if o.lacks_storage_price]),
        (CaveatCode.EGRESS_NOT_PRICED, "egress", [o for o in charged if o.lacks_egress_price]),
    ):
        if lacking:
            found.append(_unpriced(code, what, {one.row.provider for one in lacking}))
    found.extend(_taxes(charged))
    if commitments:
        found.append(
            Caveat(
                code=CaveatCode.COMMITMENTS_NOT_RANKED,
                message="Offers with a commitment are charged for their whole term; they stand "
                "apart and are not ranked by an hourly price.",
            )
        )
    return tuple(found)


def no_offers(rejected: Sequence[Rejection]) -> Caveat:
    """Say that no offer serves, and how many fell out."""
    count = sum(one.count for one in rejected)
    detail = f"; {count} were left out: {counts_text(rejected)}" if count else ""
    return Caveat(
        code=CaveatCode.NO_MATCHING_OFFERS, message=f"No offer serves this workload{detail}."
    )


def caveats_of_fixed_price(need: Need, dollars_per_gpu_hour: Decimal) -> tuple[Caveat, ...]:
    """Return what a price that the question gives leaves out."""
    given = f"The price that was given, {dollars_per_gpu_hour:f} USD a GPU-hour, is of GPUs alone"
    left_out = (
        (CaveatCode.STORAGE_NOT_PRICED, "storage", need.storage_gb),
        (CaveatCode.EGRESS_NOT_PRICED, "egress", need.egress_gb),
    )
    return tuple(
        Caveat(code=code, message=f"{given}; {what} is counted as 0.")
        for code, what, gb in left_out
        if gb
    )


def _unproven(rows: Iterable[Row]) -> Iterable[Caveat]:
    names = {f"offers/{row.offer_id}" for row in rows}
    if names:
        yield Caveat(
            code=CaveatCode.UNPROVEN_CAPACITY,
            message=f"{_names(names)}: several nodes are needed, and the source does not state "
            "both how they are joined and that there are as many GPUs.",
        )


def _unpriced(code: CaveatCode, what: str, whose: Iterable[str]) -> Caveat:
    return Caveat(
        code=code, message=f"No price of {what} is known for {_names(whose)}; it is counted as 0."
    )


def _taxes(charged: Sequence[Itemized]) -> Iterable[Caveat]:
    """Tell of taxes where the prices are not all alike in them."""
    providers: dict[TaxTreatment, set[str]] = {}
    for one in charged:
        providers.setdefault(one.offer.tax, set()).add(one.row.provider)
    included = providers.get(TaxTreatment.INCLUDED)
    if included:
        yield Caveat(
            code=CaveatCode.TAX_INCLUDED,
            message=f"Prices of {_names(included)} contain sales tax.",
        )
    silent = providers.get(TaxTreatment.NOT_STATED)
    if silent and len(providers) > 1:
        yield Caveat(
            code=CaveatCode.TAX_NOT_STATED,
            message=f"{_names(silent)}: whether prices contain sales tax is not stated.",
        )


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
