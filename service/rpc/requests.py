"""Requests to questions: every violation of a request is found before any is reported."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from google.protobuf.message import Message
from gpuquote.v1 import catalog_service_pb2, offer_pb2

from service.catalog.paging import PageTokenSigner
from service.catalog.query import OfferQuery
from service.domain.errors import Reason
from service.domain.filter import (
    Node,
    all_of,
    any_of,
    compare,
    currencies_of,
    names_of,
    parse_filter,
)
from service.domain.geo import COUNTRIES, GEO_GROUPS
from service.domain.gpu import GpuRegistry
from service.domain.money import BadMoney, decimal_from_text
from service.domain.offer import AvailabilityState, PurchaseModel
from service.domain.order import DEFAULT_ORDER, OrderKey, parse_order
from service.rpc.convert import find_enum_value
from service.rpc.faults import Faults, nearest_of, shown, unknown_text
from service.rpc.masks import Mask, mask_from_proto
from service.rpc.names import GPU_MODELS, OFFERS, PROVIDERS, id_from_name

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000
MAX_BATCH = 100
MAX_WAIT_SECONDS = 30
MAX_VALUES = 100
MAX_SHOWN = 64
MAX_AGE_SECONDS = 10 * 366 * 86_400  # ten years, so that no arithmetic on times overflows

NANOS = 1_000_000_000

_Given = TypeVar("_Given")
_OFFER: Any = offer_pb2.Offer.DESCRIPTOR
_EVERYTHING: Node = all_of(())
_CHEAPEST_FIRST: tuple[OrderKey, ...] = DEFAULT_ORDER
# Few orders are ever asked for, and few filters again and again.
_parse_order = lru_cache(maxsize=256)(parse_order)
_parse_filter = lru_cache(maxsize=256)(parse_filter)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOffers:
    """What ListOffers asks: the query, and which fields of its rows to return."""

    query: OfferQuery
    mask: Mask | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOffers:
    """What GetOffer and BatchGetOffers ask: ids in the order of the request, and the fields."""

    offer_ids: tuple[str, ...]
    mask: Mask | None
    max_age: timedelta | None


def read_list_offers(
    request: catalog_service_pb2.ListOffersRequest,
    *,
    gpus: GpuRegistry,
    providers: Collection[str],
    currencies: Collection[str],
    signer: PageTokenSigner,
) -> ListedOffers:
    """Read a ListOffersRequest. Raises InvalidRequest with every violation.

    `currencies` are those with an exchange rate, besides US dollars. The page token is only
    looked at here when something else is wrong: the list itself reads it otherwise.
    """
    faults = Faults()
    page_size = read_page_size(request.page_size, faults)
    text = read_filter(request.filter, currencies, faults)
    check_names(text, gpus, providers, faults)
    order = faults.attempt(lambda: _parse_order(request.order_by), _CHEAPEST_FIRST)
    mask = mask_from_proto(request.fields, _OFFER, faults)
    terms = [
        *_choices(request, gpus, providers, faults),
        *_count_bounds(request.min_gpu_count, request.max_gpu_count, faults),
        *_other_bounds(request, currencies, faults),
    ]
    max_age = read_max_age(request, faults)
    if faults and request.page_token:
        faults.attempt(lambda: signer.decode(request.page_token, digest_of(request)), None)
    faults.raise_if_any()
    query = OfferQuery(
        filter=all_of((text, *terms)),
        order=order,
        page_size=page_size,
        page_token=request.page_token,
        max_age=max_age,
        arguments_digest=digest_of(request),
    )
    return ListedOffers(query=query, mask=mask)


def read_get_offer(request: catalog_service_pb2.GetOfferRequest) -> NamedOffers:
    """Read a GetOfferRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    offer_id = faults.attempt(lambda: id_from_name(request.name, OFFERS), "")
    mask = mask_from_proto(request.fields, _OFFER, faults)
    max_age = read_max_age(request, faults)
    faults.raise_if_any()
    return NamedOffers(offer_ids=(offer_id,), mask=mask, max_age=max_age)


