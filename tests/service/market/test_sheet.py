"""The listed offers as calculators read them."""

import gc
from typing import Any

import numpy as np
import pytest

from service.domain.offer import Fabric
from service.market import sheet as sheet_module
from service.market.sheet import NANOS, Pick, sheet_of
from tests.builders import NOW, an_offer
from tests.fakes import a_catalog
from tests.service.market.joining import A100, H100


@pytest.mark.parametrize(
    ("gpu_count", "least", "node", "least_nodes", "node_price"),
    [
        ("8", None, 8, 1, 16),
        ("1", None, 1, 1, 2),
        ("1", 8, 8, 1, 16),
        ("1", 4, 4, 1, 8),
        ("2", 5, 6, 1, 12),
        ("1", 256, 8, 32, 16),
        ("8", 16, 8, 2, 16),
        ("16", 8, 16, 1, 32),
        ("72", 144, 72, 2, 144),
        ("0.5", None, 0, 1, 0),
        ("1.5", None, 0, 1, 0),
    ],
)
def test_the_node_of_an_offer(
    gpu_count: str, least: int | None, node: int, least_nodes: int, node_price: int
) -> None:
    offer = an_offer(price="2", gpu_count=gpu_count, min_gpu_count=least)
    sheet = sheet_of(a_catalog(offer))
    assert sheet.gpus_per_node.tolist() == [node]
    assert sheet.least_nodes.tolist() == [least_nodes]
    assert sheet.node_nanos.tolist() == [node_price * NANOS]
    assert sheet.is_slice.tolist() == [node == 0]


@pytest.mark.parametrize(
    ("stated", "gpus"),
    [
        ({"fabric": Fabric.INFINIBAND, "available_gpu_count": 16}, 16),
        ({"fabric": Fabric.ETHERNET, "max_cluster_gpu_count": 64, "available_gpu_count": 8}, 64),
        ({"fabric": Fabric.NONE, "available_gpu_count": 16}, 0),
        ({"available_gpu_count": 16}, 0),
        ({"fabric": Fabric.ROCE}, 0),
    ],
)
def test_gpus_that_are_known_to_be_joined(stated: dict[str, Any], gpus: int) -> None:
    assert sheet_of(a_catalog(an_offer(**stated))).joined_gpus.tolist() == [gpus]


def test_offers_that_are_charged_alike_adjoin_by_gpu_model() -> None:
    offers = [
        an_offer(offer_id="a", gpu_model=H100, region_code="x"),
        an_offer(offer_id="b", gpu_model=A100),
        an_offer(offer_id="c", gpu_model=H100, region_code="y", price="9"),
        an_offer(offer_id="d", gpu_model=H100, provider="cirrus"),
        an_offer(offer_id="e", gpu_model=H100, delist_time=NOW),
    ]
    snapshot = a_catalog(*offers)
    sheet = sheet_of(snapshot)
    named = [snapshot.names[row] for row in sheet.rows]
    assert named == ["b", "d", "a", "c"]
    assert sheet.lot_of.tolist() == [0, 1, 2, 2]
    assert sheet.first.tolist() == [0, 1, 2, 4]
    assert (sheet.span(A100), sheet.span(H100)) == (slice(0, 1), slice(1, 4))
    assert sheet.span("gpu-of-nobody") == slice(0, 0)
    assert sheet.place_of(list(snapshot.names).index("c")) == 3


def test_an_empty_catalogue_has_an_empty_sheet() -> None:
    sheet = sheet_of(a_catalog())
    assert (sheet.rows.size, sheet.shapes) == (0, ())
    assert Pick.of(sheet, sheet.rows).lots.size == 0


def test_a_pick_knows_its_lots() -> None:
    offers = [
        an_offer(offer_id=name, provider=provider)
        for name, provider in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "z"))
    ]
    pick = Pick.of(sheet_of(a_catalog(*offers)), np.array([0, 1, 3]))
    assert pick.lots.tolist() == [0, 2]
    assert pick.spread(np.array([5, 7])).tolist() == [5, 5, 7]
    assert [pick.lot(number) for number in range(3)] == [0, 0, 1]
    left = pick.where(np.array([False, True, True]))
    assert (left.at.tolist(), left.lots.tolist()) == ([1, 3], [0, 2])


def test_a_sheet_is_made_once_and_goes_with_its_snapshot() -> None:
    snapshot = a_catalog(an_offer())
    other = snapshot.renewed(statuses={}, now=NOW, is_store_lost=True)
    assert sheet_of(snapshot) is sheet_of(other)
    gc.collect()
    before = len(sheet_module._SHEETS)
    del snapshot, other
    gc.collect()
    assert len(sheet_module._SHEETS) == before - 1


def test_rows_are_numbered_by_column_after_column() -> None:
    rng = np.random.default_rng(3)
    # So many combinations that they have to be numbered anew on the way.
    columns = [rng.integers(0, 300, 600) for _ in range(8)]
    columns[0][:300] = columns[0][300:]
    columns[1][:] = 7
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    places = {row: place for place, row in enumerate(sorted(set(rows)))}
    assert sheet_module._numbered(columns).tolist() == [places[row] for row in rows]
