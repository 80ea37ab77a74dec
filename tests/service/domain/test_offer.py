"""Offers: what is refused, how they age, and their ids."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.offer import (
    MAX_ID_LENGTH,
    Freshness,
    PurchaseModel,
    Standing,
    freshness_at,
    next_freshness_change,
    offer_id_of,
)
from tests.builders import NOW, an_offer

HOUR = timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("field", ["price_per_hour", "price_per_gpu_hour", "gpu_count"])
@pytest.mark.parametrize("value", ["0", "-1", "NaN"])
def test_what_is_not_above_zero_is_no_offer(field: str, value: str) -> None:
    overrides: dict[str, Any] = {"price_per_hour": Decimal(1), field: Decimal(value)}
    with pytest.raises((ValueError, ArithmeticError)):
        an_offer(**overrides)


def test_an_offer_is_listed_until_it_has_a_delist_time() -> None:
    assert an_offer().is_listed
    assert not an_offer(delist_time=NOW).is_listed


@pytest.mark.parametrize(
    ("age_hours", "freshness"),
    [
        (-5, Freshness.FRESH),
        (0, Freshness.FRESH),
        (2, Freshness.FRESH),
        (3, Freshness.STALE),
        (72, Freshness.STALE),
        (73, Freshness.EXPIRED),
    ],
)
def test_an_accepted_offer_ages(age_hours: int, freshness: Freshness) -> None:
    now = NOW + age_hours * HOUR
    assert freshness_at(an_offer(), interval=HOUR, now=now) is freshness


@pytest.mark.parametrize("standing", [Standing.UNCONFIRMED, Standing.PROVISIONAL])
def test_a_doubted_offer_stays_doubted_until_it_expires(standing: Standing) -> None:
    offer = an_offer(standing=standing)
    assert freshness_at(offer, interval=HOUR, now=NOW).value == standing.value
    assert freshness_at(offer, interval=HOUR, now=NOW + 73 * HOUR) is Freshness.EXPIRED


def test_a_baseline_offer_never_ages() -> None:
    offer = an_offer(standing=Standing.BASELINE)
    assert freshness_at(offer, interval=HOUR, now=NOW + 9999 * HOUR) is Freshness.BASELINE
    assert next_freshness_change(offer, interval=HOUR, now=NOW) == NEVER


@pytest.mark.parametrize(
    ("standing", "age_hours", "change_hours"),
    [
        (Standing.ACCEPTED, 0, 2),
        (Standing.ACCEPTED, 2, 2),
        (Standing.ACCEPTED, 3, 72),
        (Standing.PROVISIONAL, 0, 72),
        (Standing.UNCONFIRMED, 71, 72),
    ],
)
def test_the_next_change_of_freshness_is_known(
    standing: Standing, age_hours: int, change_hours: int
) -> None:
    offer = an_offer(standing=standing)
    change = next_freshness_change(offer, interval=HOUR, now=NOW + age_hours * HOUR)
    assert change == NOW + change_hours * HOUR


def test_an_expired_offer_changes_no_more() -> None:
    assert next_freshness_change(an_offer(), interval=HOUR, now=NOW + 73 * HOUR) == NEVER


@given(st.integers(min_value=-10, max_value=100 * 3600), st.integers(min_value=0, max_value=3600))
def test_freshness_holds_until_the_next_change(age_seconds: int, later: int) -> None:
    offer = an_offer()
    now = NOW + timedelta(seconds=age_seconds)
    change = next_freshness_change(offer, interval=HOUR, now=now)
    then = min(now + timedelta(seconds=later), change)
    assert freshness_at(offer, interval=HOUR, now=then) is freshness_at(
        offer, interval=HOUR, now=now
    )


def id_of(
    sku: str = "p5.48xlarge",
    region: str = "us-east-1",
    purchase_model: PurchaseModel = PurchaseModel.ON_DEMAND,
    term: str = "",
) -> str:
    return offer_id_of(
        provider="aws", sku=sku, region=region, purchase_model=purchase_model, term=term
    )


def test_an_id_reads_like_the_offer_and_is_stable() -> None:
    assert id_of().startswith("aws-p5.48xlarge-us-east-1-on-demand-")
    assert id_of() == id_of()


def test_every_part_of_the_key_changes_the_id() -> None:
    others = [
        id_of(sku="p5.4xlarge"),
        id_of(region="us-east-2"),
        id_of(purchase_model=PurchaseModel.SPOT),
        id_of(term="336h"),
        id_of(region="us east 1"),
    ]
    assert len({id_of(), *others}) == 6


@given(st.text(max_size=300), st.text(max_size=300))
def test_an_id_is_a_plain_word_of_bounded_length(sku: str, region: str) -> None:
    offer_id = id_of(sku=sku, region=region)
    assert re.fullmatch(r"[a-z0-9]+(?:[a-z0-9.-]*[a-z0-9])?", offer_id)
    assert len(offer_id) <= MAX_ID_LENGTH
