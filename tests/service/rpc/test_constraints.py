"""Constraints and adjustments: what is read and refused."""

from typing import Any

import pytest

from service.domain.errors import Reason
from tests.service.rpc.asking import (
    NAN,
    training,
    violations_of,
)

BAD: list[tuple[dict[str, Any], str, Reason]] = [
    *(
        ({"adjustments": [{"provider": "nimbus"} | one]}, f"adjustments[0].{field}", reason)
        for one, field, reason in (
            ({}, "discount_percent", Reason.BAD_FIELD),
            ({"discountPercent": 100}, "discount_percent", Reason.BAD_FIELD),
            ({"discountPercent": -1}, "discount_percent", Reason.BAD_FIELD),
            ({"discountPercent": NAN}, "discount_percent", Reason.BAD_FIELD),
            ({"committedGpuCount": -1}, "committed_gpu_count", Reason.BAD_FIELD),
            ({"provider": "nimbos", "discountPercent": 5}, "provider", Reason.UNKNOWN_PROVIDER),
            ({"discountPercent": 5, "purchaseModel": 77}, "purchase_model", Reason.BAD_FIELD),
            ({"discountPercent": 5, "until": "2027-02-30"}, "until", Reason.BAD_FIELD),
            ({"discountPercent": 5, "until": "20270630"}, "until", Reason.BAD_FIELD),
            (
                {"creditRemaining": {"currencyCode": "USD", "amount": "-5"}},
                "credit_remaining.amount",
                Reason.BAD_MONEY,
            ),
            (
                {"creditRemaining": {"currencyCode": "XXX", "amount": "5"}},
                "credit_remaining.currency_code",
                Reason.BAD_MONEY,
            ),
        )
    ),
    (
        {"adjustments": [{"provider": "nimbus", "discountPercent": 5}] * 2},
        "adjustments[1].provider",
        Reason.BAD_FIELD,
    ),
    (
        {"adjustments": [{"provider": "nimbus", "discountPercent": 5}] * 101},
        "adjustments",
        Reason.BAD_FIELD,
    ),
    *(
        ({"constraints": one}, f"constraints.{field}", reason)
        for one, field, reason in (
            ({"gpuModel": ["h100x"]}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
            ({"gpuFamily": ["H10"]}, "gpu_family", Reason.UNKNOWN_GPU_FAMILY),
            ({"vendor": ["Nvidea"]}, "vendor", Reason.BAD_FIELD),
            (
                {"gpuModel": ["l4-24gb"], "gpuFamily": ["H100"]},
                "gpu_model",
                Reason.BAD_FIELD,
            ),
            ({"provider": ["nimbos"]}, "provider", Reason.UNKNOWN_PROVIDER),
            ({"excludedProvider": ["nimbos"]}, "excluded_provider", Reason.UNKNOWN_PROVIDER),
            (
                {"provider": ["nimbus"], "excludedProvider": ["nimbus"]},
                "excluded_provider",
                Reason.BAD_FIELD,
            ),
            ({"regionCode": [""]}, "region_code", Reason.BAD_FIELD),
            ({"countryCode": ["ZZ"]}, "country_code", Reason.BAD_FIELD),
            ({"countryCode": ["US"] * 101}, "country_code", Reason.BAD_FIELD),
            ({"geo": ["MARS"]}, "geo", Reason.BAD_FIELD),
            ({"geo": ["EU"], "countryCode": ["US"]}, "geo", Reason.BAD_FIELD),
            ({"purchaseModel": [0]}, "purchase_model", Reason.BAD_FIELD),
            ({"deliveryModel": [77]}, "delivery_model", Reason.BAD_FIELD),
            ({"trust": [77]}, "trust", Reason.BAD_FIELD),
            ({"availability": [77]}, "availability", Reason.BAD_FIELD),
            ({"maxAge": "0s"}, "max_age", Reason.BAD_FIELD),
            ({"minFabricGbpsPerGpu": -1}, "min_fabric_gbps_per_gpu", Reason.BAD_FIELD),
            ({"minFabricGbpsPerGpu": NAN}, "min_fabric_gbps_per_gpu", Reason.BAD_FIELD),
            ({"filter": "gpu_count >"}, "filter", Reason.BAD_FILTER),
            ({"filter": "NOT provider = nimbos"}, "filter", Reason.UNKNOWN_PROVIDER),
            ({"deadline": "0s"}, "deadline", Reason.BAD_FIELD),
            ({"deadline": "-5s"}, "deadline", Reason.BAD_FIELD),
            (
                {"budget": {"currencyCode": "USD", "amount": "0"}},
                "budget.amount",
                Reason.BAD_MONEY,
            ),
            (
                {"budget": {"currencyCode": "XXX", "amount": "1"}},
                "budget.currency_code",
                Reason.BAD_MONEY,
            ),
        )
    ),
    (
        {"gpuModel": "l4-24gb", "constraints": {"gpuFamily": ["H100"]}},
        "gpu_model",
        Reason.BAD_FIELD,
    ),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD)
def test_bad_constraints_are_refused_by_field_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations_of(training, **fields) == [(field, reason)]


def test_a_country_within_a_group_is_that_country() -> None:
    constraints = training(constraints={"geo": ["EU"], "countryCode": ["fi", "us"]})
    assert constraints.terms.constraints.country_codes == {"FI"}
