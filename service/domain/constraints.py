"""Which offers a calculator may use, and what we pay for them by agreements of our own."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from service.domain.filter import Node
from service.domain.money import Money
from service.domain.offer import AvailabilityState, DeliveryModel, PurchaseModel, Trust

USUAL_PURCHASE_MODELS = frozenset({PurchaseModel.ON_DEMAND})
USUAL_TRUST = frozenset({Trust.FIRST_PARTY, Trust.VERIFIED_HOST})
USUAL_AVAILABILITY = frozenset(
    {AvailabilityState.AVAILABLE, AvailabilityState.LIMITED, AvailabilityState.NOT_STATED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferConstraints:
    """Values of one field are alternatives, an empty set allows all; fields must all hold.

    `country_codes` has the members of any groups that were asked for. `max_age` also refuses
    bundled prices. `budget` bounds the cost of a training run or a month of serving.
    """

    gpu_models: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    excluded_providers: frozenset[str] = frozenset()
    region_codes: frozenset[str] = frozenset()
    country_codes: frozenset[str] = frozenset()
    purchase_models: frozenset[PurchaseModel] = USUAL_PURCHASE_MODELS
    delivery_models: frozenset[DeliveryModel] = frozenset()
    trust: frozenset[Trust] = USUAL_TRUST
    availability: frozenset[AvailabilityState] = USUAL_AVAILABILITY
    include_doubtful: bool = False
    max_age: timedelta | None = None
    min_fabric_gbps_per_gpu: float = 0.0
    filter: Node | None = None
    budget: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What was negotiated with a provider, for one way of buying or for all (None).

    `discount` is the share off the listed price, 0 to below 1. `credit` in US dollars pays first.
    `committed_gpu_count` GPUs are paid for anyway. It ends with the day `until`.
    """

    provider: str
    purchase_model: PurchaseModel | None = None
    discount: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    committed_gpu_count: int = 0
    until: date | None = None
