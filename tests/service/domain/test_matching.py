"""Filters over single offers."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings

from service.catalog.masks import Evaluator
from service.catalog.snapshot import Snapshot
from service.domain.filter import And, Comparison, Node, Not, Or, parse_filter
from service.domain.matching import freshness_when_seen, matcher
from service.domain.money import Money
from service.domain.offer import Freshness, Offer, Standing
from tests.builders import an_offer
from tests.service.catalog.samples import RATES, catalogues, nodes


def _asks_for_freshness(node: Node) -> bool:
    match node:
        case And(terms=terms) | Or(terms=terms):
            return any(map(_asks_for_freshness, terms))
        case Not(term=term):
            return _asks_for_freshness(term)
        case Comparison(field=field):
            return field == "freshness"


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=60, deadline=None)
@given(catalogues(), nodes())
def test_an_offer_passes_alone_when_it_passes_in_a_list(snapshot: Snapshot, node: Node) -> None:
    assume(not _asks_for_freshness(node))  # a list knows the age of an offer, a change does not
    in_list = Evaluator(snapshot, RATES).mask(node).tolist()
    holds = matcher(node, RATES)
    assert [holds(row.offer) for row in snapshot.rows] == in_list


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("price_per_gpu_hour <= 2.49", True),
        ("price_per_gpu_hour < 2.49", False),
        ('price_per_gpu_hour <= "2 EUR"', False),
        ('price_per_gpu_hour <= "2.2 EUR"', True),
        ("gpu_family = H100 AND NOT provider = cirrus", True),
        ("provider = cirrus OR gpu_model = h100*", True),
        ("availability = NOT_STATED", True),
        ("availability:*", False),
        ("country_code:*", False),
        ("geo = EU", False),
        ("geo:*", False),
        ("upfront < 5", False),
        ("upfront != 5", True),
        ("delisted = true", False),
        ("freshness = FRESH", True),
        ("first_seen_time < 2030-01-01T00:00:00Z", True),
    ],
)
def test_a_filter_reads_one_offer(text: str, *, passes: bool) -> None:
    assert matcher(parse_filter(text), RATES)(an_offer()) is passes


@pytest.mark.parametrize(("currency", "passes"), [("EUR", True), ("SEK", False)])
def test_an_amount_without_a_rate_is_above_and_below_nothing(
    currency: str, *, passes: bool
) -> None:
    upfront = Money(amount=Decimal(4), currency_code=currency)
    assert matcher(parse_filter("upfront < 5"), RATES)(an_offer(upfront=upfront)) is passes


@pytest.mark.parametrize(
    ("standing", "freshness"),
    [
        (Standing.ACCEPTED, Freshness.FRESH),
        (Standing.PROVISIONAL, Freshness.PROVISIONAL),
        (Standing.UNCONFIRMED, Freshness.UNCONFIRMED),
        (Standing.BASELINE, Freshness.BASELINE),
    ],
)
def test_freshness_in_a_change_is_that_of_the_moment_it_was_seen(
    standing: Standing, freshness: Freshness
) -> None:
    offer: Offer = replace(an_offer(), standing=standing)
    assert freshness_when_seen(offer) is freshness