def read_batch_get_offers(request: catalog_service_pb2.BatchGetOffersRequest) -> NamedOffers:
    """Read a BatchGetOffersRequest. Raises InvalidRequest with every violation."""
    faults = Faults()
    if len(request.names) > MAX_BATCH:
        description = f"{len(request.names)} names; at most {MAX_BATCH} at once"
        metadata = {"nameCount": str(len(request.names)), "limit": str(MAX_BATCH)}
        faults.add("names", description, metadata=metadata)
    offer_ids = [
        faults.attempt(lambda name=name: id_from_name(name, OFFERS, field="names"), "")  # type: ignore[misc]
        for name in request.names[:MAX_BATCH]
    ]
    mask = mask_from_proto(request.fields, _OFFER, faults)
    max_age = read_max_age(request, faults)
    faults.raise_if_any()
    return NamedOffers(offer_ids=tuple(offer_ids), mask=mask, max_age=max_age)


def read_filter(text: str, currencies: Collection[str], faults: Faults) -> Node:
    """Return the filter of any request that has one; `currencies` are those with a rate."""
    node = faults.attempt(lambda: _parse_filter(text), _EVERYTHING)
    _check_currencies("filter", node, currencies, faults)
    return node


def read_max_wait(request: Any, faults: Faults) -> float:
    """Return the `max_wait` of any request that has one, in seconds; 0 where it is not set."""
    seconds = request.max_wait.seconds + request.max_wait.nanos / NANOS
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        metadata = {"limitSeconds": str(MAX_WAIT_SECONDS)}
        faults.add("max_wait", f"must be 0 to {MAX_WAIT_SECONDS} s", metadata=metadata)
        return 0.0
    return float(seconds)


def read_page_size(page_size: int, faults: Faults) -> int:
    """Return the rows of a page: 0 means 100, above 1000 is read as 1000."""
    if page_size < 0:
        faults.add(
            "page_size",
            f"{page_size} is negative",
            Reason.BAD_PAGE_SIZE,
            metadata={"pageSize": str(page_size)},
        )
    return min(page_size, MAX_PAGE_SIZE) or DEFAULT_PAGE_SIZE


def digest_of(request: Message) -> bytes:
    """Digest every argument of a list request but its page; a page token is bound to it."""
    arguments = type(request)()
    arguments.CopyFrom(request)
    for field in ("page_size", "page_token"):
        arguments.ClearField(field)
    return hashlib.blake2b(
        arguments.SerializeToString(deterministic=True),
        digest_size=8,
        person=request.DESCRIPTOR.name[:16].encode(),
    ).digest()


def read_families(families: Collection[str], gpus: GpuRegistry, faults: Faults) -> tuple[str, ...]:
    """Return the families in the registry's spelling; unknown ones go to `faults`."""
    return read_each("gpu_family", families, lambda text: _read_family(text, gpus, faults), faults)


def read_provider(
    text: str, providers: Collection[str], faults: Faults, *, field: str = "provider"
) -> str | None:
    """Return the provider's id from an id or a name; None where it went to `faults`."""
    provider = text.removeprefix(f"{PROVIDERS}/")
    if provider in providers:
        return provider
    nearest = nearest_of(provider, providers)
    faults.add(
        field,
        unknown_text(provider, "provider", nearest),
        Reason.UNKNOWN_PROVIDER,
        metadata=unknown_metadata("provider", provider, nearest),
    )
    return None


