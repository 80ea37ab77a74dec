"""One workload, priced on the offers of a test."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from service.catalog.snapshot import Snapshot
from service.domain.constraints import OfferConstraints
from service.domain.offer import Offer
from service.domain.workload import Placement
from service.estimate.band import Band
from service.estimate.plan import NoPlan, TrainingPlan
from service.market.answers import MarketCost, Terms
from service.market.charges import Charges
from service.market.need import Need, Shape
from service.market.pricing import price
from service.market.selection import Selection, select
from tests.builders import NOW, an_offer
from tests.estimates import a_training_plan
from tests.fakes import RATES, a_catalog

H100 = "h100-sxm-80gb"
A100 = "a100-sxm-80gb"
GPUS = 8


def a_need(shape: Shape, **overrides: Any) -> Need:
    """Build a run of 100 hours, 70 to 150, on eight GPUs in as many nodes as they take."""
    values: dict[str, Any] = {
        "gpu_count": GPUS,
        "node_count": -(-GPUS // shape.gpus_per_node),
        "hours": Band(p10=70.0, p50=100.0, p90=150.0),
        "joins_nodes": shape.gpus_per_node < GPUS,
    }
    return Need(**(values | overrides))


def terms_of(*, constraints: OfferConstraints | None = None, **overrides: Any) -> Terms:
    """Build the terms of a question; without constraints the usual ones hold."""
    return Terms(constraints=constraints or OfferConstraints(), **overrides)


def selected(
    snapshot: Snapshot, terms: Terms | None = None, *, gpu_model: str | None = None
) -> Selection:
    """Select from a catalogue."""
    return select(snapshot, terms or terms_of(), gpu_model=gpu_model, rates=RATES, now=NOW)


def charged(
    *offers: Offer, need_of: Callable[[Shape], Need] = a_need, terms: Terms | None = None
) -> Charges:
    """Charge the usable ones of these offers."""
    terms = terms or terms_of()
    selection = selected(a_catalog(*offers), terms)
    needs = [need_of(shape) for shape in selection.shapes]
    return Charges(selection.pick, selection, needs, terms=terms, today=NOW.date())


def priced(
    offers: Iterable[Offer] | Snapshot,
    *,
    terms: Terms | None = None,
    placement: Placement | None = None,
    need_of: Callable[[Shape], Need | None] = a_need,
    refuse: Callable[[Shape], NoPlan | None] = lambda _: None,
) -> MarketCost:
    """Price a workload; a shape has the plan of its GPU model unless it is refused."""
    terms, placement = terms or terms_of(), placement or Placement()
    snapshot = offers if isinstance(offers, Snapshot) else a_catalog(*offers)
    selection = selected(snapshot, terms, gpu_model=placement.gpu_model)
    plans: list[TrainingPlan | NoPlan] = []
    needs: list[Need | None] = []
    for shape in selection.shapes:
        refusal = refuse(shape)
        need = None if refusal else need_of(shape)
        plans.append(
            refusal
            or a_training_plan(
                gpu_model_id=shape.gpu_model,
                gpus_per_node=shape.gpus_per_node,
                gpu_count=GPUS,
            )
        )
        needs.append(need)
    return price(
        selection, plans, needs, terms=terms, placement=placement, snapshot=snapshot, now=NOW
    )


def an_h100_node(offer_id: str, price: str = "2.00", **overrides: Any) -> Offer:
    """Build a node of eight H100, of a provider named as the offer."""
    return an_offer(
        **(
            {"offer_id": offer_id, "provider": offer_id, "price": price, "gpu_count": "8"}
            | overrides
        )
    )


def an_a100_node(offer_id: str, price: str = "1.00", **overrides: Any) -> Offer:
    """Build a node of eight A100, of a provider named as the offer."""
    return an_h100_node(offer_id, price, gpu_model=A100, gpu_family="A100", **overrides)


PRICES = st.decimals(min_value="0.10", max_value="90", places=4, allow_nan=False).map(str)


def total(cost: MarketCost) -> Decimal:
    """Return the sum of the lines."""
    return sum((line.dollars for line in cost.line_items), Decimal(0))
