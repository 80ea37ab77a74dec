"""Why an offer is not used, and the counting of it: every offer falls out once."""

from collections.abc import Iterable
from enum import StrEnum

from service.market.answers import Rejection


class Exclusion(StrEnum):
    """Stable reasons, in the order in which they are tried; the first that holds is counted.

    Up to TOO_OLD they speak of offers alone; the others of a workload at an offer.
    """

    GPU_MODEL = "GPU_MODEL"
    PURCHASE_MODEL = "PURCHASE_MODEL"
    PROVIDER = "PROVIDER"
    REGION = "REGION"
    COUNTRY = "COUNTRY"
    DELIVERY_MODEL = "DELIVERY_MODEL"
    TRUST = "TRUST"
    SOLD_OUT = "SOLD_OUT"
    NOT_OFFERED = "NOT_OFFERED"
    AVAILABILITY = "AVAILABILITY"
    EXPIRED = "EXPIRED"
    UNCONFIRMED = "UNCONFIRMED"
    PROVISIONAL = "PROVISIONAL"
    FRACTIONAL_GPU = "FRACTIONAL_GPU"
    FREE = "FREE"
    TERM_NOT_STATED = "TERM_NOT_STATED"
    FILTER = "FILTER"
    TOO_OLD = "TOO_OLD"
    DOES_NOT_FIT = "DOES_NOT_FIT"
    PRECISION = "PRECISION"
    DEADLINE = "DEADLINE"
    LATENCY = "LATENCY"
    GPU_LIMIT = "GPU_LIMIT"
    PARALLELISM = "PARALLELISM"
    NO_FIGURES = "NO_FIGURES"
    FABRIC = "FABRIC"
    BASELINE = "BASELINE"
    AVAILABILITY_SHARE = "AVAILABILITY_SHARE"
    BUDGET = "BUDGET"


def counts_text(rejections: Iterable[Rejection]) -> str:
    """Write them as "SOLD_OUT 3, COUNTRY 12"."""
    return ", ".join(f"{one.reason} {one.count}" for one in rejections)


def in_order(rejections: Iterable[Rejection]) -> tuple[Rejection, ...]:
    """Return them in the order of `Exclusion`."""
    places = {reason.value: place for place, reason in enumerate(Exclusion)}
    return tuple(sorted(rejections, key=lambda one: places[one.reason]))