def _choices(
    request: catalog_service_pb2.ListOffersRequest,
    gpus: GpuRegistry,
    providers: Collection[str],
    faults: Faults,
) -> Iterator[Node]:
    """Read the repeated fields: the values of each are alternatives."""
    readers: dict[str, Callable[[Any], str | None]] = {
        "gpu_model": lambda text: read_gpu_model(text, gpus, faults),
        "gpu_family": lambda text: _read_family(text, gpus, faults),
        "provider": lambda text: read_provider(text, providers, faults),
        "country_code": lambda text: read_country(text, faults),
        "geo": lambda text: read_geo(text, faults),
        "purchase_model": lambda number: read_enum("purchase_model", PurchaseModel, number, faults),
        "availability": lambda number: read_enum("availability", AvailabilityState, number, faults),
    }
    for field, read in readers.items():
        given = getattr(request, field)
        if given:
            yield _one_of(field, read_each(field, given, read, faults))


def _one_of(field: str, values: tuple[str, ...]) -> Node:
    return any_of(tuple(compare(field, "=", value, argument=field) for value in values))


def read_each(
    field: str,
    given: Collection[_Given],
    read: Callable[[_Given], str | None],
    faults: Faults,
) -> tuple[str, ...]:
    """Read the values of a repeated field, each once; what is wrong with them is in `faults`."""
    if len(given) > MAX_VALUES:
        metadata = {"valueCount": str(len(given)), "limit": str(MAX_VALUES)}
        faults.add(field, f"{len(given)} values; at most {MAX_VALUES}", metadata=metadata)
        return ()
    found = (read(value) for value in given)
    return tuple(dict.fromkeys(value for value in found if value is not None))


def read_gpu_model(text: str, gpus: GpuRegistry, faults: Faults) -> str | None:
    """Return the GPU model's id from an id or a name; None where it went to `faults`."""
    gpu_model = text.removeprefix(f"{GPU_MODELS}/")
    if gpus.find(gpu_model) is not None:
        return gpu_model
    nearest = tuple(gpus.nearest(gpu_model))
    faults.add(
        "gpu_model",
        unknown_text(gpu_model, "GPU model", nearest),
        Reason.UNKNOWN_GPU_MODEL,
        metadata=unknown_metadata("gpuModel", gpu_model, nearest),
    )
    return None


def _read_family(text: str, gpus: GpuRegistry, faults: Faults) -> str | None:
    if text in gpus.families:
        return text
    folded = text.lower()
    family = next((family for family in gpus.families if family.lower() == folded), None)
    if family is None:
        nearest = nearest_of(text, sorted(gpus.families))
        faults.add(
            "gpu_family",
            unknown_text(text, "GPU family", nearest),
            Reason.UNKNOWN_GPU_FAMILY,
            metadata=unknown_metadata("gpuFamily", text, nearest),
        )
    return family


def unknown_metadata(key: str, text: str, nearest: Collection[str]) -> dict[str, str]:
    """Return the metadata of a name that nothing has."""
    metadata = {key: text[:MAX_SHOWN]}
    return metadata | {"nearest": ",".join(nearest)} if nearest else metadata


def read_country(text: str, faults: Faults) -> str | None:
    """Return an ISO 3166-1 code in capitals; None where it went to `faults`."""
    if text.upper() in COUNTRIES:
        return text.upper()
    description = f"{shown(text)} is not an ISO 3166-1 alpha-2 code such as US"
    faults.add("country_code", description, metadata={"countryCode": text[:MAX_SHOWN]})
    return None


def read_geo(text: str, faults: Faults) -> str | None:
    """Return the name of a group of countries in capitals; None where it went to `faults`."""
    if text.upper() in GEO_GROUPS:
        return text.upper()
    known = ", ".join(GEO_GROUPS)
    description = f"{shown(text)} is no group of countries; known: {known}"
    faults.add("geo", description, metadata={"geo": text[:MAX_SHOWN]})
    return None


def read_enum(field: str, kind: type[StrEnum], number: int, faults: Faults) -> str | None:
    """Return the value of an enum's number; None where it went to `faults`."""
    value = find_enum_value(kind, number)
    if value is None:
        text = str(number) if number else "UNSPECIFIED"
        description = f"{text} is not one of {', '.join(kind)}"
        faults.add(field, description, metadata={"value": text})
    return value


