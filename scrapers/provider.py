"""What one provider is to the collector: where to ask, and how to read the answer.

A provider is one file in `scrapers/providers` with one module-level `provider`. Its parsers are
pure: pages in, text as printed out. They do not convert, guess, filter, log or fetch.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
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

# Where a key goes: the name of its variable, or what signing in gave.
KEY = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
ACCESS_TOKEN = "{access_token}"  # noqa: S105 - its place, not a token


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `json_body` is sent as application/json when not None.

    A key stands as the name of its variable in braces, in a header, a text of the body or a part
    of the path: `{"Authorization": "Bearer {LAMBDA_API_KEY}"}`. Only the fetcher ever puts the key
    in its place; a replay needs none. `{access_token}` is what the provider's `sign_in` request
    answered.

    `only_lines` is for price lists of hundreds of megabytes: the answer is read line by line and
    only lines that hold one of these texts, and the first `header_lines`, become the page.
    """

    url: str
    method: str = "GET"
    json_body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    only_lines: tuple[str, ...] = ()
    header_lines: int = 0

    @property
    def key_variables(self) -> frozenset[str]:
        """The variables that this request needs."""
        body = (v for v in (self.json_body or {}).values() if isinstance(v, str))
        texts = (self.url, *self.headers.values(), *body)
        return frozenset(name for text in texts for name in KEY.findall(text))

    @property
    def needs_token(self) -> bool:
        """Whether the provider's `sign_in` has to be asked first."""
        return any(ACCESS_TOKEN in text for text in self.headers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Currency and unit that the contract of a documented JSON endpoint fixes.

    Never for HTML pages: those must print both. Where a response states them too, they must
    agree with what is declared here, or the row is a reject. Without a `unit` each row says what
    its price is for, because the rows of one answer differ. `divisor` is how many of the printed
    numbers make one of the currency: 100 where the contract prints cents.
    """

    currency: str
    unit: PriceUnit | None
    divisor: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summand:
    """What comes on top of a row's price: `times` units of something at `price` for one of them.

    `price` is in the currency of the row; `unit` is its printed period ("hour", "month"), by
    default the row's own. `what` is shown in the listed text: "vCPU", "GiB memory".
    """

    what: str
    price: str
    times: str
    unit: str = ""


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
    stock value, None when the source says nothing; `stock_evidence` names its field. Where it is a
    number or a list, `stock` stays as printed and `stock_word` is what `stock_states` knows it by.
    `sku` is unique within (region, purchase model, term). `trust` and `delivery_model` are None
    where the provider's own hold. `plus` are the parts that the price of the whole row has besides
    `price` (GPUs at one price, vCPUs and memory at others). `reliability` is a marketplace's own
    figure, "0.98" or "98%". `start_time` and `valid_until` are ISO 8601, the first for capacity
    blocks. `upfront` and `minimum_charge` are prices of the whole row in its currency; with the
    first, the price per hour holds its share of the term, and `price` itself may be "0".
    `printed_on` is the kind of the page that a joined row stands on, where it is not the first.
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
    stock_word: str = ""
    delivery_model: DeliveryModel | None = None
    gpu_link: GpuLink = GpuLink.NOT_STATED
    fabric: Fabric = Fabric.NOT_STATED
    fabric_gbps_per_gpu: str = ""
    storage_price: str = ""
    egress_price: str = ""
    plus: tuple[Summand, ...] = ()
    upfront: str = ""
    minimum_charge: str = ""
    reliability: str = ""
    start_time: str = ""
    valid_until: str = ""
    printed_on: str = ""
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
    `unverified`: written from a description, never held against a recording. `sign_in` is asked
    before the others for their `{access_token}`.

    Requests whose keys are not set are not made. Where all kinds of a join can be asked, parsers of
    a part of them are not called: a page alone without a key, page and stock joined with it. A
    provider that can ask nothing without a key is NEEDS_KEY. `every_with_keys` is its interval
    where all keys are set: stock is asked for more often than prices.
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
    every_with_keys: timedelta | None = None
    opt_in: bool = False
    unverified: bool = False
    large: bool = False
    sign_in: Request | None = None
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

    def with_keys(self, keys: Collection[str]) -> "Provider":
        """Return the provider as it is where these keys are set."""
        if self.every_with_keys is None or not self.key_variables <= set(keys):
            return self
        return replace(self, every=self.every_with_keys)

    @property
    def key_variables(self) -> frozenset[str]:
        """Every variable that any request of this provider needs."""
        parts = self.all_parts()
        return frozenset(
            name for part in parts for r in part.requests.values() for name in self.keys_of(r)
        )

    def keys_of(self, request: Request) -> frozenset[str]:
        """Return the variables that one request needs, those of signing in included."""
        if request.needs_token and self.sign_in:
            return request.key_variables | self.sign_in.key_variables
        return request.key_variables

    def all_parts(self, *, keys: Collection[str] | None = None) -> tuple[Part, ...]:
        """Return the parts: one per page that is read alone, one per joined group, or `parts`.

        `keys` are the variables that are set; None means that no key is needed (replay). A part
        is left out when no parser can do with the requests that may be made.
        """
        if self.parts:
            named = ((name, self._askable(kinds, keys)) for name, kinds in self.parts.items())
            return tuple(
                Part(name=name, requests=requests)
                for name, requests in named
                if self.parsers_for(requests)
            )
        requests = self._askable(self.pages, keys)
        groups = self.parsers_for(requests)
        names = [self._narrowest(kinds) for kinds in groups]
        if len(set(names)) < len(names):
            names = list(groups)
        return tuple(
            Part(name="+".join(name), requests={kind: requests[kind] for kind in kinds})
            for name, kinds in zip(names, groups, strict=True)
        )

    def parsers_for(self, kinds: Collection[str]) -> tuple[tuple[str, ...], ...]:
        """Return what each parser to call reads, where these kinds can be had: the widest joins."""
        fitting = [group for group in self.parsers if set(group) <= set(kinds)]
        return tuple(
            group for group in fitting if not any(set(group) < set(other) for other in fitting)
        )

    def _narrowest(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Return the least that a part is read from, its name with a key and without."""
        within = [group for group in self.parsers if set(group) <= set(kinds)]
        return min(within, key=len)

    def _askable(
        self, kinds: Mapping[str, str | Request], keys: Collection[str] | None
    ) -> Mapping[str, Request]:
        requests = {
            kind: Request(url=request) if isinstance(request, str) else request
            for kind, request in kinds.items()
        }
        return {
            kind: request
            for kind, request in requests.items()
            if keys is None or self.keys_of(request) <= set(keys)
        }
