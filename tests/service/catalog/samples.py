"""Offers of every kind for the tests of the catalogue, and a filter told without columns."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from service.catalog.lasting import Encoded, Sighting
from service.catalog.paging import PageTokenSigner
from service.catalog.snapshot import Row, Snapshot, segment_of
from service.domain.filter import And, Comparison, Node, Not, Operator, Or, compare
from service.domain.filter_values import Prefix
from service.domain.money import Money
from service.domain.offer import (
    Availability,
    AvailabilityState,
    DeliveryModel,
    Freshness,
    Offer,
    PurchaseModel,
    Standing,
)
from service.domain.offer_fields import FIELDS, Kind
from service.domain.provider import ProviderSnapshot
from tests.builders import NOW, a_snapshot, an_offer

SIGNER = PageTokenSigner(b"k" * 32)
RATES = {"EUR": Decimal("1.16143"), "GBP": Decimal("1.34")}
PROVIDERS = ("a", "a-b", "nimbus")
MODELS = {"h100-sxm-80gb": "H100", "h100-pcie-80gb": "H100", "l4-24gb": "L4"}
AMOUNTS = ("0.5", "1", "2.49", "2.891961", "3")
TIMES = tuple(NOW - timedelta(minutes=minutes) for minutes in (0, 1, 90, 200, 5000))


class Readable:
    """Encodes so that a test can read it: the id and the freshness."""

    def lasting(self, offer: Offer) -> Encoded:
        """Write the id."""
        return Encoded(proto=offer.offer_id.encode())

    def passing(self, _: Sighting, freshness: Freshness) -> Encoded:
        """Write the freshness."""
        return Encoded(proto=f" {freshness}".encode())


encode = Readable()


def snapshot_of(*published: ProviderSnapshot, now: datetime = NOW) -> Snapshot:
    """Build the catalogue of some live providers."""
    return Snapshot([segment_of(one, encode=encode, now=now) for one in published], now=now)


_MONEY = st.none() | st.builds(
    lambda amount, currency: Money(amount=Decimal(amount), currency_code=currency),
    st.sampled_from(AMOUNTS),
    st.sampled_from(["USD", "EUR", "GBP", "SEK"]),
)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """Draw an offer; few different values, so that ties and equal comparisons are common."""
    model = draw(st.sampled_from(list(MODELS)))
    provider = draw(st.sampled_from(PROVIDERS))
    return an_offer(
        offer_id=f"{provider}-{draw(st.integers(0, 60))}",
        provider=provider,
        gpu_model=model,
        gpu_family=MODELS[model],
        price=draw(st.sampled_from(AMOUNTS)),
        gpu_count=draw(st.sampled_from(["0.125", "1", "8"])),
        available_gpu_count=draw(st.none() | st.integers(0, 3)),
        region_code=draw(st.sampled_from(["", "us-1", "us-2", "eu-1"])),
        country_code=draw(st.sampled_from(["", "US", "DE", "FR", "CA"])),
        purchase_model=draw(st.sampled_from(PurchaseModel)),
        delivery_model=draw(st.sampled_from(DeliveryModel)),
        availability=Availability(state=draw(st.sampled_from(AvailabilityState))),
        billing_increment=draw(st.sampled_from([None, timedelta(0, 1), timedelta(hours=1)])),
        observe_time=draw(st.sampled_from(TIMES)),
        delist_time=draw(st.sampled_from([None, None, NOW])),
        standing=draw(st.sampled_from(Standing)),
        upfront=draw(_MONEY),
        unverified=draw(st.booleans()),
    )


def catalogues() -> st.SearchStrategy[Snapshot]:
    """Draw a catalogue of up to three providers, whose ids interleave."""
    return st.lists(offers(), max_size=40).map(catalogue)


def catalogue(some: list[Offer]) -> Snapshot:
    """Build a catalogue; of offers with equal ids the last counts."""
    by_id = {offer.offer_id: offer for offer in some}
    return snapshot_of(
        *(
            a_snapshot(*(o for o in by_id.values() if o.provider == provider), provider=provider)
            for provider in PROVIDERS
        )
    )


_TEXTS: Mapping[str, tuple[str, ...]] = {
    "name": ("a-1", "a-b-*", "nimbus*", "offers/a-2", "*"),
    "provider": (*PROVIDERS, "a*", "nobody"),
    "gpu_model": (*MODELS, "h100*", "h2"),
    "gpu_family": ("H100", "L4", "B200"),
    "price_per_gpu_hour": (*AMOUNTS, "2.49 EUR", "0"),
    "price_per_hour": (*AMOUNTS, "19.92", "1.000000001"),
    "gpu_count": ("0.125", "1", "7.99", "999999999999999"),
    "available_gpu_count": ("0", "2", "-1", "-999999999999"),
    "region_code": ("us-1", "us*", "", "*"),
    "country_code": ("US", "DE"),
    "geo": ("EU", "NA"),
    "purchase_model": tuple(PurchaseModel),
    "delivery_model": tuple(DeliveryModel),
    "availability": tuple(AvailabilityState),
    "freshness": tuple(Freshness),
    "billing_increment": ("0s", "1s", "3600s"),
    "observe_time": tuple(time.isoformat() for time in TIMES),
    "delist_time": (NOW.isoformat(),),
    "upfront": (*AMOUNTS, "2.49 EUR", "0.5 GBP"),
    "unverified": ("true", "false"),
    "delisted": ("true", "false"),
}


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """Draw a term that the language allows."""
    field = FIELDS[draw(st.sampled_from(list(_TEXTS)))]
    text = draw(st.sampled_from(_TEXTS[field.name]))
    signs = ["=", "!=", "<", "<=", ">", ">="] if field.kind.is_ordered else ["=", "!="]
    if draw(st.integers(0, 9)) == 0:
        return compare(field.name, ":", "*")
    return compare(field.name, draw(st.sampled_from(signs)), text)


def nodes() -> st.SearchStrategy[Node]:
    """Draw a filter."""
    return st.recursive(
        comparisons(),
        lambda inner: st.one_of(
            st.builds(lambda node: Not(term=node), inner),
            st.builds(lambda some: And(terms=tuple(some)), st.lists(inner, max_size=4)),
            st.builds(lambda some: Or(terms=tuple(some)), st.lists(inner, max_size=4)),
        ),
        max_leaves=8,
    )


_SIGNS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says; the row itself unpacks its offer whenever that is asked for."""

    offer: Offer
    freshness: Freshness


