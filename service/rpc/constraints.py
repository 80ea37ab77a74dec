"""Constraints and adjustments of the calculators' requests."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from gpuquote.v1 import constraints_pb2, money_pb2

from service.domain.constraints import (
    USUAL_AVAILABILITY,
    USUAL_PURCHASE_MODELS,
    USUAL_TRUST,
    Adjustment,
    OfferConstraints,
)
from service.domain.errors import Reason
from service.domain.filter import Node
from service.domain.geo import countries_of
from service.domain.gpu import AmbiguousGpu, GpuNotIdentified, GpuRegistry
from service.domain.money import BadMoney, Money, decimal_from_text
from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    ExchangeRate,
    PurchaseModel,
    Trust,
)
from service.rpc.assumed import Assumed
from service.rpc.faults import Faults, nearest_of, shown, unknown_text
from service.rpc.names import GPU_MODELS
from service.rpc.numbers import Range, read_count, read_double
from service.rpc.requests import (
    MAX_AGE_SECONDS,
    MAX_SHOWN,
    MAX_VALUES,
    NANOS,
    check_names,
    read_country,
    read_each,
    read_enum,
    read_families,
    read_filter,
    read_geo,
    read_max_age,
    read_provider,
    unknown_metadata,
)

USD = "USD"

_DISCOUNT_PERCENT = Range(low=0, high=100, is_high_open=True)
_GPUS = Range(low=1, high=100_000)
_GBPS = Range(low=0, high=1_000_000)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MAX_REGION = 64

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What names in a request may mean on the market, and what money is worth in dollars."""

    gpus: GpuRegistry
    providers: Collection[str]
    rates: Mapping[str, ExchangeRate]


def read_constraints(
    given: constraints_pb2.OfferConstraints, market: Market, assumed: Assumed, faults: Faults
) -> OfferConstraints:
    """Read the constraints of a calculator; what is wrong with them goes to `faults`.

    GPU models, families and vendors become GPU models, groups of countries their members: fields
    that leave nothing together are a fault, since nothing could ever pass.
    """
    max_age = read_max_age(given, faults)
    budget = None
    if given.HasField("budget"):
        dollars = read_dollars("budget", given.budget, market.rates, faults, is_zero_allowed=False)
        budget = None if dollars is None else Money(amount=dollars)
    purchase_models = _enums("purchase_model", given.purchase_model, PurchaseModel, faults)
    trust = _enums("trust", given.trust, Trust, faults)
    availability = _enums("availability", given.availability, AvailabilityState, faults)
    providers = _providers("provider", given.provider, market, faults)
    excluded = _providers("excluded_provider", given.excluded_provider, market, faults)
    if providers and providers <= excluded:
        faults.add("excluded_provider", "leaves none of `provider`")
    return OfferConstraints(
        gpu_models=_gpu_models(given, market.gpus, faults),
        providers=providers,
        excluded_providers=excluded,
        region_codes=_regions(given.region_code, faults),
        country_codes=_countries(given, faults),
        purchase_models=_or_usual(purchase_models, "purchaseModel", USUAL_PURCHASE_MODELS, assumed),
        delivery_models=_enums("delivery_model", given.delivery_model, DeliveryModel, faults),
        trust=_or_usual(trust, "trust", USUAL_TRUST, assumed),
        availability=_or_usual(availability, "availability", USUAL_AVAILABILITY, assumed),
        include_doubtful=given.include_doubtful,
        max_age=max_age,
        min_fabric_gbps_per_gpu=read_double(given, "min_fabric_gbps_per_gpu", _GBPS, faults) or 0.0,
        filter=_filter(given.filter, market, faults),
        budget=budget,
    )


