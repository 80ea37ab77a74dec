"""Facts of Prime Intellect that its golden file does not show."""

import json
from decimal import Decimal

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, PurchaseModel, Trust
from tests.builders import NOW
from tests.providers.recorded import first_page, pages_of, read_altered
from tests.providers.test_captures import CAPTURES, recorded

EMPTY = '{"items": [], "totalCount": 0}'
NOTHING_PRICED = '{"H100_80GB": {"1": {"cheapest": {"onDemand": null}}}, "B300_288GB": {}}'


def gpus(count: int, *, total: int, page: int) -> Page:
    return Page(
        kind="gpus",
        part="gpus+summary",
        url=f"https://example.test/gpus?page={page}&page_size=100",
        text=json.dumps({"items": [{}] * count, "totalCount": total}),
        content_type="application/json",
        observe_time=NOW,
    )


def following(page: Page) -> list[str]:
    return list(load_providers()["primeintellect"].followers["gpus"](page))


def test_an_empty_answer_is_not_sold_out_while_the_summary_has_prices() -> None:
    reading = read_altered("primeintellect", lambda p: EMPTY if p.kind == "gpus" else p.text)

    (error,) = reading.errors
    assert isinstance(error, PageChanged)
    assert "H100_80GB" in str(error)


def test_an_empty_answer_is_believed_when_the_summary_agrees() -> None:
    summary = {"gpus": EMPTY, "summary": NOTHING_PRICED}
    reading = read_altered("primeintellect", lambda p: summary[p.kind])

    assert (reading.errors, reading.offers, reading.rejects) == ((), (), ())


def test_rows_that_are_stated_but_not_given_are_named() -> None:
    reading = read_altered("primeintellect", lambda p: p.text.replace(": 11\n", ": 40\n"))

    assert [r.text for r in reading.rejects if r.reason == "MORE_ROWS_NOT_READ"] == ["11 of 40"]


def test_what_is_paid_for_ahead_is_refused() -> None:
    def prepaid(page: Page) -> str:
        return page.text.replace('"prepaidTime": null', '"prepaidTime": 720', 1)

    rejects = read_altered("primeintellect", prepaid).rejects

    assert [r.text for r in rejects if r.reason == "PREPAID"] == [
        "runpod NVIDIA H100 80GB HBM3 1x: for 720"
    ]


def test_full_pages_are_followed_up_to_the_total() -> None:
    assert following(gpus(100, total=250, page=1)) == [
        "https://example.test/gpus?page=2&page_size=100"
    ]
    assert following(gpus(100, total=250, page=3)) == []
    assert following(gpus(100, total=100, page=1)) == []
    assert following(gpus(8, total=608, page=1)) == []


def test_spot_and_on_demand_of_one_box_are_two_offers_in_euros() -> None:
    offers = pages_of("primeintellect")
    sku = "datacrunch 1A100.22V 1x"
    spot = offers.one(sku, purchase_model=PurchaseModel.SPOT)

    assert str(spot.listed.amount.amount) == "0.6048"
    assert spot.listed.amount.currency_code == "EUR"
    assert offers.one(sku).price_per_hour > spot.price_per_hour


def test_a_community_price_is_of_anybody() -> None:
    offers = pages_of("primeintellect")
    sku = "runpod NVIDIA GeForce RTX 4090 2x"

    assert offers.one(f"{sku} community").trust is Trust.HOST
    assert offers.one(sku).trust is Trust.VERIFIED_HOST


def test_the_memory_is_the_total() -> None:
    text = first_page("primeintellect", "gpus.json")
    other = text.replace('"gpuCount": 8, "gpuMemory": 640', '"gpuCount": 8, "gpuMemory": 80')
    reading = read_altered("primeintellect", lambda p: other if p.kind == "gpus" else p.text)

    assert other != text
    assert "hyperstack n3-H100x8 8x" not in {offer.sku for offer in reading.offers}


@pytest.mark.skipif(not (CAPTURES / "manifest.json").is_file(), reason="no recordings")
def test_the_recording_is_read_and_its_missing_rows_are_named() -> None:
    found = recorded("primeintellect")

    assert found.reading.errors == ()
    assert found.reasons() == {"MORE_ROWS_NOT_READ": 1}
    offer = found.one("runpod NVIDIA H100 PCIe 1x")
    assert offer.price_per_gpu_hour == Decimal("2.4068")
    assert offer.availability.state is AvailabilityState.LIMITED


def test_a_box_of_the_community_is_not_the_secure_one_of_the_same_place() -> None:
    def both(page: Page) -> str:
        if page.kind != "gpus":
            return page.text
        document = json.loads(page.text)
        box = next(each for each in document["items"] if each["security"] == "secure_cloud")
        price = box["prices"] | {"onDemand": 1.25}
        document["items"].append(box | {"security": "community_cloud", "prices": price})
        return json.dumps(document)

    found = read_altered("primeintellect", both)

    (cheap,) = (o for o in found.offers if o.listed.amount.amount == Decimal("1.25"))
    assert cheap.trust is Trust.HOST
    assert cheap.sku.endswith(" community_cloud")
    assert "DUPLICATE" not in {reject.reason for reject in found.rejects}