def told(rows: Iterable[Row]) -> list[Told]:
    """Read rows once, for models that look at them often."""
    return [Told(row.offer, row.freshness) for row in rows]


def holds(node: Node, row: Told) -> bool:
    """Tell whether a filter holds for a row, one offer at a time and without columns."""
    if isinstance(node, And):
        return all(holds(term, row) for term in node.terms)
    if isinstance(node, Or):
        return any(holds(term, row) for term in node.terms)
    if isinstance(node, Not):
        return not holds(node.term, row)
    if node.operator is Operator.NOT_EQUAL:
        return not _compared(node, Operator.EQUAL, row)
    return _compared(node, node.operator, row)


def _compared(node: Comparison, sign: Operator, row: Told) -> bool:
    actual, wanted = value_of(row, node.field), node.value
    if sign is Operator.STATED:
        return actual not in {None, "", "NOT_STATED"}
    if FIELDS[node.field].kind is Kind.GEO:
        assert isinstance(wanted, frozenset)
        return actual in wanted
    if isinstance(wanted, Prefix):
        return str(actual).startswith(wanted.text)
    if actual is None:
        return False
    if isinstance(wanted, Money):
        return _money_compared(node.field, sign, actual, wanted)
    return _SIGNS[sign](actual, wanted)


def _money_compared(field: str, sign: Operator, actual: Any, wanted: Money) -> bool:
    own = actual if isinstance(actual, Money) else Money(amount=actual)
    limit = wanted.amount
    if own.currency_code != wanted.currency_code:
        rates = {"USD": Decimal(1), **RATES}
        if own.currency_code not in rates:
            return False
        limit = limit * rates[wanted.currency_code] / rates[own.currency_code]
        limit = round(limit, 6 if field == "price_per_gpu_hour" else 9)
    return _SIGNS[sign](own.amount, limit)


def value_of(row: Told, field: str) -> Any:
    """Return what a row states for a field of the filter language."""
    match field:
        case "name":
            return row.offer.offer_id
        case "geo":
            return row.offer.country_code
        case "freshness":
            return row.freshness.value
        case "availability":
            return row.offer.availability.state.value
        case "delisted":
            return not row.offer.is_listed
        case _:
            return getattr(row.offer, field)
