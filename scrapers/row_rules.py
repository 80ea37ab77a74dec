"""The rules of the gate on a single row: R0 to R5 and R11 of the table in `rules.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from scrapers.market import Kind, Level, kind_of
from scrapers.price_bounds import price_class_of
from scrapers.price_jump import Comparison
from service.domain.gpu import MEASURED_TOLERANCE, GpuModel
from service.domain.offer import Offer, PurchaseModel

_SPOT_LOWER_BY = 4
_SUM_TOLERANCE = Decimal("0.01")
# Prices of a common factor are rounded each by itself.
_FACTOR_TOLERANCE = Decimal("0.01")

_MARKET_LIMIT = Decimal(3)
_SPREAD_FLOOR = Decimal("0.18")
# 1.5 standard deviations, which 1.4826 times the median absolute deviation estimates.
_SPREADS = Decimal("1.5") * Decimal("1.4826")
_SIBLING_LIMIT = Decimal(4)
_MIN_SIBLINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rows of a run stand among.

    `market` holds the medians of other providers, `levels` how dear this one is. `siblings` are
    prices by offer id of the same GPU, purchase model and region. By offer id, `contradictions`
    says what else the page says of the same offer, and `disorder` what newly stands in the wrong
    order.
    """

    market: Mapping[Kind, Decimal]
    levels: Mapping[PurchaseModel, Level]
    siblings: Mapping[tuple[object, ...], Mapping[str, Decimal]]
    contradictions: Mapping[str, str]
    disorder: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One offer of a run with its model, how it compares with what was known, and its company.

    `allowed_factor` is the common factor of a held run that a person accepted.
    """

    seen: Offer
    model: GpuModel | None
    comparison: Comparison | None
    among: Surroundings
    allowed_factor: Decimal | None = None

    @property
    def is_new(self) -> bool:
        """Whether no price was accepted of this offer, with this GPU and as many of them."""
        found = self.comparison
        return found is None or not found.is_against_accepted or not found.is_same_key

    @property
    def is_allowed(self) -> bool:
        """Whether it moved as the run of which a person accepted the common factor."""
        factor, found = self.allowed_factor, self.comparison
        if factor is None or found is None:
            return False
        return abs(found.ratio / factor - 1) <= _FACTOR_TOLERANCE


def not_a_price(row: Row) -> str:
    """R0: say which amount is not finite or not above zero."""
    seen = row.seen
    amounts = (seen.price_per_hour, seen.price_per_gpu_hour, seen.listed.amount.amount)
    if all(amount.is_finite() and amount > 0 for amount in amounts):
        return ""
    return f"{seen.listed.text!r} is no price"


def contradicted(row: Row) -> str:
    """R0: say what else the page says of the offer; no one can tell which of them is right."""
    return row.among.contradictions.get(row.seen.offer_id, "")


def out_of_bounds(row: Row) -> str:
    """R1: say that the price is outside the bounds of its GPU's class."""
    bounds = price_class_of(row.model)
    is_spot = row.seen.purchase_model is PurchaseModel.SPOT
    lowest = bounds.lowest / _SPOT_LOWER_BY if is_spot else bounds.lowest
    price = row.seen.price_per_gpu_hour
    if lowest <= price <= bounds.highest:
        return ""
    return f"{price:f} USD per GPU-hour is outside {lowest}-{bounds.highest} of {bounds.name!r}"


def sum_is_wrong(row: Row) -> str:
    """R5: say that the prices of the whole and of one GPU disagree."""
    seen = row.seen
    count = seen.gpu_count
    if count > 1 and count != count.to_integral_value():
        return f"{count:f} GPUs are neither whole GPUs nor a part of one"
    if abs(seen.price_per_gpu_hour * count - seen.price_per_hour) <= (
        _SUM_TOLERANCE * seen.price_per_hour
    ):
        return ""
    return f"{count:f} GPUs at {seen.price_per_gpu_hour:f} are not {seen.price_per_hour:f}"


def other_vram(row: Row) -> str:
    """R5: say that the model has other memory than the row."""
    vram_gb = Decimal(row.seen.vram_gb)
    if row.model is None or row.model.fits_vram(vram_gb, tolerance=MEASURED_TOLERANCE):
        return ""
    return f"{vram_gb} GB per GPU, while {row.model.gpu_model_id} has {row.model.vram_gb} GB"


def in_other_unit(row: Row) -> str:
    """R2: say that the last amount now stands in another currency or for another unit."""
    found = row.comparison
    if found is None or row.is_allowed or not found.is_amount_in_other_unit:
        return ""
    seen, last = found.seen.listed, found.last.listed
    return (
        f"{seen.amount.amount:f} is {seen.amount.currency_code} for {seen.unit.value}"
        f" after {last.amount.currency_code} for {last.unit.value}"
    )


def jumped(row: Row) -> str:
    """R2: say that the price moved too far from the last accepted one, and is not confirmed."""
    found = row.comparison
    if found is None or not found.is_against_accepted or found.is_near or row.is_allowed:
        return ""
    if found.is_confirmed and not _off_market(row):
        return ""
    before, now = found.last.price_per_gpu_hour, row.seen.price_per_gpu_hour
    return f"{now:f} after {before:f} USD per GPU-hour, {found.ratio:.2f} times"


def moved_on_market(row: Row) -> str:
    """R2: say that an offer of a marketplace moved further than list prices do."""
    found = row.comparison
    if found is None or not found.is_against_accepted or not found.is_near:
        return ""
    if not found.is_far_for_a_list_price:
        return ""
    return f"{row.seen.price_per_gpu_hour:f} is {found.ratio:.2f} times the last price"


def in_disorder(row: Row) -> str:
    """R11: say which order this row newly breaks."""
    return row.among.disorder.get(row.seen.offer_id, "")


def off_market(row: Row) -> str:
    """R3: say that a new offer is far from what others ask, at this provider's level."""
    return _off_market(row) if row.is_new else ""


def unlike_siblings(row: Row) -> str:
    """R4: say that a new offer is far from the same GPU of the same provider and region."""
    if not row.is_new:
        return ""
    same = row.among.siblings.get(sibling_key(row.seen), {})
    others = [price for offer_id, price in same.items() if offer_id != row.seen.offer_id]
    if len(others) < _MIN_SIBLINGS:
        return ""
    usual, price = median(others), row.seen.price_per_gpu_hour
    if usual <= _SIBLING_LIMIT * price and price <= _SIBLING_LIMIT * usual:
        return ""
    return f"{price:f} USD per GPU-hour beside {usual:f} of {len(others)} like it"


def sibling_key(offer: Offer) -> tuple[object, ...]:
    """Return what makes offers of one provider alike."""
    return (*kind_of(offer), offer.region_code)


def _off_market(row: Row) -> str:
    usual = row.among.market.get(kind_of(row.seen))
    if usual is None:
        return ""
    level = row.among.levels[row.seen.purchase_model]
    limit = max((_SPREADS * max(level.spread, _SPREAD_FLOOR)).exp(), _MARKET_LIMIT)
    price, expected = row.seen.price_per_gpu_hour, usual * level.factor
    if expected <= limit * price and price <= limit * expected:
        return ""
    return (
        f"{price:f} USD per GPU-hour; others ask {usual:.4f}, this provider"
        f" {level.factor:.2f} times as much as others"
    )
