from dataclasses import replace
from decimal import Decimal

from scrapers.market import Market
from scrapers.market_view import MarketView
from service.domain.offer import Offer, PurchaseModel, Standing
from service.domain.provider import ProviderSnapshot
from service.store.memory_store import MemoryStore
from service.store.ports import PublishOutcome, UnreadableSnapshot
from tests.builders import a_snapshot, an_offer

KIND = ("h100-sxm-80gb", PurchaseModel.ON_DEMAND)


class CountingStore(MemoryStore):
    """Counts how often snapshots are read; may refuse to read them."""

    reads = 0
    is_damaged = False

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        self.reads += 1
        if self.is_damaged:
            raise UnreadableSnapshot(provider)
        return super().snapshot(provider)


def published(store: MemoryStore, *offers: Offer, id_: str = "s1", previous: str = "") -> None:
    outcome = store.publish(
        a_snapshot(*offers, snapshot_id=id_), previous_id=previous, changes=(), fence=1
    )
    assert outcome is PublishOutcome.PUBLISHED


def median(view: MarketView, provider: str = "nimbus") -> Decimal | None:
    return view.market().medians.get(provider, {}).get(KIND)


def test_the_market_follows_the_store_and_reads_each_publication_once() -> None:
    store = CountingStore()
    view = MarketView(store, baseline={}, replayed=False)
    published(store, an_offer(price="2"))
    assert [median(view), median(view)] == [Decimal(2)] * 2
    published(store, an_offer(price="3"), id_="s2", previous="s1")

    assert median(view) == Decimal(3)
    assert store.reads == 2


def test_what_was_published_here_is_not_read_again() -> None:
    store = CountingStore()
    view = MarketView(store, baseline={}, replayed=False)
    published(store, an_offer(price="2"))
    view.note(a_snapshot(an_offer(price="2")))

    assert median(view) == Decimal(2)
    assert store.reads == 0


def test_offers_on_trial_and_delisted_ones_make_no_market() -> None:
    store = MemoryStore()
    view = MarketView(store, baseline={}, replayed=False)
    gone = replace(an_offer(offer_id="g", price="8"), delist_time=an_offer().observe_time)
    published(store, an_offer(price="9", standing=Standing.PROVISIONAL), gone)

    assert median(view) is None


def test_the_baseline_stands_in_for_what_was_never_collected() -> None:
    store = MemoryStore()
    baseline = {name: [an_offer(price="5", provider=name)] for name in ("nimbus", "cumulus")}
    view = MarketView(store, baseline=baseline, replayed=False)
    published(store, an_offer(price="2"))

    assert (median(view), median(view, "cumulus")) == (Decimal(2), Decimal(5))


def test_a_replay_has_no_market() -> None:
    store = CountingStore()
    view = MarketView(store, baseline={"nimbus": [an_offer(price="5")]}, replayed=True)
    published(store, an_offer(price="2"))

    assert view.market() == Market()
    assert store.reads == 0


def test_a_damaged_snapshot_makes_no_market() -> None:
    store = CountingStore()
    published(store, an_offer(price="2"))
    store.is_damaged = True

    assert median(MarketView(store, baseline={}, replayed=False)) is None
