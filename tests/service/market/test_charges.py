"""What a workload costs at an offer: the sums that rank, and the exact lines beside them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.constraints import Adjustment
from service.domain.money import Money
from service.domain.offer import Offer
from service.market.answers import Terms
from service.market.line_items import Itemized, itemized
from service.market.need import Need, Shape
from tests.builders import an_offer
from tests.fakes import RATES, a_catalog
from tests.service.market.joining import PRICES, a_need, an_h100_node, charged, terms_of

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover


def counted(
    offer: Offer, *, terms: Terms | None = None, **need: Any
) -> tuple[dict[str, float], Itemized]:
    """Return the cost at each quantile of the hours, and the lines of the middle."""
    charges = charged(offer, terms=terms, need_of=lambda shape: a_need(shape, **need))
    found = {name: float(charges.dollars(name)[0]) for name in ("p10", "p50", "p75", "p90")}
    (row,) = a_catalog(offer).rows
    return found, itemized(charges, 0, row=row, rates=RATES)


def lines(parts: Itemized) -> dict[str, Decimal]:
    return {line.label: line.dollars for line in parts.lines}


def test_a_node_is_charged_for_the_hours() -> None:
    found, parts = counted(an_h100_node("a", "2.00"))
    assert (found["p10"], found["p90"]) == (8 * 2 * 70, 8 * 2 * 150)
    assert found["p75"] == pytest.approx(8 * 2 * 100 * 1.5 ** (0.67449 / 1.28155), rel=1e-6)
    assert lines(parts) == {"compute": Decimal(1600)}
    assert parts.lines[0].basis == "1 node x 100 h x 16.00 USD/h"
    assert parts.dollars_per_gpu_hour == Decimal(2)


def test_whole_nodes_are_charged() -> None:
    found, parts = counted(an_h100_node("a", "2.00"), gpu_count=9, node_count=2)
    assert found["p50"] == 3200
    assert parts.node_count == 2


def test_the_least_number_of_gpus_is_charged() -> None:
    oracle = an_offer(price="2.00", gpu_count="1", min_gpu_count=8)
    assert counted(oracle, gpu_count=4)[0]["p50"] == 1600
    cluster = an_offer(price="2.00", gpu_count="1", min_gpu_count=64)
    found, parts = counted(cluster)
    assert (found["p50"], parts.node_count) == (8 * 1600, 8)


def test_steps_and_least_charges_count_for_each_node() -> None:
    hourly = an_h100_node("a", "2.00", billing_increment=timedelta(hours=48))
    assert counted(hourly)[0]["p50"] == 144 * 16
    dear = an_h100_node("a", "2.00", minimum_charge=Money(amount=Decimal(2000)))
    found, parts = counted(dear, gpu_count=16, node_count=2)
    assert (found["p50"], found["p90"]) == (4000, 4800)
    assert lines(parts) == {"compute": Decimal(4000)}
    assert "least charge 2000.00 USD a node" in parts.lines[0].basis
    euros = an_h100_node("a", minimum_charge=Money(amount=Decimal(2000), currency_code="EUR"))
    assert counted(euros)[0]["p50"] == 2500


def test_storage_and_egress_at_the_price_of_the_offer() -> None:
    offer = an_h100_node(
        "a",
        storage_price_per_gb_month=Money(amount=Decimal("0.10")),
        egress_price_per_gb=Money(amount=Decimal("0.04"), currency_code="EUR"),
    )
    found, parts = counted(offer, storage_gb=730.0, egress_gb=200.0)
    assert lines(parts) == {"compute": 1600, "storage": 10, "egress": 10}
    assert found["p50"] == pytest.approx(1620)
    assert found["p10"] == pytest.approx(1120 + 7 + 10)


def test_storage_and_egress_at_the_price_of_the_list() -> None:
    offer = an_h100_node("a", provider="aws")
    found, parts = counted(offer, storage_gb=730.0, egress_gb=200.0)
    assert lines(parts) == {
        "compute": 1600,
        "storage": Decimal("2.3"),
        "egress": Decimal("9.00"),
    }
    assert "S3 Standard" in parts.lines[1].basis
    assert found["p50"] == pytest.approx(1611.3)
    assert not parts.lacks_storage_price


def test_what_has_no_price_counts_nothing_and_is_told() -> None:
    in_gold = Money(amount=Decimal(1), currency_code="XAU")
    for offer in (an_h100_node("a"), an_h100_node("a", egress_price_per_gb=in_gold)):
        found, parts = counted(offer, storage_gb=100.0, egress_gb=100.0)
        assert found["p50"] == 1600
        assert (parts.lacks_storage_price, parts.lacks_egress_price) == (True, True)
    _, unneeded = counted(an_h100_node("a"))
    assert (unneeded.lacks_storage_price, unneeded.lacks_egress_price) == (False, False)


def test_a_discount_lowers_the_price_and_credit_pays_first() -> None:
    deal = Adjustment(provider="a", discount=Decimal("0.25"), credit=Decimal(500))
    found, parts = counted(an_h100_node("a", "2.00"), terms=terms_of(adjustments=(deal,)))
    assert lines(parts) == {"compute": 1200, "credit": -500}
    assert parts.dollars_per_gpu_hour == Decimal("1.5")
    assert found["p50"] == 700


def test_credit_never_pays_more_than_there_is() -> None:
    deal = Adjustment(provider="a", credit=Decimal(1500))
    found, parts = counted(an_h100_node("a", "2.00"), terms=terms_of(adjustments=(deal,)))
    assert found == pytest.approx({"p10": 0, "p50": 100, "p75": 480.6, "p90": 900}, rel=1e-3)
    assert lines(parts)["credit"] == -1500
    rich = Adjustment(provider="a", credit=Decimal(10**6))
    _, parts = counted(an_h100_node("a", "2.00"), terms=terms_of(adjustments=(rich,)))
    assert parts.dollars == 0


def test_committed_gpus_cover_whole_nodes() -> None:
    deal = Adjustment(provider="a", committed_gpu_count=15)
    terms = terms_of(adjustments=(deal,))
    offer = an_h100_node("a", "2.00")
    found, parts = counted(offer, terms=terms, gpu_count=24, node_count=3)
    assert found["p50"] == 3200
    assert parts.lines[0].basis == "2 nodes x 100 h x 16.00 USD/h; 1 node paid for anyway"
    assert counted(offer, terms=terms)[0]["p50"] == 0


RULES = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["nimbus", "aws", "gcp"]),
        "gpu_count": st.sampled_from(["1", "3", "8"]),
        "min_gpu_count": st.sampled_from([None, 4, 20]),
        "billing_increment": st.sampled_from([None, timedelta(minutes=7), timedelta(hours=1)]),
        "min_term": st.sampled_from([None, timedelta(days=3)]),
        "minimum_charge": st.sampled_from([None, Money(amount=Decimal("55.5"))]),
        "egress_price_per_gb": st.sampled_from([None, Money(amount=Decimal("0.031"))]),
    }
)
DEALS = st.lists(
    st.builds(
        Adjustment,
        provider=st.just("nimbus"),
        discount=st.sampled_from([Decimal(0), Decimal("0.125"), Decimal("0.333")]),
        credit=st.sampled_from([Decimal(0), Decimal("99.99")]),
        committed_gpu_count=st.sampled_from([0, 3, 8]),
    ),
    max_size=2,
)


@given(
    price=PRICES,
    rules=RULES,
    deals=DEALS,
    gpu_count=st.integers(1, 70),
    gigabytes=st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)),
)
def test_lines_agree_with_the_sums_that_rank(
    price: str,
    rules: dict[str, Any],
    deals: list[Adjustment],
    gpu_count: int,
    gigabytes: tuple[float, float],
) -> None:
    offer = an_offer(price=price, **rules)

    def need_of(shape: Shape) -> Need:
        nodes = -(-gpu_count // shape.gpus_per_node)
        return a_need(
            shape,
            gpu_count=gpu_count,
            node_count=nodes,
            storage_gb=gigabytes[0],
            egress_gb=gigabytes[1],
        )

    terms = terms_of(adjustments=tuple(deals))
    charges = charged(offer, terms=terms, need_of=need_of)
    (row,) = a_catalog(offer).rows
    parts = itemized(charges, 0, row=row, rates=RATES)
    whole = float(charges.dollars("p50")[0])
    assert float(parts.dollars) == pytest.approx(whole, rel=1e-9, abs=1e-6)
    assert parts.dollars >= 0
    owed = parts.dollars - lines(parts).get("credit", Decimal(0))
    assert all(owed >= line.dollars for line in parts.lines)
    size = charges.pick.sheet.gpus_per_node[charges.pick.lots[0]]
    assert parts.node_count * size >= max(gpu_count, rules["min_gpu_count"] or 0)
    quantiles = [float(charges.dollars(name)[0]) for name in ("p10", "p50", "p75", "p90")]
    assert quantiles == sorted(quantiles)
