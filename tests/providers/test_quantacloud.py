"""Facts of QuantaCloud that its golden file does not show."""

import json

import pytest

from scrapers.errors import PageChanged
from scrapers.page import Page
from scrapers.registry import load_providers
from tests.builders import NOW
from tests.providers.recorded import pages_of, read_altered

EMPTY = '{"offers": [], "totalElements": 0}'


def test_an_empty_list_is_not_sold_out_while_a_family_has_stock() -> None:
    reading = read_altered("quantacloud", lambda p: EMPTY if p.kind == "offers" else p.text)

    assert [type(error) for error in reading.errors] == [PageChanged]


def test_an_empty_list_is_believed_when_no_family_has_stock() -> None:
    texts = {"offers": EMPTY, "families": '{"data": [{"key": "h100", "availableCount": 0}]}'}
    reading = read_altered("quantacloud", lambda p: texts[p.kind])

    assert (reading.errors, reading.offers) == ((), ())


def test_a_slice_is_a_part_of_its_gpu() -> None:
    offer = pages_of("quantacloud").one("rtx-pro-6000-blackwell-mig-48gb:1")

    assert (offer.gpu_model, str(offer.gpu_count)) == ("rtx-pro-6000-96gb", "0.5")


@pytest.mark.parametrize("change", ['-mig-96gb"', '-mig"', '-mig-1g"'])
def test_a_slice_of_another_size_than_its_name_says_is_refused(change: str) -> None:
    reading = read_altered("quantacloud", lambda p: p.text.replace('-mig-48gb"', change))

    assert [r.reason for r in reading.rejects].count("SLICE_SIZE_CONFLICT") == 2
    assert not [offer for offer in reading.offers if offer.gpu_count < 1]


@pytest.mark.parametrize(("rows", "following"), [(100, ["2"]), (99, []), (0, [])])
def test_a_full_page_is_followed_by_the_next(rows: int, following: list[str]) -> None:
    page = Page(
        kind="offers",
        part="offers+families",
        url="https://example.test/offers?page=1&size=100",
        text=json.dumps({"offers": [{}] * rows}),
        content_type="application/json",
        observe_time=NOW,
    )
    urls = load_providers()["quantacloud"].followers["offers"](page)

    assert list(urls) == [f"https://example.test/offers?page={n}&size=100" for n in following]
