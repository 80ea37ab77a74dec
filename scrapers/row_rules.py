"""The rules of the gate on a single row. A row is judged by the first rule that it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from scrapers.price_bounds import price_class_of
from scrapers.price_jump import Comparison
from service.domain.gpu import MEASURED_TOLERANCE, GpuModel
from service.domain.offer import Offer, PurchaseModel

_SPOT_LOWER_BY = 4
_SUM_TOLERANCE = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One offer of a run with its model, and how it compares with what was known of it."""

    seen: Offer
    model: GpuModel | None
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """A rule on one row. `complaint` says what is wrong, "" for a row that passes.

    `may_be_confirmed`: a price that fails only this rule waits, and later runs may confirm it.
    """

    name: str
    reason: str
    complaint: Callable[[Row], str]
    may_be_confirmed: bool = False


def _not_a_price(row: Row) -> str:
    seen = row.seen
    amounts = (seen.price_per_hour, seen.price_per_gpu_hour, seen.listed.amount.amount)
    if all(amount.is_finite() and amount > 0 for amount in amounts):
        return ""
    return f"{seen.listed.text!r} is no price"


def _out_of_bounds(row: Row) -> str:
    bounds = price_class_of(row.model)
    is_spot = row.seen.purchase_model is PurchaseModel.SPOT
    lowest = bounds.lowest / _SPOT_LOWER_BY if is_spot else bounds.lowest
    price = row.seen.price_per_gpu_hour
    if lowest <= price <= bounds.highest:
        return ""
    return f"{price:f} USD per GPU-hour is outside {lowest}-{bounds.highest} of {bounds.name!r}"


def _sum_is_wrong(row: Row) -> str:
    seen = row.seen
    count = seen.gpu_count
    if count > 1 and count != count.to_integral_value():
        return f"{count:f} GPUs are neither whole GPUs nor a part of one"
    if abs(seen.price_per_gpu_hour * count - seen.price_per_hour) <= (
        _SUM_TOLERANCE * seen.price_per_hour
    ):
        return ""
    return f"{count:f} GPUs at {seen.price_per_gpu_hour:f} are not {seen.price_per_hour:f}"


def _other_vram(row: Row) -> str:
    vram_gb = Decimal(row.seen.vram_gb)
    if row.model is None or row.model.fits_vram(vram_gb, tolerance=MEASURED_TOLERANCE):
        return ""
    return f"{vram_gb} GB per GPU, while {row.model.gpu_model_id} has {row.model.vram_gb} GB"


def _jumped(row: Row) -> str:
    found = row.comparison
    if found is None or not found.is_against_accepted or found.is_near or found.is_confirmed:
        return ""
    before, now = found.last.price_per_gpu_hour, row.seen.price_per_gpu_hour
    return f"{now:f} after {before:f} USD per GPU-hour, {found.ratio:.2f} times"


ROW_RULES: tuple[RowRule, ...] = (
    RowRule(name="R0", reason="PRICE_NOT_POSITIVE", complaint=_not_a_price),
    RowRule(name="R1", reason="PRICE_OUT_OF_BOUNDS", complaint=_out_of_bounds),
    RowRule(name="R5", reason="COUNT_MISMATCH", complaint=_sum_is_wrong),
    RowRule(name="R5", reason="VRAM_MISMATCH", complaint=_other_vram),
    RowRule(name="R2", reason="PRICE_JUMP", complaint=_jumped, may_be_confirmed=True),
)


def first_complaint(row: Row) -> tuple[RowRule, str] | None:
    """Return the first rule that a row fails, and why; None for a row that is believed."""
    for rule in ROW_RULES:
        complaint = rule.complaint(row)
        if complaint:
            return rule, complaint
    return None
