"""Requests of AnalyzeBuildVsBuy through the chain, and their answers."""

from typing import Any

import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2
from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.rpc.dispatch import Call, Dispatcher, RpcError
from tests.builders import an_offer
from tests.fakes import FakeSource, a_catalog, a_dispatcher, detail

METHOD = "/gpuquote.v1.BuildVsBuyService/AnalyzeBuildVsBuy"
DEMAND: dict[str, Any] = {"gpuModel": "h100-sxm-80gb", "constantGpus": 64, "utilization": 0.8}
# Nothing but what is given: no growth, no idle hours, no drift, nothing on top, nothing left.
BARE_RENT: dict[str, Any] = {
    "idleShare": 0,
    "drift": 0,
    "driftSd": 0,
    "volatility": 0,
    "uplift": 0,
    "goodput": 1,
}
BARE_OWN: dict[str, Any] = {"leadTimeMonths": 0, "residualFraction": 0, "goodput": 1}


def usd(amount: float | str) -> dict[str, str]:
    """Write an amount of US dollars, to twelve digits."""
    text = amount if isinstance(amount, str) else f"{amount:.12f}"
    return {"currencyCode": "USD", "amount": text}


def request_of(**fields: Any) -> pb.AnalyzeBuildVsBuyRequest:
    """Build a request from JSON names."""
    return json_format.ParseDict({"demand": DEMAND} | fields, pb.AnalyzeBuildVsBuyRequest())


def market(*prices: str) -> Dispatcher:
    """Build the chain over providers that each sell 8 H100 at a price."""
    offers = [
        an_offer(
            price=price, gpu_count="8", provider=f"provider-{at}", offer_id=f"provider-{at}-h100"
        )
        for at, price in enumerate(prices)
    ]
    return a_dispatcher(FakeSource(a_catalog(*offers)))


def ask(dispatcher: Dispatcher, **fields: Any) -> pb.AnalyzeBuildVsBuyResponse:
    """Return the answer to a request."""
    answer = dispatcher.call(METHOD, request_of(**fields), Call())
    return pb.AnalyzeBuildVsBuyResponse.FromString(answer.to_proto_bytes())


def violations(dispatcher: Dispatcher, **fields: Any) -> dict[str, str]:
    """Return what is wrong with a request, by field."""
    with pytest.raises(RpcError) as raised:
        dispatcher.call(METHOD, request_of(**fields), Call())
    found = detail(raised.value.status, error_details_pb2.BadRequest).field_violations
    return {one.field: one.description for one in found}


def option(answer: pb.AnalyzeBuildVsBuyResponse, kind: int) -> pb.BuildVsBuyOption:
    """Return the option of a kind."""
    return next(one for one in answer.options if one.kind == kind)


def assumptions(answer: pb.AnalyzeBuildVsBuyResponse) -> dict[str, pb.RangedAssumption]:
    """Return the assumptions by name."""
    return {one.name: one for one in answer.assumptions}
