"""Bad pages through the whole chain: every provider, a good run, then a bad one.

What was good stays served with its own age, the state, the reason and the refused rows are in the
status that GetProvider shows, and nothing that is wrong is published. The pages are the
hand-written ones of the providers; what their readers make of bad ones is in `tests/providers`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest

from benchmarks.corruptions import AlteredFetcher, each_price
from scrapers.collect import INTERNAL
from scrapers.page import Page
from scrapers.registry import load_providers
from service.domain.offer import Freshness, Offer, PurchaseModel, freshness_at
from service.domain.provider import ProviderSnapshot, ProviderState, ProviderStatus
from service.domain.run import CollectionRun, RunState
from service.store.memory_store import MemoryStore
from tests.providers.recorded import recording_of
from tests.scrapers.nimbus import Clock, a_collector

# Hundreds of whole runs; tracing them would double the time.
pytestmark = pytest.mark.no_cover
PROVIDERS = load_providers()
HOUR = timedelta(hours=1)
CAPTCHA = "<html><body><h1>Are you human?</h1><p>H100 $1.00 / GPU / hour</p></body></html>"
LOGIN = "<html><body><form action='/login'><input name='password'></form></body></html>"

Alter = Callable[[Page], str]


def _times(factor: int) -> Callable[[str], str]:
    return lambda number: f"{Decimal(number.replace(',', '').rstrip('.')) * factor:f}"


OTHER_PAGES: dict[str, Alter] = {
    "captcha": lambda _: CAPTCHA,
    "login": lambda _: LOGIN,
    "nothing": lambda _: "",
    "half of it": lambda page: page.text[: len(page.text) // 2].rstrip("\n>"),
    "utf-16": lambda page: page.text.encode("utf-16-le").decode("latin-1"),
    "deep": lambda page: "<div>" * 2_000 + page.text if page.is_html else "[" * 50_000,
}
OTHER_PRICES: dict[str, Alter] = {
    "monthly prices": each_price("monthly prices", _times(730)).alter,
    "cents": each_price("cents", _times(100)).alter,
    "decimal comma": each_price("decimal comma", lambda n: n.replace(".", ",")).alter,
    "zero": each_price("zero", lambda _: "0").alter,
}
IN_EUROS: Alter = lambda page: page.text.replace("$", "€").replace("USD", "EUR")  # noqa: E731


@dataclass
class Bench:
    """A provider whose last two runs went well, three intervals later."""

    provider: str

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock)
        good = _good_snapshot(self.provider)
        self.store.publish(good, previous_id="", changes=(), fence=1)
        self.good = {offer.offer_id: offer for offer in good.offers}
        self.clock.now = good.publish_time + 3 * good.interval

    def collect(self, alter: Alter) -> CollectionRun:
        return _collect(self.provider, alter, store=self.store, clock=self.clock)

    @property
    def snapshot(self) -> ProviderSnapshot:
        snapshot = self.store.snapshot(self.provider)
        assert snapshot
        return snapshot

    @property
    def status(self) -> ProviderStatus:
        return self.store.statuses()[self.provider]

    def freshness(self) -> set[Freshness]:
        snapshot = self.snapshot
        return {
            freshness_at(offer, interval=snapshot.interval, now=self.clock.now)
            for offer in snapshot.offers
        }


def _collect(provider: str, alter: Alter, *, store: MemoryStore, clock: Clock) -> CollectionRun:
    fetcher = AlteredFetcher(recording_of(provider), alter)
    collector = a_collector(store, {}, clock=clock, fetcher=fetcher)
    return collector.collect(PROVIDERS[provider], run=collector.new_run(provider), fence=1)


@cache
def _good_snapshot(provider: str) -> ProviderSnapshot:
    clock = Clock()
    store = MemoryStore(clock=clock)
    for _ in range(2):
        _collect(provider, lambda page: page.text, store=store, clock=clock)
        clock.pass_by(HOUR)
    snapshot = store.snapshot(provider)
    assert snapshot
    return snapshot


@pytest.mark.parametrize("name", OTHER_PAGES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_page_leaves_what_was_good(provider: str, name: str) -> None:
    bench = Bench(provider)
    before = bench.snapshot

    run = bench.collect(OTHER_PAGES[name])

    assert run.state is RunState.FAILED
    assert run.reason not in {"", INTERNAL}
    assert bench.snapshot == before
    assert Freshness.FRESH not in bench.freshness()
    assert bench.status.state is ProviderState.FAILED
    assert bench.status.detail.startswith(f"{run.reason}: ")


@pytest.mark.parametrize("name", OTHER_PRICES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_prices_in_another_unit_are_not_published(provider: str, name: str) -> None:
    bench = Bench(provider)

    run = bench.collect(OTHER_PRICES[name])

    assert run.reason != INTERNAL
    assert run.state is not RunState.SUCCEEDED or run.rejects
    wrong = [offer for offer in bench.snapshot.offers if _is_other(offer, bench.good)]
    assert not wrong, [(o.offer_id, str(o.price_per_gpu_hour), o.standing) for o in wrong]
    assert bench.status.state.value == run.provider_state.value
    assert bench.status.rejects == run.rejects


@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_currency_moves_no_price_beyond_its_rate(provider: str) -> None:
    """Dollars that become euros are believed where too few rows show that all of them did."""
    bench = Bench(provider)

    run = bench.collect(IN_EUROS)

    assert run.reason != INTERNAL
    for offer in bench.snapshot.offers:
        good = bench.good.get(offer.offer_id)
        assert good
        assert offer.price_per_gpu_hour < good.price_per_gpu_hour * Decimal("1.35")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_bad_page_of_several_changes_no_other_price(provider: str) -> None:
    bench = Bench(provider)
    seen: list[str] = []

    def first_is_bad(page: Page) -> str:
        seen.append(page.url)
        return CAPTCHA if len(seen) == 1 else page.text

    run = bench.collect(first_is_bad)

    assert run.state in {RunState.PARTIAL, RunState.FAILED, RunState.HELD}
    assert run.reason not in {"", INTERNAL}
    assert bench.status.detail
    listed = {o.offer_id: o.price_per_gpu_hour for o in bench.snapshot.offers if o.is_listed}
    assert listed == {o.offer_id: o.price_per_gpu_hour for o in bench.good.values()}


def test_a_good_page_after_a_bad_one_is_published_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench("lambda")
    bench.collect(OTHER_PAGES["captcha"])
    with caplog.at_level(logging.INFO):
        run = bench.collect(lambda page: page.text)

    assert run.state is RunState.SUCCEEDED
    assert bench.freshness() == {Freshness.FRESH}
    assert bench.status.state is ProviderState.OK


def _is_other(offer: Offer, good: dict[str, Offer]) -> bool:
    true = good.get(offer.offer_id)
    if offer.purchase_model is PurchaseModel.SPOT and true is None:
        return True
    return true is None or offer.price_per_gpu_hour != true.price_per_gpu_hour
