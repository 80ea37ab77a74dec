"""Requests of CompareService: what is read, and every violation at once."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from gpuquote.v1 import compare_service_pb2 as pb
from hypothesis import given, settings
from hypothesis import strategies as st

from service.compare.questions import (
    DataSource,
    GpuModelsQuestion,
    HourlyQuestion,
    OffersQuestion,
    Ranking,
)
from service.domain.errors import InvalidRequest, Reason
from service.domain.offer import PurchaseModel
from service.domain.precision import Precision
from service.market.answers import InferenceQuestion, TrainingQuestion
from service.rpc.comparison_requests import (
    read_compare_gpu_models,
    read_compare_offers,
    read_compare_providers,
    revision_of,
)
from tests.service.rpc.asking import INFERENCE, KNOWN, TRAINING

RUN = {"training": TRAINING}
LOAD = {"inference": INFERENCE}


def offers(**fields: Any) -> OffersQuestion:
    request = json_format.ParseDict({"workload": RUN} | fields, pb.CompareOffersRequest())
    return read_compare_offers(request, KNOWN).question


def gpu_models(**fields: Any) -> GpuModelsQuestion | HourlyQuestion:
    request = json_format.ParseDict(fields, pb.CompareGpuModelsRequest())
    return read_compare_gpu_models(request, KNOWN).question


def providers(**fields: Any) -> Any:
    request = json_format.ParseDict(fields, pb.CompareProvidersRequest())
    return read_compare_providers(request, KNOWN)


def faults(read: Any, **fields: Any) -> list[tuple[str, Reason]]:
    with pytest.raises(InvalidRequest) as raised:
        read(**fields)
    return [(one.field, one.reason) for one in raised.value.violations]


def test_defaults_are_taken_and_shown() -> None:
    asked = offers()
    assert isinstance(asked.workload, TrainingQuestion)
    assert (asked.ranking, asked.most_placements) == (Ranking.COST, 25)
    assert (asked.min_availability_share, asked.data_source) == (None, None)
    assert {one.name: one.value for one in asked.assumptions} == {
        "objective": "COST",
        "maxPlacements": "25",
    }


def test_the_order_is_that_of_the_workload_unless_another_is_asked_for() -> None:
    fast = {"training": TRAINING | {"objective": "OBJECTIVE_TIME"}}
    assert offers(workload=fast).ranking is Ranking.TIME
    assert {one.name: one.value for one in offers(workload=fast).assumptions}["objective"] == "TIME"
    assert offers(workload=fast, objective="RANKING_COST").ranking is Ranking.COST
    assert offers(workload=LOAD).ranking is Ranking.COST


def test_what_is_given_is_read() -> None:
    asked = offers(
        workload=LOAD,
        objective="RANKING_FRONTIER",
        maxPlacements=3,
        skip=50,
        minAvailabilityShare=0.0,
        dataSource={"provider": "providers/lambda", "gb": 12.5},
    )
    assert isinstance(asked.workload, InferenceQuestion)
    assert (asked.ranking, asked.most_placements, asked.skip) == (Ranking.FRONTIER, 3, 50)
    assert asked.min_availability_share == 0.0
    assert asked.data_source == DataSource(provider="lambda", gb=12.5)
    assert asked.assumptions == ()


def test_the_data_set_of_a_run_is_what_is_brought() -> None:
    run = {"training": TRAINING | {"datasetGb": 300}}
    asked = offers(workload=run, dataSource={"provider": "lambda"})
    assert asked.data_source == DataSource(provider="lambda", gb=300.0)


@pytest.mark.parametrize("workload", [RUN, LOAD])
def test_data_of_no_size_are_refused(workload: Any) -> None:
    found = faults(offers, workload=workload, dataSource={"provider": "lambda"})
    assert found == [("data_source.gb", Reason.FIELD_REQUIRED)]


PRICE = {"currencyCode": "USD", "amount": "2"}
OURS = {"provider": "lambda", "discountPercent": 12.5}


@pytest.mark.parametrize(
    ("fields", "violations"),
    [
        ({"workload": None}, [("workload", Reason.FIELD_REQUIRED)]),
        ({"workload": {}}, [("workload", Reason.FIELD_REQUIRED)]),
        ({"workload": RUN | LOAD}, [("workload.inference", Reason.BAD_FIELD)]),
        (
            {"workload": {"training": TRAINING | {"offer": "offers/x"}}},
            [("workload.training.offer", Reason.BAD_FIELD)],
        ),
        (
            {"workload": {"training": TRAINING | {"pricePerGpuHour": PRICE}}},
            [("workload.training.price_per_gpu_hour", Reason.BAD_FIELD)],
        ),
        (
            {"workload": {"inference": INFERENCE | {"baseline": INFERENCE}}},
            [("workload.inference.baseline", Reason.BAD_FIELD)],
        ),
        ({"maxPlacements": -1}, [("max_placements", Reason.BAD_FIELD)]),
        ({"maxPlacements": 1001}, [("max_placements", Reason.BAD_FIELD)]),
        ({"skip": -1}, [("skip", Reason.BAD_FIELD)]),
        ({"skip": 1_000_001}, [("skip", Reason.BAD_FIELD)]),
        ({"minAvailabilityShare": 1.01}, [("min_availability_share", Reason.BAD_FIELD)]),
        ({"minAvailabilityShare": "NaN"}, [("min_availability_share", Reason.BAD_FIELD)]),
        ({"objective": 77}, [("objective", Reason.BAD_FIELD)]),
        (
            {"dataSource": {"gb": 1}},
            [("data_source.provider", Reason.FIELD_REQUIRED)],
        ),
        (
            {"dataSource": {"provider": "nobody", "gb": -1}},
            [
                ("data_source.provider", Reason.UNKNOWN_PROVIDER),
                ("data_source.gb", Reason.BAD_FIELD),
            ],
        ),
    ],
)
def test_bad_input_is_named_by_its_path(fields: Any, violations: Any) -> None:
    assert faults(offers, **fields) == violations


def test_all_violations_are_found_at_once() -> None:
    found = faults(
        offers,
        workload={"training": {"model": "nope", "tokens": "-5", "offer": "offers/x"}},
        maxPlacements=5000,
        minAvailabilityShare=2,
    )
    assert [field for field, _ in found] == [
        "workload.training.offer",
        "workload.training.model",
        "workload.training.tokens",
        "max_placements",
        "min_availability_share",
    ]


@pytest.mark.parametrize("objective", ["RANKING_TIME", "RANKING_FRONTIER"])
def test_offline_work_has_no_time_to_rank_by(objective: str) -> None:
    load = {"inference": {**INFERENCE, "concurrency": 0, "offline": True}}
    found = faults(offers, workload=load, objective=objective)
    assert found == [("objective", Reason.BAD_FIELD)]
    assert offers(workload=load).ranking is Ranking.COST


def test_the_revision_is_that_of_the_workload() -> None:
    pinned = {"training": TRAINING | {"catalogRevision": "abc"}}
    request = json_format.ParseDict({"workload": pinned}, pb.CompareOffersRequest())
    assert revision_of(request.workload) == "abc"
    assert revision_of(pb.Workload()) == ""


def test_gpu_models_are_compared_for_a_workload_or_by_the_hour() -> None:
    for_run = gpu_models(workload=RUN, precision="PRECISION_FP8")
    assert isinstance(for_run, GpuModelsQuestion)
    assert for_run.precision is Precision.FP8
    by_hour = gpu_models(constraints={"provider": ["lambda"]})
    assert isinstance(by_hour, HourlyQuestion)
    assert by_hour.constraints.providers == {"lambda"}
    assert {one.name for one in by_hour.assumptions} == {
        "precision",
        "constraints.purchaseModel",
        "constraints.trust",
        "constraints.availability",
    }


@pytest.mark.parametrize(
    ("fields", "fields_refused"),
    [
        (
            {"workload": RUN, "constraints": {"provider": ["lambda"]}, "catalogRevision": "abc"},
            ["constraints", "catalog_revision"],
        ),
        ({"workload": RUN, "adjustments": [OURS]}, ["adjustments"]),
        (
            {"adjustments": [OURS | {"creditRemaining": PRICE, "committedGpuCount": 8}]},
            ["adjustments[0].credit_remaining", "adjustments[0].committed_gpu_count"],
        ),
        ({"adjustments": [{"provider": "lambda"}]}, ["adjustments[0].discount_percent"]),
        ({"workload": {"training": TRAINING | {"tokens": 0}}}, ["workload.training.tokens"]),
        (
            {"constraints": {"deadline": "3s", "budget": PRICE, "minFabricGbpsPerGpu": 1}},
            [
                "constraints.deadline",
                "constraints.budget",
                "constraints.min_fabric_gbps_per_gpu",
            ],
        ),
        ({"constraints": {"provider": ["nobody"]}}, ["constraints.provider"]),
        ({"precision": 99}, ["precision"]),
    ],
)
def test_bad_questions_of_gpu_models(fields: Any, fields_refused: list[str]) -> None:
    assert [field for field, _ in faults(gpu_models, **fields)] == fields_refused


def test_every_way_of_buying_counts_unless_one_is_named() -> None:
    every = providers(gpuModel="gpuModels/h100-sxm-80gb")
    assert (every.gpu_model, every.constraints.purchase_models) == ("h100-sxm-80gb", frozenset())
    spot = providers(
        gpuModel="h100-sxm-80gb", constraints={"purchaseModel": ["PURCHASE_MODEL_SPOT"]}
    )
    assert spot.constraints.purchase_models == {PurchaseModel.SPOT}


def test_discounts_of_our_own_are_read_where_hours_are_compared() -> None:
    by_hour = gpu_models(adjustments=[OURS])
    assert isinstance(by_hour, HourlyQuestion)
    of_providers = providers(gpuModel="h100-sxm-80gb", adjustments=[OURS])
    for adjustments in (by_hour.adjustments, of_providers.adjustments):
        (discount,) = adjustments
        assert (discount.provider, discount.discount) == ("lambda", Decimal("0.125"))


@pytest.mark.parametrize(
    ("fields", "violations"),
    [
        ({}, [("gpu_model", Reason.FIELD_REQUIRED)]),
        ({"gpuModel": "H100 SXMx"}, [("gpu_model", Reason.UNKNOWN_GPU_MODEL)]),
        (
            {"gpuModel": "l4-24gb", "constraints": {"gpuFamily": ["H100"]}},
            [("gpu_model", Reason.BAD_FIELD)],
        ),
        (
            {"gpuModel": "l4-24gb", "constraints": {"budget": PRICE, "countryCode": ["XX"]}},
            [
                ("constraints.budget", Reason.BAD_FIELD),
                ("constraints.country_code", Reason.BAD_FIELD),
            ],
        ),
        (
            {"gpuModel": "l4-24gb", "adjustments": [OURS | {"creditRemaining": PRICE}]},
            [("adjustments[0].credit_remaining", Reason.BAD_FIELD)],
        ),
    ],
)
def test_bad_questions_of_providers(fields: Any, violations: Any) -> None:
    assert faults(providers, **fields) == violations


REQUESTS: list[tuple[Any, Any]] = [
    (pb.CompareOffersRequest, read_compare_offers),
    (pb.CompareGpuModelsRequest, read_compare_gpu_models),
    (pb.CompareProvidersRequest, read_compare_providers),
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(REQUESTS), st.binary(max_size=60), st.booleans())
def test_any_message_is_read_or_refused(pair: Any, noise: bytes, is_full: bool) -> None:  # noqa: FBT001
    kind, read = pair
    request = kind()
    if is_full and hasattr(request, "workload"):
        json_format.ParseDict({"workload": RUN}, request)
    try:
        request.MergeFromString(noise)
    except DecodeError:  # not a message at all
        return
    with contextlib.suppress(InvalidRequest):
        read(request, KNOWN)