def read_deadline(given: constraints_pb2.OfferConstraints, faults: Faults) -> timedelta | None:
    """Return the deadline; None where it is not set, or went to `faults`."""
    if not given.HasField("deadline"):
        return None
    seconds, nanos = given.deadline.seconds, given.deadline.nanos
    if 0 <= seconds <= MAX_AGE_SECONDS and 0 <= nanos < NANOS:
        deadline = timedelta(seconds=seconds, microseconds=nanos // 1000)
        if deadline:
            return deadline
    faults.add("deadline", "must be above 0 s and at most ten years")
    return None


def read_gpu(
    text: str, gpus: GpuRegistry, faults: Faults, *, field: str = "gpu_model"
) -> str | None:
    """Return the id of the GPU model that an id, a name or an alias means.

    None where there is none, or more than one; that goes to `faults`.
    """
    name = text.removeprefix(f"{GPU_MODELS}/")
    if gpus.find(name) is not None:
        return name
    nearest = gpus.nearest(name[:MAX_SHOWN])
    description = unknown_text(name, "GPU model", nearest)
    if len(name) <= MAX_SHOWN:
        try:
            return gpus.identify(name).gpu_model_id
        except AmbiguousGpu as error:
            description = str(error)
        except GpuNotIdentified:
            pass
    faults.add(
        field,
        description,
        Reason.UNKNOWN_GPU_MODEL,
        metadata=unknown_metadata("gpuModel", name, nearest),
    )
    return None


def read_adjustments(
    given: Iterable[constraints_pb2.Adjustment], market: Market, faults: Faults
) -> tuple[Adjustment, ...]:
    """Read prices of our own, one at most for a provider and a way of buying."""
    every = tuple(given)
    if len(every) > MAX_VALUES:
        metadata = {"valueCount": str(len(every)), "limit": str(MAX_VALUES)}
        faults.add("adjustments", f"{len(every)} values; at most {MAX_VALUES}", metadata=metadata)
        return ()
    found: dict[tuple[str, PurchaseModel | None], Adjustment] = {}
    for at, one in enumerate(every):
        own = faults.under(f"adjustments[{at}]")
        adjustment = _read_adjustment(one, market, own)
        if adjustment is not None:
            key = adjustment.provider, adjustment.purchase_model
            if key in found:
                own.add("provider", "has an adjustment for this way of buying already")
            found[key] = adjustment
    return tuple(found.values())


def read_dollars(
    field: str,
    given: money_pb2.Money,
    rates: Mapping[str, ExchangeRate],
    faults: Faults,
    *,
    is_zero_allowed: bool,
) -> Decimal | None:
    """Return an amount in US dollars; None where it went to `faults`.

    `rates` are those of other currencies. Amounts below zero are refused, and zero unless allowed.
    """
    code = read_currency(f"{field}.currency_code", given.currency_code, rates, faults)
    try:
        amount = decimal_from_text(given.amount)
    except BadMoney as error:
        metadata = {"amount": given.amount[:MAX_SHOWN]}
        faults.add(f"{field}.amount", str(error), Reason.BAD_MONEY, metadata=metadata)
        return None
    if amount < 0 or not (amount or is_zero_allowed):
        least = "zero or above" if is_zero_allowed else "above zero"
        metadata = {"amount": given.amount}
        faults.add(f"{field}.amount", f"must be {least}", Reason.BAD_MONEY, metadata=metadata)
        return None
    if code is None:
        return None
    return amount if code == USD else amount * rates[code].rate


def read_currency(
    field: str, code: str, rates: Mapping[str, ExchangeRate], faults: Faults
) -> str | None:
    """Return a currency that there is a rate for; None where it went to `faults`."""
    if code == USD or code in rates:
        return code
    known = ", ".join(sorted({USD, *rates}))
    description = f"there is no exchange rate for {shown(code)}; known: {known}"
    metadata = {"currencyCode": code[:MAX_SHOWN]}
    faults.add(field, description, Reason.BAD_MONEY, metadata=metadata)
    return None


def _gpu_models(
    given: constraints_pb2.OfferConstraints, gpus: GpuRegistry, faults: Faults
) -> frozenset[str]:
    """Return the GPU models that the three fields allow together; empty when none is given."""
    before = len(faults)
    named = read_each("gpu_model", given.gpu_model, lambda t: read_gpu(t, gpus, faults), faults)
    families = read_families(given.gpu_family, gpus, faults)
    vendors = read_each("vendor", given.vendor, lambda t: _read_vendor(t, gpus, faults), faults)
    if len(faults) > before or not (named or families or vendors):
        return frozenset()
    allowed = frozenset(
        model.gpu_model_id
        for model in gpus.models
        if (not named or model.gpu_model_id in named)
        and (not families or model.family in families)
        and (not vendors or model.vendor in vendors)
    )
    if not allowed:
        faults.add("gpu_model", "no GPU model is of these models, families and vendors at once")
    return allowed


def _read_vendor(text: str, gpus: GpuRegistry, faults: Faults) -> str | None:
    vendors = {model.vendor.lower(): model.vendor for model in gpus.models}
    vendor = vendors.get(text.lower())
    if vendor is None:
        nearest = nearest_of(text, sorted(vendors.values()))
        description = unknown_text(text, "vendor of GPUs", nearest)
        faults.add("vendor", description, metadata=unknown_metadata("vendor", text, nearest))
    return vendor


def _countries(given: constraints_pb2.OfferConstraints, faults: Faults) -> frozenset[str]:
    before = len(faults)
    codes = read_each("country_code", given.country_code, lambda t: read_country(t, faults), faults)
    groups = read_each("geo", given.geo, lambda t: read_geo(t, faults), faults)
    members = frozenset[str]().union(*map(countries_of, groups))
    if len(faults) > before or not (codes and members):
        return frozenset(codes) | members
    both = members & frozenset(codes)
    if not both:
        faults.add("geo", "has none of the countries of `country_code`")
    return both


def _regions(given: Collection[str], faults: Faults) -> frozenset[str]:
    def read(text: str) -> str | None:
        if text and len(text) <= _MAX_REGION:
            return text
        faults.add("region_code", f"must have 1 to {_MAX_REGION} characters, not {len(text)}")
        return None

    return frozenset(read_each("region_code", given, read, faults))


def _providers(
    field: str, given: Collection[str], market: Market, faults: Faults
) -> frozenset[str]:
    def read(text: str) -> str | None:
        return read_provider(text, market.providers, faults, field=field)

    return frozenset(read_each(field, given, read, faults))


def _enums(
    field: str, given: Collection[int], kind: type[_Value], faults: Faults
) -> frozenset[_Value]:
    any_kind: Any = kind
    found = read_each(field, given, lambda n: read_enum(field, any_kind, n, faults), faults)
    return frozenset(any_kind(value) for value in found)


def _or_usual(
    given: frozenset[_Value], name: str, usual: frozenset[_Value], assumed: Assumed
) -> frozenset[_Value]:
    if given:
        return given
    assumed.note(f"constraints.{name}", ", ".join(sorted(map(str, usual))))
    return usual


def _filter(text: str, market: Market, faults: Faults) -> Node | None:
    if not text:
        return None
    node = read_filter(text, market.rates.keys(), faults)
    check_names(node, market.gpus, market.providers, faults)
    return node


def _read_adjustment(
    given: constraints_pb2.Adjustment, market: Market, faults: Faults
) -> Adjustment | None:
    before = len(faults)
    provider = read_provider(given.provider, market.providers, faults)
    purchase_model: Any = None
    if given.purchase_model:
        purchase_model = read_enum("purchase_model", PurchaseModel, given.purchase_model, faults)
    percent = read_double(given, "discount_percent", _DISCOUNT_PERCENT, faults) or 0.0
    credit: Decimal | None = Decimal(0)
    if given.HasField("credit_remaining"):
        credit = read_dollars(
            "credit_remaining", given.credit_remaining, market.rates, faults, is_zero_allowed=True
        )
    committed = read_count(given, "committed_gpu_count", _GPUS, faults) or 0
    until = _read_date("until", given.until, faults)
    if len(faults) > before or provider is None or credit is None:
        return None
    if not (percent or credit or committed):
        faults.add("discount_percent", "neither discount, credit nor committed GPUs are given")
    return Adjustment(
        provider=provider,
        purchase_model=purchase_model,
        discount=Decimal(repr(percent)) / 100,
        credit=credit,
        committed_gpu_count=committed,
        until=until,
    )


def _read_date(field: str, text: str, faults: Faults) -> date | None:
    if not text:
        return None
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # such as the 30th of February
    faults.add(
        field,
        f"{shown(text)} is not a day such as 2027-06-30",
        metadata={"value": text[:MAX_SHOWN]},
    )
    return None
