"""History through the gateway: routes, queries, bodies and problems, answered in process."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from service.domain.offer import Availability, AvailabilityState
from service.local_transport import LocalTransport
from service.rest.app import create_app
from service.store.memory_store import MemoryStore
from tests.builders import NOW, an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher
from tests.service.store.history_contract import Publisher

MODEL = "/v1/gpuModels/h100-sxm-80gb"


@pytest.fixture
def client() -> FlaskClient:
    stock = Availability(state=AvailabilityState.SOLD_OUT, observe_time=NOW)
    offer = an_offer(offer_id="nimbus-8x", gpu_count="8", region_code="us-1", availability=stock)
    clock = FakeClock()
    store = MemoryStore(clock=clock)
    Publisher(store).at(-2, offer)
    source = FakeSource(a_catalog(offer))
    transport = LocalTransport(a_dispatcher(source, runs=store, clock=clock), source)
    return create_app(transport, version="0", registry=CollectorRegistry()).test_client()


def get(client: FlaskClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def test_an_outcome_that_was_posted_shows_in_the_availability(client: FlaskClient) -> None:
    path = f"{MODEL}:summarizeAvailability?window=12h&provider=nimbus"
    assert get(client, path)["summaries"][0]["noCapacityCount"] == 0
    answer = client.post("/v1/offers/nimbus-8x:reportOutcome", json={"outcome": "NO_CAPACITY"})
    assert answer.status_code == 200
    assert answer.json == {
        "report": {
            "offer": "offers/nimbus-8x",
            "outcome": "NO_CAPACITY",
            "reportTime": "2026-10-08T12:00:00Z",
        }
    }
    (summary,) = get(client, path)["summaries"]
    assert summary["noCapacityCount"] == 1
    assert summary["lastReport"] == answer.json["report"]
    assert (summary["shareAvailable"], summary["streak"]) == (0.0, "7200s")


def test_points_prices_and_the_index_have_routes(client: FlaskClient) -> None:
    (point,) = get(client, "/v1/offers/nimbus-8x/pricePoints?startTime=2026-10-08T10:00:00Z")[
        "pricePoints"
    ]
    assert point["pricePerGpuHour"] == {"currencyCode": "USD", "amount": "2.49"}
    assert point["availability"] == "SOLD_OUT"
    prices = get(client, f"{MODEL}:summarizePrices?window=2d&purchaseModel=ON_DEMAND")
    assert prices["p50"]["amount"] == "2.49"
    (day,) = get(client, "/v1/priceIndex?gpuModel=h100-sxm-80gb&window=7d")["points"]
    assert (day["date"], day["median"]["amount"], day["spread"]) == ("2026-10-08", "2.49", 1.0)


def test_faults_are_problems_with_every_violation(client: FlaskClient) -> None:
    answer = client.get(f"{MODEL}:summarizePrices?window=1x&provider=nope&countryCode=XX")
    assert answer.status_code == 400
    problem: Any = answer.json
    assert {one["field"] for one in problem["violations"]} == {"window", "provider", "countryCode"}
    assert "1h to 400d" in problem["detail"]
    body = {"outcome": "BOUGHT", "pricePerHour": {"currencyCode": "USD", "amount": "20"}}
    refused = client.post("/v1/offers/nimbus-8x:reportOutcome", json=body)
    assert (refused.status_code, refused.json["reason"]) == (400, "BAD_FIELD")  # type: ignore[index]
    gone = client.post("/v1/offers/nope:reportOutcome", json={"outcome": "BOUGHT"})
    assert (gone.status_code, gone.json["reason"]) == (404, "OFFER_NOT_FOUND")  # type: ignore[index]
