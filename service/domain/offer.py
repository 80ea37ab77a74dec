"""One offer: what a provider sells at one place under one purchase model."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from service.domain.money import Money

HOURS_PER_YEAR = 8_760
HOURS_PER_MONTH = 730
EXPIRED_AFTER = timedelta(hours=72)
MAX_ID_LENGTH = 128


class PurchaseModel(StrEnum):
    """How the capacity is bought."""

    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"
    RESERVED_1Y = "RESERVED_1Y"
    RESERVED_3Y = "RESERVED_3Y"
    RESERVED_OTHER = "RESERVED_OTHER"
    CAPACITY_BLOCK = "CAPACITY_BLOCK"


class DeliveryModel(StrEnum):
    """What is handed over."""

    VIRTUAL_MACHINE = "VIRTUAL_MACHINE"
    BARE_METAL = "BARE_METAL"
    CONTAINER = "CONTAINER"
    SERVERLESS = "SERVERLESS"
    CLUSTER = "CLUSTER"
    NOT_STATED = "NOT_STATED"


class Trust(StrEnum):
    """Who stands behind the machine."""

    FIRST_PARTY = "FIRST_PARTY"
    VERIFIED_HOST = "VERIFIED_HOST"
    HOST = "HOST"


class GpuLink(StrEnum):
    """How the GPUs of one node are joined."""

    NVLINK = "NVLINK"
    NVLINK_PAIR = "NVLINK_PAIR"
    PCIE = "PCIE"
    NOT_STATED = "NOT_STATED"


class Fabric(StrEnum):
    """How nodes are joined."""

    NONE = "NONE"
    ETHERNET = "ETHERNET"
    ROCE = "ROCE"
    INFINIBAND = "INFINIBAND"
    NVLINK_DOMAIN = "NVLINK_DOMAIN"
    NOT_STATED = "NOT_STATED"


class AvailabilityState(StrEnum):
    """Whether the offer can be had now."""

    AVAILABLE = "AVAILABLE"
    LIMITED = "LIMITED"
    SOLD_OUT = "SOLD_OUT"
    NOT_OFFERED = "NOT_OFFERED"
    NOT_STATED = "NOT_STATED"


class Freshness(StrEnum):
    """How far a price can be relied upon today."""

    FRESH = "FRESH"
    STALE = "STALE"
    EXPIRED = "EXPIRED"
    UNCONFIRMED = "UNCONFIRMED"
    PROVISIONAL = "PROVISIONAL"
    BASELINE = "BASELINE"


class PriceUnit(StrEnum):
    """What a printed price is for."""

    GPU_HOUR = "GPU_HOUR"
    GPU_MINUTE = "GPU_MINUTE"
    GPU_SECOND = "GPU_SECOND"
    INSTANCE_HOUR = "INSTANCE_HOUR"
    INSTANCE_MINUTE = "INSTANCE_MINUTE"
    INSTANCE_SECOND = "INSTANCE_SECOND"
    INSTANCE_MONTH = "INSTANCE_MONTH"
    TERM = "TERM"


class TaxTreatment(StrEnum):
    """Whether a printed price contains sales tax."""

    EXCLUDED = "EXCLUDED"
    INCLUDED = "INCLUDED"
    NOT_STATED = "NOT_STATED"


class Quota(StrEnum):
    """What stands between an account and an offer."""

    NONE = "NONE"
    REQUEST = "REQUEST"
    SALES = "SALES"
    NOT_STATED = "NOT_STATED"


class Standing(StrEnum):
    """What the gate last said of an offer; freshness follows from it and from the age."""

    ACCEPTED = "ACCEPTED"
    UNCONFIRMED = "UNCONFIRMED"
    PROVISIONAL = "PROVISIONAL"
    BASELINE = "BASELINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """The price as printed: the text, the amount in the printed currency, what it is for."""

    text: str
    amount: Money
    unit: PriceUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """US dollars for one unit of a currency, as published by `source` for `date` (ISO 8601)."""

    currency_code: str
    rate: Decimal
    source: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A stock statement with its words. `observe_time` is None only for NOT_STATED."""

    state: AvailabilityState = AvailabilityState.NOT_STATED
    evidence: str = ""
    raw_value: str = ""
    observe_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPrice:
    """A price that the gate holds back, and how often in a row it has been seen.

    In US dollars per GPU-hour at the exchange rate of the offer's last accepted price, so that a
    move of the currency does not look like a move of the price. `page_digest` is the structure that
    the page had before the price moved.
    """

    price_per_gpu_hour: Decimal
    first_seen_time: datetime
    run_count: int = 1
    page_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A price with everything that is known about it; see protos/gpuquote/v1/offer.proto.

    `provider`, `gpu_model` and `offer_id` are bare ids. Prices are US dollars. A field that the
    source does not state is None, empty or NOT_STATED. `part` names the page, zone or region of
    the source that it was read from, so that a run which misses that part keeps the offer;
    `missed_run_count` counts the runs since the offer was last on the page; `pending` is the
    price that waits for confirmation behind this one. None of the three is served.
    """

    offer_id: str
    provider: str
    sku: str
    part: str
    gpu_model: str
    gpu_family: str
    gpu_count: Decimal
    vram_gb: int
    purchase_model: PurchaseModel
    price_per_hour: Decimal
    price_per_gpu_hour: Decimal
    listed: ListedPrice
    observe_time: datetime
    price_change_time: datetime
    first_seen_time: datetime
    source_uri: str
    standing: Standing = Standing.ACCEPTED
    missed_run_count: int = 0
    pending: PendingPrice | None = None
    min_gpu_count: int | None = None
    max_cluster_gpu_count: int | None = None
    available_gpu_count: int | None = None
    vcpu_count: int | None = None
    memory_gib: Decimal | None = None
    local_storage_gb: Decimal | None = None
    cpu_arch: str = ""
    instance_type: str = ""
    region_code: str = ""
    country_code: str = ""
    commitment_term: timedelta | None = None
    upfront: Money | None = None
    delivery_model: DeliveryModel = DeliveryModel.NOT_STATED
    trust: Trust = Trust.FIRST_PARTY
    host_reliability: Decimal | None = None
    gpu_link: GpuLink = GpuLink.NOT_STATED
    fabric: Fabric = Fabric.NOT_STATED
    fabric_gbps_per_gpu: Decimal | None = None
    exchange_rate: ExchangeRate | None = None
    tax: TaxTreatment = TaxTreatment.NOT_STATED
    billing_increment: timedelta | None = None
    minimum_charge: Money | None = None
    min_term: timedelta | None = None
    max_term: timedelta | None = None
    start_time: datetime | None = None
    price_valid_until: datetime | None = None
    egress_price_per_gb: Money | None = None
    storage_price_per_gb_month: Money | None = None
    quota: Quota = Quota.NOT_STATED
    availability: Availability = Availability()
    delist_time: datetime | None = None
    order_uri: str = ""
    unverified: bool = False
    replayed: bool = False

    def __post_init__(self) -> None:
        """Refuse what must never be served as a price. Raises ValueError."""
        if not self.price_per_hour > 0 or not self.price_per_gpu_hour > 0:
            raise ValueError(f"{self.offer_id}: a price must be above zero")
        if not self.gpu_count > 0:
            raise ValueError(f"{self.offer_id}: a GPU count must be above zero")

    @property
    def is_listed(self) -> bool:
        """Whether the offer is still on the provider's page."""
        return self.delist_time is None


