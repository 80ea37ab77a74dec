"""What holds for every provider: its pages, its golden file, and how it takes broken pages."""

import ast
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.corruptions import AlteredFetcher
from scrapers.errors import NotRecorded, PageChanged
from scrapers.page import Page
from scrapers.parts import PartReading, read_part
from scrapers.provider import Provider
from scrapers.registry import load_providers
from service.domain.offer import AvailabilityState, PurchaseModel
from service.facts.tables import load_gpu_registry
from tests.providers.recorded import recording_of
from tools.golden import GOLDENS, Reading, golden_text, read_pages, read_recording

PROVIDERS = load_providers()
FILES = Path(__file__).parents[2] / "scrapers" / "providers"
ALLOWED = re.compile(r"scrapers\.(provider|page|rows|errors|facts(\.\w+)?)|service\.domain(\.\w+)*")
COMMITTED = {
    PurchaseModel.RESERVED_1Y,
    PurchaseModel.RESERVED_3Y,
    PurchaseModel.RESERVED_OTHER,
}
EMPTY_DOCUMENTS = ("<html><body><p>Soon back.</p></body></html>", "{}", '{"error": "gone"}')

pytestmark = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)


@cache
def _reading(provider_id: str) -> Reading:
    return read_pages(PROVIDERS[provider_id])


def _readings(provider: Provider, alter: Callable[[str], str]) -> tuple[PartReading, ...]:
    fetcher = AlteredFetcher(recording_of(provider.id), _text_of_each(alter))
    readings = (read_part(provider, part, fetcher=fetcher) for part in provider.all_parts())
    return tuple(r for r in readings if not isinstance(r.error, NotRecorded))


def _text_of_each(alter: Callable[[str], str]) -> Callable[[Page], str]:
    return lambda page: alter(page.text)


def test_the_pages_give_the_golden_file(provider: Provider) -> None:
    reading = _reading(provider.id)
    golden = (GOLDENS / f"{provider.id}.json").read_text(encoding="utf-8")

    assert reading.errors == ()
    assert golden_text(reading) == golden, f"make golden P={provider.id}, and read the difference"


def test_the_golden_file_shows_offers_and_rejects(provider: Provider) -> None:
    reading = _reading(provider.id)

    assert len(reading.offers) >= 3
    assert reading.rejects, "the hand-written pages hold a row of each trap"


@pytest.mark.no_cover  # Many cases of what other tests cover.
def test_reading_twice_gives_the_same(provider: Provider) -> None:
    assert read_pages(provider) == _reading(provider.id)


@pytest.mark.no_cover  # Many cases of what other tests cover.
def test_ids_are_unique_and_independent_of_prices_and_dates(provider: Provider) -> None:
    ids = [offer.offer_id for offer in _reading(provider.id).offers]
    later = AlteredFetcher(recording_of(provider.id), lambda page: page.text.replace("9", "8"))

    assert len(ids) == len(set(ids))
    assert set(ids) & {offer.offer_id for offer in read_recording(provider, later).offers}


def test_every_offer_is_sound(provider: Provider) -> None:
    registry = load_gpu_registry()
    for offer in _reading(provider.id).offers:
        model = registry.find(offer.gpu_model)
        assert model is not None
        assert (offer.gpu_family, offer.vram_gb) == (model.family, model.vram_gb)
        total = offer.price_per_gpu_hour * offer.gpu_count
        assert abs(total - offer.price_per_hour) <= Decimal("1e-5") * offer.price_per_hour
        assert Decimal("0.004") < offer.price_per_gpu_hour < Decimal(45)
        assert offer.listed.text
        foreign = offer.listed.amount.currency_code != "USD"
        assert (offer.exchange_rate is not None) == foreign
        assert urlsplit(offer.source_uri).hostname
        # The length of a capacity block is chosen when it is bought.
        if offer.purchase_model is not PurchaseModel.CAPACITY_BLOCK:
            assert (offer.commitment_term is not None) == (offer.purchase_model in COMMITTED)
        stated = offer.availability.state is not AvailabilityState.NOT_STATED
        assert bool(offer.availability.evidence) == stated
        assert offer.region_code or not offer.country_code
        if provider.regions and offer.region_code in provider.regions:
            assert offer.country_code == provider.regions[offer.region_code]


def test_every_reject_says_why(provider: Provider) -> None:
    for reject in _reading(provider.id).rejects:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", reject.reason)
        assert reject.text


def test_an_emptied_page_is_a_page_that_changed(provider: Provider) -> None:
    for reading in _readings(provider, lambda _: ""):
        assert isinstance(reading.error, PageChanged), reading.part
        assert reading.rows == ()


@pytest.mark.parametrize("document", EMPTY_DOCUMENTS)
def test_a_page_without_its_table_is_a_page_that_changed(provider: Provider, document: str) -> None:
    for reading in _readings(provider, lambda _: document):
        assert isinstance(reading.error, PageChanged), reading.part
        assert reading.rows == ()


def test_a_provider_imports_nothing_but_what_it_may(provider: Provider) -> None:
    source = (FILES / f"{provider.id.replace('-', '_')}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] in sys.stdlib_module_names or ALLOWED.fullmatch(name), (
                name
            )


def test_the_hosts_that_are_asked_are_https(provider: Provider) -> None:
    for part in provider.all_parts():
        for request in part.requests.values():
            assert urlsplit(request.url).scheme == "https"