def _check_currencies(field: str, node: Node, currencies: Collection[str], faults: Faults) -> None:
    for code in sorted(currencies_of(node) - {"USD", *currencies}):
        known = ", ".join(sorted({"USD", *currencies}))
        faults.add(
            field,
            f"there is no exchange rate for {code}; known: {known}",
            Reason.BAD_MONEY,
            metadata={"currencyCode": code},
        )


def check_names(node: Node, gpus: GpuRegistry, providers: Collection[str], faults: Faults) -> None:
    """Refuse names that nothing has: a typo behind NOT would widen a list without a word."""
    known: Mapping[str, tuple[str, Reason, Collection[str]]] = {
        "provider": ("provider", Reason.UNKNOWN_PROVIDER, providers),
        "gpu_family": ("GPU family", Reason.UNKNOWN_GPU_FAMILY, gpus.families),
        "gpu_model": (
            "GPU model",
            Reason.UNKNOWN_GPU_MODEL,
            {model.gpu_model_id for model in gpus.models},
        ),
    }
    for field, (kind, reason, names) in known.items():
        for name in sorted(names_of(node, field) - set(names)):
            nearest = nearest_of(name, names)
            metadata = {field: name} | ({"nearest": ",".join(nearest)} if nearest else {})
            faults.add("filter", unknown_text(name, kind, nearest), reason, metadata=metadata)


def _count_bounds(least: str, most: str, faults: Faults) -> Iterator[Node]:
    low = _read_count("min_gpu_count", least, faults)
    high = _read_count("max_gpu_count", most, faults)
    if low is not None and high is not None and low > high:
        description = f"{least} is above max_gpu_count {most}"
        metadata = {"minGpuCount": least, "maxGpuCount": most}
        faults.add("min_gpu_count", description, metadata=metadata)
    if low is not None:
        yield compare("gpu_count", ">=", least, argument="min_gpu_count")
    if high is not None:
        yield compare("gpu_count", "<=", most, argument="max_gpu_count")


def _read_count(field: str, text: str, faults: Faults) -> Decimal | None:
    if not text:
        return None
    try:
        count = decimal_from_text(text)
    except BadMoney:
        description = f"{shown(text)} is not a plain number such as 8 or 0.125"
        faults.add(field, description, metadata={"value": text[:MAX_SHOWN]})
        return None
    if count.is_signed():
        faults.add(field, f"{shown(text)} is negative", metadata={"value": text})
        return None
    return count


def _other_bounds(
    request: catalog_service_pb2.ListOffersRequest, currencies: Collection[str], faults: Faults
) -> Iterator[Node]:
    price, argument = request.max_price_per_gpu_hour, "max_price_per_gpu_hour"
    if price:
        below: Node = faults.attempt(
            lambda: compare("price_per_gpu_hour", "<=", price, argument=argument), _EVERYTHING
        )
        _check_currencies(argument, below, currencies, faults)
        yield below
    if request.min_vram_gb < 0:
        text = str(request.min_vram_gb)
        faults.add("min_vram_gb", f"{text} is negative", metadata={"value": text})
    elif request.min_vram_gb:
        yield compare("vram_gb", ">=", str(request.min_vram_gb), argument="min_vram_gb")


def read_max_age(request: Any, faults: Faults) -> timedelta | None:
    """Return the `max_age` of any request that has one; None where it is not set."""
    if not request.HasField("max_age"):
        return None
    seconds, nanos = request.max_age.seconds, request.max_age.nanos
    if 0 <= seconds <= MAX_AGE_SECONDS and 0 <= nanos < NANOS:
        max_age = timedelta(seconds=seconds, microseconds=nanos // 1000)
        if max_age:
            return max_age
    faults.add("max_age", "must be above 0 s and at most ten years")
    return None
