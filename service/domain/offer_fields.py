"""The fields of an offer that a filter may test and an order may name, each with its kind."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from service.domain.offer import (
    AvailabilityState,
    DeliveryModel,
    Fabric,
    Freshness,
    GpuLink,
    PriceUnit,
    PurchaseModel,
    Quota,
    TaxTreatment,
    Trust,
)


class Kind(StrEnum):
    """How the values of a field are written and compared.

    PRICE is always stored in US dollars; MONEY keeps the currency that was printed. GEO stands
    for a set of countries and is no field of the offer itself.
    """

    TEXT = "TEXT"
    REFERENCE = "REFERENCE"
    COUNTRY = "COUNTRY"
    GEO = "GEO"
    ENUM = "ENUM"
    BOOLEAN = "BOOLEAN"
    DECIMAL = "DECIMAL"
    INTEGER = "INTEGER"
    PRICE = "PRICE"
    MONEY = "MONEY"
    TIME = "TIME"
    DURATION = "DURATION"

    @property
    def is_ordered(self) -> bool:
        """Whether `<` and `>` mean something."""
        return self in _ORDERED

    @property
    def is_sortable(self) -> bool:
        """Whether offers can be sorted by it; amounts in different currencies cannot."""
        return self not in {Kind.GEO, Kind.MONEY}


_ORDERED = frozenset({Kind.DECIMAL, Kind.INTEGER, Kind.PRICE, Kind.MONEY, Kind.TIME, Kind.DURATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferField:
    """One field: its name in the proto, its kind, and what its values are drawn from.

    `collection` is the first part of the full names of a REFERENCE; `members` are the values of
    an ENUM, whose prefix in the proto is `prefix`.
    """

    name: str
    kind: Kind
    collection: str = ""
    members: tuple[str, ...] = ()
    prefix: str = ""


def _plain(kind: Kind, *names: str) -> tuple[OfferField, ...]:
    return tuple(OfferField(name=name, kind=kind) for name in names)


def _reference(name: str, collection: str) -> OfferField:
    return OfferField(name=name, kind=Kind.REFERENCE, collection=collection)


def _enum(name: str, values: type[StrEnum]) -> OfferField:
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", values.__name__).upper() + "_"
    members = tuple(member.value for member in values)
    return OfferField(name=name, kind=Kind.ENUM, members=members, prefix=prefix)


def _by_name(fields: Iterable[OfferField]) -> Mapping[str, OfferField]:
    return MappingProxyType({field.name: field for field in fields})


FIELDS = _by_name(
    (
        _reference("name", "offers"),
        _reference("provider", "providers"),
        _reference("gpu_model", "gpuModels"),
        *_plain(Kind.TEXT, "gpu_family", "cpu_arch", "instance_type", "region_code"),
        *_plain(Kind.TEXT, "source_uri", "order_uri"),
        *_plain(Kind.COUNTRY, "country_code"),
        *_plain(Kind.GEO, "geo"),
        _enum("purchase_model", PurchaseModel),
        _enum("delivery_model", DeliveryModel),
        _enum("trust", Trust),
        _enum("gpu_link", GpuLink),
        _enum("fabric", Fabric),
        _enum("availability", AvailabilityState),
        _enum("freshness", Freshness),
        _enum("listed.unit", PriceUnit),
        _enum("tax", TaxTreatment),
        _enum("quota", Quota),
        *_plain(Kind.BOOLEAN, "delisted", "unverified", "replayed"),
        *_plain(Kind.DECIMAL, "gpu_count", "memory_gib", "local_storage_gb"),
        *_plain(Kind.DECIMAL, "host_reliability", "fabric_gbps_per_gpu"),
        *_plain(Kind.INTEGER, "min_gpu_count", "max_cluster_gpu_count", "available_gpu_count"),
        *_plain(Kind.INTEGER, "vram_gb", "vcpu_count"),
        *_plain(Kind.PRICE, "price_per_hour", "price_per_gpu_hour"),
        *_plain(Kind.MONEY, "upfront", "minimum_charge"),
        *_plain(Kind.MONEY, "egress_price_per_gb", "storage_price_per_gb_month"),
        *_plain(Kind.DURATION, "commitment_term", "billing_increment", "min_term", "max_term"),
        *_plain(Kind.TIME, "observe_time", "price_change_time", "first_seen_time", "delist_time"),
        *_plain(Kind.TIME, "start_time", "price_valid_until"),
    )
)


def _lower_camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


_BY_SPELLING = MappingProxyType(
    {_lower_camel(name): field for name, field in FIELDS.items()}
    | {**FIELDS, "availability.state": FIELDS["availability"]}
)


def find_field(spelling: str) -> OfferField | None:
    """Return the field that is written so in snake_case or lowerCamel, or None."""
    return _BY_SPELLING.get(spelling)


def nearest_field(spelling: str) -> str:
    """Return the name that the spelling is closest to, for "did you mean"; never fails."""
    wanted = spelling.replace("_", "").lower()

    def likeness(name: str) -> tuple[bool, int, str]:
        short = name.replace("_", "")
        ratio = difflib.SequenceMatcher(None, wanted, short).ratio()
        return (not (wanted and short.startswith(wanted)), -round(ratio * 1000), name)

    return min(FIELDS, key=likeness)