class Sighted(Protocol):
    """What freshness follows from: an offer, or as much of one."""

    @property
    def standing(self) -> Standing:
        """What the gate last said."""
        ...

    @property
    def observe_time(self) -> datetime:
        """When it was last seen."""
        ...


def freshness_at(offer: Sighted, *, interval: timedelta, now: datetime) -> Freshness:
    """Say how far an offer can be relied upon at `now`.

    BASELINE, UNCONFIRMED and PROVISIONAL follow from the standing; otherwise the age decides:
    FRESH up to two collection intervals, STALE up to 72 hours, then EXPIRED. An age below zero
    (a clock that went back) counts as zero.
    """
    if offer.standing is Standing.BASELINE:
        return Freshness.BASELINE
    age = now - offer.observe_time
    if age > EXPIRED_AFTER:
        return Freshness.EXPIRED
    if offer.standing is not Standing.ACCEPTED:
        return Freshness(offer.standing.value)
    return Freshness.FRESH if age <= 2 * interval else Freshness.STALE


def next_freshness_change(offer: Sighted, *, interval: timedelta, now: datetime) -> datetime:
    """Return when `freshness_at` will next give another answer; datetime.max if never."""
    steps = [offer.observe_time + 2 * interval, offer.observe_time + EXPIRED_AFTER]
    if offer.standing is Standing.BASELINE:
        return datetime.max.replace(tzinfo=UTC)
    if offer.standing is not Standing.ACCEPTED:
        steps = steps[1:]
    return min((step for step in steps if step >= now), default=datetime.max.replace(tzinfo=UTC))


def offer_id_of(
    *, provider: str, sku: str, region: str, purchase_model: PurchaseModel, term: str
) -> str:
    """Make the id of an offer: a readable slug and a digest of the exact arguments.

    Equal arguments always give the equal id. The digest keeps apart what slugging or shortening
    would merge.
    """
    exact = f"{provider}|{sku}|{region}|{purchase_model.value}|{term}"
    words = (provider, sku, region, purchase_model.value, term)
    slug = re.sub(r"[^a-z0-9.]+", "-", "-".join(filter(None, words)).lower()).strip("-.")
    digest = hashlib.sha256(exact.encode()).hexdigest()[:8]
    return f"{slug[: MAX_ID_LENGTH - 9].rstrip('-.')}-{digest}"
