"""Which offers may be used: every one is kept or falls out once, for the first reason."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.constraints import OfferConstraints
from service.domain.errors import InvalidRequest, NotFound, Precondition, Reason
from service.domain.filter import parse_filter
from service.domain.offer import (
    Availability,
    AvailabilityState,
    DeliveryModel,
    Offer,
    PurchaseModel,
    Standing,
    Trust,
)
from service.market.need import Shape
from service.market.rejections import Exclusion
from service.market.selection import Selection
from tests.builders import NOW, an_offer
from tests.fakes import a_catalog
from tests.service.market.joining import A100, H100, selected, terms_of

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover


def names(selection: Selection, *offers: Offer) -> list[str]:
    ordered = sorted(offer.offer_id for offer in offers)
    return [ordered[row] for row in sorted(selection.rows.tolist())]


def constrained(*offers: Offer, **constraints: Any) -> Selection:
    return selected(a_catalog(*offers), terms_of(constraints=OfferConstraints(**constraints)))


def reasons(selection: Selection) -> dict[str, int]:
    return {one.reason: one.count for one in selection.rejected}


def in_stock(state: AvailabilityState) -> Availability:
    return Availability(state=state, observe_time=NOW)


USELESS: dict[Exclusion, dict[str, Any]] = {
    Exclusion.PURCHASE_MODEL: {"purchase_model": PurchaseModel.SPOT},
    Exclusion.TRUST: {"trust": Trust.HOST},
    Exclusion.SOLD_OUT: {"availability": in_stock(AvailabilityState.SOLD_OUT)},
    Exclusion.NOT_OFFERED: {"availability": in_stock(AvailabilityState.NOT_OFFERED)},
    Exclusion.EXPIRED: {"observe_time": NOW - timedelta(hours=73)},
    Exclusion.UNCONFIRMED: {"standing": Standing.UNCONFIRMED},
    Exclusion.PROVISIONAL: {"standing": Standing.PROVISIONAL},
    Exclusion.FRACTIONAL_GPU: {"gpu_count": "0.5"},
}


@pytest.mark.parametrize("reason", USELESS)
def test_what_is_left_out_by_default(reason: Exclusion) -> None:
    good, bad = an_offer(offer_id="good"), an_offer(offer_id="bad", **USELESS[reason])
    found = selected(a_catalog(good, bad))
    assert names(found, good, bad) == ["good"]
    assert reasons(found) == {reason.value: 1}
    assert found.rejected[0].example == "offers/bad"


def test_what_is_left_out_by_default_can_be_asked_for() -> None:
    offers = [
        an_offer(offer_id=reason.value, **USELESS[reason])
        for reason in USELESS
        if reason not in {Exclusion.FRACTIONAL_GPU, Exclusion.EXPIRED}
    ]
    found = constrained(
        *offers,
        purchase_models=frozenset({PurchaseModel.SPOT, PurchaseModel.ON_DEMAND}),
        trust=frozenset(Trust),
        availability=frozenset(AvailabilityState),
        include_doubtful=True,
    )
    assert reasons(found) == {}
    assert len(found.rows) == len(offers)


def test_each_constraint_has_its_reason() -> None:
    us = an_offer(offer_id="us", country_code="US", region_code="east")
    de = an_offer(
        offer_id="de",
        provider="cirrus",
        country_code="DE",
        region_code="fra",
        delivery_model=DeliveryModel.CONTAINER,
        availability=in_stock(AvailabilityState.LIMITED),
    )
    old = an_offer(offer_id="old", gpu_model=A100, gpu_family="A100")
    offers = (us, de, old)
    cases: list[tuple[dict[str, Any], list[str], dict[str, int]]] = [
        ({"gpu_models": frozenset({A100})}, ["old"], {"GPU_MODEL": 2}),
        ({"providers": frozenset({"cirrus"})}, ["de"], {"PROVIDER": 2}),
        ({"excluded_providers": frozenset({"nimbus"})}, ["de"], {"PROVIDER": 2}),
        ({"region_codes": frozenset({"east"})}, ["us"], {"REGION": 2}),
        ({"country_codes": frozenset({"DE", "FR"})}, ["de"], {"COUNTRY": 2}),
        (
            {"delivery_models": frozenset({DeliveryModel.CONTAINER})},
            ["de"],
            {"DELIVERY_MODEL": 2},
        ),
        (
            {"availability": frozenset({AvailabilityState.LIMITED})},
            ["de"],
            {"AVAILABILITY": 2},
        ),
        ({"filter": parse_filter("region_code = fra")}, ["de"], {"FILTER": 2}),
        ({"purchase_models": frozenset()}, ["de", "old", "us"], {}),
    ]
    for constraints, kept, rejected in cases:
        found = constrained(*offers, **constraints)
        assert names(found, *offers) == kept, constraints
        assert reasons(found) == rejected


def test_an_amount_without_a_rate_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        constrained(an_offer(), filter=parse_filter('upfront < "3 XAU"'))


def test_one_gpu_model_is_not_a_reason_when_it_is_asked_for() -> None:
    snapshot = a_catalog(an_offer(offer_id="a"), an_offer(offer_id="b", gpu_model=A100))
    found = selected(snapshot, gpu_model=A100)
    assert found.rows.tolist() == [1]
    assert reasons(found) == {}
    assert selected(snapshot, gpu_model="gpu-of-nobody").shapes == ()


def test_shapes_are_gpu_models_and_sizes_of_nodes() -> None:
    found = selected(
        a_catalog(
            an_offer(offer_id="a", gpu_count="1"),
            an_offer(offer_id="b", gpu_count="8"),
            an_offer(offer_id="c", gpu_count="8", provider="cirrus"),
            an_offer(offer_id="d", gpu_count="1", min_gpu_count=8),
            an_offer(offer_id="e", gpu_count="1", min_gpu_count=256),
            an_offer(offer_id="f", gpu_count="2", gpu_model=A100, gpu_family="A100"),
            an_offer(offer_id="g", gpu_count="4", trust=Trust.HOST),
        )
    )
    assert found.shapes == (
        Shape(gpu_model=A100, gpus_per_node=2),
        Shape(gpu_model=H100, gpus_per_node=1),
        Shape(gpu_model=H100, gpus_per_node=8),
    )


def test_committed_offers_stand_apart_when_they_are_asked_for() -> None:
    reserved = an_offer(offer_id="r", purchase_model=PurchaseModel.RESERVED_1Y)
    block = an_offer(offer_id="b", purchase_model=PurchaseModel.CAPACITY_BLOCK)
    offers = (an_offer(offer_id="a"), reserved, block)
    assert reasons(selected(a_catalog(*offers))) == {"PURCHASE_MODEL": 2}
    found = constrained(*offers, purchase_models=frozenset(PurchaseModel))
    assert names(found, *offers) == ["a"]
    assert found.committed.at.size == 1
    # A block whose length is not stated cannot be charged.
    assert reasons(found) == {"TERM_NOT_STATED": 1}


def test_too_old_prices_fall_out_and_are_refused_when_none_is_left() -> None:
    old = an_offer(offer_id="old", observe_time=NOW - timedelta(hours=2))
    found = constrained(an_offer(offer_id="new"), old, max_age=timedelta(hours=1))
    assert reasons(found) == {"TOO_OLD": 1}
    with pytest.raises(Precondition) as caught:
        constrained(old, max_age=timedelta(hours=1))
    assert caught.value.reason is Reason.PRICES_TOO_OLD
    assert constrained(old, max_age=timedelta(days=10**6)).rows.size == 1


def test_bundled_prices_are_older_than_any_age() -> None:
    snapshot = a_catalog(an_offer(), baseline=frozenset({"nimbus"}))
    terms = terms_of(constraints=OfferConstraints(max_age=timedelta(days=900)))
    with pytest.raises(Precondition):
        selected(snapshot, terms)


def test_nothing_that_matches_is_no_matter_of_age() -> None:
    found = constrained(an_offer(), providers=frozenset({"cirrus"}), max_age=timedelta(seconds=1))
    assert reasons(found) == {"PROVIDER": 1}


@pytest.mark.parametrize("reason", [r for r in USELESS if r is not Exclusion.FRACTIONAL_GPU])
def test_a_named_offer_is_used_whatever_its_state_with_a_caveat(reason: Exclusion) -> None:
    snapshot = a_catalog(an_offer(offer_id="a"), an_offer(offer_id="b", **USELESS[reason]))
    found = selected(snapshot, terms_of(offer_id="b"))
    assert found.rows.tolist() == [1]
    (caveat,) = found.caveats
    assert caveat.code == "NAMED_OFFER_EXCLUDED"
    assert caveat.message.endswith(f"leave it out: {reason.value}.")


def test_a_named_offer_that_a_search_would_find_has_no_caveat() -> None:
    found = selected(a_catalog(an_offer(offer_id="a")), terms_of(offer_id="a"))
    assert (found.caveats, found.is_named) == ((), True)


def test_a_named_offer_must_hold_whole_gpus_of_the_model_that_is_asked_for() -> None:
    snapshot = a_catalog(an_offer(offer_id="a"), an_offer(offer_id="b", gpu_count="0.5"))
    other = selected(snapshot, terms_of(offer_id="a"), gpu_model=A100)
    part = selected(snapshot, terms_of(offer_id="b"))
    assert (other.rows.size, reasons(other)) == (0, {"GPU_MODEL": 1})
    assert (part.rows.size, reasons(part)) == (0, {"FRACTIONAL_GPU": 1})


def test_named_offers_that_cannot_be_had() -> None:
    snapshot = a_catalog(an_offer(offer_id="gone", delist_time=NOW), an_offer(offer_id="a"))
    with pytest.raises(NotFound) as missing:
        selected(snapshot, terms_of(offer_id="nothing"))
    assert missing.value.reason is Reason.OFFER_NOT_FOUND
    with pytest.raises(Precondition) as delisted:
        selected(snapshot, terms_of(offer_id="gone"))
    assert delisted.value.reason is Reason.OFFER_DELISTED
    old = terms_of(offer_id="a", constraints=OfferConstraints(max_age=timedelta(0)))
    moved = a_catalog(an_offer(offer_id="a", observe_time=NOW - timedelta(minutes=1)))
    with pytest.raises(Precondition) as aged:
        selected(moved, old)
    assert aged.value.reason is Reason.PRICES_TOO_OLD


def test_delisted_offers_are_not_even_counted() -> None:
    assert reasons(selected(a_catalog(an_offer(delist_time=NOW)))) == {}


ANY_OFFER = st.fixed_dictionaries(
    {
        "gpu_model": st.sampled_from([H100, A100]),
        "gpu_count": st.sampled_from(["0.5", "1", "2", "8"]),
        "provider": st.sampled_from(["nimbus", "cirrus"]),
        "purchase_model": st.sampled_from(PurchaseModel),
        "trust": st.sampled_from(Trust),
        "standing": st.sampled_from(Standing),
        "availability": st.sampled_from(AvailabilityState).map(in_stock),
        "country_code": st.sampled_from(["", "US", "DE"]),
        "observe_time": st.sampled_from([NOW, NOW - timedelta(hours=80)]),
    }
)
ANY_CONSTRAINTS = st.fixed_dictionaries(
    {
        "gpu_models": st.sampled_from([frozenset[str](), frozenset({A100})]),
        "providers": st.sampled_from([frozenset[str](), frozenset({"nimbus"})]),
        "country_codes": st.sampled_from([frozenset[str](), frozenset({"US"})]),
        "purchase_models": st.frozensets(st.sampled_from(PurchaseModel)),
        "trust": st.frozensets(st.sampled_from(Trust)),
        "availability": st.frozensets(st.sampled_from(AvailabilityState)),
        "include_doubtful": st.booleans(),
    }
)


@given(
    kinds=st.lists(ANY_OFFER, max_size=12),
    constraints=ANY_CONSTRAINTS,
    gpu_model=st.sampled_from([None, H100]),
)
def test_every_listed_offer_is_usable_committed_or_rejected_once(
    kinds: list[dict[str, Any]], constraints: dict[str, Any], gpu_model: str | None
) -> None:
    offers = [an_offer(offer_id=f"o{at}", **kind) for at, kind in enumerate(kinds)]
    terms = terms_of(constraints=OfferConstraints(**constraints))
    found = selected(a_catalog(*offers), terms, gpu_model=gpu_model)
    considered = sum(gpu_model in {None, offer.gpu_model} for offer in offers)
    rejected = sum(one.count for one in found.rejected)
    assert rejected + found.rows.size + found.committed.at.size == considered
    assert len({one.reason for one in found.rejected}) == len(found.rejected)
    assert set(found.shape_of_lot[found.pick.lots].tolist()) <= set(range(len(found.shapes)))
