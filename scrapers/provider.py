"""What one provider is to the collector: where to ask, and how to read the answer.

A provider is one file in `scrapers/providers` with one module-level `provider`. Its parsers are
pure: pages in, text as printed out. They do not convert, guess, filter, log or fetch.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from scrapers.page import Page
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    Fabric,
    GpuLink,
    PriceUnit,
    PurchaseModel,
    Quota,
    TaxTreatment,
    Trust,
)

PRICE_PAGE_EVERY = timedelta(minutes=60)
AVAILABILITY_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `json_body` is sent as application/json when not None."""

    url: str
    method: str = "GET"
    json_body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Currency and unit that the contract of a documented JSON endpoint fixes.

    Never for HTML pages: those must print both. Where a response states them too, they must
    agree with what is declared here, or the row is a reject. Without a `unit` each row says what
    its price is for, because the rows of one answer differ.
    """

    currency: str
    unit: PriceUnit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOffer:
    """One row as printed. Empty text means that the source does not say.

    `price` is the printed price with its currency sign where there is one ("$3.99", "0.7875").
    `unit` is the printed unit ("PRICE/GPU/HR*", "1 Hour", "minute", "/ Hour"); `per` says what a
    printed period is for ("gpu" or "instance") where the unit text alone does not. A price for
    the whole commitment has unit "term". `gpu` is the text that names the GPU; `gpu_count` is
    "8", "0.5" or "1/8". Memory and storage carry their units ("1800 GiB", "22 TiB SSD"), as do
    `vram` (one GPU) and `total_vram` (all GPUs of the row). A `total_vram` without `gpu_count`
    gives the count as total / VRAM of the model, a fraction for slices. `stock` is the printed
    stock value, None when the source says nothing; `stock_evidence` names its field.
    `sku` is unique within (region, purchase model, term). `trust` and `delivery_model` are None
    where the provider's own hold.
    """

    sku: str
    gpu: str
    price: str
    gpu_count: str = ""
    unit: str = ""
    per: str = ""
    currency: str = ""
    region: str = ""
    country: str = ""
    purchase_model: PurchaseModel = PurchaseModel.ON_DEMAND
    term: str = ""
    instance_type: str = ""
    vcpus: str = ""
    memory: str = ""
    storage: str = ""
    cpu_arch: str = ""
    vram: str = ""
    total_vram: str = ""
    min_gpu_count: str = ""
    max_cluster_gpu_count: str = ""
    available_gpu_count: str = ""
    stock: str | None = None
    stock_evidence: str = ""
    delivery_model: DeliveryModel | None = None
    gpu_link: GpuLink = GpuLink.NOT_STATED
    fabric: Fabric = Fabric.NOT_STATED
    fabric_gbps_per_gpu: str = ""
    storage_price: str = ""
    egress_price: str = ""
    trust: Trust | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that a parser itself refuses, with a stable reason and the text that shows why."""

    reason: str
    text: str


PageParser = Callable[[Page], Iterator[RawOffer | Reject]]
JoinParser = Callable[..., Iterator[RawOffer | Reject]]
Follower = Callable[[Page], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a provider that answers or fails by itself: a page, a zone, a region."""

    name: str
    requests: Mapping[str, Request]


@dataclass(slots=True, kw_only=True)
class Provider:
    """A provider's facts, addresses and parsers.

    `pages` maps a kind to its address; each is a part of its own unless a join reads several.
    `parts` does the same where the same kinds exist for several zones or regions. All hosts of
    these addresses are allowed, and `hosts` more. `declared` fixes currency and unit per kind.
    `stock_states` maps printed stock values (lower case) to states. `regions` maps the
    provider's region id to its ISO 3166-1 country. The other facts hold for every row that does
    not say otherwise. `large` raises the deadline of a request from 30 to 120 seconds.
    """

    id: str
    title: str
    home: str
    pages: Mapping[str, str | Request] = field(default_factory=dict[str, str | Request])
    parts: Mapping[str, Mapping[str, str | Request]] = field(
        default_factory=dict[str, Mapping[str, str | Request]]
    )
    hosts: tuple[str, ...] = ()
    every: timedelta = PRICE_PAGE_EVERY
    opt_in: bool = False
    unverified: bool = False
    large: bool = False
    key_variable: str = ""
    declared: Mapping[str, Declared] = field(default_factory=dict[str, Declared])
    stock_states: Mapping[str, AvailabilityState] = field(
        default_factory=dict[str, AvailabilityState]
    )
    regions: Mapping[str, str] = field(default_factory=dict[str, str])
    delivery_model: DeliveryModel = DeliveryModel.NOT_STATED
    trust: Trust = Trust.FIRST_PARTY
    tax: TaxTreatment = TaxTreatment.NOT_STATED
    quota: Quota = Quota.NOT_STATED
    billing_increment: timedelta | None = None
    order_uri: str = ""
    parsers: dict[tuple[str, ...], PageParser | JoinParser] = field(default_factory=dict)
    followers: dict[str, Follower] = field(default_factory=dict)

    def parses(self, kind: str) -> Callable[[PageParser], PageParser]:
        """Register the parser of one kind of page; it is called once for each page."""

        def register(parser: PageParser) -> PageParser:
            self.parsers[(kind,)] = parser
            return parser

        return register

    def joins(self, *kinds: str) -> Callable[[JoinParser], JoinParser]:
        """Register a parser that needs several kinds of one part at once.

        It is called once a part with one `tuple[Page, ...]` for each kind, in the order given.
        """

        def register(parser: JoinParser) -> JoinParser:
            self.parsers[kinds] = parser
            return parser

        return register

    def follows(self, kind: str) -> Callable[[Follower], Follower]:
        """Register what gives the addresses of the next pages of a kind, from one page.

        The collector stops when a page brings no new address, or at its page cap.
        """

        def register(follower: Follower) -> Follower:
            self.followers[kind] = follower
            return follower

        return register

    def all_parts(self) -> tuple[Part, ...]:
        """Return the parts: one per page that is read alone, one per joined group, or `parts`."""
        if self.parts:
            return tuple(_part(name, requests) for name, requests in self.parts.items())
        groups = [kinds for kinds in self.parsers if set(kinds) <= set(self.pages)]
        return tuple(_part("+".join(kinds), {k: self.pages[k] for k in kinds}) for kinds in groups)


def _part(name: str, requests: Mapping[str, str | Request]) -> Part:
    as_requests = {
        kind: Request(url=request) if isinstance(request, str) else request
        for kind, request in requests.items()
    }
    return Part(name=name, requests=as_requests)
